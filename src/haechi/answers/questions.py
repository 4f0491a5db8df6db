"""What to ask next: the questions that decide most of what is still unknown about an application."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from haechi.answers.applies import Applies, Duty
from haechi.answers.profile import Autonomy, Group, Modality, Users
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
        "firm_size": Text("How large is the provider?", "제공자의 규모는 어떻습니까?"),
        "start_up": Text("Is the provider a start-up?", "제공자가 스타트업입니까?"),
    }
)
"""The question for each field of a profile."""

_SIZES = (
    ("micro", Text("micro: fewer than 10 people", "초소기업: 10명 미만")),
    ("sme", Text("small or medium: fewer than 250 people", "중소기업: 250명 미만")),
    ("small_mid_cap", Text("small mid-cap: fewer than 750 people", "소형 중견기업: 750명 미만")),
    ("large", Text("larger", "그보다 큼")),
)
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
        case "high_impact" | "small_firm" | "start_up":
            return _YES_NO
        case "firm_size":
            return _SIZES
        case "modalities" | "users" | "vulnerable_groups" | "autonomy":
            return tuple((word, word_label(word)) for word in words_of(field))
        case _:
            return ()


def words_of(field: str) -> tuple[str, ...]:
    """The words that a field with a closed list may take, in their order; empty for other fields."""
    return {
        "modalities": get_args(Modality),
        "users": get_args(Users),
        "vulnerable_groups": get_args(Group),
        "autonomy": get_args(Autonomy),
    }.get(field, ())


def word_label(word: str) -> Text:
    """The name of one of these words for people."""
    return _WORDS[word]


_WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "text": Text("text", "글"),
        "image": Text("images", "이미지"),
        "audio": Text("sound", "소리"),
        "video": Text("video", "영상"),
        "tools": Text("actions with tools", "도구 사용"),
        "decision": Text("decisions", "결정"),
        "control": Text("control of machines", "기계 제어"),
        "ranking": Text("rankings", "순위"),
        "model": Text("a model as such", "모델 자체"),
        "public": Text("the public", "일반인"),
        "businesses": Text("businesses", "기업"),
        "staff": Text("staff", "직원"),
        "public_bodies": Text("public bodies", "공공기관"),
        "children": Text("children", "어린이·청소년"),
        "older_people": Text("older people", "고령자"),
        "people_with_disabilities": Text("people with disabilities", "장애인"),
        "low_income": Text("people on low income", "저소득층"),
        "migrants": Text("migrants", "이주민"),
        "patients": Text("patients", "환자"),
        "suggests": Text("it suggests", "제안함"),
        "acts_with_approval": Text("it acts with approval", "승인을 받아 행동함"),
        "acts_alone": Text("it acts alone", "스스로 행동함"),
    }
)
