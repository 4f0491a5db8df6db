r"""The offline bundle `.haechi`: everything needed to verify one statement years later, in one file.

    BadInput
    └── BundleMalformed       not a bundle, or one that says more or less than its bytes

Layout, every byte of which is bound by a check:

    "haechi.bundle/1\n"      16 bytes
    u32                      length of the manifest, big-endian
    manifest                 deterministic CBOR: {"sum": SHA-256 of every byte of the manifest after it,
                                                  "files": [[digest, size], …],
                                                  "items": [[role, statement, proof], …]}
    files                    the evidence files, one after the other, exactly as long as said

An item's statement is a SCITT transparent statement (its receipt inside); its proof is a C2SP tlog-proof
(inclusion path and signed checkpoint, no extra data). The first item is the one the bundle is about; `policy`
items say who may publish in a log, `key` items what became of the keys that were used, `about` items are what
others said of the first. Only a reader's pins or trust list are needed besides.

A checkpoint also carries lines of witnesses that a reader may not know, and signed notes ask to ignore those:
the sum is what notices a change there. It does not say who made the bundle. Earlier versions wrote none.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, NamedTuple, cast

from haechi.errors import BadInput
from haechi.findings import Verdict, declare
from haechi.statement import cbor
from haechi.statement.envelope import MAX_TRANSPARENT_BYTES
from haechi.statement.evidence import PIECE_BYTES
from haechi.words import Text

MAGIC = b"haechi.bundle/1\n"
MAX_MANIFEST_BYTES = 8 << 20
MAX_ITEMS = 256
MAX_FILES = 256
MAX_PROOF_BYTES = 192 * 1024  # with the cosignatures of forty witnesses
Role = Literal["subject", "policy", "key", "about"]
_SUM_AT = 7  # after a map of three, the text "sum", and the mark of 32 bytes: shorter keys come first
_ROLES: tuple[Role, ...] = ("subject", "policy", "key", "about")


class BundleMalformed(BadInput):
    """Not a bundle of this format; facts: why."""

    code = "network.bundle"
    what = Text("not a .haechi bundle: {why}", ".haechi 묶음이 아닙니다: {why}")
    hint = Text("export it again with `haechi log bundle`", "`haechi log bundle` 로 다시 내보내세요")


declare(
    "network.bundle",
    Text("Bundle is complete", "묶음이 온전함"),
    {
        "complete": (
            Verdict.HOLDS,
            Text("{items} statement(s), {files} file(s)", "진술 {items}건, 파일 {files}개"),
        ),
        "malformed": (Verdict.FAILS, Text("{why}", "{why}")),
        "altered": (
            Verdict.FAILS,
            Text(
                "a byte that no other check covers was changed after the bundle was written",
                "묶음을 쓴 뒤에 다른 점검이 다루지 않는 바이트가 바뀜",
            ),
        ),
        "another": (
            Verdict.FAILS,
            Text(
                "it is about {got}, not about the statement asked for ({expected})",
                "요청한 진술({expected})이 아니라 {got}에 대한 묶음임",
            ),
        ),
    },
)


class Item(NamedTuple):
    """One statement with its proofs. statement: transparent statement bytes; proof: tlog-proof bytes."""

    role: Role
    statement: bytes
    proof: bytes


class FileEntry(NamedTuple):
    """An evidence file in the bundle: SHA-256 and size in bytes."""

    digest: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle holds. Made from bytes by `read_manifest` only.

    whole: no byte of the manifest changed since it was written, or it states no sum.
    """

    items: tuple[Item, ...]
    files: tuple[FileEntry, ...]
    whole: bool


class FileSum(NamedTuple):
    """What was found where a file should be: its real digest and length."""

    digest: bytes
    size: int


def write_bundle(
    target: BinaryIO, items: Sequence[Item], files: Iterable[tuple[FileEntry, BinaryIO]] = ()
) -> None:
    """Write a bundle; files are copied in pieces of 1 MiB, whatever their size."""
    entries = list(files)
    body = {
        "items": [list(item) for item in items],
        "files": [list(entry) for entry, _stream in entries],
        "sum": bytes(32),
    }
    manifest = cbor.encode(body)
    manifest = manifest[:_SUM_AT] + _sum(manifest) + manifest[_SUM_AT + 32 :]
    target.write(MAGIC + struct.pack(">I", len(manifest)) + manifest)
    for _entry, stream in entries:
        while piece := stream.read(PIECE_BYTES):
            target.write(piece)


def read_manifest(source: BinaryIO) -> Manifest:
    """The manifest; leaves `source` at the first file. Raises BundleMalformed, CborMalformed."""
    if source.read(len(MAGIC)) != MAGIC:
        raise BundleMalformed(why=Text("it does not begin with the bundle mark", "묶음 표시로 시작하지 않음"))
    head = source.read(4)
    size = struct.unpack(">I", head)[0] if len(head) == 4 else 0
    if not 0 < size <= MAX_MANIFEST_BYTES:
        raise BundleMalformed(why=Text(f"a manifest of {size} bytes", f"목록이 {size}바이트임"))
    raw = source.read(size)
    if len(raw) != size:
        raise BundleMalformed(why=Text("the manifest is cut short", "목록이 중간에 끊김"))
    value = cbor.decode(raw, where="bundle manifest", max_bytes=MAX_MANIFEST_BYTES)
    return _parse_manifest(value, _sum(raw))


def sum_files(source: BinaryIO, manifest: Manifest) -> list[FileSum]:
    """Digest and length of each file that follows, in bounded memory.

    Raises BundleMalformed when there are fewer bytes than said, or bytes after the last file.
    """
    sums: list[FileSum] = []
    for entry in manifest.files:
        sha, left = hashlib.sha256(), entry.size
        while left and (piece := source.read(min(left, PIECE_BYTES))):
            sha.update(piece)
            left -= len(piece)
        if left:
            raise BundleMalformed(why=Text(f"a file ends {left} bytes early", f"파일이 {left}바이트 모자람"))
        sums.append(FileSum(sha.digest(), entry.size))
    if source.read(1):
        raise BundleMalformed(why=Text("bytes after the last file", "마지막 파일 뒤에 바이트가 남음"))
    return sums


def file_in(source: BinaryIO, digest: bytes, limit: int) -> bytes | None:
    """The file that a bundle says has this digest, at most `limit` bytes; None when it holds none.

    `source` is seekable and at its beginning; whether the digest is right is for the reader to check. Raises
    BundleMalformed, CborMalformed.
    """
    for entry in read_manifest(source).files:
        if entry.digest == digest and entry.size <= limit:
            return source.read(entry.size)
        source.seek(entry.size, 1)
    return None


def _sum(manifest: bytes) -> bytes:
    return hashlib.sha256(memoryview(manifest)[_SUM_AT + 32 :]).digest()


def _parse_manifest(raw: object, total: bytes) -> Manifest:
    value = cast("dict[str, Any]", raw)
    match value:
        case {"items": list(), "files": list()} if len(value) == 2:
            whole = True
        case {"items": list(), "files": list(), "sum": bytes(stated)} if (
            len(value) == 3 and len(stated) == 32
        ):
            whole = stated == total
        case _:
            raise BundleMalformed(
                why=Text("the manifest must hold items and files", "목록에는 항목과 파일이 있어야 함")
            )
    parsed = tuple(_parse_item(item) for item in value["items"])
    if not 0 < len(parsed) <= MAX_ITEMS or [item.role for item in parsed].count("subject") != 1:
        raise BundleMalformed(
            why=Text("a bundle is about exactly one statement", "묶음은 진술 하나에 대한 것이어야 함")
        )
    if parsed[0].role != "subject":
        raise BundleMalformed(
            why=Text("the statement it is about must come first", "묶음이 다루는 진술이 맨 앞에 와야 함")
        )
    listed = tuple(_parse_file(file) for file in value["files"])
    if len(listed) > MAX_FILES:
        raise BundleMalformed(why=Text("too many files", "파일이 너무 많음"))
    if len({file.digest for file in listed}) != len(listed):
        raise BundleMalformed(why=Text("a file is listed twice", "같은 파일이 두 번 적힘"))
    return Manifest(parsed, listed, whole)


def _parse_item(value: object) -> Item:
    match value:
        case [str(role), bytes(statement), bytes(proof)] if role in _ROLES:
            if len(statement) > MAX_TRANSPARENT_BYTES or len(proof) > MAX_PROOF_BYTES:
                raise BundleMalformed(why=Text("an item is too large", "항목이 너무 큼"))
            return Item(role, statement, proof)
        case _:
            raise BundleMalformed(
                why=Text("an item is a role, a statement and a proof", "항목은 역할, 진술, 증명으로 이루어짐")
            )


def _parse_file(value: object) -> FileEntry:
    match value:
        case [bytes(digest), int(size)] if len(digest) == 32 and not isinstance(size, bool) and size >= 0:
            return FileEntry(digest, size)
        case _:
            raise BundleMalformed(
                why=Text("a file is a digest and a size", "파일은 다이제스트와 크기로 적음")
            )
