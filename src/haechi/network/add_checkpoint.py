"""Requests to a witness, and why it refuses them (c2sp.org/tlog-witness v1.0.0).

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

from typing import NamedTuple

from haechi.errors import BadInput, Conflict, NotFound, Refused, TooLarge
from haechi.log.canonical import decode_decimal, decode_hashes, encode_base64
from haechi.words import Text

MAX_ADD_BYTES = 256 * 1024
MAX_PROOF_LINES = 63


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
            first, _, lines = (head.decode("ascii") + "\n").partition("\n")
        except UnicodeDecodeError as error:
            raise AddMalformed(why=Text("a line is not ASCII", "ASCII가 아닌 줄이 있음")) from error
        word, _, number = first.partition(" ")
        old_size = decode_decimal(number)
        if word != "old" or old_size is None:
            raise AddMalformed(why=Text("it must begin with `old <size>`", "`old <크기>` 로 시작해야 함"))
        if lines.count("\n") > MAX_PROOF_LINES:
            raise AddMalformed(why=Text("more than 63 proof lines", "증명이 63줄을 넘음"))
        proof = decode_hashes(lines)
        if proof is None:
            raise AddMalformed(
                why=Text("a proof line is not a hash in base64", "base64 해시가 아닌 줄이 있음")
            )
        return cls(old_size, tuple(proof), note)

    def encode(self) -> bytes:
        """The body that `parse` reads as this request."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof), "", ""]
        return "\n".join(lines).encode("ascii") + self.note
