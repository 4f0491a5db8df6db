"""`haechi facts`: check the facts that ship, see how sure they are, and look one up with its sources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, cast

import typer

from haechi.cli import facts_stated
from haechi.cli.asked import CONFIDENCE
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import BadInput
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.facts import Entry, Facts, Source
    from haechi.facts.problem import Problem
    from haechi.facts.record import Record

app = typer.Typer(
    name="facts",
    no_args_is_help=True,
    help=tr("Check and read the facts that ship.", "함께 배포되는 사실 자료를 점검하고 읽습니다."),
)
facts_stated.register(app)
_ON = Text(
    "the shipped compiled facts (repeated keys can be seen in the source YAML only)",
    "배포된 컴파일 자료 (중복 키는 원본 YAML에서만 볼 수 있음)",
)
_CHECKED = {
    "text": Text("read whole", "전문을 읽음"),
    "excerpt": Text("read in part", "일부를 읽음"),
    "recalled": Text("recalled", "기억에 의존"),
}


class NotConfidence(BadInput):
    """A word that is no level of confidence; facts: got."""

    code = "cli.confidence"
    what = Text(
        "confidence is low, medium, high or all, got {got!r}",
        "신뢰도는 low, medium, high, all 중 하나입니다. 받은 값: {got!r}",
    )
    hint = Text("use one of these words", "이 중 하나를 쓰세요")


@app.command(
    "check",
    help=tr(
        "Run every rule again on the facts that ship.", "배포된 사실 자료에 모든 규칙을 다시 적용합니다."
    ),
)
def check(json: Json = False) -> None:
    """Exit 0 when the facts hold, 1 when a rule is broken."""
    from haechi.facts import load
    from haechi.facts.checks import CHECKS

    out = Out(json)
    facts, problems, records = load(), *_problems()
    out.data(
        {
            "checked": "compiled",
            "data_version": facts.version,
            "as_of": facts.as_of.isoformat(),
            "records": records,
            "rules": [each.__name__ for each in CHECKS],
            "problems": [
                {
                    "code": each.code,
                    "place": each.place,
                    "message": each.say(out.lang),
                    "hint": each.advise(out.lang),
                }
                for each in problems
            ],
        }
    )
    out.say(Text("Checked: {what}", "점검 대상: {what}"), what=_ON.say(out.lang))
    out.say(Text("Data version: {version}", "데이터 판: {version}"), version=facts.version)
    for each in problems:
        out.say(Text("{line}", "{line}"), line=each.line(out.lang))
    out.say(
        Text("{records} records, {n} problem(s)", "기록 {records}개, 문제 {n}건"),
        records=records,
        n=len(problems),
    )
    raise typer.Exit(1 if problems else 0)


def _problems() -> "tuple[list[Problem], int]":
    """What the rules find in the compiled file, and how many records they saw."""
    import msgspec

    from haechi.facts.checks import check as checked
    from haechi.facts.load import COMPILED
    from haechi.facts.row import SHEETS, rows

    compiled = cast("dict[str, object]", msgspec.json.decode(COMPILED.read_bytes()))
    heads = cast("Mapping[str, Mapping[str, object]]", compiled["files"])
    raw: dict[str, object] = {
        file: {**heads[file], **{section: compiled[section] for section in sheet.sections}}
        for file, sheet in SHEETS.items()
    }
    cast("dict[str, object]", raw["crosswalk"])["method"] = compiled["method"]
    return checked(raw), sum(len(section) for section in rows(raw).values())


@dataclass(frozen=True, slots=True)
class _Fact:
    """A fact that says how sure it is. confidence: low for what was recalled; read_on: of its file."""

    id: str
    label: Text
    confidence: str
    checked: str | None
    read_on: date

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "id": self.id,
            "en": self.label.en,
            "ko": self.label.ko,
            "confidence": self.confidence,
            "checked": self.checked,
            "read_on": self.read_on.isoformat(),
        }


@app.command(
    "review",
    help=tr(
        "Facts by confidence and by the day they were read, the least sure first.",
        "사실을 신뢰도와 읽은 날짜에 따라, 가장 불확실한 것부터 보입니다.",
    ),
)
def review(
    confidence: Annotated[
        str,
        typer.Option("--confidence", help=tr("low, medium, high or all", "low, medium, high, all 중 하나")),
    ] = "low",
    json: Json = False,
) -> None:
    """What to read again first."""
    from haechi.facts import load

    if confidence not in {*CONFIDENCE, "all"}:
        raise NotConfidence(got=confidence[:40])
    out, facts = Out(json), load()
    order = list(reversed(CONFIDENCE))
    found = sorted(_graded(facts), key=lambda each: (order.index(each.confidence), each.read_on))
    counts = {word: sum(each.confidence == word for each in found) for word in order}
    shown = [each for each in found if confidence in {"all", each.confidence}]
    out.data({"data_version": facts.version, "counts": counts, "facts": [each.as_dict() for each in shown]})
    heads = (
        Text("confidence", "신뢰도"),
        Text("read on", "읽은 날"),
        Text("how", "방식"),
        Text("id", "식별자"),
        Text("name", "이름"),
    )
    out.table(
        tr("Facts to read again", "다시 읽을 사실"),
        heads,
        [
            (
                _grade(each.confidence, out.lang),
                each.read_on.isoformat(),
                _CHECKED[each.checked].say(out.lang) if each.checked else "-",
                each.id,
                each.label.say(out.lang)[:70],
            )
            for each in shown
        ],
    )
    total = ", ".join(f"{CONFIDENCE[word].say(out.lang)} {n}" for word, n in counts.items())
    out.say(Text("All facts by confidence: {total}", "신뢰도별 전체: {total}"), total=total)


def _graded(facts: "Facts") -> Iterable[_Fact]:
    """Every record that says how sure it is, or how it was read."""
    for file, tables in _tables(facts).items():
        for table in tables:
            for id_, entry in table.items():
                checked = cast("str | None", getattr(entry, "checked", None))
                own = cast("str | None", getattr(entry, "confidence", None))
                if own is None and checked is None:
                    continue
                word = "low" if facts.is_low(id_) else own or _of_reading(checked)
                yield _Fact(id_, entry.label, word, checked, facts.read_on[file])


def _of_reading(checked: str | None) -> str:
    return "high" if checked == "text" else "medium"


def _tables(facts: "Facts") -> "Mapping[str, tuple[Mapping[str, Entry], ...]]":
    """The records by the file they are in."""
    return {
        "sources": (facts.sources,),
        "vocabulary": (facts.evidence_kinds, facts.roles, facts.applications, facts.tiers, facts.forces),
        "participants": (facts.countries, facts.organisations, facts.companies, facts.institutes),
        "summits": (facts.summits, facts.initiatives, facts.instruments),
        "commitments": (facts.commitments,),
        "regimes": (facts.regimes, facts.risk_classes, facts.authorities, facts.reliefs),
        "requirements": (facts.requirements,),
        "crosswalk": (facts.relations,),
    }


@app.command("show", help=tr("One fact with its sources.", "사실 하나를 출처와 함께 봅니다."))
def show(
    fact: Annotated[str, typer.Argument(help=tr("id, such as KR.31.2", "식별자. 예: KR.31.2"))],
    json: Json = False,
) -> None:
    """Every field, every source, how each was read."""
    import msgspec

    from haechi.facts import load

    out, facts = Out(json), load()
    low = facts.is_low(fact)  # raises UnknownName with the nearest ids of all kinds
    file, entry = _entry(facts, fact)
    fields = cast("dict[str, object]", msgspec.to_builtins(entry))
    sources = _sources(facts, entry)
    out.data(
        {
            "id": fact,
            "data_version": facts.version,
            "file": file,
            "read_on": facts.read_on[file].isoformat(),
            "low": low,
            "fact": fields,
            "sources": [
                {"place": place, **cast("dict[str, object]", msgspec.to_builtins(source))}
                for source, place in sources
            ],
        }
    )
    rows = [(name, _said(value)) for name, value in fields.items() if name != "sources" and value is not None]
    rows.append((tr("read on", "읽은 날"), f"{facts.read_on[file]} ({file})"))
    if low:
        from haechi.answers.answer import LOW_MARK

        rows.append((tr("uncertain", "불확실"), f"! {LOW_MARK.say(out.lang)}"))
    rows += [(tr("source", "출처"), _source(source, place, out.lang)) for source, place in sources]
    out.pairs(entry.label.say(out.lang), rows)


def _entry(facts: "Facts", id_: str) -> "tuple[str, Entry]":
    """The record with this id and its file; an indicator is shown with its commitment."""
    for file, tables in _tables(facts).items():
        for table in tables:
            if id_ in table:
                return file, table[id_]
    owner = next(each for each in facts.commitments.values() if each.indicator.id == id_)
    return "commitments", owner


def _sources(facts: "Facts", entry: "Entry") -> "list[tuple[Source, str]]":
    """The sources of a record with the place in each; a relation rests on its method."""
    cited = cast("tuple[Record | str, ...]", getattr(entry, "sources", ()))
    src = cast("str | None", getattr(entry, "src", None))
    if entry.id in facts.relations:
        return [(facts.method, tr("method", "방법"))]
    found = [
        (each, "") if isinstance(each, str) else (_text(each, "src"), _text(each, "loc")) for each in cited
    ]
    if src is not None:
        found.append((src, ""))
    return [(facts.source(id_), place) for id_, place in found]


def _text(record: "Record", field: str) -> str:
    return cast("str", getattr(record, field))


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(_said(each) for each in cast("tuple[object, ...]", value)) or "-"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_flat(each)}" for name, each in cast("dict[str, object]", value).items())
    return str(value)


def _flat(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_flat, cast("tuple[object, ...]", value)))
    return str(value)


def _source(source: "Source", place: str, lang: Lang) -> str:
    how = _CHECKED[source.checked].say(lang)
    where = f", {place}" if place else ""
    mark = "! " if source.checked == "recalled" else ""
    return f"{mark}{source.id}{where}\n{source.label.say(lang)}\n{source.publisher}, {source.date}; {how}"


def _grade(word: str, lang: Lang) -> str:
    return ("! " if word == "low" else "") + CONFIDENCE[word].say(lang)
