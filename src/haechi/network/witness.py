"""A witness: cosigns what it has seen of a log grow, once and never backwards (c2sp.org/tlog-witness v1.0.0).

    BadInput
    └── AddMalformed          400  not an `add-checkpoint` request, or it goes backwards
    NotFound
    └── OriginUnknown         404  this witness does not witness the log
    Refused
    ├── LogUntrusted          403  the log's trusted keys did not sign, or a signature does not verify
    └── LogFrozen             403  the log is proven to have signed two histories
    Conflict
    ├── OldSizeDiffers        409  the witness last cosigned another size; facts: size
    └── Inconsistent          422  the checkpoint does not go on from the one last cosigned

What is told as 422 may be proof of two histories: the witness keeps both signed heads and hands them on.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

from haechi.errors import BadInput, Conflict, NotFound, Refused, TooLarge
from haechi.findings import Verdict
from haechi.log.canonical import decode_base64, decode_decimal, encode_base64
from haechi.log.checkpoint import Checkpoint, CheckpointMalformed, OpenedCheckpoint, verify_checkpoint
from haechi.log.cosignature import cosign
from haechi.log.headstore import HeadMoved
from haechi.log.merkle import HASH_SIZE, check_consistency
from haechi.log.note import LineInvalid, NoKnownKey, Note, NoteKey, NoteLine, NoteMalformed, NoteSigner
from haechi.log.note import SignatureType as Signs
from haechi.log.store import Head
from haechi.network.fork import Begun, Fork
from haechi.network.memory import SignedHead
from haechi.network.witness_store import WitnessStore
from haechi.words import Text

MAX_ADD_BYTES = 256 * 1024
MAX_PROOF_LINES = 63
_EMPTY_ROOT_PART = "root of size 0"


class AddMalformed(BadInput):
    """Not a request to add a checkpoint; facts: why."""

    code = "network.add-checkpoint"
    what = Text("not an add-checkpoint request: {why}", "add-checkpoint 요청이 아닙니다: {why}")
    hint = Text("see c2sp.org/tlog-witness for the form", "형식은 c2sp.org/tlog-witness 를 보세요")


class OriginUnknown(NotFound):
    """The log is not witnessed here; facts: what_is, name."""

    code = "network.origin-unknown"
    hint = Text(
        "ask the witness's operator to pin the log, or to name it in the witness policy",
        "증인 운영자에게 로그를 고정하거나 증인 정책에 적어 달라고 하세요",
    )


class LogUntrusted(Refused):
    """The log's keys did not sign the checkpoint; facts: why."""

    code = "network.log-untrusted"
    what = Text("not signed by the log: {why}", "로그가 서명하지 않았습니다: {why}")
    hint = Text(
        "send the checkpoint as the log signed it; if its keys changed, tell the witness's operator",
        "로그가 서명한 그대로 보내세요. 키가 바뀌었다면 증인 운영자에게 알리세요",
    )


class LogFrozen(Refused):
    """The log signed two histories and is cosigned no more; facts: origin."""

    code = "network.log-frozen"
    what = Text(
        "{origin} has signed two histories and is cosigned no more",
        "{origin}은(는) 두 이력에 서명했으므로 더는 공동 서명하지 않습니다",
    )
    hint = Text(
        "the evidence is logged at this node; a person decides what follows",
        "증거는 이 노드의 로그에 있습니다. 이후는 사람이 결정합니다",
    )


class OldSizeDiffers(Conflict):
    """The witness last cosigned another size; facts: origin, expected, got (sizes)."""

    code = "network.old-size-differs"
    what = Text(
        "{origin} was last cosigned at {expected} entries, not at {got}",
        "{origin}은(는) 항목 {got}개가 아니라 {expected}개에서 마지막으로 공동 서명됨",
    )
    hint = Text("send the proof from that size", "그 크기에서 시작하는 증명을 보내세요")


class Inconsistent(Conflict):
    """The checkpoint does not go on from the last one; facts: origin, why."""

    code = "network.inconsistent"
    what = Text(
        "{origin} does not go on from what was cosigned: {why}", "{origin}이(가) 이어지지 않음: {why}"
    )
    hint = Text(
        "a log that only grew can always prove it; compare the log with its mirrors",
        "추가만 된 로그는 언제나 증명할 수 있습니다. 로그를 미러와 비교하세요",
    )


class AddCheckpoint(NamedTuple):
    """A request as sent: the size last cosigned, the proof from there, and the checkpoint note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    @classmethod
    def parse(cls, raw: bytes) -> "AddCheckpoint":
        """The request in a body; the note is not read. Raises TooLarge, AddMalformed."""
        if len(raw) > MAX_ADD_BYTES:
            raise TooLarge(what_is=Text("request", "요청"), limit=MAX_ADD_BYTES, got=len(raw))
        head, blank, note = raw.partition(b"\n\n")
        if not blank:
            raise AddMalformed(
                why=Text("no empty line before the checkpoint", "체크포인트 앞에 빈 줄이 없음")
            )
        try:
            first, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise AddMalformed(why=Text("a line is not ASCII", "ASCII가 아닌 줄이 있음")) from error
        word, _, number = first.partition(" ")
        old_size = decode_decimal(number)
        if word != "old" or old_size is None:
            raise AddMalformed(why=Text("it must begin with `old <size>`", "`old <크기>` 로 시작해야 함"))
        if len(lines) > MAX_PROOF_LINES:
            raise AddMalformed(why=Text("more than 63 proof lines", "증명이 63줄을 넘음"))
        nodes = [decode_base64(line) for line in lines]
        proof = tuple(node for node in nodes if node is not None and len(node) == HASH_SIZE)
        if len(proof) != len(lines):
            raise AddMalformed(
                why=Text("a proof line is not a hash in base64", "base64 해시가 아닌 줄이 있음")
            )
        return cls(old_size, proof, note)

    def encode(self) -> bytes:
        """The body that `parse` reads as this request."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof), "", ""]
        return "\n".join(lines).encode("ascii") + self.note


Keys = Callable[[str], Sequence[NoteKey]]
"""Origin to the keys that must sign its checkpoints; empty for a log that is not witnessed here."""

Accuse = Callable[[Fork], object]
"""What is done with two signed heads that exclude each other. Called after the request was decided."""


class Witness:
    """Cosigns checkpoints of the logs it knows.

    Always true:
    - for one origin, cosigned sizes never shrink, and each cosigned head begins with all earlier ones;
    - a cosignature leaves this object only after the head it covers is durable in the store;
    - checking against the last head and replacing it are one step for each origin, whatever process does it.
    """

    def __init__(
        self,
        signers: Sequence[NoteSigner],
        keys: Keys,
        store: WitnessStore,
        accuse: Accuse,
        frozen: Callable[[str], bool],
    ) -> None:
        """signers: the witness's keys (0x04, 0x06). frozen: whether an origin is cosigned no more."""
        self._signers = signers
        self._keys = keys
        self._store = store
        self._accuse = accuse
        self._frozen = frozen
        self._locks: dict[str, Lock] = {}
        self._making = Lock()

    @property
    def keys(self) -> list[NoteKey]:
        """The public keys of the cosignatures."""
        return [signer.key for signer in self._signers]

    def add_checkpoint(self, raw: bytes, now: int) -> bytes:
        """The cosignature lines for the checkpoint in a request body.

        now: POSIX seconds, stated in the cosignatures. Raises what the module's docstring lists, TooLarge,
        and StoreFailed (503) when the disk refuses: nothing was cosigned then.
        """
        asked = AddCheckpoint.parse(raw)
        note, origin = _read(asked.note)
        keys = self._keys(origin)
        if not keys:
            raise OriginUnknown(what_is=Text("log", "로그"), name=origin[:200])
        if self._frozen(origin):
            raise LogFrozen(origin=origin)
        opened = _opened(note, keys, origin)
        head = Head(opened.checkpoint.size, opened.checkpoint.root)
        if asked.old_size > head.size:
            raise AddMalformed(why=Text("the old size is the larger one", "이전 크기가 더 큼"))
        with self._lock_of(origin):
            fork = self._go_on(origin, asked, opened, now)
        if isinstance(fork, Inconsistency):
            if fork.fork is not None:
                self._accuse(fork.fork)
            raise Inconsistent(origin=origin, why=fork.why)
        return "".join(line.encode() for line in fork).encode()

    def checkpoint(self, origin_hash: str) -> bytes:
        """The newest checkpoint that was cosigned here, with its cosignatures; raises NotFound.

        origin_hash: lower-case hex SHA-256 of the origin.
        """
        held = self._store.named(origin_hash)
        if held is None:
            raise NotFound(
                what_is=Text("cosigned checkpoint", "공동 서명한 체크포인트"), name=origin_hash[:64]
            )
        return held.note

    def _go_on(
        self, origin: str, asked: AddCheckpoint, opened: OpenedCheckpoint, now: int
    ) -> "list[NoteLine] | Inconsistency":
        held = self._store.held(origin)
        size = 0 if held is None else held.head.size
        if asked.old_size != size:
            raise OldSizeDiffers(origin=origin, expected=size, got=asked.old_size)
        head = Head(opened.checkpoint.size, opened.checkpoint.root)
        wrong = _inconsistency(held, head, asked, _Shown(opened, self._keys(origin)))
        if wrong is not None:
            return wrong
        # A log that signs with Ed25519 alone is cosigned with Ed25519 alone: its readers expect no more.
        late = any(signed.key.type is Signs.ML_DSA_44 for signed in opened.signers)
        lines = [
            cosign(opened.checkpoint, signer, now)
            for signer in self._signers
            if late or signer.type is not Signs.ML_DSA_44
        ]
        own = {(signed.key.name, signed.key.key_id) for signed in opened.signers}
        logs = tuple(line for line in opened.note.lines if (line.name, line.key_id) in own)
        kept = Note(opened.note.text, (*dict.fromkeys(logs), *lines))
        try:
            self._store.advance(origin, None if held is None else held.head, SignedHead(head, kept.encode()))
        except HeadMoved as error:  # another process of this witness was quicker
            now_held = self._store.held(origin)
            size = 0 if now_held is None else now_held.head.size
            raise OldSizeDiffers(origin=origin, expected=size, got=asked.old_size) from error
        return lines

    def _lock_of(self, origin: str) -> Lock:
        with self._making:
            return self._locks.setdefault(origin, Lock())


class Inconsistency(NamedTuple):
    """Why a checkpoint does not go on from the last one, and the proof against its log if there is one."""

    why: str
    fork: Fork | None


def _read(raw: bytes) -> tuple[Note, str]:
    """The note, and the log that its first line names."""
    try:
        note = Note.parse(raw)
        return note, note.text.split(b"\n", 1)[0].decode()
    except (NoteMalformed, TooLarge) as error:
        raise AddMalformed(why=Text(error.say("en"), error.say("ko"))) from error


def _opened(note: Note, keys: Sequence[NoteKey], origin: str) -> OpenedCheckpoint:
    try:
        return verify_checkpoint(Checkpoint.from_text(note.text), note, keys, origin)
    except CheckpointMalformed as error:
        if error.facts.get("part") == _EMPTY_ROOT_PART:
            raise Inconsistent(origin=origin, why=error.say("en")) from error
        raise AddMalformed(why=Text(error.say("en"), error.say("ko"))) from error
    except (LineInvalid, NoKnownKey, Refused) as error:
        raise LogUntrusted(why=Text(error.say("en"), error.say("ko"))) from error


class _Shown(NamedTuple):
    """A checkpoint as shown, and the log's keys."""

    opened: OpenedCheckpoint
    keys: Sequence[NoteKey]


def _inconsistency(
    held: SignedHead | None, head: Head, asked: AddCheckpoint, shown: _Shown
) -> Inconsistency | None:
    if held is None or held.head.size == 0:
        return Inconsistency("a proof from size 0 is empty", None) if asked.proof else None
    old = held.head
    if old.size == head.size:
        if asked.proof:
            return Inconsistency("a proof between equal sizes is empty", None)
        same = old.root == head.root
        return None if same else Inconsistency("another root at the same size", _fork(held, shown, None))
    checked = check_consistency(old.size, head.size, asked.proof, old.root, head.root)
    if checked.verdict is Verdict.HOLDS:
        return None
    return Inconsistency(checked.say("en"), _fork(held, shown, _begun(old, head, asked.proof)))


def _begun(old: Head, head: Head, proof: Sequence[bytes]) -> Begun | None:
    """How the new history began, if the proof shows it: then it proves the contradiction to anybody."""
    folded = check_consistency(old.size, head.size, proof, old.root, head.root).facts
    if folded.get("size") != old.size:
        return None
    root = bytes.fromhex(str(folded["got"]))
    if check_consistency(old.size, head.size, proof, root, head.root).verdict is not Verdict.HOLDS:
        return None
    return Begun(root=root.hex(), path=tuple(node.hex() for node in proof))


def _fork(held: SignedHead, shown: _Shown, begun: Begun | None) -> Fork | None:
    """Both signed heads, for whoever has the log's keys; None when they prove nothing."""
    opened = shown.opened
    if held.head.size != opened.checkpoint.size and begun is None:
        return None
    return Fork.of(opened.checkpoint.origin, held.note, opened.note.encode(), begun, shown.keys)
