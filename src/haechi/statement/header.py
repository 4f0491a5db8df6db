"""The protected header of a statement: who says what kind of thing about what, when, for whom (RFC 9943).

Labels: alg (1), content type (3), kid (4), CWT claims (15: iss, sub, iat, cnf), and the text label `haechi`
with the kind and the sharing level. A hash envelope (RFC 9995) has 258, 259 and perhaps 260 in place of 3.
No other label is taken: what a reader would not see must not be signed into a statement.

The sharing level decides the form, so that no restricted content can stand in a statement by mistake: AMBER
and AMBER+STRICT carry encrypted content or the digest of an encrypted file, RED a digest and nothing else.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AnySet
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, cast

import msgspec

from haechi.statement import cbor
from haechi.statement.keys import ALGS, Family, KeyMalformed, PublicKey, is_low_s, key_from_cose
from haechi.statement.sign1 import (
    ALG,
    CONTENT_TYPE,
    CWT_CLAIMS,
    KID,
    EnvelopeMalformed,
    Sign1,
    require_strict_header,
)
from haechi.words import Text

MAX_NAME_CHARS = 512
SEALED_TYPE = "application/cose; cose-type=cose-encrypt"
"""The media type of content that is encrypted to named recipients."""
END_OF_TIME = 7_258_118_400  # 2200-01-01: a later date is a mistake, and some calendars stop at 9999

ISS, SUB, IAT, CNF = 1, 2, 6, 8
COSE_KEY_CONFIRMATION = 1
HAECHI = "haechi"
PAYLOAD_HASH_ALG, PREIMAGE_CONTENT_TYPE, PAYLOAD_LOCATION = 258, 259, 260
SHA_256 = -16

ISSUER = re.compile(r"[!-~]+\Z")  # ASCII without spaces: no two issuers look alike
MEDIA_TYPE = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(; ?[a-z0-9-]+=[A-Za-z0-9._-]+)*\Z"
)
LOCATION = re.compile(r"https://[!-~]+\Z")
_KIND = re.compile(r"[a-z][a-z0-9_]{1,39}\Z")

_PLAIN: AnySet[object] = frozenset({ALG, CONTENT_TYPE, KID, CWT_CLAIMS, HAECHI})
_HASHED: AnySet[object] = frozenset({ALG, KID, CWT_CLAIMS, HAECHI, PAYLOAD_HASH_ALG, PREIMAGE_CONTENT_TYPE})
_HASHED_AND_PLACE: AnySet[object] = _HASHED | {PAYLOAD_LOCATION}
_CLAIMS: AnySet[object] = frozenset({ISS, SUB, IAT})
_CLAIMS_AND_KEY: AnySet[object] = _CLAIMS | {CNF}
_HAECHI_MEMBERS: AnySet[object] = frozenset({"kind", "tlp"})


class Sharing(StrEnum):
    """TLP 2.0 labels: who may have the content. Set by the issuer; only ever widened, by a new statement."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"


ENCRYPTED = frozenset({Sharing.AMBER, Sharing.AMBER_STRICT})
"""Levels whose content exists outside the issuer and its recipients in encrypted form only."""
ANYBODY = ENCRYPTED | {Sharing.CLEAR}
"""Levels of which anybody may have the signed bytes: open content, or content that is encrypted."""

_SHARING = {str(level): level for level in Sharing}


class HashEnvelope(msgspec.Struct, frozen=True):
    """RFC 9995: the payload is the SHA-256 of a file of this media type, perhaps found at an https URL."""

    content_type: str
    location: str | None = None


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement says in its header: by whom, about what, when, of which kind, for whom to see.

    issuer: printable ASCII without spaces; subject: one line of text; issued_at: Unix seconds.
    """

    issuer: str
    subject: str
    issued_at: int
    kind: str
    sharing: Sharing = Sharing.CLEAR


class StatementHeader(NamedTuple):
    """A protected header, read. key: the public key that travels along in `cnf` (RFC 8747), if any."""

    about: About
    kid: bytes
    key: PublicKey | None
    hash_envelope: HashEnvelope | None


@lru_cache(maxsize=256)
def content_type_of(kind: str) -> str:
    """The media type of a kind's payload, for example `application/vnd.haechi.pledge-report+cbor`."""
    return f"application/vnd.haechi.{kind.replace('_', '-')}+cbor"


def payload_type(kind: str, sharing: Sharing) -> str:
    """The media type of what a statement carries: its claim, or what its claim was encrypted into."""
    return SEALED_TYPE if sharing in ENCRYPTED else content_type_of(kind)


def write_header(about: About, alg: int, key: PublicKey, hash_envelope: HashEnvelope | None) -> bytes:
    """The deterministic encoding of a protected header; `read_header` says whether it is valid.

    Raises CborMalformed for text with hidden characters. Put together from pieces, labels in their order: it
    runs for every statement that is read, to see at once that the header is in its one form.
    """
    try:
        middle = (
            b"\x04\x58\x20" + key.thumbprint,
            b"\x0f\xa4\x01" + cbor.text(about.issuer),
            b"\x02" + cbor.text(about.subject),
            b"\x06" + cbor.number(about.issued_at),
            b"\x08\xa1\x01" + key.cose_key,
        )
        before, content_type, after = _frame(alg, about.kind, about.sharing)
        if hash_envelope is None:
            return b"".join((b"\xa5", before, content_type, *middle, after))
        preimage = b"\x19\x01\x02\x2f\x19\x01\x03" + cbor.text(hash_envelope.content_type)
        if hash_envelope.location is None:
            return b"".join((b"\xa6", before, *middle, preimage, after))
        location = b"\x19\x01\x04" + cbor.text(hash_envelope.location)
        return b"".join((b"\xa7", before, *middle, preimage, location, after))
    except cbor.Breach as breach:
        raise cbor.CborMalformed(where="statement header", rule=breach.rule, why=breach.why) from None


@lru_cache(maxsize=1024)
def _frame(alg: int, kind: str, sharing: Sharing) -> tuple[bytes, bytes, bytes]:
    haechi = (cbor.text("tlp"), cbor.text(str(sharing)), cbor.text("kind"), cbor.text(kind))
    content_type = b"\x03" + cbor.text(payload_type(kind, sharing))
    return b"\x01" + cbor.number(alg), content_type, b"".join((cbor.text(HAECHI), b"\xa2", *haechi))


def read_header(envelope: Sign1) -> StatementHeader:
    """What the protected header of a statement says; raises CborMalformed, EnvelopeMalformed, KeyMalformed.

    envelope: from `open_sign1`; here its header is found to be strict, or refused.
    """
    header = _read(envelope)
    about, key = header.about, header.key
    if key is None or write_header(about, envelope.alg, key, header.hash_envelope) != envelope.protected_raw:
        # Labels in another order, or no key inside: the maker's right, and the long way round.
        require_strict_header(envelope, where="statement")
    return header


def _read(envelope: Sign1) -> StatementHeader:
    header = envelope.protected
    hashed = _read_hash_envelope(envelope)
    if hashed is None:
        _require_labels(header, _PLAIN)
    kid = header[KID]
    if type(kid) is not bytes or len(kid) != 32:
        raise _malformed(
            "kid must be a 32-byte key thumbprint (RFC 9679)", "kid는 32바이트 키 지문이어야 함 (RFC 9679)"
        )
    claims = _claims(header[CWT_CLAIMS])
    about = _read_about(claims, header[HAECHI])
    if hashed is None and header[CONTENT_TYPE] != payload_type(about.kind, about.sharing):
        wanted = payload_type(about.kind, about.sharing)
        raise _malformed(
            f"the content type of a {about.kind} is {wanted}", f"{about.kind}의 내용 형식은 {wanted}이어야 함"
        )
    _require_form(about.sharing, hashed)
    key = _read_key(claims, kid, envelope.alg)
    if envelope.alg in ALGS[Family.ES256] and not is_low_s(envelope.signature):
        # Anybody can turn (r, s) into (r, n - s): a second digest for the same words, free of any withdrawal.
        raise _malformed(
            "an ES256 signature here is 64 bytes with the lower of its two s values",
            "ES256 서명은 64바이트이고 두 s 값 중 작은 쪽이어야 함",
        )
    return StatementHeader(about, kid, key, hashed)


def _require_form(sharing: Sharing, hashed: HashEnvelope | None) -> None:
    if sharing is Sharing.RED and hashed is None:
        raise _malformed(
            "RED content stays with its issuer: only its digest is signed",
            "RED 내용은 발행자에게 남으며 다이제스트에만 서명함",
        )
    if sharing in ENCRYPTED and hashed is not None and hashed.content_type != SEALED_TYPE:
        raise _malformed(
            f"the digest in an {sharing} statement is of an encrypted file ({SEALED_TYPE})",
            f"{sharing} 진술의 다이제스트는 암호화된 파일({SEALED_TYPE})의 것이어야 함",
        )


def _claims(claims: object) -> dict[object, object]:
    if not isinstance(claims, dict):
        raise _malformed("the CWT claims (15) must be a map", "CWT 클레임(15)은 맵이어야 함")
    members = cast("dict[object, object]", claims)
    _require_labels(members, _CLAIMS_AND_KEY if CNF in members else _CLAIMS)
    return members


def _read_about(claims: dict[object, object], haechi: object) -> About:
    issuer, subject, issued_at = claims[ISS], claims[SUB], claims[IAT]
    if type(issuer) is not str or len(issuer) > MAX_NAME_CHARS or not ISSUER.match(issuer):
        raise _malformed(
            f"iss (1) must be 1 to {MAX_NAME_CHARS} visible ASCII characters",
            f"iss(1)는 눈에 보이는 ASCII 문자 1~{MAX_NAME_CHARS}자여야 함",
        )
    if type(subject) is not str or not _is_line(subject):
        raise _malformed(
            f"sub (2) must be one line of 1 to {MAX_NAME_CHARS} characters",
            f"sub(2)는 한 줄, 1~{MAX_NAME_CHARS}자여야 함",
        )
    if type(issued_at) is not int or not 0 <= issued_at < END_OF_TIME:
        raise _malformed(
            "iat (6) must be whole Unix seconds before the year 2200",
            "iat(6)는 2200년 이전의 유닉스 초(정수)여야 함",
        )
    kind, sharing = _read_haechi(haechi)
    return About(issuer=issuer, subject=subject, issued_at=issued_at, kind=kind, sharing=sharing)


def _read_haechi(haechi: object) -> tuple[str, Sharing]:
    if not isinstance(haechi, dict):
        raise _malformed("the haechi header must be a map", "haechi 헤더는 맵이어야 함")
    members = cast("dict[object, object]", haechi)
    _require_labels(members, _HAECHI_MEMBERS)
    kind, tlp = members["kind"], members["tlp"]
    if type(kind) is not str or not _KIND.match(kind):
        raise _malformed("the kind is not a plain name", "종류의 이름이 올바르지 않음")
    sharing = _SHARING.get(tlp) if type(tlp) is str else None
    if sharing is None:
        raise _malformed("tlp is not one of the sharing levels", "tlp가 공유 등급이 아님")
    return kind, sharing


def _is_line(text: str) -> bool:
    # Other control characters never leave the CBOR decoder.
    return 0 < len(text) <= MAX_NAME_CHARS and "\n" not in text and text[0] != " " and text[-1] != " "


def _read_key(claims: dict[object, object], kid: bytes, alg: int) -> PublicKey | None:
    confirmation = claims.get(CNF)
    if confirmation is None and CNF not in claims:
        return None
    members = cast("dict[object, object]", confirmation) if isinstance(confirmation, dict) else {}
    cose_key = members.get(COSE_KEY_CONFIRMATION)
    if len(members) != 1 or not isinstance(cose_key, dict):
        raise _malformed("cnf (8) must hold a COSE key, no more", "cnf(8)에는 COSE 키만 있어야 함")
    key = key_from_cose(cbor.encode(cast("object", cose_key), where="key"))
    if key.thumbprint != kid:
        raise KeyMalformed(
            why=Text("kid is not the thumbprint of the key in cnf", "kid가 cnf에 있는 키의 지문이 아님")
        )
    if alg not in ALGS[key.family]:
        raise KeyMalformed(
            why=Text(
                f"algorithm {alg} does not fit an {key.family} key",
                f"알고리즘 {alg}은(는) {key.family} 키에 맞지 않음",
            )
        )
    return key


def _read_hash_envelope(envelope: Sign1) -> HashEnvelope | None:
    header = envelope.protected
    if PAYLOAD_HASH_ALG not in header:
        return None
    if CONTENT_TYPE in header:
        raise _malformed(
            "a hash envelope must not name a content type (3), RFC 9995",
            "해시 봉투에는 내용 형식(3)을 둘 수 없음 (RFC 9995)",
        )
    _require_labels(header, _HASHED_AND_PLACE if PAYLOAD_LOCATION in header else _HASHED)
    preimage_type, location = header[PREIMAGE_CONTENT_TYPE], header.get(PAYLOAD_LOCATION)
    algorithm, digest = header[PAYLOAD_HASH_ALG], envelope.payload
    if type(algorithm) is not int or algorithm != SHA_256 or digest is None or len(digest) != 32:
        raise _malformed(
            "a hash envelope here is over SHA-256 (-16) with 32 bytes",
            "해시 봉투는 SHA-256(-16), 32바이트여야 함",
        )
    if type(preimage_type) is not str or len(preimage_type) > 128 or not MEDIA_TYPE.match(preimage_type):
        raise _malformed("259 is not a media type", "259가 미디어 타입이 아님")
    if location is None and PAYLOAD_LOCATION not in header:
        return HashEnvelope(preimage_type)
    if type(location) is not str or len(location) > MAX_NAME_CHARS or not LOCATION.match(location):
        raise _malformed("260 is not an https URL", "260이 https URL이 아님")
    return HashEnvelope(preimage_type, location)


def _require_labels(header: Mapping[object, object], wanted: AnySet[object]) -> None:
    labels: AnySet[object] = header.keys()
    if labels == wanted:
        return
    missing = sorted(map(repr, wanted - labels))
    if missing:
        raise _malformed(f"label {missing[0]} is missing", f"레이블 {missing[0]}이(가) 없음")
    label = min(map(repr, labels - wanted))[:40]
    raise _malformed(f"label {label} has no place here", f"레이블 {label}을(를) 둘 수 없음")


def _malformed(en: str, ko: str) -> EnvelopeMalformed:
    return EnvelopeMalformed(why=Text(en, ko))
