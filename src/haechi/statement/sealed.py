"""Content encrypted to named recipients: COSE_Encrypt (RFC 9052 section 5.1) with HPKE key encryption.

    BadInput
    └── SealMalformed     not the one form of sealed content that is taken
    Refused
    └── NotForThisKey     none of the keys at hand opens it

What is pinned: draft-ietf-cose-hpke, two layers. Layer 0 is AES-256-GCM (3) under a fresh content key. Each
recipient is HPKE-4-KE, the value that the draft assumes (50): X25519, HKDF-SHA-256, ChaCha20-Poly1305, `ek`
as -4, info = the draft's Recipient_structure, no aad. Three things are ours, within what the draft allows:

- No `kid`: who can open it is not told. A reader tries its key on each recipient, at most 64 of them.
- The number of recipients is filled up to 4, 16 or 64 with ones that nobody can open, in random order.
- `commit` in layer 0's protected header is a SHA-256 over the content key. AES-GCM alone lets a malicious
  sender make one ciphertext that reads differently under two keys; this forbids it, so that everybody who can
  open it reads the same.

`context` is bound as external_aad: here always the protected header of the statement that carries the
content, so nobody can sign another's ciphertext as their own.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from haechi.errors import BadInput, Refused, TooLarge
from haechi.statement import cbor
from haechi.statement.seal_keys import Recipient, SealKey
from haechi.statement.sentence import Sentence
from haechi.words import Text

MAX_SEALED_BYTES = 64 << 20
"""A file is sealed in memory, in one piece: GCM must see all of it before any of it may be believed."""
MAX_RECIPIENTS = 64
SIZES = (4, 16, MAX_RECIPIENTS)

_TAG = b"\xd8\x60"  # tag 96
_ALG, _IV, _EK = 1, 5, -4
_A256GCM, _HPKE_4_KE = 3, 50
_COMMIT = "commit"
_KEY_BYTES, _IV_BYTES, _MAC_BYTES, _ENC_BYTES = 32, 12, 16, 32
_WRAPPED_BYTES = _KEY_BYTES + _MAC_BYTES
_OVERHEAD_BYTES = 16 * 1024
_RECIPIENT_HEADER = cbor.encode({_ALG: _HPKE_4_KE})
_INFO = cbor.encode(["HPKE Recipient", _A256GCM, _RECIPIENT_HEADER, b""])


class SealMalformed(BadInput):
    """Not sealed content in its one form; facts: why."""

    code = "statement.sealed"
    what = Sentence("not encrypted as it must be: {why}", "정해진 방식으로 암호화되지 않았습니다: {why}")
    hint = Text(
        "make it with `haechi sign --level amber --to RECIPIENT`",
        "`haechi sign --level amber --to RECIPIENT` 로 만드세요",
    )


class NotForThisKey(Refused):
    """None of the keys opens it, or it was changed; facts: keys (how many were tried)."""

    code = "statement.not-for-this-key"
    what = Text(
        "none of the {keys} key(s) here opens this content",
        "이곳의 키 {keys}개 중 이 내용을 열 수 있는 것이 없습니다",
    )
    hint = Text(
        "it is for other recipients, or it was changed; ask its issuer",
        "받는 사람이 다르거나 바뀐 내용입니다. 발행자에게 물어보세요",
    )


class Wrapped(NamedTuple):
    """One recipient's share: the encapsulated key (32 bytes) and the wrapped content key (48 bytes)."""

    enc: bytes
    key: bytes


class Opened(NamedTuple):
    """What was inside, and the content key, by which the issuer can release it to everybody.

    by: the public half of the key that opened it, as text.
    """

    content: bytes
    key: bytes
    by: str


class Sealed(NamedTuple):
    """Sealed content, read. From outside it is made by `read_sealed` only."""

    protected: bytes
    commit: bytes
    iv: bytes
    ciphertext: bytes
    shares: tuple[Wrapped, ...]

    def open(self, keys: Sequence[SealKey], context: bytes) -> Opened:
        """The content, with the first key that opens it; raises NotForThisKey."""
        for key in keys:
            for share in self.shares:
                content_key = _unwrap(share, key.private)
                if content_key is not None and _commitment(content_key) == self.commit:
                    return Opened(self.open_with(content_key, context), content_key, key.public.text)
        raise NotForThisKey(keys=len(keys))

    def open_with(self, content_key: bytes, context: bytes) -> bytes:
        """The content, with the content key itself; raises NotForThisKey."""
        if len(content_key) != _KEY_BYTES or _commitment(content_key) != self.commit:
            raise NotForThisKey(keys=1)
        try:
            return AESGCM(content_key).decrypt(self.iv, self.ciphertext, _aad(self.protected, context))
        except InvalidTag:
            raise NotForThisKey(keys=1) from None


def seal(content: bytes, recipients: Sequence[Recipient], context: bytes) -> bytes:
    """The content as only these recipients can read it; `context` must be given again to open it.

    Raises TooLarge above 64 MiB, and BadInput for no recipient or more than 64.
    """
    named = list(dict.fromkeys(recipients))
    if not 0 < len(named) <= MAX_RECIPIENTS:
        raise SealMalformed(
            why=Text(f"1 to {MAX_RECIPIENTS} recipients are needed", f"받는 이는 1~{MAX_RECIPIENTS}곳")
        )
    if len(content) > MAX_SEALED_BYTES - _OVERHEAD_BYTES:
        raise TooLarge(
            what_is=Text("content to encrypt", "암호화할 내용"),
            limit=MAX_SEALED_BYTES - _OVERHEAD_BYTES,
            got=len(content),
        )
    content_key, iv = os.urandom(_KEY_BYTES), os.urandom(_IV_BYTES)
    protected = cbor.encode({_ALG: _A256GCM, _COMMIT: _commitment(content_key)})
    shares = [_wrap(content_key, recipient) for recipient in named]
    size = next(size for size in SIZES if size >= len(shares))
    shares += [_nobody() for _ in range(size - len(shares))]
    secrets.SystemRandom().shuffle(shares)
    ciphertext = AESGCM(content_key).encrypt(iv, content, _aad(protected, context))
    return _join(protected, iv, ciphertext, shares)


def read_sealed(raw: bytes) -> Sealed:
    """Sealed content in its one form; raises TooLarge, CborMalformed, SealMalformed."""
    if raw[:2] != _TAG:
        raise SealMalformed(why=Text("it does not begin with CBOR tag 96", "CBOR 태그 96으로 시작하지 않음"))
    parts = cbor.parse(raw[2:], where="sealed content", max_bytes=MAX_SEALED_BYTES)
    match parts:
        case [bytes(protected), {5: bytes(iv)}, bytes(ciphertext), list()]:
            layers = cast("list[object]", cast("list[object]", parts)[3])
            shares = tuple(_share(layer) for layer in layers)
            header = cbor.decode(protected, where="sealed content header", max_bytes=128)
        case _:
            raise SealMalformed(why=_OTHER_PARTS)
    match header:
        case {1: 3, "commit": bytes(commit)} if len(commit) == _KEY_BYTES:
            sealed = Sealed(protected, commit, iv, ciphertext, shares)
        case _:
            raise SealMalformed(
                why=Text("its header names another algorithm", "헤더에 다른 알고리즘이 적혀 있음")
            )
    # One form only: whatever was read loosely above (members too many, long lengths) differs here.
    if len(shares) not in SIZES or len(iv) != _IV_BYTES or _join(protected, iv, ciphertext, shares) != raw:
        raise SealMalformed(why=_OTHER_PARTS)
    return sealed


def _share(layer: object) -> Wrapped:
    match layer:
        case [bytes(_header), {-4: bytes(enc)}, bytes(key)] if len(enc) == _ENC_BYTES:
            if len(key) == _WRAPPED_BYTES:
                return Wrapped(enc, key)
        case _:
            pass
    raise SealMalformed(why=Text("a recipient is not HPKE-4-KE", "받는 이 항목이 HPKE-4-KE가 아님"))


def _join(protected: bytes, iv: bytes, ciphertext: bytes, shares: Sequence[Wrapped]) -> bytes:
    layers = [[_RECIPIENT_HEADER, {_EK: share.enc}, share.key] for share in shares]
    return b"".join(
        (
            _TAG,
            b"\x84",
            cbor.encode(protected),
            cbor.encode({_IV: iv}),
            cbor.head(2, len(ciphertext)),
            ciphertext,
            cbor.encode(layers),
        )
    )


@cache
def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def _wrap(content_key: bytes, recipient: Recipient) -> Wrapped:
    sealed = _suite().encrypt(content_key, recipient.point, _INFO)
    return Wrapped(sealed[:_ENC_BYTES], sealed[_ENC_BYTES:])


def _nobody() -> Wrapped:
    """A share that no key opens, and that nobody can tell from one that some key does."""
    enc = X25519PrivateKey.generate().public_key().public_bytes_raw()
    return Wrapped(enc, os.urandom(_WRAPPED_BYTES))


def _unwrap(share: Wrapped, key: X25519PrivateKey) -> bytes | None:
    try:
        return _suite().decrypt(share.enc + share.key, key, _INFO)
    except (InvalidTag, ValueError):  # ValueError: an encapsulated key of small order
        return None


def _commitment(content_key: bytes) -> bytes:
    return hashlib.sha256(b"haechi content key\0" + content_key).digest()


def _aad(protected: bytes, context: bytes) -> bytes:
    return cbor.encode(["Encrypt", protected, context])


_OTHER_PARTS = Text("its parts are not those of the one form", "정해진 하나의 형식과 구성이 다름")
