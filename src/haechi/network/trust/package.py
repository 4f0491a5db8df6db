"""One version of the trust list in one file, and the repository that it is fetched from.

    BadInput
    └── PackageInvalid    not such a file

The file is written whole or not at all. It holds the chain of roots from the one that the operator was given,
so whoever may write it decides whom this place trusts: it is kept with mode 0600, as pins are. Handed to
somebody else it is a source like any other, checked against the root that they were given.
"""

import base64
import binascii
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.misfit import misfit_of
from haechi.network.card import read_json
from haechi.network.durable import write_durably
from haechi.network.trust.listing import FILE
from haechi.network.trust.metadata import MAX_ROOTS, Fetch, Held, Verified, assembled, verify
from haechi.words import Text

MAX_PACKAGE_BYTES = 32 << 20
_Bytes = Annotated[str, msgspec.Meta(min_length=1, max_length=16 << 20)]


class PackageInvalid(BadInput):
    """Not a trust list in one file; facts: path, why."""

    code = "network.trust.package"
    what = Text("{path} is no trust list: {why}", "{path}은(는) 신뢰 목록이 아닙니다: {why}")
    hint = Text(
        "install it again from the root you were given: haechi trust install",
        "받은 루트로 다시 설치하세요: haechi trust install",
    )


class _Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bytes of a version in base64."""

    schema: Literal["haechi.trust-held/1"] = "haechi.trust-held/1"
    roots: Annotated[tuple[_Bytes, ...], msgspec.Meta(min_length=1, max_length=MAX_ROOTS)]
    timestamp: _Bytes
    snapshot: _Bytes
    targets: _Bytes
    listed: _Bytes


def to_bytes(held: Held) -> bytes:
    """The file's bytes."""
    package = _Package(
        roots=tuple(_encoded(root) for root in held.roots),
        timestamp=_encoded(held.timestamp),
        snapshot=_encoded(held.snapshot),
        targets=_encoded(held.targets),
        listed=_encoded(held.listed),
    )
    return msgspec.json.format(msgspec.json.encode(package), indent=1) + b"\n"


def from_bytes(raw: bytes, path: str = "-") -> Held:
    """The version in a file's bytes, not verified; raises TooLarge or PackageInvalid."""
    if len(raw) > MAX_PACKAGE_BYTES:
        raise TooLarge(what_is=Text("trust list", "신뢰 목록"), limit=MAX_PACKAGE_BYTES, got=len(raw))
    try:
        package = msgspec.convert(read_json(raw), _Package)
        return Held(
            roots=tuple(_decoded(root) for root in package.roots),
            timestamp=_decoded(package.timestamp),
            snapshot=_decoded(package.snapshot),
            targets=_decoded(package.targets),
            listed=_decoded(package.listed),
        )
    except ValueError as error:  # msgspec.ValidationError and binascii.Error are
        raise PackageInvalid(path=path, why=misfit_of(error)) from error


def load(path: Path) -> Verified | None:
    """The version kept at `path`, every signature checked again; None when there is no file.

    Raises TooLarge, PackageInvalid and what `metadata.verify` raises.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_PACKAGE_BYTES + 1)
    except FileNotFoundError:
        return None
    return verify(from_bytes(raw, str(path)))


def save(path: Path, held: Held) -> None:
    """Replace the file at `path` durably, or leave it as it is; raises DiskRefused."""
    write_durably(path, to_bytes(held))


def files_of(verified: Verified) -> dict[str, bytes]:
    """The files of a repository that holds this version, by their names in it."""
    held, first = verified.held, verified.root.version - len(verified.held.roots) + 1
    digest = verified.targets.targets[FILE].hashes["sha256"]
    return {
        **{f"{first + at}.root.json": raw for at, raw in enumerate(held.roots)},
        f"{verified.targets.version}.targets.json": held.targets,
        f"{verified.snapshot.version}.snapshot.json": held.snapshot,
        f"targets/{digest}.{FILE}": held.listed,
        "timestamp.json": held.timestamp,
    }


def from_folder(folder: Path) -> Fetch:
    """A repository in a folder: what `haechi trust publish` writes and any web server can serve."""

    def fetch(name: str, limit: int) -> bytes | None:
        try:
            with (folder / PurePosixPath(name)).open("rb") as file:
                return file.read(limit + 1)
        except FileNotFoundError:
            return None

    return fetch


def held_in(folder: Path) -> Held | None:
    """The newest version in a repository's folder, with every root; None when nothing was published there.

    For whoever keeps the repository. Raises MetadataMalformed for a part that is missing or is none.
    """
    if not (folder / "timestamp.json").exists():
        return None
    return assembled(from_folder(folder))


def from_files(files: dict[str, bytes]) -> Fetch:
    """A repository in memory."""

    def fetch(name: str, limit: int) -> bytes | None:
        raw = files.get(name)
        return None if raw is None else raw[: limit + 1]

    return fetch


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
