"""Evidence that a log showed two histories: two signed checkpoints, and why they cannot both be true.

    BadInput
    └── ForkMalformed     bytes that are no such evidence

Whoever has the log's keys can check it without asking anybody.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.checkpoint import Checkpoint, examine_checkpoint, read_checkpoint
from haechi.log.keyline import every_key, keys_at
from haechi.log.merkle import check_consistency
from haechi.log.note import Note, NoteKey
from haechi.misfit import misfit_of
from haechi.words import Text

MAX_FORK_BYTES = 1 << 20
_Vkey = Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class ForkMalformed(BadInput):
    """Bytes that are no evidence of two histories; facts: why."""

    code = "network.fork-malformed"
    what = Text("not a fork evidence file: {why}", "분기 증거 파일이 아닙니다: {why}")
    hint = Text("get the file again from the node that found it", "발견한 노드에서 파일을 다시 받으세요")


declare(
    "network.fork",
    Text("Two heads of one log agree", "한 로그의 두 헤드가 서로 맞는지 여부"),
    {
        "agree": (
            Verdict.HOLDS,
            Text(
                "{origin}: nothing here contradicts the heads of {first} and {second} entries",
                "{origin}: 항목 {first}개와 {second}개의 헤드가 서로 어긋나지 않음",
            ),
        ),
        "proven": (
            Verdict.FAILS,
            Text(
                "{origin} signed two histories: its heads of {first} and {second} entries exclude each other",
                "{origin}이(가) 두 이력에 서명함: 항목 {first}개와 {second}개의 헤드가 함께 참일 수 없음",
            ),
        ),
        "unreadable": (Verdict.FAILS, ForkMalformed.what),
        "unproven": (
            Verdict.UNDECIDED,
            Text(
                "{origin}: no proof connects the heads of {first} and {second} entries",
                "{origin}: 항목 {first}개와 {second}개의 헤드를 잇는 증명이 없음",
            ),
        ),
    },
)


_SIGNS = (b'"haechi.fork/', b'"vkeys"', b'"second"')


def speaks_of_fork(raw: bytes) -> bool:
    """Whether a JSON file means to be evidence of two histories, whole or damaged: one byte changes one sign.

    >>> speaks_of_fork(b'{"name": "anything else"}')
    False
    """
    return any(sign in raw for sign in _SIGNS)


class Begun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the second history begins: its root at the first one's size, and the RFC 9162 proof of it."""

    root: _Hash
    path: Annotated[tuple[_Hash, ...], msgspec.Meta(max_length=63)]


class Fork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two signed checkpoints of one log, as notes, the one of fewer entries first.

    begun: how the larger history began, which is the contradiction; None when both have one size (then two
    roots are enough), or when no proof was to be had. vkeys: the keys that the finder verified the heads
    with, so that whoever never pinned the log can see that one holder of keys said both.
    """

    schema: Literal["haechi.fork/1"] = "haechi.fork/1"
    origin: str
    first: str
    second: str
    begun: Begun | None = None
    vkeys: Annotated[tuple[_Vkey, ...], msgspec.Meta(max_length=8)] = ()

    @classmethod
    def of(
        cls, origin: str, one: bytes, other: bytes, begun: Begun | None, keys: Sequence[NoteKey]
    ) -> "Fork":
        """The evidence in two checkpoint notes, the smaller first, with the lines of the log's `keys` alone.

        Raises what reading a checkpoint raises.
        """
        read = sorted((read_checkpoint(raw) for raw in (one, other)), key=lambda pair: pair[0].size)
        named = {(key.name, key.key_id) for key in every_key(keys)}
        notes = [
            Note(note.text, tuple(line for line in note.lines if (line.name, line.key_id) in named))
            for _, note in read
        ]
        first, second = (note.encode().decode() for note in notes)
        vkeys = tuple(dict.fromkeys(key.vkey for head, _ in read for key in keys_at(keys, head.size)))
        return cls(origin=origin, first=first, second=second, begun=begun, vkeys=vkeys)

    def own_keys(self) -> list[NoteKey]:
        """The keys that the evidence brings along; raises VkeyMalformed or WeakPublicKey."""
        return [NoteKey.parse(vkey) for vkey in self.vkeys]

    @classmethod
    def from_json(cls, raw: bytes) -> "Fork":
        """The evidence in `raw`, with nothing verified; raises TooLarge, ForkMalformed."""
        if len(raw) > MAX_FORK_BYTES:
            raise TooLarge(what_is=Text("fork evidence", "분기 증거"), limit=MAX_FORK_BYTES, got=len(raw))
        try:
            return msgspec.json.decode(raw, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ForkMalformed(why=misfit_of(error)) from error

    def to_json(self) -> bytes:
        """The evidence as a file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def check(self, keys: Sequence[NoteKey]) -> Finding:
        """Whether the two checkpoints, both signed by all the log's `keys`, exclude each other.

        network.fork.proven FAILS the log; .agree and .unproven do not. A checkpoint that is not signed as it
        should be gives its own finding (log.checkpoint.*): it proves nothing.
        """
        heads: list[Checkpoint] = []
        for note in (self.first, self.second):
            finding, opened = examine_checkpoint(note.encode(), keys, self.origin)
            if opened is None:
                return finding
            heads.append(opened.checkpoint)
        first, second = heads
        facts = {"origin": self.origin, "first": first.size, "second": second.size}
        if first.size == second.size:
            return found(
                "network.fork.agree" if first.root == second.root else "network.fork.proven", **facts
            )
        if self.begun is None or first.size > second.size:
            return found("network.fork.unproven", **facts)
        root = bytes.fromhex(self.begun.root)
        path = [bytes.fromhex(node) for node in self.begun.path]
        proven = check_consistency(first.size, second.size, path, root, second.root)
        if proven.verdict is not Verdict.HOLDS:
            return found("network.fork.unproven", **facts)
        return found("network.fork.agree" if root == first.root else "network.fork.proven", **facts)
