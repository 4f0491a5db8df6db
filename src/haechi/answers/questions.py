"""What to ask next: the questions that decide most of what is still unknown about an application."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from haechi.answers.applies import Applies, Duty
from haechi.facts import Facts
from haechi.words import Text

ASKED: Mapping[str, Text] = MappingProxyType(
    {
        "countries": Text(
            "In which countries (and which US states) is it offered or used?",
            "어느 국가(미국은 어느 주)에서 제공되거나 쓰입니까?",
        ),
        "roles": Text(
            "What do you do with it: develop, offer, or use it?", "개발, 제공, 이용 중 어떤 역할을 합니까?"
        ),
        "applications": Text("What is it used for?", "무엇에 쓰입니까?"),
        "compute_flop": Text(
            "How many operations did training the model take (FLOP)?",
            "모델 학습에 쓰인 연산량은 얼마입니까 (FLOP)?",
        ),
        "high_impact": Text(
            "Can it materially affect people's life, safety or fundamental rights?",
            "사람의 생명, 안전 또는 기본권에 중대한 영향을 줄 수 있습니까?",
        ),
        "placed_on": Text("When did it come on the market?", "언제 출시되었습니까?"),
        "modalities": Text(
            "What does it produce: text, images, sound, video, decisions?",
            "무엇을 만들어 냅니까: 글, 이미지, 소리, 영상, 결정?",
        ),
        "users": Text(
            "Who uses it: the public, businesses, staff, public bodies?",
            "누가 이용합니까: 일반인, 기업, 직원, 공공기관?",
        ),
        "vulnerable_groups": Text(
            "Which vulnerable groups use it or are affected?", "어떤 취약계층이 이용하거나 영향을 받습니까?"
        ),
        "autonomy": Text(
            "Does it suggest, act with approval, or act alone?",
            "제안만 합니까, 승인을 받아 행동합니까, 스스로 행동합니까?",
        ),
        "revenue_usd": Text(
            "How large is the yearly revenue of the group (USD)?", "그룹의 연 매출은 얼마입니까 (미국 달러)?"
        ),
        "small_firm": Text(
            "Is the provider a small firm or a start-up?", "제공자가 중소기업 또는 스타트업입니까?"
        ),
    }
)
"""The question for each field of a profile."""

_YES_NO = (("true", Text("yes", "예")), ("false", Text("no", "아니요")))


@dataclass(frozen=True, slots=True)
class Question:
    """One question. decides: how many requirements wait for it; choices: (value, label), empty where free."""

    field: str
    text: Text
    decides: int
    choices: tuple[tuple[str, Text], ...]


def next_questions(duties: Sequence[Duty], facts: Facts) -> tuple[Question, ...]:
    """The questions still worth asking, the most decisive first; empty when nothing is unknown.

    A requirement that surely does not apply waits for nothing, whatever else is unknown about it.
    """
    waiting = Counter(field for duty in duties if duty.applies is Applies.UNKNOWN for field in duty.ask)
    ranked = sorted(waiting, key=lambda field: (-waiting[field], list(ASKED).index(field)))
    return tuple(Question(field, ASKED[field], waiting[field], _choices(field, facts)) for field in ranked)


def _choices(field: str, facts: Facts) -> tuple[tuple[str, Text], ...]:
    match field:
        case "roles":
            return tuple((role.id, role.label) for role in facts.roles.values())
        case "applications":
            return tuple((use.id, use.label) for use in facts.applications.values())
        case "countries":
            regimes = [each for each in facts.regimes.values() if each.jurisdiction != "INT"]
            return tuple((each.jurisdiction, each.label) for each in regimes)
        case "high_impact" | "small_firm":
            return _YES_NO
        case _:
            return ()
