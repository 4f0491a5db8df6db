"""Cosignatures: "as of this time, this is the largest tree of that log I know" (c2sp.org/tlog-cosignature).

Two forms, both a note line of 8 bytes of time and a bare signature. Ed25519 `cosignature/v1` (0x04) signs
the checkpoint's text; ML-DSA-44 `subtree/v1` (0x06) signs the cosigner's name, the log's origin and the
tree head. Logs sign their own checkpoints with the second form as well.

    BadInput
    └── CosignatureMalformed   a name, time or range that the signed message cannot carry
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from haechi.errors import BadInput
from haechi.log.note import Claim, LineInvalid, Note, NoteKey, NoteLine, NoteSigner, SignatureType
from haechi.words import Text

MAX_TIME_S = 2**63 - 1
_TIME_SIZE = 8
_LABEL = b"subtree/v1\n\x00"
# Looked up once: to reach a member through its enumeration takes a call each time.
_ED25519, _COSIGNATURE_V1 = SignatureType.ED25519, SignatureType.COSIGNATURE_V1
_SIZES = {SignatureType.COSIGNATURE_V1: _TIME_SIZE + 64, SignatureType.ML_DSA_44: _TIME_SIZE + 2420}


class CosignatureMalformed(BadInput):
    """Values that no cosignature can carry; facts: part, expected, got."""

    code = "log.cosignature-malformed"
    what = Text(
        "not a cosignature: {part}: expected {expected}, got {got}",
        "공동 서명이 아닙니다: {part}: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text("correct the value before signing", "서명하기 전에 값을 고치세요")


class TreeHead(Protocol):
    """What a cosignature is about; haechi.log.checkpoint.Checkpoint is one."""

    @property
    def origin(self) -> str:
        """The log's origin."""
        ...

    @property
    def size(self) -> int:
        """Number of entries."""
        ...

    @property
    def root(self) -> bytes:
        """Root hash, 32 bytes."""
        ...

    @property
    def text(self) -> bytes:
        """The checkpoint's note text, with its last newline."""
        ...


class Told(NamedTuple):
    """A tree head whose text is written once, not once a line."""

    origin: str
    size: int
    root: bytes
    text: bytes


class Claimed(NamedTuple):
    """A known key's line: the time it states (POSIX seconds; None on a plain line), and what is to verify."""

    key: NoteKey
    time_s: int | None
    claim: Claim


class Subtree(NamedTuple):
    """The range start <= leaf < end of the log `origin` and its root hash; a checkpoint starts at 0."""

    origin: str
    start: int
    end: int
    root: bytes


def cosignature_v1_message(text: bytes, time_s: int) -> bytes:
    r"""The message of an Ed25519 cosignature on the note `text` at `time_s` (POSIX seconds).

    >>> cosignature_v1_message(b"example.com/log\n...", 1679315147)
    b'cosignature/v1\ntime 1679315147\nexample.com/log\n...'
    """
    return b"cosignature/v1\ntime %d\n" % _time(time_s) + text


def subtree_v1_message(cosigner: str, time_s: int, subtree: Subtree) -> bytes:
    """The message of an ML-DSA-44 cosignature by `cosigner` on `subtree` at `time_s` (POSIX seconds).

    Time 0 says nothing about being the newest tree, and a subtree with start > 0 must have it. Raises
    CosignatureMalformed. tlog-cosignature, section "ML-DSA-44 signed message".
    """
    if not 0 <= subtree.start <= subtree.end <= MAX_TIME_S:
        raise CosignatureMalformed(
            part="range", expected="0 <= start <= end < 2^63", got=f"{subtree.start}..{subtree.end}"
        )
    if subtree.start and time_s:
        raise CosignatureMalformed(part="time", expected="0 for a subtree that starts late", got=time_s)
    if len(subtree.root) != 32:
        raise CosignatureMalformed(part="root size", expected=32, got=len(subtree.root))
    return b"".join(
        (
            _LABEL,
            _name("cosigner name", cosigner),
            _time(time_s).to_bytes(_TIME_SIZE),
            _name("origin", subtree.origin),
            subtree.start.to_bytes(8),
            subtree.end.to_bytes(8),
            subtree.root,
        )
    )


def cosign(head: TreeHead, signer: NoteSigner, time_s: int) -> NoteLine:
    """The line by which `signer` (type 0x04 or 0x06) cosigns `head` as of `time_s` (POSIX seconds).

    Raises CosignatureMalformed for another signer type, or a name, origin or time that does not fit.
    """
    if signer.type not in _SIZES:
        raise CosignatureMalformed(part="signer type", expected="0x04 or 0x06", got=signer.type.name)
    message = _message(head, signer.key, time_s)
    return signer.line(time_s.to_bytes(_TIME_SIZE) + signer.sign(message))


def cosigned_at(head: TreeHead, key: NoteKey, signature: bytes) -> int | None:
    """The time (POSIX seconds) at which `key` cosigned `head`, or None when `signature` does not verify.

    `signature`: what follows the key id in the line. `key` is of type 0x04 or 0x06. Whether the time lies
    in the future is for the caller's policy: no clock is read here.
    """
    claimed = claim_of(head, key, signature)
    if claimed is None:
        return None
    time_s, claim = claimed
    return time_s if key.verifies(claim.signature, claim.message) else None


def claims_on(note: Note, head: TreeHead, keys: Iterable[NoteKey]) -> list[Claimed]:
    """What the lines of `keys` in `note` claim about `head`, each line once, in the note's order.

    Nothing is verified. Raises LineInvalid for a known key's line that can be no signature of it.
    """
    pinned = {(key.name, key.key_id): key for key in keys}
    found: list[Claimed] = []
    for line in dict.fromkeys(note.lines):
        key = pinned.get(line[:2])
        if key is None:
            continue
        if key.type is _ED25519:
            found.append(Claimed(key, None, Claim(key, line.signature, note.text)))
            continue
        claimed = claim_of(head, key, line.signature)
        if claimed is None:
            raise LineInvalid(name=key.name, key_id=key.key_id.hex())
        found.append(Claimed(key, *claimed))
    return found


def claim_of(head: TreeHead, key: NoteKey, signature: bytes) -> tuple[int, Claim] | None:
    """What `key` signs when it cosigns `head` with this line's signature, and the time it states (POSIX s).

    None where the line can be no cosignature. Nothing is verified.
    """
    if len(signature) != _SIZES.get(key.type):
        return None
    time_s = int.from_bytes(signature[:_TIME_SIZE])
    try:
        message = _message(head, key, time_s)
    except CosignatureMalformed:
        return None
    return time_s, Claim(key, signature[_TIME_SIZE:], message)


def _message(head: TreeHead, key: NoteKey, time_s: int) -> bytes:
    if key.type is _COSIGNATURE_V1:
        return cosignature_v1_message(head.text, time_s)
    return subtree_v1_message(key.name, time_s, Subtree(head.origin, 0, head.size, head.root))


def _time(time_s: int) -> int:
    if not 0 <= time_s <= MAX_TIME_S:
        raise CosignatureMalformed(part="time", expected="0..2^63-1 seconds", got=time_s)
    return time_s


def _name(part: str, name: str) -> bytes:
    raw = name.encode()
    if not 1 <= len(raw) <= 255:
        raise CosignatureMalformed(part=f"{part} size", expected="1..255 bytes", got=len(raw))
    return bytes([len(raw)]) + raw
