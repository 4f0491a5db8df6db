"""Asking a witness to cosign the own log's head: the log's side of c2sp.org/tlog-witness.

What a witness answers is counted only when it is a cosignature by a key we know for it; its other words are a
stranger's. A witness that has seen more than the log has, or another history, is the alarm that matters most.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple, Protocol

from haechi.errors import HaechiError
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.canonical import decode_decimal
from haechi.log.checkpoint import read_checkpoint
from haechi.log.note import LineInvalid, NoteKey, NoteLine, NoteMalformed
from haechi.log.quorum import cosigners
from haechi.network.add_checkpoint import AddCheckpoint
from haechi.network.answer import Answer, PeerMisbehaved
from haechi.network.memory import SignedHead
from haechi.words import Text

MAX_LINES_BYTES = 64 * 1024
_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422

declare(
    "network.witnessed",
    Text("Witness cosigned this log", "증인이 이 로그에 공동 서명했는지 여부"),
    {
        "cosigned": (
            Verdict.HOLDS,
            Text("{witness} cosigned {size} entries", "{witness}이(가) 항목 {size}개에 공동 서명함"),
        ),
        "unreachable": (Verdict.UNDECIDED, Text("{witness}: {why}", "{witness}: {why}")),
        "refused": (
            Verdict.UNDECIDED,
            Text("{witness} refused ({status}): {why}", "{witness}이(가) 거부함 ({status}): {why}"),
        ),
        "no-known-key": (
            Verdict.UNDECIDED,
            Text(
                "{witness} answered without a cosignature of a key that is known here",
                "{witness}의 응답에 여기서 아는 키의 공동 서명이 없음",
            ),
        ),
        "invalid": (
            Verdict.FAILS,
            Text("{witness} answered with a bad cosignature: {why}", "{witness}의 공동 서명이 틀림: {why}"),
        ),
        "ahead": (
            Verdict.FAILS,
            Text(
                "{witness} has cosigned {seen} entries of this log, which has {size}: it was rolled back",
                "{witness}은(는) 이 로그의 항목 {seen}개에 서명했으나 로그에는 {size}개뿐임. 되돌려진 로그임",
            ),
        ),
        "inconsistent": (
            Verdict.FAILS,
            Text(
                "{witness} has seen another history of this log, at {seen} entries",
                "{witness}이(가) 이 로그의 다른 이력을 보았음 (항목 {seen}개)",
            ),
        ),
        "another-root": (
            Verdict.FAILS,
            Text(
                "{witness} answers {status} at the very size it names ({seen}): it has cosigned another root;"
                " ours is {root}",
                "{witness}이(가) 스스로 밝힌 크기({seen})에서 {status}로 거절함. 다른 루트에 서명한 것임."
                " 이 로그의 루트는 {root}",
            ),
        ),
    },
)


class Submission(Protocol):
    """Where a witness takes checkpoints. A refusal is an answer here, not an error."""

    def add_checkpoint(self, body: bytes, /) -> Answer:
        """The answer to an add-checkpoint request; raises PeerUnavailable, PeerMisbehaved."""
        ...


class Asked(NamedTuple):
    """How asking ended, and the lines by known keys, each verified."""

    finding: Finding
    lines: tuple[NoteLine, ...] = ()


class WitnessAsker:
    """One witness of the own log. Remembers what size it has seen, and learns it from its answers."""

    def __init__(self, name: str, keys: Sequence[NoteKey], door: Submission) -> None:
        """keys: of which the witness may sign with any. door: its submission prefix."""
        self.name = name
        self.keys = tuple(keys)
        self._door = door
        self._seen = 0
        self._lock = Lock()

    def ask(self, head: SignedHead, prove: Callable[[int, int], list[bytes]]) -> Asked:
        """Have `head` cosigned; never raises for what the witness does.

        prove: (old size, new size) to the consistency proof, in the own tree.
        """
        with self._lock:
            try:
                return self._ask(head, prove)
            except HaechiError as error:
                return Asked(found("network.witnessed.unreachable", witness=self.name, why=error.say("en")))

    def _ask(self, head: SignedHead, prove: Callable[[int, int], list[bytes]]) -> Asked:
        size = head.head.size
        for _ in range(3):  # it may be asked by another process of ours at the same time
            if self._seen > size:
                facts = {"witness": self.name, "seen": self._seen, "size": size}
                self._seen = 0  # ask again from the beginning next time: it might have been a lie
                return Asked(found("network.witnessed.ahead", **facts))
            proof = tuple(prove(self._seen, size)) if 0 < self._seen < size else ()
            answer = self._door.add_checkpoint(AddCheckpoint(self._seen, proof, head.note).encode())
            if answer.status != _CONFLICT:
                return self._judge(answer, head)
            told = decode_decimal(answer.body.decode("ascii", "replace").removesuffix("\n"))
            if told is None or answer.content_type != "text/x.tlog.size":
                raise PeerMisbehaved(url=self.name, why="409 without the size that it last cosigned")
            if told == self._seen:
                return self._refused_at(told, head)
            self._seen = told
        return Asked(found("network.witnessed.unreachable", witness=self.name, why="409 three times"))

    def _refused_at(self, told: int, head: SignedHead) -> Asked:
        """What 409 means when it names the size that was sent as the old one: the size is not what differs.

        Early drafts of the protocol answer so where it says 422 today, for another root at an equal size.
        """
        if told != head.head.size:
            raise PeerMisbehaved(url=self.name, why=f"409 that names the size it was asked from, {told}")
        facts = {"witness": self.name, "status": _CONFLICT, "seen": told, "root": head.head.root.hex()}
        return Asked(found("network.witnessed.another-root", **facts))

    def _judge(self, answer: Answer, head: SignedHead) -> Asked:
        if answer.status == _UNPROCESSABLE:
            return Asked(found("network.witnessed.inconsistent", witness=self.name, seen=self._seen))
        if answer.status != _OK:
            why = answer.body[:200].decode("utf-8", "replace").strip()
            shown = "".join(char if char.isprintable() else " " for char in why)
            return Asked(
                found("network.witnessed.refused", witness=self.name, status=answer.status, why=shown)
            )
        try:
            lines = self._verified(answer.body, head)
        except (LineInvalid, NoteMalformed) as error:
            return Asked(found("network.witnessed.invalid", witness=self.name, why=error.say("en")))
        if not lines:
            return Asked(found("network.witnessed.no-known-key", witness=self.name))
        self._seen = head.head.size
        return Asked(found("network.witnessed.cosigned", witness=self.name, size=head.head.size), lines)

    def _verified(self, body: bytes, head: SignedHead) -> tuple[NoteLine, ...]:
        """The lines by known keys, those of unknown ones dropped. Raises LineInvalid, NoteMalformed."""
        try:
            rows = body.decode().split("\n")
        except UnicodeDecodeError as error:
            raise NoteMalformed(part="answer", expected="UTF-8", got=error.reason) from error
        if rows.pop() != "" or len(rows) > 16:
            raise NoteMalformed(part="answer", expected="1 to 16 lines", got=f"{len(rows)} lines")
        checkpoint, note = read_checkpoint(head.note)
        told = [NoteLine.parse(row, f"line {at}") for at, row in enumerate(rows, 1)]
        note = type(note)(note.text, tuple(told))
        signed = {(one.key.name, one.key.key_id) for one in cosigners(note, checkpoint, self.keys)}
        return tuple(line for line in told if (line.name, line.key_id) in signed)
