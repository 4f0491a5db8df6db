"""`haechi crosswalk`: what evidence for one requirement or commitment can serve as evidence for elsewhere."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.asked import CONFIDENCE, NOT_ADVICE, Day, Within, day_of, within
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import UnknownName
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Catalogue, Hop
    from haechi.facts import Facts

SCHEMA = "haechi.crosswalk/1"
_SERVES = {True: Text("in full", "전부"), False: Text("in part", "일부")}
_NOTHING_NAMED = Text("nothing more was named", "더 필요하다고 명시된 것 없음")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "crosswalk",
        help=tr(
            "What evidence for one requirement or commitment can serve as evidence for elsewhere, "
            "and what it still lacks there.",
            "한 요구사항·약속의 증거가 다른 곳에서 무엇의 증거가 될 수 있고 무엇이 부족한지 보입니다.",
        ),
    )(crosswalk)


def crosswalk(
    source: Annotated[
        str,
        typer.Argument(help=tr("requirement or commitment, such as EU.50.2", "요구사항·약속. 예: EU.50.2")),
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
    on: Day = "",
    json: Json = False,
) -> None:
    """Every judged route from one record: full ones chained, partial ones over one relation."""
    from haechi.answers import Catalogue, Routes
    from haechi.facts import load

    facts, out, day = load(), Out(json), day_of(on)
    id_ = _source(facts, source)
    part = within(facts, to) if to else None
    wanted = None if part is None else frozenset(part.targets)
    hops = Routes.of(facts).onward.get(id_, ())
    reached = [_Reached(facts, hop) for hop in hops if wanted is None or hop.target in wanted]
    reached.sort(key=lambda each: not each.hop.full)
    named = {each.hop.target for each in reached} | {id_}
    unjudged = () if part is None else tuple(each for each in part.targets if each not in named)
    catalogue = Catalogue.of(facts)
    out.data(
        {
            "schema": SCHEMA,
            "data_version": facts.version,
            "as_of": day.isoformat(),
            "from": {"id": id_, "low": facts.is_low(id_), **_names(facts, id_)},
            "to": None if part is None else {"en": part.label.en, "ko": part.label.ko},
            "can_serve_for": [each.as_dict(catalogue, day) for each in reached],
            "not_judged": list(unjudged),
            "note": NOT_ADVICE.say(out.lang),
        }
    )
    if not json:
        _show(out, facts, id_, reached)
        for each in reached:
            out.pairs(each.title(out.lang), each.rows(catalogue, day, out.lang))
            out.say("")
        _close(out, id_, part, unjudged)


@dataclass(frozen=True, slots=True)
class _Reached:
    """One route, with what people and programs are told of it."""

    facts: "Facts"
    hop: "Hop"

    @property
    def low(self) -> bool:
        """Whether a relation, the source or the target is uncertain."""
        return self.hop.low or self.facts.is_low(self.hop.source) or self.facts.is_low(self.hop.target)

    @property
    def confidence(self) -> str:
        """The lowest confidence on the route, its two ends included."""
        return "low" if self.low else _lowest(self.facts, self.hop)

    def kinds(self) -> list[tuple[str, bool]]:
        """The kinds of evidence that the target asks for; whether the source asks for it too."""
        have = {
            kind for own in _kinds(self.facts, self.hop.source) for kind in (own, _parent(self.facts, own))
        }
        return [(kind, kind in have) for kind in _kinds(self.facts, self.hop.target)]

    def title(self, lang: Lang) -> str:
        """Id and name of the target."""
        return f"{self.hop.target}  {_label(self.facts, self.hop.target).say(lang)}"

    def rows(self, catalogue: "Catalogue", day: date, lang: Lang) -> list[tuple[str, str]]:
        """The route for people."""
        asks = [
            f"{self.facts.evidence_kind(kind).label.say(lang)} ({kind})"
            + ("" if shared else f" [{tr('not asked for at the source', '출발 쪽은 요구하지 않음')}]")
            for kind, shared in self.kinds()
        ]
        rows = [(tr("can serve", "증거가 될 수 있음"), _SERVES[self.hop.full].say(lang))]
        if self.hop.target in self.facts.requirements:
            law = catalogue.law_on(self.hop.target, day)
            rows.append((tr("law", "법"), f"{self.facts.force(law.force).label.say(lang)}; {law.say(lang)}"))
        rows += [
            (tr("still lacks", "부족한 것"), _lacks(self.hop, lang)),
            (tr("asks for", "요구 증거"), "\n".join(asks)),
            (tr("why", "이유"), "\n".join(f"{why.ref}: {why.say(lang)}" for why in self.hop.why)),
            (tr("confidence", "신뢰도"), _confidence(self, lang)),
        ]
        return rows

    def as_dict(self, catalogue: "Catalogue", day: date) -> dict[str, object]:
        """JSON form."""
        target = self.hop.target
        law = catalogue.law_on(target, day).as_dict() if target in self.facts.requirements else None
        return {
            "target": target,
            **_names(self.facts, target),
            "carries": "full" if self.hop.full else "partial",
            "chained": not self.hop.direct,
            "relations": list(self.hop.relations),
            "why": [each.as_dict() for each in self.hop.why],
            "lacks": [each.as_dict() for each in self.hop.lacks],
            "asks_for": [{"kind": kind, "asked_at_source": shared} for kind, shared in self.kinds()],
            "law": law,
            "confidence": self.confidence,
            "low": self.low,
        }


def _source(facts: "Facts", text: str) -> str:
    what = Text("requirement or commitment", "요구사항·약속")
    try:
        found = facts.resolve("judged", text)
    except UnknownName as error:
        raise UnknownName(**{**error.facts, "field": what}) from None
    if found in facts.risk_classes:
        # Classes are compared with classes; evidence is never offered for one.
        near = [*facts.nearest("requirement", text, 2), *facts.nearest("commitment", text, 2)]
        raise UnknownName(field=what, got=found, nearest=near)
    return found


def _show(out: Out, facts: "Facts", source: str, reached: list[_Reached]) -> None:
    lang = out.lang
    title = Text(
        "Evidence for {id} ({name}) can serve as evidence for:", "{id} ({name})의 증거가 될 수 있는 곳:"
    ).say(lang, id=source, name=_label(facts, source).say(lang))
    if not reached:
        out.say(
            Text(
                "For {id} nothing was judged here yet. Not judged is not the same as unrelated.",
                "{id}에 대해 여기서 판단된 관계가 아직 없습니다. 무관하다는 뜻이 아닙니다.",
            ),
            id=source,
        )
        return
    out.table(
        title,
        (
            Text("id", "식별자"),
            Text("serves", "정도"),
            Text("relations", "관계"),
            Text("confidence", "신뢰도"),
            Text("name", "이름"),
        ),
        [
            (
                each.hop.target,
                _SERVES[each.hop.full].say(lang),
                " ".join(each.hop.relations),
                ("! " if each.low else "") + CONFIDENCE[each.confidence].say(lang),
                _short(_label(facts, each.hop.target).say(lang)),
            )
            for each in reached
        ],
    )
    out.say("")


def _close(out: Out, source: str, part: Within | None, unjudged: tuple[str, ...]) -> None:
    if part is not None and unjudged:
        out.say(
            Text(
                "Not judged against {id} in {part}: {ids}. Not judged is not the same as unrelated; "
                "evidence for these is to be made anew until somebody judges.",
                "{part}에서 {id}와(과) 비교 판단 전: {ids}. 무관하다는 뜻이 아니며, 판단될 때까지 "
                "증거를 새로 만들어야 합니다.",
            ),
            id=source,
            part=part.label,
            ids=", ".join(unjudged),
        )
    out.say(NOT_ADVICE)


def _label(facts: "Facts", id_: str) -> Text:
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return record.label


def _names(facts: "Facts", id_: str) -> dict[str, object]:
    label = _label(facts, id_)
    return {"en": label.en, "ko": label.ko}


def _kinds(facts: "Facts", id_: str) -> tuple[str, ...]:
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return record.evidence


def _parent(facts: "Facts", kind: str) -> str:
    return getattr(facts.evidence_kind(kind), "parent", kind)


def _lacks(hop: "Hop", lang: Lang) -> str:
    if not hop.lacks:
        return _NOTHING_NAMED.say(lang)
    return "\n".join(f"{lack.ref}: {lack.say(lang)}" for lack in hop.lacks)


def _lowest(facts: "Facts", hop: "Hop") -> str:
    ends = [facts.requirements.get(id_) or facts.commitment(id_) for id_ in (hop.source, hop.target)]
    said = {each.confidence for each in ends} | {facts.relation(id_).confidence for id_ in hop.relations}
    return next(word for word in ("low", "medium", "high") if word in said)


def _confidence(each: _Reached, lang: Lang) -> str:
    from haechi.answers.answer import LOW_MARK

    word = CONFIDENCE[each.confidence].say(lang)
    return f"! {word} [{LOW_MARK.say(lang)}]" if each.low else word


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
