"""What a check of the facts found wrong: a stable code, the place, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from haechi.words import Lang, Text


class Meaning(NamedTuple):
    """What a code stands for, and what the person who edits the facts should do."""

    what: Text
    hint: Text


MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "facts.file.missing": Meaning(
            Text("the file is not there or is no mapping", "파일이 없거나 매핑이 아닙니다"),
            Text("restore the file; all eight are needed", "파일을 복구하세요. 여덟 개가 모두 필요합니다"),
        ),
        "facts.file.schema": Meaning(
            Text("schema is {got}, expected {expected}", "스키마가 {got}이며 {expected}이어야 합니다"),
            Text("carry the file over to the expected schema", "파일을 기대하는 스키마로 옮기세요"),
        ),
        "facts.shape.missing": Meaning(
            Text("{field} is missing", "{field} 항목이 없습니다"),
            Text("add the field", "항목을 추가하세요"),
        ),
        "facts.shape.unknown": Meaning(
            Text("{field} is not a field of {section}", "{field}은(는) {section}의 항목이 아닙니다"),
            Text("correct the spelling, or add it to the shape", "철자를 고치거나 구조 정의에 추가하세요"),
        ),
        "facts.shape.type": Meaning(
            Text(
                "{field} must be {expected}, got {got!r}",
                "{field}은(는) {expected}이어야 합니다. 받은 값 {got!r}",
            ),
            Text(
                "quote texts and dates; YAML reads NO as false",
                "글과 날짜는 따옴표로 묶으세요. YAML은 NO를 거짓으로 읽습니다",
            ),
        ),
        "facts.shape.word": Meaning(
            Text(
                "{field}: {got!r} is not one of {expected}",
                "{field}: {got!r}은(는) {expected} 중 하나가 아닙니다",
            ),
            Text("use one of the listed words", "나열된 낱말을 쓰세요"),
        ),
        "facts.id.duplicate": Meaning(
            Text("the id was used before, in {first}", "이미 쓰인 식별자입니다: {first}"),
            Text("ids are unique over all files; choose another", "식별자는 모든 파일에서 유일해야 합니다"),
        ),
        "facts.reference.unknown": Meaning(
            Text(
                "{field} names {got!r}, which is none of: {expected}",
                "{field}이(가) 가리키는 {got!r}은(는) 다음에 없습니다: {expected}",
            ),
            Text(
                "correct the id, or add the record it names", "식별자를 고치거나 가리키는 기록을 추가하세요"
            ),
        ),
        "facts.source.none": Meaning(
            Text("the record names no source", "출처가 없습니다"),
            Text("a fact without a source cannot be shown", "출처 없는 사실은 보여 줄 수 없습니다"),
        ),
        "facts.date.unreal": Meaning(
            Text("{field}: {got!r} is no date", "{field}: {got!r}은(는) 날짜가 아닙니다"),
            Text(
                "write YYYY-MM-DD; only {reduced} may stop at the month or year",
                "YYYY-MM-DD로 쓰세요. 월이나 연까지만 쓸 수 있는 항목: {reduced}",
            ),
        ),
        "facts.korean.missing": Meaning(
            Text("{field}: {got!r} has no Hangul", "{field}: {got!r}에 한글이 없습니다"),
            Text(
                "write the Korean name; a proper name may stay as in English",
                "한국어 이름을 쓰세요. 고유 명칭은 영어 그대로 둘 수 있습니다",
            ),
        ),
        "facts.confidence.recalled": Meaning(
            Text("recalled, but confidence is {got}", "기억에 의존한 사실인데 신뢰도가 {got}입니다"),
            Text(
                "a recalled fact has low confidence until it is read",
                "읽어 확인하기 전에는 신뢰도가 low입니다",
            ),
        ),
        "facts.pair.self": Meaning(
            Text("{got} is related to itself", "{got}이(가) 자기 자신과 연결되었습니다"),
            Text("name two different records", "서로 다른 두 기록을 쓰세요"),
        ),
        "facts.pair.twice": Meaning(
            Text("this pair was judged before, in {first}", "이 쌍은 이미 판단되었습니다: {first}"),
            Text("keep one entry for a pair", "한 쌍에는 항목을 하나만 두세요"),
        ),
        "facts.pair.class": Meaning(
            Text(
                "a risk class is related to a non-class: {got}",
                "위험 분류가 분류가 아닌 것과 연결되었습니다: {got}",
            ),
            Text("relate classes to classes only", "분류는 분류와만 연결하세요"),
        ),
        "facts.why.missing": Meaning(
            Text("the relation gives no reason", "관계에 이유가 없습니다"),
            Text(
                "say why; a relation nobody can argue with is refused",
                "이유를 쓰세요. 따져 볼 수 없는 관계는 받지 않습니다",
            ),
        ),
        "facts.strength.range": Meaning(
            Text("strength is {got}, expected 1 to 10", "강도가 {got}이며 1에서 10 사이여야 합니다"),
            Text(
                "10 = the same demand, 1 = hardly anything shared",
                "10은 같은 요구, 1은 거의 겹치지 않음을 뜻합니다",
            ),
        ),
        "facts.carry.relation": Meaning(
            Text(
                "{relation} cannot carry {field}: {got}",
                "{relation} 관계에서 {field}은(는) {got}일 수 없습니다",
            ),
            Text(
                "only the larger side carries fully: superset a to b, subset b to a, equal both",
                "더 넓은 쪽만 온전히 옮겨집니다: superset은 a에서 b, subset은 b에서 a, equal은 양쪽",
            ),
        ),
        "facts.carry.cycle": Meaning(
            Text("full carry runs in a circle: {got}", "온전한 이월이 순환합니다: {got}"),
            Text(
                "records that carry fully both ways are equal; say so or weaken one relation",
                "양쪽으로 온전히 옮겨지면 equal입니다. 그렇게 쓰거나 한 관계를 낮추세요",
            ),
        ),
        "facts.carry.contradiction": Meaning(
            Text(
                "judged partial here, but full by the chain {got}",
                "여기서는 부분이지만 연쇄로는 온전합니다: {got}",
            ),
            Text(
                "one of the chained relations or this one is wrong",
                "연쇄의 관계들이나 이 관계 중 하나가 틀렸습니다",
            ),
        ),
        "facts.law.dates": Meaning(
            Text("{field}: {why}", "{field}: {why}"),
            Text(
                "a superseded date differs from the present one and stood for at least a day; "
                "a later date comes after the present one",
                "대체된 날짜는 지금 날짜와 다르고 하루 이상 효력이 있어야 합니다. "
                "유예 날짜는 지금 날짜보다 뒤입니다",
            ),
        ),
        "facts.law.prose": Meaning(
            Text("{field} does not say {got}", "{field}에 {got}이(가) 없습니다"),
            Text(
                "the prose and the dates or clocks beside it say the same; change both",
                "글과 그 옆의 날짜·기한은 같은 내용이어야 합니다. 둘 다 고치세요",
            ),
        ),
        "facts.law.clock": Meaning(
            Text("{field} of {clock}: {got!r}", "{clock}의 {field}: {got!r}"),
            Text(
                "a clock has an id that begins with its requirement's, a trigger, a positive length or null, "
                "and an IANA time zone such as Asia/Seoul",
                "기한에는 요구사항으로 시작하는 식별자, 조건, 양의 길이 또는 null, "
                "Asia/Seoul 같은 IANA 시간대가 있어야 합니다",
            ),
        ),
        "facts.law.choice": Meaning(
            Text("any_of names {got}", "any_of에 {got}이(가) 있습니다"),
            Text(
                "a choice names two or more different kinds that the record asks for, each in one choice, "
                "and no report",
                "선택에는 기록이 요구하는 서로 다른 종류를 둘 이상, 한 선택에만 쓰고 보고는 넣지 마세요",
            ),
        ),
        "facts.law.threshold": Meaning(
            Text("threshold: {field} is {got}", "기준: {field}이(가) {got}입니다"),
            Text(
                "the exponent lies between 15 and 40; a revenue is positive",
                "지수는 15에서 40 사이이며 매출은 양수입니다",
            ),
        ),
        "facts.law.relief": Meaning(
            Text("{got} is not of the regime {regime}", "{got}은(는) {regime}의 요구사항이 아닙니다"),
            Text(
                "a relief eases requirements of its own regime; an exemption names those that it lifts",
                "경감은 같은 제도의 요구사항에만 적용되며, 면제는 면제되는 요구사항을 밝혀야 합니다",
            ),
        ),
        "facts.membership.lists": Meaning(
            Text(
                "{got} has {n} lists of parties, expected 1", "{got}의 당사자 목록이 {n}개이며 1개여야 합니다"
            ),
            Text("keep exactly one list for each instrument", "문서마다 목록을 하나만 두세요"),
        ),
        "facts.membership.party": Meaning(
            Text("{got} cannot be a party here: {why}", "{got}은(는) 여기서 당사자가 될 수 없습니다: {why}"),
            Text(
                "list each party once, of the kind the instrument names",
                "문서가 정한 종류의 당사자를 한 번씩만 쓰세요",
            ),
        ),
        "facts.count.differs": Meaning(
            Text(
                "stated {stated!r}, but the list has {got}",
                "명시된 수는 {stated!r}인데 목록에는 {got}이(가) 있습니다",
            ),
            Text(
                "correct the list or the stated count, or mark the list complete: false",
                "목록이나 명시된 수를 고치거나 complete: false로 표시하세요",
            ),
        ),
    }
)
"""Every code of the checks. Codes never change between releases."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the facts; code is a key of MEANINGS, place is file and id."""

    code: str
    place: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])

    def say(self, lang: Lang = "en") -> str:
        """What is wrong, in one sentence."""
        return MEANINGS[self.code].what.say(lang, **self.facts)

    def advise(self, lang: Lang = "en") -> str:
        """What to do about it."""
        return MEANINGS[self.code].hint.say(lang, **self.facts)

    def line(self, lang: Lang = "en") -> str:
        """All of it in one line: place, code, what, hint."""
        return f"{self.place}: {self.code}: {self.say(lang)} ({self.advise(lang)})"


def problem(code: str, place: str, **facts: object) -> Problem:
    """A problem with a declared code; an undeclared one raises KeyError."""
    return Problem(MEANINGS[code] and code, place, facts)
