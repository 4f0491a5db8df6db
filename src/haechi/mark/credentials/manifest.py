"""Signing content credentials: a C2PA manifest in the file, and the same manifest to keep beside the log.

    BadInput
    └── CredentialRefused   the file or the certificates cannot be signed with
    Unavailable
    └── ExtraMissing        c2pa-python is not installed

The order that keeps everything valid: watermark, then labels, then this. Whatever changes the file later
breaks the hash in the manifest, and the manifest kept beside the log is what remains.
"""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from haechi import __version__
from haechi.errors import BadInput
from haechi.mark.credentials.authority import Authority
from haechi.mark.extra import require
from haechi.statement.kinds.content_mark import SourceType
from haechi.words import Text

if TYPE_CHECKING:
    import c2pa  # pyright: ignore[reportMissingTypeStubs]  # it ships none

SOURCE_TYPE_BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LOG_ASSERTION = "org.haechi.log"
MANIFEST_TYPE = "application/c2pa"
MEDIA_TYPES = (
    *("image/jpeg", "image/png", "image/webp", "image/tiff", "image/avif", "video/mp4"),
    *("audio/wav", "audio/mpeg", "audio/flac", "audio/mp4", "video/quicktime"),
)
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False}
_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}, "verify": _OFFLINE}


class CredentialRefused(BadInput):
    """The C2PA library does not sign this; facts: why."""

    code = "mark.credentials.refused"
    what = Text("the credential cannot be signed: {why}", "자격 증명에 서명할 수 없습니다: {why}")
    hint = Text(
        "nothing was written; check the format, the certificates and the time-stamp service",
        "기록된 것은 없습니다. 형식, 인증서, 시점 확인 서비스를 확인하세요",
    )


class Provenance(NamedTuple):
    """What a credential says. bindings: (algorithm, value) of watermark and fingerprints in the content;
    log: members of the assertion that leads to the log; watermarked: whether the content carries a mark.
    """

    title: str
    system: str
    version: str
    source_type: SourceType
    bindings: tuple[tuple[str, str], ...] = ()
    log: tuple[tuple[str, str], ...] = ()
    watermarked: bool = False


class Credentialed(NamedTuple):
    """The file with its credential in it, and the manifest alone, to be kept by its digest."""

    data: bytes
    manifest: bytes


def sign_credential(
    source: bytes,
    media_type: str,
    says: Provenance,
    authority: Authority,
    *,
    parent: bytes | None = None,
    stamp_url: str | None = None,
) -> Credentialed:
    """The file `source` with a signed manifest; no thumbnail is made.

    parent: the file this was made from, when that carried a credential of its own: it is kept as an
    ingredient. stamp_url: an RFC 3161 service; None leaves the time to the log. Raises CredentialRefused,
    ExtraMissing.
    """
    target = BytesIO()
    before = None if parent is None else BytesIO(parent)
    manifest = _sign(BytesIO(source), target, ToSign(media_type, says, before, stamp_url), authority)
    return Credentialed(target.getvalue(), manifest)


class ToSign(NamedTuple):
    """What is signed for. parent: the file this was made from, when that carried a credential of its own;
    stamp_url: as for `sign_credential`.
    """

    media_type: str
    says: Provenance
    parent: BinaryIO | None = None
    stamp_url: str | None = None


def sign_file(source: Path, target: Path, what: ToSign, authority: Authority) -> bytes:
    """Write `source` with a signed manifest to `target`, whatever its size; the manifest alone.

    Raises CredentialRefused, ExtraMissing, OSError.
    """
    with source.open("rb") as given, target.open("w+b") as made:
        return _sign(given, made, what, authority)


def _sign(source: BinaryIO, target: BinaryIO, said: ToSign, authority: Authority) -> bytes:
    c2pa = require("c2pa")
    if said.media_type not in MEDIA_TYPES:
        raise CredentialRefused(why=said.media_type)
    try:
        builder = c2pa.Builder(_definition(said.says, kept=said.parent is not None), _context())
        if said.parent is not None:
            told = {"title": said.says.title, "relationship": "parentOf", "label": "parent"}
            builder.add_ingredient(told, said.media_type, said.parent)
        return bytes(builder.sign(_signer(authority, said.stamp_url), said.media_type, source, target))
    except c2pa.C2paError as error:
        raise CredentialRefused(why=str(error)[:300]) from error


def sign_beside(source: bytes, media_type: str, says: Provenance, authority: Authority) -> bytes:
    """A signed manifest for a file that stays as it is; for media that c2pa-python writes nothing into.

    Raises CredentialRefused, ExtraMissing.
    """
    c2pa = require("c2pa")
    try:
        builder = c2pa.Builder(_definition(says, kept=False), _context())
        builder.set_no_embed()
        return bytes(builder.sign(_signer(authority, None), media_type, BytesIO(source), BytesIO()))
    except c2pa.C2paError as error:
        raise CredentialRefused(why=str(error)[:300]) from error


def _signer(authority: Authority, stamp_url: str | None) -> "c2pa.Signer":
    c2pa = require("c2pa")
    address = None if stamp_url is None else stamp_url.encode()
    info = c2pa.C2paSignerInfo(b"es256", authority.chain_pem, authority.signer.secret_pem, address)
    return c2pa.Signer.from_info(info)


@lru_cache(maxsize=1)
def _context() -> "c2pa.Context":
    c2pa = require("c2pa")
    return c2pa.Context(settings=c2pa.Settings.from_dict(_SETTINGS))


def _definition(says: Provenance, *, kept: bool) -> dict[str, Any]:
    source_type = SOURCE_TYPE_BASE + says.source_type
    agent = {"name": says.system, "version": says.version}
    first: dict[str, Any] = {
        "action": "c2pa.created",
        "digitalSourceType": source_type,
        "softwareAgent": agent,
    }
    if kept:
        first = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    actions: list[dict[str, Any]] = [first]
    if kept:
        actions.append({"action": "c2pa.edited", "digitalSourceType": source_type, "softwareAgent": agent})
    if says.watermarked:
        actions.append({"action": "c2pa.watermarked.bound"})
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    for algorithm, value in says.bindings:
        block: dict[str, Any] = {"scope": {}, "value": value}
        data: dict[str, Any] = {"alg": algorithm, "blocks": [block], "pad": ""}
        assertions.append({"label": "c2pa.soft-binding", "data": data})
    if says.log:
        assertions.append({"label": LOG_ASSERTION, "data": dict(says.log)})
    return {
        "claim_generator_info": [{"name": "Haechi", "version": __version__}],
        "title": says.title,
        "assertions": assertions,
    }
