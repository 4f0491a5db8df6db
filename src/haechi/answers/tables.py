"""The crosswalk and answers as CSV that spreadsheets open without asking: UTF-8 with a byte order mark."""

import csv
import io
from collections.abc import Iterable, Sequence

from haechi.answers.carry import UNNAMED
from haechi.answers.engine import Answers
from haechi.answers.ladder import State
from haechi.facts import Facts, Relation
from haechi.words import Lang, Text

_BOM = "\ufeff"
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_CROSSWALK = (
    Text("relation", "관계"),
    Text("from", "출발"),
    Text("from: name", "출발: 이름"),
    Text("to", "도착"),
    Text("to: name", "도착: 이름"),
    Text("carries", "이전"),
    Text("strength", "강도"),
    Text("why", "이유"),
    Text("evidence lacks", "부족한 증거"),
    Text("confidence", "신뢰도"),
    Text("data version", "데이터 판"),
)
_ANSWERS = (
    Text("subject", "대상"),
    Text("requirement or commitment", "요구사항·약속"),
    Text("name", "이름"),
    Text("state", "상태"),
    Text("assurance", "확인 수준"),
    Text("offered for", "제시 대상"),
    Text("relations", "관계"),
    Text("lacks", "부족한 것"),
    Text("serves until", "유효 기한"),
    Text("evidence", "증거"),
    Text("uncertain fact", "불확실한 사실"),
    Text("as of", "기준일"),
    Text("data version", "데이터 판"),
)
_CARRY = {"full": State.FULL.label, "partial": State.PARTIAL.label}
_YES, _NO = Text("yes", "예"), Text("no", "아니요")


def crosswalk_csv(facts: Facts, lang: Lang) -> bytes:
    """Every relation in both directions, one row each."""
    rows: list[list[str]] = []
    for relation in facts.relations.values():
        for start in (relation.a, relation.b):
            there = relation.other(start)
            rows.append(
                [
                    relation.id,
                    start,
                    _name(facts, start, lang),
                    there,
                    _name(facts, there, lang),
                    _CARRY[relation.carry_from(start)].say(lang),
                    str(relation.strength),
                    relation.reason.say(lang),
                    _lacks(relation, start, lang),
                    relation.confidence,
                    facts.version,
                ]
            )
    return _csv(_CROSSWALK, rows, lang)


def answers_csv(answers: Answers, facts: Facts, lang: Lang) -> bytes:
    """Every credit of one subject, one row each, the best of a target first."""
    rows = [
        [
            answers.scope.subject,
            target,
            _name(facts, target, lang),
            credit.state.label.say(lang),
            credit.assurance.label.say(lang),
            credit.source,
            " ".join(credit.relations),
            "; ".join(lack.say(lang) for lack in credit.lacks),
            "" if credit.expires is None else credit.expires.isoformat(),
            " ".join(digest.hex() for digest in credit.evidence),
            (_YES if credit.low else _NO).say(lang),
            answers.day.isoformat(),
            answers.data_version,
        ]
        for target, answer in answers.by_target.items()
        for credit in answer.credits
    ]
    return _csv(_ANSWERS, rows, lang)


def _lacks(relation: Relation, start: str, lang: Lang) -> str:
    named = relation.lacks_from(start)
    if named is not None:
        return named.say(lang)
    return "" if relation.carry_from(start) == "full" else UNNAMED.say(lang)


def _name(facts: Facts, id_: str, lang: Lang) -> str:
    record = facts.requirements.get(id_) or facts.commitments.get(id_) or facts.risk_class(id_)
    return record.label.say(lang)


def _csv(heads: Sequence[Text], rows: Iterable[Sequence[str]], lang: Lang) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)  # RFC 4180: CRLF, quotes doubled
    writer.writerow([head.say(lang) for head in heads])
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return (_BOM + out.getvalue()).encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
