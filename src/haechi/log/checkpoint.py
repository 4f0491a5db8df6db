r"""Checkpoints: a log's signed word on its size and root (c2sp.org/tlog-checkpoint v1.0.0).

A log signs each checkpoint twice: with Ed25519 for the verifiers of today, with ML-DSA-44 for those who
read it in twenty years. Whoever pins both keys demands both lines, so nobody can strip one unnoticed.
Haechi takes a key for the log's own when the key's name is the origin; keys of other names are witnesses'
or mirrors': verified where they signed, never required here.

    BadInput
    └── CheckpointMalformed   a note that is no checkpoint, or values that make none
    Refused
    ├── WrongOrigin           a checkpoint of another log
    ├── LineMissing           a pinned key of the log did not sign
    └── ExtensionUnsigned     extension lines that no verified Ed25519 line of the log covers
    (and NoteMalformed, LineInvalid, NoKnownKey of haechi.log.note)

>>> Checkpoint("kr.example/log", 0, EMPTY_ROOT).text
b'kr.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.errors import BadInput, HaechiError, Refused, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.log import note as notes
from haechi.log.canonical import MISFIT, decode_base64, decode_decimal, encode_base64, shorten, show_number
from haechi.log.cosignature import Claimed, claims_on, cosign
from haechi.log.keyline import keys_at
from haechi.log.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE
from haechi.log.note import (
    Claim,
    LineInvalid,
    NoKnownKey,
    Note,
    NoteKey,
    NoteMalformed,
    NoteSigner,
    SignatureType,
)
from haechi.words import Text

MAX_CHECKPOINT_BYTES = 512 * 1024  # a hundred ML-DSA-44 lines and the text
MAX_EXTENSIONS = 16
MAX_EXTENSION_BYTES = 1024


class CheckpointMalformed(BadInput):
    """Not a checkpoint; facts: part, expected, got."""

    code = "log.checkpoint-malformed"
    what = Text("malformed checkpoint: " + MISFIT.en, "체크포인트 형식 오류: " + MISFIT.ko)
    hint = Text("fetch the checkpoint again, byte for byte", "체크포인트를 바이트 그대로 다시 받으세요")


class WrongOrigin(Refused):
    """A checkpoint of another log; facts: expected, got."""

    code = "log.checkpoint-wrong-origin"
    what = Text(
        "this checkpoint is of another log: expected {expected}, got {got}",
        "다른 로그의 체크포인트입니다: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text("ask the log itself for its checkpoint", "해당 로그에 체크포인트를 직접 요청하세요")


class LineMissing(Refused):
    """A pinned key of the log has no line; facts: origin, missing (`name+keyid`, comma separated)."""

    code = "log.checkpoint-line-missing"
    what = Text(
        "the checkpoint of {origin} lacks the signature of: {missing}",
        "{origin}의 체크포인트에 다음 키의 서명이 없습니다: {missing}",
    )
    hint = Text(
        "someone may have removed it; fetch the checkpoint from the log itself",
        "누군가 제거했을 수 있습니다. 해당 로그에서 체크포인트를 직접 받으세요",
    )


class ExtensionUnsigned(Refused):
    """Extension lines that no verified Ed25519 line of the log covers; facts: origin, count."""

    code = "log.checkpoint-extension-unsigned"
    what = Text(
        "{count} extension lines in the checkpoint of {origin} are not covered by a verified signature",
        "{origin}의 체크포인트에 있는 확장 줄 {count}개는 검증된 서명에 포함되지 않습니다",
    )
    hint = Text(
        "pin the log's Ed25519 key too: ML-DSA-44 lines leave extension lines out",
        "ML-DSA-44 서명은 확장 줄을 포함하지 않으므로 로그의 Ed25519 키도 고정하세요",
    )


declare(
    "log.checkpoint",
    Text("The log signed this state", "로그가 이 상태에 서명했는지 여부"),
    {
        "signed": (
            Verdict.HOLDS,
            Text(
                "{origin} signed {size} entries with root {root}; verified signatures: {signers}",
                "{origin}이(가) 항목 {size}개, 루트 {root}에 서명했습니다. 검증된 서명: {signers}",
            ),
        ),
        "signature-invalid": (Verdict.FAILS, LineInvalid.what),
        "malformed": (Verdict.FAILS, CheckpointMalformed.what),
        "wrong-origin": (Verdict.FAILS, WrongOrigin.what),
        "line-missing": (Verdict.FAILS, LineMissing.what),
        "extension-unsigned": (Verdict.FAILS, ExtensionUnsigned.what),
        "key-unknown": (Verdict.UNDECIDED, NoKnownKey.what),
    },
)

_OUTCOMES: dict[type[HaechiError], str] = {
    NoteMalformed: "malformed",
    CheckpointMalformed: "malformed",
    WrongOrigin: "wrong-origin",
    LineInvalid: "signature-invalid",
    LineMissing: "line-missing",
    ExtensionUnsigned: "extension-unsigned",
    NoKnownKey: "key-unknown",
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin, number of entries and 32-byte root of a log, and its opaque extension lines (discouraged).

    Raises CheckpointMalformed on making: size is 0..2^63-1, size 0 has the root of the empty tree, origin and
    extension lines are text without control characters (255 bytes; 16 lines of 1024 bytes).
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_line("origin", self.origin, notes.MAX_NAME_BYTES)
        if not 0 <= self.size <= MAX_SIZE:
            raise CheckpointMalformed(part="size", expected="0..2^63-1", got=show_number(self.size))
        if len(self.root) != HASH_SIZE:
            raise CheckpointMalformed(part="root size", expected=HASH_SIZE, got=len(self.root))
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointMalformed(part="root of size 0", expected=EMPTY_ROOT.hex(), got=self.root.hex())
        if not self.extensions:
            return
        if len(self.extensions) > MAX_EXTENSIONS:
            raise CheckpointMalformed(
                part="extension lines", expected=f"at most {MAX_EXTENSIONS}", got=len(self.extensions)
            )
        for line in self.extensions:
            _check_line("extension line", line, MAX_EXTENSION_BYTES)

    @property
    def text(self) -> bytes:
        """The note text: the bytes that Ed25519 lines sign."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()

    @classmethod
    def from_text(cls, text: bytes) -> Self:
        """The checkpoint in a note's text; `.text` gives the same bytes back. Raises CheckpointMalformed."""
        try:
            rows = text.decode().split("\n")
        except UnicodeDecodeError as error:
            raise CheckpointMalformed(
                part=f"byte {error.start}", expected="UTF-8", got=error.reason
            ) from error
        if len(rows) < 4 or rows.pop() != "":
            raise CheckpointMalformed(part="text", expected="three lines or more", got=f"{len(rows)} lines")
        origin, size, root, *extensions = rows
        number = decode_decimal(size)
        if number is None:
            raise CheckpointMalformed(part="size", expected="decimal 0..2^63-1", got=shorten(size))
        raw = decode_base64(root)
        if raw is None:
            raise CheckpointMalformed(part="root", expected="padded base64", got=shorten(root))
        return cls(origin, number, raw, tuple(extensions))


class CheckpointSigner:
    """Signs the checkpoints of one log, always with both keys, and with former ones while they last.

    Always true: every line carries the origin as key name, so that pinning the log means pinning one name.
    Whether a checkpoint may be signed (it must extend the last one) is the sequencer's duty.
    """

    def __init__(
        self,
        origin: str,
        ed25519: Ed25519PrivateKey,
        ml_dsa_44: MLDSA44PrivateKey,
        former: tuple[Ed25519PrivateKey, MLDSA44PrivateKey] | None = None,
    ) -> None:
        """former: the keys before these, for readers who have not heard of the change."""
        self.origin = origin
        self._former = None if former is None else CheckpointSigner(origin, *former)
        self._plain = NoteSigner(origin, SignatureType.ED25519, ed25519)
        self._late = NoteSigner(origin, SignatureType.ML_DSA_44, ml_dsa_44)

    @property
    def keys(self) -> tuple[NoteKey, NoteKey]:
        """The two public keys to pin: Ed25519 (0x01) and ML-DSA-44 (0x06)."""
        return self._plain.key, self._late.key

    def sign(self, size: int, root: bytes, time_s: int) -> bytes:
        """The checkpoint note for `size` entries and `root`; `time_s` (POSIX seconds) is in the 0x06 line.

        Raises CheckpointMalformed or CosignatureMalformed.
        """
        checkpoint = Checkpoint(self.origin, size, root)
        lines = self.lines(checkpoint, time_s)
        former = () if self._former is None else self._former.lines(checkpoint, time_s)
        return Note(checkpoint.text, (*lines, *former)).encode()

    def lines(self, checkpoint: Checkpoint, time_s: int) -> tuple[notes.NoteLine, ...]:
        """One line of each of the two keys."""
        plain = self._plain.line(self._plain.sign(checkpoint.text))
        return plain, cosign(checkpoint, self._late, time_s)


class Signed(NamedTuple):
    """A key whose line verified, and the newest time its lines state; None for plain Ed25519 lines."""

    key: NoteKey
    time_s: int | None


class OpenedCheckpoint(NamedTuple):
    """A checkpoint after verification: the values, each key that signed (once), and the note itself."""

    checkpoint: Checkpoint
    signers: tuple[Signed, ...]
    note: Note

    @property
    def names(self) -> list[str]:
        """Names of the verified signers, each once, in the note's order."""
        return list(dict.fromkeys(signed.key.name for signed in self.signers))


def read_checkpoint(raw: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint in `raw` with nothing verified; raises TooLarge, NoteMalformed, CheckpointMalformed."""
    if len(raw) > MAX_CHECKPOINT_BYTES:
        raise TooLarge(what_is=Text("checkpoint", "체크포인트"), limit=MAX_CHECKPOINT_BYTES, got=len(raw))
    note = Note.parse(raw)
    return Checkpoint.from_text(note.text), note


def open_checkpoint(raw: bytes, keys: Sequence[NoteKey], origin: str) -> OpenedCheckpoint:
    """The checkpoint of the log `origin`, verified against the pinned `keys`.

    Every key in `keys` named `origin` must have signed, of a `KeyLine` those of the checkpoint's size; keys
    of other names are verified if they did.
    Raises TooLarge, NoteMalformed, CheckpointMalformed, WrongOrigin, LineInvalid, NoKnownKey (also when
    only witnesses are known), LineMissing or ExtensionUnsigned.
    """
    return verify_checkpoint(*read_checkpoint(raw), keys, origin)


def verify_checkpoint(
    checkpoint: Checkpoint, note: Note, keys: Sequence[NoteKey], origin: str
) -> OpenedCheckpoint:
    """`open_checkpoint` for a note that was read already."""
    unverified = Unverified.of(checkpoint, note, keys, origin)
    return unverified.opened(notes.verify_all(unverified.claims))


class Unverified(NamedTuple):
    """A checkpoint whose signatures are to be verified, so that those of several can be at once."""

    checkpoint: Checkpoint
    note: Note
    keys: Sequence[NoteKey]
    lines: list[Claimed]

    @classmethod
    def of(cls, checkpoint: Checkpoint, note: Note, keys: Sequence[NoteKey], origin: str) -> Self:
        """The lines of pinned keys in a checkpoint of the log `origin`.

        Raises WrongOrigin, LineInvalid (a line that no signature has the form of).
        """
        if checkpoint.origin != origin:
            raise WrongOrigin(expected=origin, got=checkpoint.origin)
        keys = keys_at(keys, checkpoint.size)
        return cls(checkpoint, note, keys, claims_on(note, checkpoint, keys))

    @property
    def claims(self) -> list[Claim]:
        """The signatures to verify."""
        return [line.claim for line in self.lines]

    def opened(self, held: Sequence[bool]) -> OpenedCheckpoint:
        """The checkpoint when every one of its claims held, in their order; raises as `open_checkpoint`."""
        times: dict[NoteKey, int | None] = {}
        for (key, time_s, _), holds in zip(self.lines, held, strict=True):
            if not holds:
                raise LineInvalid(name=key.name, key_id=key.key_id.hex())
            times[key] = None if time_s is None else max(time_s, times.get(key) or 0)
        _require_log_keys(self.checkpoint, self.keys, times.keys(), self.note)
        return OpenedCheckpoint(self.checkpoint, tuple(starmap(Signed, times.items())), self.note)


def _require_log_keys(
    checkpoint: Checkpoint, keys: Sequence[NoteKey], signed: Set[NoteKey], note: Note
) -> None:
    origin = checkpoint.origin
    own = [key for key in keys if key.name == origin]
    missing = [key for key in own if key not in signed]
    if len(missing) == len(own):
        raise NoKnownKey(
            known=notes.name_list(key.name for key in own),
            signers=notes.name_list(line.name for line in note.lines),
        )
    if missing:
        unsigned = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in missing)
        raise LineMissing(origin=origin, missing=unsigned)
    if checkpoint.extensions and all(key.type is SignatureType.ML_DSA_44 for key in own):
        raise ExtensionUnsigned(origin=origin, count=len(checkpoint.extensions))


def check_checkpoint(raw: bytes, keys: Sequence[NoteKey], origin: str) -> tuple[Finding, Checkpoint | None]:
    """Whether the log `origin` signed `raw`, as a finding; the checkpoint only when it HOLDS.

    Codes log.checkpoint.signed, .signature-invalid, .malformed, .wrong-origin, .line-missing,
    .extension-unsigned, .key-unknown (UNDECIDED). Raises nothing; the rules are `open_checkpoint`'s.
    """
    finding, opened = examine_checkpoint(raw, keys, origin)
    return finding, opened.checkpoint if opened else None


def examine_checkpoint(
    raw: bytes, keys: Sequence[NoteKey], origin: str
) -> tuple[Finding, OpenedCheckpoint | None]:
    """`check_checkpoint` with the signers too, for those who go on to count witnesses."""
    try:
        opened = open_checkpoint(raw, keys, origin)
    except TooLarge as error:
        limit, got = error.facts["limit"], error.facts["got"]
        return found("log.checkpoint.malformed", part="size in bytes", expected=limit, got=got), None
    except tuple(_OUTCOMES) as error:
        return found(f"log.checkpoint.{_OUTCOMES[type(error)]}", **error.facts), None
    checkpoint = opened.checkpoint
    signers = ", ".join(f"{key.name}+{key.key_id.hex()}" for key, _ in opened.signers)
    finding = found(
        "log.checkpoint.signed",
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        signers=signers,
    )
    return finding, opened


def _check_line(part: str, line: str, limit: int) -> None:
    # Control characters are not printable, so of what is nobody need look at each character here.
    if not line or (not line.isprintable() and min(line) < " "):
        raise CheckpointMalformed(part=part, expected="text without control characters", got=shorten(line))
    try:
        size = len(line.encode())
    except UnicodeEncodeError as error:
        raise CheckpointMalformed(part=part, expected="UTF-8", got=error.reason) from error
    if size > limit:
        raise CheckpointMalformed(part=f"{part} size", expected=f"at most {limit} bytes", got=size)
