"""Signed notes: a text and the lines of those who signed it (c2sp.org/signed-note v1.0.0).

A note is parsed strictly and within bounds, and there is one way to write each one: what parses here is
written back byte for byte. Keys are pinned by the caller. Lines of unknown keys are ignored; a line that
names a known key and does not verify rejects the note.

    BadInput
    ├── NoteMalformed     not a signed note, or beyond a bound
    └── VkeyMalformed     not a verifier key we take
    Refused
    ├── LineInvalid       a known key's line does not verify
    └── NoKnownKey        no line of a known key

>>> key = NoteKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
>>> key.name, key.type.name, key.key_id.hex()
('example.com/foo', 'ED25519', '530d903a')
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache, partial
from hashlib import sha256
from threading import Lock
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haechi.errors import BadInput, Refused, TooLarge
from haechi.log.canonical import MISFIT, decode_base64, encode_base64, shorten
from haechi.log.parallel import on_every_core
from haechi.statement import ed25519 as strict
from haechi.words import Text

MAX_NOTE_BYTES = 1 << 20
MAX_LINES = 100  # the specification asks for at least 16; Go's verifier stops at 100 as well
MAX_NAME_BYTES = 255  # the ML-DSA-44 message has one byte for a name's length
MAX_SIGNATURE_BYTES = 8192
_KEY_ID_SIZE = 4
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # below U+0020, newline excepted


class NoteMalformed(BadInput):
    """Bytes that are not a signed note of the form asked for; facts: part, expected, got."""

    code = "log.note-malformed"
    what = Text("malformed note: " + MISFIT.en, "노트 형식 오류: " + MISFIT.ko)
    hint = Text("fetch the note again, byte for byte", "노트를 바이트 그대로 다시 받으세요")


class VkeyMalformed(BadInput):
    """Text or bytes that are not a verifier key; facts: part, expected, got."""

    code = "log.vkey-malformed"
    what = Text("malformed verifier key: " + MISFIT.en, "검증 키(vkey) 형식 오류: " + MISFIT.ko)
    hint = Text(
        "copy the whole key line again from its owner",
        "키 소유자에게서 키 한 줄 전체를 다시 복사하세요",
    )


class LineInvalid(Refused):
    """A line that names a known key does not verify; facts: name, key_id (hex)."""

    code = "log.note-line-invalid"
    what = Text(
        "the signature of {name} (key {key_id}) does not verify",
        "{name}(키 {key_id})의 서명이 검증되지 않습니다",
    )
    hint = Text("do not use this note; fetch it again", "이 노트를 사용하지 말고 다시 받으세요")


class NoKnownKey(Refused):
    """No line of the note is by a known key; facts: known, signers (names, comma separated)."""

    code = "log.note-key-unknown"
    what = Text(
        "no known key signed this: known {known}, signed by {signers}",
        "아는 키의 서명이 없습니다: 아는 키 {known}, 서명자 {signers}",
    )
    hint = Text(
        "add the signer's key to the trust list if you trust it",
        "서명자를 신뢰한다면 그 키를 신뢰 목록에 추가하세요",
    )


class SignatureType(IntEnum):
    """The signature types taken, by their byte in signed-note."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04
    ML_DSA_44 = 0x06


_ML_DSA_44 = SignatureType.ML_DSA_44  # to reach a member through its enumeration takes a call each time
_PUBLIC_SIZE = {SignatureType.ED25519: 32, SignatureType.COSIGNATURE_V1: 32, SignatureType.ML_DSA_44: 1312}

PrivateKey = Ed25519PrivateKey | mldsa.MLDSA44PrivateKey


class NoteLine(NamedTuple):
    """One signature line: key name, 4-byte key id, and the signature after it."""

    name: str
    key_id: bytes
    signature: bytes

    def encode(self) -> str:
        """The line with its newline."""
        name, key_id, signature = self
        return f"— {name} {encode_base64(key_id + signature)}\n"

    @classmethod
    def parse(cls, line: str, part: str = "line") -> Self:
        """The line read from text without its newline; raises NoteMalformed naming `part`."""
        dash, _, rest = line.partition(" ")
        name, _, value = rest.partition(" ")
        if dash != "—":
            raise NoteMalformed(part=part, expected="'— <name> <base64>'", got=shorten(line))
        if not _is_name(name):
            raise NoteMalformed(part=f"{part}: name", expected="a key name", got=shorten(name))
        raw = decode_base64(value)
        if raw is None:
            raise NoteMalformed(part=f"{part}: signature", expected="padded base64", got=shorten(value))
        size = len(raw) - _KEY_ID_SIZE
        if not 1 <= size <= MAX_SIGNATURE_BYTES:
            raise NoteMalformed(
                part=f"{part}: signature size", expected=f"1..{MAX_SIGNATURE_BYTES}", got=size
            )
        return cls(name, raw[:_KEY_ID_SIZE], raw[_KEY_ID_SIZE:])


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that verifies note lines: name, type and public key bytes, all checked on making.

    Raises VkeyMalformed, or WeakPublicKey for an Ed25519 key outside the strict profile.
    """

    name: str
    type: SignatureType
    public: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise VkeyMalformed(part="name", expected="a key name", got=shorten(self.name))
        if len(self.public) != _PUBLIC_SIZE[self.type]:
            raise VkeyMalformed(
                part="public key size", expected=_PUBLIC_SIZE[self.type], got=len(self.public)
            )
        if self.type is not SignatureType.ML_DSA_44:
            strict.check_public_key(self.public)
        digest = sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()
        object.__setattr__(self, "key_id", digest[:_KEY_ID_SIZE])

    @property
    def vkey(self) -> str:
        """The key as text: name+hex(key id)+base64(type, public key)."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.type]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """The key read from its text form; raises VkeyMalformed or WeakPublicKey.

        The key id in the text must be the one its name, type and public key give.
        """
        name, plus, rest = vkey.partition("+")
        key_id, plus, value = rest.partition("+")
        if not plus or len(vkey) > 4 * MAX_NAME_BYTES + 2048:
            raise VkeyMalformed(part="vkey", expected="name+keyid+base64", got=shorten(vkey))
        raw = decode_base64(value)
        if not raw:
            raise VkeyMalformed(part="public key", expected="padded base64", got=shorten(value))
        if raw[0] not in set(SignatureType):
            raise VkeyMalformed(part="signature type", expected="1, 4 or 6", got=raw[0])
        key = cls(name, SignatureType(raw[0]), raw[1:])
        if key_id != key.key_id.hex():
            raise VkeyMalformed(part="key id", expected=key.key_id.hex(), got=shorten(key_id))
        return key

    def signed(self, line: NoteLine) -> bool:
        """Whether `line` claims to be by this key (same name and key id)."""
        return line.name == self.name and line.key_id == self.key_id

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the bare `signature` is this key's over `message`; Ed25519 in the strict profile."""
        return _SEEN.check([Claim(self, signature, message)])[0]

    def __hash__(self) -> int:
        """The key id is made of all the rest, and bytes remember their hash."""
        return hash(self.key_id)


class Claim(NamedTuple):
    """A bare signature that is said to be a key's over a message."""

    key: NoteKey
    signature: bytes
    message: bytes

    def digest(self) -> bytes:
        """The SHA-256 of all three with what tells them apart."""
        # The type fixes the key's length, and the signature's is said: no part can pass for another.
        key, size = self.key, len(self.signature).to_bytes(4)
        return sha256(b"".join((bytes([key.type]), key.public, size, self.signature, self.message))).digest()

    def holds(self) -> bool:
        """Whether it verifies; checked anew, in code that lets other threads run."""
        check = self.check()
        return check is not None and check()

    def check(self) -> Callable[[], bool] | None:
        """What tells whether it verifies; None where no library need be asked for that: it does not.

        Done before is all that keeps other threads waiting, so that several checks share the cores.
        """
        key, signature, message = self
        if key.type is not _ML_DSA_44:
            return strict.equation_of(key.public, signature, message)
        return partial(_ml_dsa_holds, key.public, signature, message)


def verify_all(claims: Sequence[Claim]) -> list[bool]:
    """Whether each of `claims` verifies, in their order; those not seen before are checked on every core."""
    return _SEEN.check(claims)


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key under a name; `type` says which lines it makes. Its repr shows the public key only."""

    name: str
    type: SignatureType
    private: PrivateKey = field(repr=False)
    key: NoteKey = field(init=False)
    _secret: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.type is SignatureType.ML_DSA_44) != isinstance(self.private, mldsa.MLDSA44PrivateKey):
            raise VkeyMalformed(part="type", expected=self.type.name, got=type(self.private).__name__)
        public = self.private.public_key().public_bytes_raw()
        object.__setattr__(self, "key", NoteKey(self.name, self.type, public))
        # None of a key in a hardware module: that one signs itself.
        here = isinstance(self.private, Ed25519PrivateKey)
        object.__setattr__(self, "_secret", self.private.private_bytes_raw() + public if here else b"")

    def sign(self, message: bytes) -> bytes:
        """The bare signature over `message`: 64 bytes Ed25519, 2420 bytes ML-DSA-44."""
        # libsodium takes 22 us where OpenSSL takes 37.
        return strict.sign(self._secret, message) if self._secret else self.private.sign(message)

    def line(self, signature: bytes) -> NoteLine:
        """The note line that carries `signature` under this key's name and id."""
        return NoteLine(self.name, self.key.key_id, signature)


Verify = Callable[[NoteKey, bytes, bytes], bool]
"""(key, note text, signature of the line) -> whether the line verifies."""


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note: `text` ends in a newline and is what was signed; `lines` in the order given."""

    text: bytes
    lines: tuple[NoteLine, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The note in `raw`; nothing is verified. Raises TooLarge or NoteMalformed.

        Bounds: 1 MiB, 1 to 100 lines, names of 255 bytes, signatures of 8192 bytes.
        """
        if len(raw) > MAX_NOTE_BYTES:
            raise TooLarge(what_is=Text("note", "노트"), limit=MAX_NOTE_BYTES, got=len(raw))
        whole = _decode(raw)
        _, blank, tail = whole.rpartition("\n\n")
        if not blank:
            raise NoteMalformed(part="blank line", expected="one before the signatures", got="none")
        if not tail.endswith("\n"):
            raise NoteMalformed(part="last byte", expected="newline", got=shorten(tail[-1:]))
        rows = tail[:-1].split("\n", MAX_LINES)
        if len(rows) > MAX_LINES:
            raise NoteMalformed(part="signature lines", expected=f"1..{MAX_LINES}", got=f"over {MAX_LINES}")
        lines = [NoteLine.parse(row, f"signature line {at}") for at, row in enumerate(rows, 1)]
        return cls(raw[: raw.rindex(b"\n\n") + 1], tuple(lines))

    def encode(self) -> bytes:
        """The note's bytes; for a parsed note exactly the bytes it came from."""
        return self.text + b"\n" + "".join([line.encode() for line in self.lines]).encode()

    def with_lines(self, lines: Iterable[NoteLine]) -> "Note":
        """The same note with `lines` after its own; a line that is already there is left out."""
        return Note(self.text, tuple(dict.fromkeys((*self.lines, *lines))))


def open_lines(note: Note, keys: Sequence[NoteKey], verify: Verify) -> list[tuple[NoteKey, NoteLine]]:
    """The lines of `note` by known keys, all verified, in the note's order.

    Every line of a known key is verified, so a repeated line costs time and gains nothing: callers count
    keys, not lines. Raises LineInvalid or NoKnownKey. signed-note, section "Signatures".
    """
    pinned = {(key.name, key.key_id): key for key in keys}
    opened: list[tuple[NoteKey, NoteLine]] = []
    for line in note.lines:
        key = pinned.get((line.name, line.key_id))
        if key is None:
            continue
        if not verify(key, note.text, line.signature):
            raise LineInvalid(name=key.name, key_id=key.key_id.hex())
        opened.append((key, line))
    if not opened:
        raise NoKnownKey(
            known=name_list(key.name for key in keys), signers=name_list(line.name for line in note.lines)
        )
    return opened


def open_note(raw: bytes, keys: Sequence[NoteKey]) -> tuple[bytes, tuple[NoteKey, ...]]:
    """The signed text and the known keys that signed it, for notes signed with plain Ed25519 (0x01).

    Raises NoteMalformed, TooLarge, LineInvalid or NoKnownKey. Cosignature keys (0x04, 0x06) sign
    checkpoints only and verify nothing here; see haechi.log.checkpoint.
    """
    note = Note.parse(raw)
    opened = open_lines(note, keys, _verify_plain)
    return note.text, tuple(dict.fromkeys(key for key, _ in opened))


def sign_note(text: bytes, signers: Sequence[NoteSigner]) -> bytes:
    """The note of `text` (must end in a newline) with one Ed25519 (0x01) line a signer.

    Raises NoteMalformed for a text that no note can carry, VkeyMalformed for a signer of another type.
    """
    for signer in signers:
        if signer.type is not SignatureType.ED25519:
            raise VkeyMalformed(part="type", expected=SignatureType.ED25519.name, got=signer.type.name)
    raw = Note(text, tuple(signer.line(signer.sign(text)) for signer in signers)).encode()
    if Note.parse(raw).text != text:
        raise NoteMalformed(part="text", expected="ending in a newline", got=shorten(text[-20:].decode()))
    return raw


def _verify_plain(key: NoteKey, text: bytes, signature: bytes) -> bool:
    return key.type is SignatureType.ED25519 and key.verifies(signature, text)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteMalformed(part=f"byte {error.start}", expected="UTF-8", got=error.reason) from error
    # Past the text every character is of a name or of base64, and those have none: no need to look twice.
    control = _CONTROL.search(text, 0, text.rfind("\n\n") + 2)
    if control:
        raise NoteMalformed(
            part=f"character {control.start()}", expected="no control character", got=repr(control[0])
        )
    return text


def _is_name(name: str) -> bool:
    return len(name) <= MAX_NAME_BYTES and _is_short_name(name)


@lru_cache(maxsize=1024)  # of the same few signers again and again
def _is_short_name(name: str) -> bool:
    # split() knows every Unicode space; isprintable() is no help, it refuses much that names may hold.
    if "+" in name or name.split() != [name] or _CONTROL.search(name):
        return False
    try:
        return len(name.encode()) <= MAX_NAME_BYTES
    except UnicodeEncodeError:  # half of a surrogate pair, from a command line that was not UTF-8
        return False


def name_list(names: Iterable[str]) -> str:
    """Names for a sentence: each once, sorted, `-` for none."""
    return ", ".join(sorted(set(names))) or "-"


class _Seen:
    """Signatures that verified, by the SHA-256 of key, signature and message.

    Always true: only what verified is here, so forgetting costs time and remembering claims nothing that is
    not so; at most `most` digests are kept, the newest.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[bytes, None] = {}
        self._lock = Lock()

    def check(self, claims: Sequence[Claim]) -> list[bool]:
        """Whether each claim verifies."""
        names = [claim.digest() for claim in claims]
        new = [at for at, name in enumerate(names) if name not in self._seen]
        new.sort(key=lambda at: -claims[at].key.type)  # the long ones first, so that the cores end together
        held = on_every_core(Claim.holds, [claims[at] for at in new])
        answers = [True] * len(names)
        for at, holds in zip(new, held, strict=True):
            answers[at] = holds
        self._keep([names[at] for at, holds in zip(new, held, strict=True) if holds])
        return answers

    def _keep(self, names: Iterable[bytes]) -> None:
        with self._lock:
            for name in names:
                self._seen[name] = None
                if len(self._seen) > self._most:
                    del self._seen[next(iter(self._seen))]


_SEEN = _Seen(4096)


def _ml_dsa_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        _ml_dsa(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=1024)
def _ml_dsa(public: bytes) -> mldsa.MLDSA44PublicKey:
    return mldsa.MLDSA44PublicKey.from_public_bytes(public)
