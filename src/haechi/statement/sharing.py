"""Signing for a few, and reading what was signed so (TLP 2.0; `header.py` says which form each level has).

    NotFound
    └── ContentAbsent     the encrypted or kept file that the statement signs is not at hand
    Conflict
    └── NotWider          a release that would narrow, or change nothing

A claim is encrypted into the statement itself. A file is encrypted into a second file, and that one's digest
is signed; what is RED stays in a file of its own with the issuer, and its digest is signed. The bytes of the
statement's protected header are bound into the encryption, so that content and issuer cannot be parted.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from haechi.errors import BadInput, Conflict, NotFound
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, declare, found
from haechi.statement.claims import Claim, UnknownKind, decode_claim, kind_of
from haechi.statement.envelope import Statement, sign_statement
from haechi.statement.header import (
    ENCRYPTED,
    SEALED_TYPE,
    About,
    HashEnvelope,
    Sharing,
    content_type_of,
    write_header,
)
from haechi.statement.keys import SigningKey
from haechi.statement.parcel import PARCEL_TYPE, Parcel
from haechi.statement.seal_keys import Recipient, SealKey
from haechi.statement.sealed import read_sealed, seal
from haechi.statement.sentence import reason_of
from haechi.words import Text

WIDTH = {level: at for at, level in enumerate((*reversed(Sharing),))}
"""How wide a level is: RED 0, AMBER+STRICT 1, AMBER 2, GREEN 3, CLEAR 4."""

declare(
    "statement.opened",
    Text("Restricted content could be read", "제한된 내용을 읽음"),
    {
        "decrypted": (
            Verdict.HOLDS,
            Text(
                "decrypted with key {key}; it was encrypted for this very statement",
                "키 {key}로 복호화함. 바로 이 진술을 위해 암호화된 내용임",
            ),
        ),
        "released": (
            Verdict.HOLDS,
            Text("its issuer released it for everybody ({by})", "발행자가 모두에게 공개함 ({by})"),
        ),
        "as-kept": (
            Verdict.HOLDS,
            Text("the kept file has the signed digest", "보관 파일의 다이제스트가 서명된 것과 같음"),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "the file has digest {got}, signed was {expected}",
                "파일의 다이제스트는 {got}, 서명된 것은 {expected}",
            ),
        ),
    },
)


class ContentAbsent(NotFound):
    """The file that holds the content is not at hand; facts: what_is, name (its digest in hex)."""

    code = "statement.content-absent"
    hint = Text(
        "name it with --content; encrypted ones are in the statement's bundle, RED ones only with the issuer",
        "--content 로 지정하세요. 암호화된 파일은 진술의 묶음에 있고, RED 파일은 발행자에게만 있습니다",
    )


class NotWider(Conflict):
    """A release must widen; facts: old, new."""

    code = "statement.not-wider"
    what = Text("{new} is not wider than {old}", "{new}은(는) {old}보다 넓지 않습니다")
    hint = Text(
        "nothing narrows: what was shared stays shared. Widen to GREEN or CLEAR, or leave it",
        "좁힐 수는 없습니다. 공유된 것은 공유된 채로 남습니다. GREEN이나 CLEAR로 넓히거나 그대로 두세요",
    )


class WithFile(NamedTuple):
    """A statement that signs a digest, and the file that has it."""

    statement: Statement
    file: bytes


class Content(NamedTuple):
    """What was inside. key: the content key, None for what was never encrypted."""

    parcel: Parcel
    finding: Finding
    key: bytes | None


def sign_encrypted(
    key: SigningKey, about: About, payload: bytes, recipients: Sequence[Recipient]
) -> Statement:
    """A statement whose claim only the recipients can read. about: with level AMBER or AMBER+STRICT."""
    context = write_header(about, key.alg, key.public, None)
    return sign_statement(key, about, seal(payload, recipients, context))


def sign_encrypted_file(
    key: SigningKey, about: About, parcel: Parcel, recipients: Sequence[Recipient]
) -> WithFile:
    """A statement over the digest of a file that only the recipients can read, and that file."""
    envelope = HashEnvelope(SEALED_TYPE)
    context = write_header(about, key.alg, key.public, envelope)
    sealed = seal(parcel.encode(), recipients, context)
    digest = hashlib.sha256(sealed).digest()
    return WithFile(sign_statement(key, about, digest, hash_envelope=envelope), sealed)


def sign_kept(key: SigningKey, about: About, parcel: Parcel) -> WithFile:
    """A statement over the digest of what stays with the issuer (RED), and the file to keep."""
    kept = parcel.encode()
    digest = hashlib.sha256(kept).digest()
    return WithFile(sign_statement(key, about, digest, hash_envelope=HashEnvelope(PARCEL_TYPE)), kept)


def open_content(statement: Statement, file: bytes | None, keys: Sequence[SealKey]) -> Content:
    """The restricted content of a statement.

    file: the encrypted or kept file where the statement signs a digest. Raises ContentAbsent, NotForThisKey,
    and what a malformed file raises; a file with another digest gives a finding that FAILS.
    """
    raw = _signed_file(statement, file)
    if isinstance(raw, Finding):
        return Content(Parcel("application/octet-stream", "", b""), raw, None)
    if statement.about.sharing not in ENCRYPTED:
        return Content(Parcel.decode(raw), found("statement.opened.as-kept"), None)
    sealed = read_sealed(raw)
    opened = sealed.open(keys, statement.envelope.protected_raw)
    finding = found("statement.opened.decrypted", key=opened.by[:19])
    return Content(_parcel(statement, opened.content), finding, opened.key)


def open_released(statement: Statement, file: bytes | None, content_key: bytes, by: bytes) -> Content:
    """The content of an encrypted statement whose issuer gave its content key away. by: the release."""
    raw = _signed_file(statement, file)
    if isinstance(raw, Finding):
        return Content(Parcel("application/octet-stream", "", b""), raw, None)
    content = read_sealed(raw).open_with(content_key, statement.envelope.protected_raw)
    finding = found("statement.opened.released", by=by.hex()[:16])
    return Content(_parcel(statement, content), finding, content_key)


def inner_claim(statement: Statement, opened: Content, facts: Facts) -> Claim | None:
    """The claim inside, when there is one: the content has the media type of the statement's kind.

    Raises what decoding a claim raises.
    """
    kind = statement.about.kind
    if opened.parcel.media_type != content_type_of(kind):
        return None
    return decode_claim(kind_of(kind), opened.parcel.body, facts)


def readable_claim(statement: Statement, opened: Content, facts: Facts) -> Claim | None:
    """The claim inside; None too where `check_inner_claim` says why it is none of its kind."""
    try:
        return inner_claim(statement, opened, facts)
    except BadInput:
        return None


def check_inner_claim(statement: Statement, opened: Content, facts: Facts) -> list[Finding]:
    """Whether the claim inside is one of the statement's kind; nothing when a file is inside."""
    kind = statement.about.kind
    if opened.finding.verdict is not Verdict.HOLDS or opened.parcel.media_type != content_type_of(kind):
        return []
    try:
        inner_claim(statement, opened, facts)
    except UnknownKind:
        return [found("statement.claim.kind-unknown", kind=kind)]
    except BadInput as error:
        return [found("statement.claim.invalid", kind=kind, why=reason_of(error))]
    return [found("statement.claim.valid", kind=kind)]


def require_wider(old: Sharing, new: Sharing) -> None:
    """Raise NotWider unless `new` lets more have the content than `old` did."""
    if WIDTH[new] <= WIDTH[old]:
        raise NotWider(old=str(old), new=str(new))


def _signed_file(statement: Statement, file: bytes | None) -> bytes | Finding:
    """The bytes that hold the content: the payload, or the file whose digest is signed."""
    if statement.hash_envelope is None:
        return statement.payload
    if file is None:
        raise ContentAbsent(
            what_is=Text("file with the content", "내용이 담긴 파일"), name=statement.payload.hex()
        )
    got = hashlib.sha256(file).digest()
    if got != statement.payload:
        return found("statement.opened.differs", got=got.hex()[:16], expected=statement.payload.hex()[:16])
    return file


def _parcel(statement: Statement, content: bytes) -> Parcel:
    """Files are encrypted as parcels; a claim is encrypted as it is."""
    if statement.hash_envelope is not None:
        return Parcel.decode(content)
    return Parcel(content_type_of(statement.about.kind), "", content)
