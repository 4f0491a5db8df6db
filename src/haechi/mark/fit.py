"""Which statement fits a mark that was read, and what else the file carries: the same for every medium."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.file_errors import MediaUnreadable, PrintMalformed
from haechi.mark.labels import LabelsRead, PacketMalformed, read_labels
from haechi.mark.payload import Payload
from haechi.mark.records import LogRecord, Registry
from haechi.mark.verdict import State
from haechi.statement.evidence import EvidenceRef
from haechi.words import Text

MOST_LIKE = 8
MOST_FURTHER = 8
_RANK = (State.AGREE, State.TOO_LITTLE, State.COPIED)
_T = TypeVar("_T")
_M = TypeVar("_M", bound="ReadMark")

declare(
    "mark.further",
    Text("Another mark in the same file", "같은 파일의 다른 마크"),
    {
        "named": (
            Verdict.HOLDS,
            Text(
                "also read: {payload}, key {key}, {where}; {issuer} signed for it, found at {origin}; chance "
                "of such a mark by accident at most 10^{log10_p}",
                "함께 읽음: {payload}, 키 {key}, {where}. {issuer}이(가) 서명함. 찾은 곳: {origin}. 우연히 "
                "나타날 확률은 10^{log10_p} 이하",
            ),
        ),
        "unnamed": (
            Verdict.UNDECIDED,
            Text(
                "also read: {payload}, key {key}, {where}; no statement here vouches for it; chance of such "
                "a mark by accident at most 10^{log10_p}",
                "함께 읽음: {payload}, 키 {key}, {where}. 이를 뒷받침하는 진술이 여기에 없음. 우연히 "
                "나타날 확률은 10^{log10_p} 이하",
            ),
        ),
    },
)


class ReadMark(Protocol):
    """A mark that was read, in whatever medium."""

    @property
    def payload(self) -> Payload:
        """What it says."""
        ...

    @property
    def key_id(self) -> str:
        """The key that read it."""
        ...


class Significant(ReadMark, Protocol):
    """A mark of an engine of ours, with the bound of its chance."""

    @property
    def key_name(self) -> str:
        """What the key is called."""
        ...

    @property
    def log10_p(self) -> float:
        """All attempts counted."""
        ...


class Fit(NamedTuple):
    """State, the record that it rests on, and the findings on log and content."""

    state: State
    record: LogRecord | None
    findings: list[Finding]


def best_fit(mark: ReadMark, registry: Registry, compare: Callable[[LogRecord], Sequence[Finding]]) -> Fit:
    """Of the statements on a mark the one that fits best. compare: the findings on the content."""
    best = Fit(State.TOO_LITTLE, None, [found("mark.log.absent")])
    for record in registry.by_mark(mark.payload.hex):
        log, contents = log_finding(record, mark), compare(record)
        state = _state(log, contents[0])
        if best.record is None or _RANK.index(state) < _RANK.index(best.state):
            best = Fit(state, record, [log, *contents])
    return best


def known_first(marks: Sequence[_M], registry: Registry) -> tuple[_M, ...]:
    """The marks of one file, those that somebody signed for first, else in the order given."""
    if len(marks) < 2:
        return tuple(marks)
    return tuple(sorted(marks, key=lambda mark: not registry.by_mark(mark.payload.hex)))


def first_alike(records: Sequence[LogRecord], compare: Callable[[LogRecord], Finding]) -> Fit:
    """Where no mark was read: of statements on what looks alike the first on the same content."""
    for record in records[:MOST_LIKE]:
        content = compare(record)
        if content.verdict is Verdict.HOLDS:
            return Fit(State.LIKENESS, record, [log_finding(record, None), content])
    return Fit(State.NOTHING, None, [found("mark.log.absent")])


def _state(log: Finding, content: Finding) -> State:
    if content.verdict is Verdict.FAILS:
        return State.COPIED
    agree = content.verdict is Verdict.HOLDS and log.verdict is not Verdict.FAILS
    return State.AGREE if agree else State.TOO_LITTLE


def kept_in(ref: EvidenceRef | None, registry: Registry, parse: Callable[[bytes], _T]) -> _T | None:
    """What is kept beside a statement to compare with, or None: not at hand, or not what it should be."""
    raw = None if ref is None else registry.blob(ref.digest)
    try:
        return None if raw is None else parse(raw)
    except PrintMalformed:
        return None


def log_finding(record: LogRecord, mark: ReadMark | None) -> Finding:
    """What the log says of a mark that was read (None: none was)."""
    facts: dict[str, object] = {"issuer": record.issuer, "origin": record.origin}
    logged = [] if mark is None else [m.key for m in record.item.marks if m.payload == mark.payload.hex]
    if mark is not None and logged and mark.key_id not in logged:
        return found("mark.log.other-key", expected=logged[0], got=mark.key_id, **facts)
    match record.verdict:
        case Verdict.HOLDS:
            return found("mark.log.found", **facts)
        case Verdict.FAILS:
            failing = next(each for each in record.findings if each.verdict is Verdict.FAILS)
            return found("mark.log.refuted", why=failing.code, **facts)
        case _:
            return found("mark.log.unverified", **facts)


def further_findings(marks: Iterable[tuple[Significant, Text]], registry: Registry) -> list[Finding]:
    """Whose the marks are that a file carries besides the first. marks: each with the place where it is."""
    told: list[Finding] = []
    for mark, where in list(marks)[:MOST_FURTHER]:
        facts: dict[str, object] = {
            "payload": mark.payload.hex,
            "key": mark.key_name,
            "where": where,
            "log10_p": round(mark.log10_p, 1),
        }
        logs = [(each, log_finding(each, mark)) for each in registry.by_mark(mark.payload.hex)]
        record = next((each for each, log in logs if log.verdict is Verdict.HOLDS), None)
        if record is None:
            told.append(found("mark.further.unnamed", **facts))
        else:
            told.append(found("mark.further.named", issuer=record.issuer, origin=record.origin, **facts))
    return told


def labels_read(packet: Callable[[], bytes | None], payload: str | None) -> tuple[LabelsRead, Finding]:
    """The labels in a file, and whether they agree with what was read. packet: finds the XMP in the file."""
    try:
        raw = packet()
        labels = LabelsRead() if raw is None else read_labels(raw)
    except (PacketMalformed, MediaUnreadable) as error:
        return LabelsRead(), found("mark.label.unreadable", why=str(error)[:200])
    if not labels.any:
        return labels, found("mark.label.absent")
    if payload is not None and labels.id is not None:
        if labels.id == payload:
            return labels, found("mark.label.agrees", provider=labels.provider or "?")
        return labels, found("mark.label.differs", got=labels.id[:64], expected=payload)
    return labels, found("mark.label.alone", source_type=labels.source_type or "AI")
