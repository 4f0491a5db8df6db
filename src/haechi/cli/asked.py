"""What several commands about the facts are asked with: a day, and a part of the world or of the record.

NotFound
└── NoRegimeHere      a country of which the facts hold no regime
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from haechi.cli.options import tr
from haechi.errors import BadInput, NotFound, UnknownName
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.facts import Facts
    from haechi.facts.kind import Kind

Day = Annotated[
    str,
    typer.Option("--on", help=tr("as of this day (YYYY-MM-DD)", "기준일 (YYYY-MM-DD)"), show_default=False),
]
NOT_ADVICE = Text(
    "What evidence can serve for, by proposals of this project; not legal advice.",
    "무엇의 증거가 될 수 있는지에 대한 이 프로젝트의 제안이며, 법률 자문이 아닙니다.",
)
# What people call a country besides its name in CLDR.
_CALLED = {
    "한국": "KR", "남한": "KR", "korea": "KR", "south korea": "KR", "uk": "GB", "britain": "GB", "usa": "US",
    "america": "US", "유럽": "EU", "유럽연합": "EU", "europe": "EU",
}  # fmt: skip
CONFIDENCE = {
    "high": Text("high", "높음"),
    "medium": Text("medium", "보통"),
    "low": Text("low", "낮음"),
}


class NoRegimeHere(NotFound):
    """The facts hold no regime of a country; facts: what_is, name."""

    code = "cli.no-regime"
    hint = Text(
        "its law has not been read yet, which does not mean that it has none; see `haechi facts review`",
        "아직 읽지 않은 것이며 법이 없다는 뜻이 아닙니다. `haechi facts review` 를 보세요",
    )


class Within(NamedTuple):
    """A part of the facts: its name, and the requirements and commitments in it."""

    label: Text
    targets: tuple[str, ...]


def day_of(text: str) -> date:
    """The day that was written, or today in UTC; raises BadInput."""
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        why = Text(
            f"a day is written YYYY-MM-DD, got {text!r}", f"날짜는 YYYY-MM-DD로 씁니다. 받은 값: {text!r}"
        )
        raise BadInput(why=why) from None


def within(facts: "Facts", text: str) -> Within:
    """The regime, instrument or country that a person means. Raises UnknownName, NoRegimeHere.

    A country brings the regimes of its subdivisions, and a member state that has none here that of the EU.
    """
    for kind in ("regime", "instrument"):
        found = _resolved(facts, kind, text)
        if kind == "regime" and found is not None:
            return Within(facts.regime(found).label, tuple(each.id for each in facts.requirements_of(found)))
        if found is not None:
            own = tuple(each.id for each in facts.commitments_of(found))
            return Within(facts.instrument(found).label, own)
    code = _code(facts, text)
    if code is None:
        near = [id_ for kind in ("regime", "country", "instrument") for id_ in facts.nearest(kind, text, 2)]
        raise UnknownName(field="--to", got=text[:120], nearest=near)
    return _of_country(facts, code)


def _of_country(facts: "Facts", code: str) -> Within:
    regimes, eu = _regimes(facts, code), False
    if not regimes and code in facts.members_of("EU"):
        regimes, eu = _regimes(facts, "EU"), True
    party = facts.parties.get("org.EU" if code == "EU" else f"c.{code.partition('-')[0]}")
    label = Text(code, code) if party is None or "-" in code else party.label
    if not regimes:
        raise NoRegimeHere(what_is=Text("regime of this country", "이 나라의 규제 체계"), name=label)
    if eu:
        label = Text(f"{label.en} (EU)", f"{label.ko} (EU)")
    return Within(label, tuple(each.id for regime in regimes for each in facts.requirements_of(regime)))


def _regimes(facts: "Facts", code: str) -> list[str]:
    return [
        each.id
        for each in facts.regimes.values()
        if each.jurisdiction == code or each.jurisdiction.startswith(f"{code}-")
    ]


def _code(facts: "Facts", text: str) -> str | None:
    """The ISO code of a country or subdivision written as code, id or name; None for nothing known."""
    short = text.strip().removeprefix("c.").removeprefix("org.").upper()
    short = _CALLED.get(text.strip().casefold(), short)
    if short == "EU" or any(each.jurisdiction == short for each in facts.regimes.values()):
        return short
    for country in facts.countries.values():
        if short in (country.alpha2, country.alpha3):
            return country.alpha2
    found = _resolved(facts, "country", text)
    return None if found is None else facts.country(found).alpha2


def _resolved(facts: "Facts", kind: "Kind", text: str) -> str | None:
    try:
        return facts.resolve(kind, text)
    except UnknownName:
        return None
