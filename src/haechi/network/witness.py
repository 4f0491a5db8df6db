"""A witness: cosigns what it has seen of a log grow, once and never backwards (c2sp.org/tlog-witness v1.0.0).

Its refusals are in haechi.network.add_checkpoint.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from haechi.errors import HaechiError, NotFound, TooLarge
from haechi.log.checkpoint import Checkpoint, CheckpointMalformed, OpenedCheckpoint, Unverified
from haechi.log.cosignature import Told, cosign
from haechi.log.headstore import HeadMoved
from haechi.log.merkle import check_consistency, is_consistent
from haechi.log.note import Note, NoteKey, NoteLine, NoteMalformed, NoteSigner
from haechi.log.note import SignatureType as Signs
from haechi.log.parallel import on_every_core
from haechi.log.store import Head, StoreFailed
from haechi.network.add_checkpoint import (
    AddCheckpoint,
    AddMalformed,
    Inconsistent,
    LogFrozen,
    LogUntrusted,
    OldSizeDiffers,
    OriginUnknown,
)
from haechi.network.fork import Begun, Fork
from haechi.network.memory import SignedHead
from haechi.network.together import Together
from haechi.network.witness_store import Step, WitnessStore, head_of
from haechi.words import Text

MOST_AT_ONCE = 64
"""Requests that one round answers: the last of them waits for the checks of all."""

_EMPTY_ROOT_PART = "root of size 0"
_ML_DSA_44 = Signs.ML_DSA_44

Keys = Callable[[str], Sequence[NoteKey]]
"""Origin to the keys that must sign its checkpoints; empty for a log that is not witnessed here."""

Accuse = Callable[[Fork], object]
"""What is done with two signed heads that exclude each other. Called after the request was decided."""


class _Sent(NamedTuple):
    """A request, and when it came (POSIX seconds)."""

    raw: bytes
    now: int


class _Read(NamedTuple):
    """A request that was read, with the signatures that are still to verify."""

    asked: AddCheckpoint
    shown: Unverified
    keys: Sequence[NoteKey]
    now: int


class _Opened(NamedTuple):
    """A request whose checkpoint the log signed; late: with ML-DSA-44 too."""

    asked: AddCheckpoint
    shown: OpenedCheckpoint
    keys: Sequence[NoteKey]
    now: int
    origin: str
    head: Head
    late: bool


class _GoingOn(NamedTuple):
    """A request that goes on from the last head, and that head."""

    request: _Opened
    old: Head | None


class _Signed(NamedTuple):
    """The step to make durable, and what is answered then."""

    step: Step
    asked: AddCheckpoint
    lines: bytes


class _Refusal(NamedTuple):
    """Why a request is refused, and the proof against its log if there is one.

    upon: the request, where it was decided upon a head that its own round goes on to and that is not durable
    yet. If that head does not come to be, neither did the reason.
    """

    error: HaechiError
    fork: Fork | None = None
    upon: _Opened | None = None


class Witness:
    """Cosigns checkpoints of the logs it knows.

    Always true:
    - for one origin, cosigned sizes never shrink, and each cosigned head begins with all earlier ones;
    - a cosignature leaves this object only after the head it covers is durable in the store;
    - checking against the last head and replacing it are one step for each origin, whatever process does it.

    Requests that come while others are being answered are answered together after them: their signatures are
    checked on every core, and one sync makes all of them durable.
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
        self._early = [signer for signer in signers if signer.type is not _ML_DSA_44]
        self._keys = keys
        self._store = store
        self._accuse = accuse
        self._frozen = frozen
        self._together = Together(self._answer_all, MOST_AT_ONCE)

    @property
    def keys(self) -> list[NoteKey]:
        """The public keys of the cosignatures."""
        return [signer.key for signer in self._signers]

    def add_checkpoint(self, raw: bytes, now: int) -> bytes:
        """The cosignature lines for the checkpoint in a request body.

        now: POSIX seconds, stated in the cosignatures. Raises what the module's docstring lists, TooLarge,
        and StoreFailed (503) when the disk refuses: nothing was cosigned then.
        """
        answer = self._together(_Sent(raw, now))
        if isinstance(answer, bytes):
            return answer
        if answer.fork is not None:
            self._accuse(answer.fork)
        raise answer.error

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

    def _answer_all(self, sent: Sequence[_Sent]) -> list[bytes | _Refusal]:
        """The answers to requests that came together, in their order."""
        # The cores share little but calls that free the interpreter: with more, they wait for each other.
        read = [self._read(one) for one in sent]
        held = on_every_core(_held, [_checks(one) for one in read])
        opened = [_opened(*one) for one in zip(read, held, strict=True)]
        heads = _Heads(self._store)
        going_on = [_going_on(one, heads) if isinstance(one, _Opened) else one for one in opened]
        lines = self._cosigned_all(going_on)
        signed = [_signed(*one) for one in zip(going_on, lines, strict=True)]
        steps = [one.step for one in signed if isinstance(one, _Signed)]
        failed = self._store.advance_all(steps)
        unmade = {step.origin: error for step, error in zip(steps, failed, strict=True) if error is not None}
        failing = iter(failed)
        return [
            self._answer(one, next(failing)) if isinstance(one, _Signed) else self._refused(one, unmade)
            for one in signed
        ]

    def _read(self, sent: _Sent) -> _Read | _Refusal:
        try:
            asked = AddCheckpoint.parse(sent.raw)
            note, origin = _note_in(asked.note)
            keys = self._keys(origin)
            if not keys:
                raise OriginUnknown(what_is=Text("log", "로그"), name=origin[:200])
            if self._frozen(origin):
                raise LogFrozen(origin=origin)
        except HaechiError as error:
            return _Refusal(error)
        try:
            shown = Unverified.of(Checkpoint.from_text(note.text), note, keys, origin)
        except HaechiError as error:
            return _Refusal(_unsigned(origin, error))
        return _Read(asked, shown, keys, sent.now)

    def _cosigned_all(self, going_on: Sequence[_GoingOn | _Refusal]) -> list[list[NoteLine]]:
        if any(isinstance(one, _GoingOn) and one.request.late for one in going_on):
            return on_every_core(self._cosigned, going_on)
        # Ed25519 alone is sooner signed than two threads have agreed whose turn with the interpreter it is.
        return [self._cosigned(one) for one in going_on]

    def _cosigned(self, one: _GoingOn | _Refusal) -> list[NoteLine]:
        """The cosignatures on a request; none where it is refused."""
        if isinstance(one, _Refusal):
            return []
        request = one.request
        # A log that signs with Ed25519 alone is cosigned with Ed25519 alone: its readers expect no more.
        signers = self._signers if request.late else self._early
        told = Told(request.origin, *request.head, request.shown.note.text)
        return [cosign(told, signer, request.now) for signer in signers]

    def _answer(self, signed: _Signed, failed: HaechiError | None) -> bytes | _Refusal:
        if failed is None:
            return signed.lines
        return _Refusal(self._why_unmade(signed.step.origin, signed.asked, failed))

    def _refused(self, refusal: _Refusal, unmade: Mapping[str, HaechiError]) -> _Refusal:
        """What is told of a refusal. unmade: what kept a log from the heads that the round went on to."""
        request = refusal.upon
        if request is None or request.origin not in unmade:
            return refusal
        why = self._why_unmade(request.origin, request.asked, unmade[request.origin])
        return _Refusal(why, refusal.fork)

    def _why_unmade(self, origin: str, asked: AddCheckpoint, failed: HaechiError) -> HaechiError:
        if not isinstance(failed, HeadMoved):
            return failed
        try:  # another process of this witness was quicker
            return _differs(origin, self._store.held(origin), asked)
        except HaechiError as error:
            return error


class _Heads:
    """The heads that a round builds upon: the store's, and those that the round itself goes on to.

    Always true: a store that fails is asked no more in this round.
    """

    def __init__(self, store: WitnessStore) -> None:
        self._store = store
        self._gone_on: dict[str, SignedHead] = {}
        self._down: StoreFailed | None = None

    def last(self, origin: str) -> SignedHead | None:
        """The head to go on from; raises StoreFailed, and what else the store raises."""
        if (mine := self._gone_on.get(origin)) is not None:
            return mine
        if self._down is not None:
            raise self._down
        try:
            return self._store.held(origin)
        except StoreFailed as error:
            self._down = error
            raise

    def gone_on(self, origin: str) -> bool:
        """Whether the head to go on from is one that this round has made, and nobody made durable yet."""
        return origin in self._gone_on

    def go_on(self, request: _Opened) -> None:
        """The next request of this log is to go on from this one."""
        self._gone_on[request.origin] = SignedHead(request.head, request.asked.note)


def _note_in(raw: bytes) -> tuple[Note, str]:
    """The note, and the log that its first line names."""
    try:
        note = Note.parse(raw)
        return note, note.text.split(b"\n", 1)[0].decode()
    except (NoteMalformed, TooLarge) as error:
        raise AddMalformed(why=Text(error.say("en"), error.say("ko"))) from error


def _unsigned(origin: str, error: HaechiError) -> AddMalformed | Inconsistent | LogUntrusted:
    """What a witness says where a reader would say `error` of the checkpoint."""
    if isinstance(error, CheckpointMalformed):
        if error.facts.get("part") == _EMPTY_ROOT_PART:
            return Inconsistent(origin=origin, why=error.say("en"))
        return AddMalformed(why=Text(error.say("en"), error.say("ko")))
    return LogUntrusted(why=Text(error.say("en"), error.say("ko")))


def _checks(read: _Read | _Refusal) -> list[Callable[[], bool] | None]:
    """The check of each of the log's signatures; none of a request that is refused."""
    if isinstance(read, _Refusal):
        return []
    # Not remembered as verified: a log's next request is another checkpoint.
    return [line.claim.check() for line in read.shown.lines]


def _held(checks: Sequence[Callable[[], bool] | None]) -> list[bool]:
    """Whether each of the log's signatures verifies.

    Nothing is checked after one that does not: anybody may send dozens in the name of a log.
    """
    sound = True
    return [sound := sound and check is not None and check() for check in checks]


def _opened(read: _Read | _Refusal, held: Sequence[bool]) -> _Opened | _Refusal:
    """The request when the log signed its checkpoint. held: see `_held`."""
    if isinstance(read, _Refusal):
        return read
    asked, shown, keys, now = read
    checkpoint = shown.checkpoint
    origin, size = checkpoint.origin, checkpoint.size
    try:
        opened = shown.opened(held)
    except HaechiError as error:
        return _Refusal(_unsigned(origin, error))
    if asked.old_size > size:
        return _Refusal(AddMalformed(why=Text("the old size is the larger one", "이전 크기가 더 큼")))
    late = _ML_DSA_44 in [signed.key.type for signed in opened.signers]
    return _Opened(asked, opened, keys, now, origin, Head(size, checkpoint.root), late)


def _going_on(request: _Opened, heads: _Heads) -> _GoingOn | _Refusal:
    """The request when it goes on from the last head, which the next one of this log then goes on from."""
    origin = request.origin
    try:
        held = heads.last(origin)
    except HaechiError as error:
        return _Refusal(error)
    upon = request if heads.gone_on(origin) else None
    if request.asked.old_size != _size(held):
        return _Refusal(_differs(origin, held, request.asked), None, upon)
    wrong = _inconsistency(held, request)
    if wrong is not None:
        return _Refusal(Inconsistent(origin=origin, why=wrong.why), wrong.fork, upon)
    heads.go_on(request)
    return _GoingOn(request, head_of(held))


def _signed(one: _GoingOn | _Refusal, lines: Sequence[NoteLine]) -> _Signed | _Refusal:
    """The step that makes a request's cosignatures (`lines`) fit to leave."""
    if isinstance(one, _Refusal):
        return one
    request, old = one
    shown, note = request.shown, request.shown.note
    own = [(signed.key.name, signed.key.key_id) for signed in shown.signers]
    logs = dict.fromkeys([line for line in note.lines if line[:2] in own])
    answer = "".join([line.encode() for line in lines]).encode()
    kept = Note(note.text, tuple(logs)).encode() + answer
    return _Signed(Step(request.origin, old, SignedHead(request.head, kept)), request.asked, answer)


def _size(held: SignedHead | None) -> int:
    return 0 if held is None else held.head.size


def _differs(origin: str, held: SignedHead | None, asked: AddCheckpoint) -> OldSizeDiffers:
    return OldSizeDiffers(origin=origin, expected=_size(held), got=asked.old_size)


class _Inconsistency(NamedTuple):
    """Why a checkpoint does not go on from the last one, and the proof against its log if there is one."""

    why: str
    fork: Fork | None


def _inconsistency(held: SignedHead | None, request: _Opened) -> _Inconsistency | None:
    proof, head = request.asked.proof, request.head
    if held is None or held.head.size == 0:
        return _Inconsistency("a proof from size 0 is empty", None) if proof else None
    old = held.head
    if old.size == head.size:
        if proof:
            return _Inconsistency("a proof between equal sizes is empty", None)
        same = old.root == head.root
        return None if same else _Inconsistency("another root at the same size", _fork(held, request, None))
    if is_consistent(old.size, head.size, proof, old.root, head.root):
        return None
    checked = check_consistency(old.size, head.size, proof, old.root, head.root)
    return _Inconsistency(checked.say("en"), _fork(held, request, _begun(old, head, proof)))


def _begun(old: Head, head: Head, proof: Sequence[bytes]) -> Begun | None:
    """How the new history began, if the proof shows it: then it proves the contradiction to anybody."""
    folded = check_consistency(old.size, head.size, proof, old.root, head.root).facts
    if folded.get("size") != old.size:
        return None
    root = bytes.fromhex(str(folded["got"]))
    if not is_consistent(old.size, head.size, proof, root, head.root):
        return None
    return Begun(root=root.hex(), path=tuple(node.hex() for node in proof))


def _fork(held: SignedHead, request: _Opened, begun: Begun | None) -> Fork | None:
    """Both signed heads, for whoever has the log's keys; None when they prove nothing."""
    if held.head.size != request.head.size and begun is None:
        return None
    return Fork.of(request.origin, held.note, request.asked.note, begun, request.keys)
