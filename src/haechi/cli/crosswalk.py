"""`haechi crosswalk`: what evidence for a requirement, or of a whole country, can serve for elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.asked import CONFIDENCE, NOT_ADVICE, Day, Within, day_of, within
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import UnknownName
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Catalogue, Pair, PairRow
    from haechi.facts import Facts

SCHEMA = "haechi.crosswalk/2"
_SERVES = {True: Text("in full", "전부"), False: Text("in part", "일부")}
_NOTHING_NAMED = Text("nothing more was named", "더 필요하다고 명시된 것 없음")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "crosswalk",
        help=tr(
            "What evidence for one requirement, or of one country, can serve for elsewhere, "
            "and what it still lacks there.",
            "한 요구사항·약속이나 한 나라의 증거가 다른 곳에서 무엇의 증거가 될 수 있고 "
            "무엇이 부족한지 보입니다.",
        ),
    )(crosswalk)


def crosswalk(
    source: Annotated[
        str,
        typer.Argument(
            help=tr(
                "requirement or commitment, such as EU.50.2; with --to also a country or regime, such as EU",
                "요구사항·약속. 예: EU.50.2. --to 와 함께 나라·규제 체계도 됨. 예: EU",
            )
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help=tr(
                "only for this country, regime or instrument, such as KR",
                "이 국가·규제 체계·문서만. 예: KR",
            ),
        ),
    ] = "",
    topic: Annotated[
        str,
        typer.Option(
            "--topic",
            help=tr(
                "only this subject: marking, transparency, risk, evaluation, oversight, incidents, impact, "
                "people, energy, classification, documents, cooperation",
                "이 주제만: marking(콘텐츠 표시), transparency, risk, evaluation, oversight, incidents, "
                "impact, people, energy, classification, documents, cooperation",
            ),
        ),
    ] = "",
    on: Day = "",
    json: Json = False,
) -> None:
    """Every judged route: full ones chained, partial ones over one relation."""
    from haechi.answers import Catalogue, Routes, crossing, subject_of
    from haechi.facts import load

    facts, out, day = load(), Out(json), day_of(on)
    here = _source(facts, source, whole=bool(to))
    part = within(facts, to) if to else None
    subject = subject_of(topic) if topic else None
    targets = (*facts.requirements, *facts.commitments) if part is None else part.targets
    found = crossing(facts, Routes.of(facts), here.targets, targets, subject)
    reached = [_Reached(facts, row) for row in found.rows]
    if len(here.targets) == 1:
        reached.sort(key=lambda each: not each.row.hop.full)
    unjudged = () if part is None else found.unjudged
    catalogue = Catalogue.of(facts)
    out.data(
        {
            "schema": SCHEMA,
            "data_version": facts.version,
            "as_of": day.isoformat(),
            "from": {**_names(here.label), "records": list(here.targets)},
            "to": None if part is None else _names(part.label),
            "topic": None if subject is None else _names(subject.label),
            "can_serve_for": [each.as_dict(catalogue, day) for each in reached],
            "not_judged": list(unjudged),
            "note": NOT_ADVICE.say(out.lang),
        }
    )
    if not json:
        _show(out, here, part, None if subject is None else subject.label, reached)
        for each in reached:
            out.pairs(each.title(out.lang), each.rows(catalogue, day, out.lang))
            out.say("")
        _close(out, facts, here, part, found)


@dataclass(frozen=True, slots=True)
class _Reached:
    """One route, with what people and programs are told of it."""

    facts: "Facts"
    row: "PairRow"

    @property
    def confidence(self) -> str:
        """The lowest confidence on the route, its two ends included."""
        return "low" if self.row.low else _lowest(self.facts, self.row)

    def title(self, lang: Lang) -> str:
        """The target, and what the evidence was offered for."""
        there, here = (_label(self.facts, id_).say(lang) for id_ in (self.row.target, self.row.source))
        return f"{self.row.target}  {there}  ←  {self.row.source}  {here}"

    def to_make(self, lang: Lang) -> str:
        """The kinds that the target asks for and the source does not."""
        kinds = [
            self.facts.evidence_kind(kind).label.say(lang) for kind, shared in self.row.kinds if not shared
        ]
        return ", ".join(kinds) or "–"

    def rows(self, catalogue: "Catalogue", day: date, lang: Lang) -> list[tuple[str, str]]:
        """The route for people."""
        hop = self.row.hop
        asks = [
            f"{self.facts.evidence_kind(kind).label.say(lang)} ({kind})"
            + ("" if shared else f" [{tr('not asked for at the source', '출발 쪽은 요구하지 않음')}]")
            for kind, shared in self.row.kinds
        ]
        rows = [(tr("can serve", "증거가 될 수 있음"), _SERVES[hop.full].say(lang))]
        if self.row.target in self.facts.requirements:
            law = catalogue.law_on(self.row.target, day)
            rows.append((tr("law", "법"), f"{self.facts.force(law.force).label.say(lang)}; {law.say(lang)}"))
            rows.append((tr("says", "내용"), self.facts.requirement(self.row.target).text.say(lang)))
        rows += [
            (tr("still lacks", "부족한 것"), _lacks(self.row, lang)),
            (tr("asks for", "요구 증거"), "\n".join(asks)),
            (tr("why", "이유"), "\n".join(f"{why.ref}: {why.say(lang)}" for why in hop.why)),
            (tr("confidence", "신뢰도"), _confidence(self, lang)),
            (tr("read there", "그곳의 출처"), _cited(self.facts, self.row.target, lang)),
            (tr("read here", "이곳의 출처"), _cited(self.facts, self.row.source, lang)),
        ]
        return rows

    def as_dict(self, catalogue: "Catalogue", day: date) -> dict[str, object]:
        """JSON form."""
        hop, target = self.row.hop, self.row.target
        law = catalogue.law_on(target, day).as_dict() if target in self.facts.requirements else None
        return {
            "source": self.row.source,
            "target": target,
            **_names(_label(self.facts, target)),
            "carries": "full" if hop.full else "partial",
            "chained": not hop.direct,
            "relations": list(hop.relations),
            "why": [each.as_dict() for each in hop.why],
            "lacks": [each.as_dict() for each in hop.lacks],
            "asks_for": [{"kind": kind, "asked_at_source": shared} for kind, shared in self.row.kinds],
            "law": law,
            "read_in": {id_: _read_in(self.facts, id_) for id_ in (target, self.row.source)},
            "confidence": self.confidence,
            "low": self.row.low,
        }


def _source(facts: "Facts", text: str, *, whole: bool) -> Within:
    """The record that a person means, or all of a country or regime. Raises UnknownName, WronglyUsed."""
    what = Text("requirement or commitment", "요구사항·약속")
    try:
        found = facts.resolve("judged", text)
    except UnknownName as error:
        try:
            part = within(facts, text)
        except UnknownName:
            raise UnknownName(**{**error.facts, "field": what}) from None
        if not whole:
            why = Text(
                f"{part.label.en} has many requirements: name where its evidence goes with --to",
                f"{part.label.ko}에는 요구사항이 많습니다. 증거를 가져갈 곳을 --to 로 적으세요",
            )
            raise WronglyUsed(why=why, command="haechi crosswalk") from None
        return part
    if found in facts.risk_classes:
        # Classes are compared with classes; evidence is never offered for one.
        near = [*facts.nearest("requirement", text, 2), *facts.nearest("commitment", text, 2)]
        raise UnknownName(field=what, got=found, nearest=near)
    label = _label(facts, found)
    return Within(Text(f"{found} ({label.en})", f"{found} ({label.ko})"), (found,))


def _show(
    out: Out, here: Within, part: Within | None, subject: Text | None, reached: Sequence[_Reached]
) -> None:
    lang = out.lang
    if not reached:
        out.say(
            Text(
                "For {id} nothing was judged here yet. Not judged is not the same as unrelated.",
                "{id}에 대해 여기서 판단된 관계가 아직 없습니다. 무관하다는 뜻이 아닙니다.",
            ),
            id=here.label,
        )
        return
    about = "" if subject is None else f" ({subject.say(lang)})"
    title = Text("Evidence for {id} can serve as evidence for{about}:", "{id}의 증거가 될 수 있는 곳{about}:")
    if part is not None:
        title = Text(
            "In {part}, evidence for {id} can serve as evidence for{about}:",
            "{part}에서 {id}의 증거가 될 수 있는 곳{about}:",
        )
    place = "" if part is None else part.label.say(lang)
    said = title.say(lang, id=here.label.say(lang), part=place, about=about)
    heads = (
        Text("id", "식별자"), Text("serves", "정도"), Text("relations", "관계"), Text("confidence", "신뢰도"),
        Text("from", "출발"), Text("to make anew", "새로 만들 것"), Text("name", "이름"),
    )  # fmt: skip
    rows = [
        (
            each.row.target,
            _SERVES[each.row.hop.full].say(lang),
            " ".join(each.row.hop.relations),
            ("! " if each.row.low else "") + CONFIDENCE[each.confidence].say(lang),
            each.row.source,
            each.to_make(lang),
            _short(_label(each.facts, each.row.target).say(lang)),
        )
        for each in reached
    ]
    out.table(said, heads, rows)
    out.say("")


def _close(out: Out, facts: "Facts", here: Within, part: Within | None, found: "Pair") -> None:
    if part is not None and found.unjudged:
        out.say(
            Text(
                "Not judged against {id} in {part}. Not judged is not the same as unrelated; "
                "evidence for these is to be made anew until somebody judges:",
                "{part}에서 {id}와(과) 비교 판단 전입니다. 무관하다는 뜻이 아니며, 판단될 때까지 "
                "증거를 새로 만들어야 합니다:",
            ),
            id=here.label,
            part=part.label,
        )
        names = [(id_, _label(facts, id_).say(out.lang)) for id_ in found.unjudged]
        out.pairs("", names)
    out.say(Text("data version {version}", "데이터 판 {version}"), version=facts.version)
    out.say(NOT_ADVICE)


def _label(facts: "Facts", id_: str) -> Text:
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return record.label


def _names(label: Text) -> dict[str, object]:
    return {"en": label.en, "ko": label.ko}


def _read_in(facts: "Facts", id_: str) -> list[dict[str, str]]:
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return [{"source": each.src, "place": each.loc} for each in record.sources]


def _cited(facts: "Facts", id_: str, lang: Lang) -> str:
    """Where a record was read: title of the source and the place in it."""
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return "\n".join(
        f"{each.src}: {facts.source(each.src).label.say(lang)}, {each.loc}" for each in record.sources
    )


def _lacks(row: "PairRow", lang: Lang) -> str:
    if not row.hop.lacks:
        return _NOTHING_NAMED.say(lang)
    return "\n".join(f"{lack.ref}: {lack.say(lang)}" for lack in row.hop.lacks)


def _lowest(facts: "Facts", row: "PairRow") -> str:
    ends = [facts.requirements.get(id_) or facts.commitment(id_) for id_ in (row.source, row.target)]
    said = {each.confidence for each in ends} | {facts.relation(id_).confidence for id_ in row.hop.relations}
    return next(word for word in ("low", "medium", "high") if word in said)


def _confidence(each: _Reached, lang: Lang) -> str:
    from haechi.answers.answer import LOW_MARK

    word = CONFIDENCE[each.confidence].say(lang)
    return f"! {word} [{LOW_MARK.say(lang)}]" if each.row.low else word


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
