"""The line of the summits for people and programs: what each instrument carried over, and who came along."""

from typing import TYPE_CHECKING

from haechi.cli.options import tr
from haechi.cli.out import Out
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Station
    from haechi.facts import Facts

SCHEMA = "haechi.line/1"


def show_line(out: Out, facts: "Facts") -> None:
    """Every instrument from the first summit to those announced."""
    from haechi.answers import line

    stations = line(facts)
    out.data(
        {
            "schema": SCHEMA,
            "data_version": facts.version,
            "stations": [_as_dict(station, facts) for station in stations],
        }
    )
    for station in stations:
        out.say("")
        out.pairs(_title(station, facts, out.lang), _rows(station, facts, out.lang))
    out.say(
        Text(
            "\nCarried over: judged beside a commitment of an earlier summit. The others were not judged, "
            "which does not prove that they are new.",
            "\n이어받음: 이전 약속과 비교해 판단된 것. 나머지는 판단 전이며 새롭다는 뜻은 아닙니다.",
        )
    )


def _title(station: "Station", facts: "Facts", lang: Lang) -> str:
    summit = facts.summit(station.summit)
    name = summit.label.say(lang) + (" !" if facts.is_low(station.summit) else "")
    if station.instrument is None:
        return f"{name}: {tr('announced, no instrument yet', '예고됨, 아직 문서 없음')}"
    instrument = facts.instrument(station.instrument).label.say(lang)
    return f"{name}: {instrument} ({station.instrument}, {station.day})"


def _rows(station: "Station", facts: "Facts", lang: Lang) -> list[tuple[str, str]]:
    if station.instrument is None:
        return [(tr("day", "날짜"), str(station.day) if station.day else tr("not announced", "미정"))]
    carried = [
        f"{each.earlier} → {each.later} ({each.relation}{', !' if each.low else ''}): "
        f"{facts.commitment(each.later).label.say(lang)}"
        for each in station.carried
    ]
    rows = [
        (tr("carried over", "이어받음"), "\n".join(carried) or tr("nothing judged", "판단된 것 없음")),
        (tr("not judged", "판단 전"), ", ".join(station.fresh) or "-"),
    ]
    change = station.change
    if change is not None:
        unknown = tr("not known, the list is incomplete", "목록이 불완전해 알 수 없음")
        rows.append((tr("parties beside", "비교 대상"), change.earlier))
        rows.append((tr("stayed", "계속"), str(len(change.stayed))))
        rows.append(
            (tr("new", "새로 참여"), _names(change.new, facts, lang) if change.new_known else unknown)
        )
        rows.append((tr("left", "빠짐"), _names(change.left, facts, lang) if change.left_known else unknown))
    return rows


def _names(parties: tuple[str, ...], facts: "Facts", lang: Lang) -> str:
    return ", ".join(facts.party(each).label.say(lang) for each in parties) or "0"


def _as_dict(station: "Station", facts: "Facts") -> dict[str, object]:
    change = station.change
    label = facts.summit(station.summit).label
    return {
        "summit": station.summit,
        "en": label.en,
        "ko": label.ko,
        "low": facts.is_low(station.summit),
        "instrument": station.instrument,
        "day": None if station.day is None else station.day.isoformat(),
        "carried_over": [
            {"earlier": each.earlier, "later": each.later, "relation": each.relation, "low": each.low}
            for each in station.carried
        ],
        "not_judged": list(station.fresh),
        "parties": None
        if change is None
        else {
            "earlier": change.earlier,
            "stayed": list(change.stayed),
            "new": list(change.new) if change.new_known else None,
            "left": list(change.left) if change.left_known else None,
        },
    }
