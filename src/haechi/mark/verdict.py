"""What a look at a picture ends in: one of five states, and for each layer whether it held, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from haechi.findings import Finding, Verdict, declare
from haechi.mark.credentials import Credential
from haechi.mark.labels import LabelsRead
from haechi.mark.records import LogRecord
from haechi.words import Lang, Text


class State(StrEnum):
    """The five ways in which mark, log and content can stand to each other."""

    AGREE = "agree"
    COPIED = "copied"
    TOO_LITTLE = "too-little"
    LIKENESS = "likeness"
    NOTHING = "nothing"


STATES: dict[State, Text] = {
    State.AGREE: Text(
        "Mark, log and content agree: this picture was marked by {maker}.",
        "마크, 로그, 콘텐츠가 일치합니다. 이 그림은 {maker}이(가) 표시한 것입니다.",
    ),
    State.COPIED: Text(
        "The mark is genuine, and the picture is another one than {maker} marked: it may have been copied.",
        "마크는 실재하지만 {maker}이(가) 표시한 그림이 아닙니다. 마크가 복사되었을 수 있습니다.",
    ),
    State.TOO_LITTLE: Text(
        "A mark was read; there is too little at hand to compare it with what was marked.",
        "마크를 읽었으나, 표시된 원본과 비교할 자료나 내용이 부족합니다.",
    ),
    State.LIKENESS: Text(
        "No mark was read; the picture looks like one that {maker} logged as marked.",
        "마크는 읽히지 않았으나, {maker}이(가) 로그에 남긴 그림과 닮았습니다.",
    ),
    State.NOTHING: Text(
        "No mark and no known likeness. That says nothing about how the picture was made.",
        "마크도, 알려진 닮은 그림도 없습니다. 그림이 어떻게 만들어졌는지는 알 수 없습니다.",
    ),
}
_UNNAMED = Text("somebody unknown here", "여기에 알려지지 않은 이")
_PARTLY = Text(
    "But not all of it: a part carries no mark.", "다만 전체는 아니며, 마크가 없는 부분이 있습니다."
)
_PERHAPS = Text("Of a part of it, that cannot be told.", "다만 그런지 알 수 없는 부분이 있습니다.")

declare(
    "mark.watermark",
    Text("Watermark", "워터마크"),
    {
        "read": (
            Verdict.HOLDS,
            Text(
                "read: {payload}, key {key}; chance of such a mark by accident at most 10^{log10_p}",
                "읽음: {payload}, 키 {key}. 우연히 나타날 확률은 10^{log10_p} 이하",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text("none found with {keys} key(s)", "키 {keys}개로 찾지 못함"),
        ),
        "too-small": (
            Verdict.UNDECIDED,
            Text("the picture is too small to hold one", "그림이 너무 작아 담을 수 없음"),
        ),
    },
)
declare(
    "mark.presence",
    Text("The mark covers the picture", "마크가 그림 전체에 있음"),
    {
        "whole": (
            Verdict.HOLDS,
            Text(
                "it shows on {percent} % of the picture, and no larger part is without it",
                "그림의 {percent} %에서 보이고, 크게 빠진 곳이 없음",
            ),
        ),
        "unclear": (
            Verdict.UNDECIDED,
            Text(
                "it shows on {percent} % of the picture; {silent} % cannot tell",
                "그림의 {percent} %에서 보임. {silent} %는 알 수 없음",
            ),
        ),
        "partial": (
            Verdict.UNDECIDED,
            Text(
                "it shows on {percent} % of the picture; {silent} % cannot tell; "
                "the rest was changed, covered or added",
                "그림의 {percent} %에서 보이고 {silent} %는 알 수 없음. "
                "나머지는 바뀌었거나 덮였거나 덧붙여짐",
            ),
        ),
    },
)
declare(
    "mark.log",
    Text("Statement in a log", "로그에 있는 진술"),
    {
        "found": (
            Verdict.HOLDS,
            Text("{issuer} signed for it; found at {origin}", "{issuer}이(가) 서명함. 찾은 곳: {origin}"),
        ),
        "unverified": (
            Verdict.UNDECIDED,
            Text(
                "a statement of {issuer} was found at {origin}; not every check on it could be decided",
                "{origin}에서 {issuer}의 진술을 찾았으나, 점검을 모두 마치지 못함",
            ),
        ),
        "refuted": (
            Verdict.FAILS,
            Text(
                "a statement of {issuer} was found at {origin}, and a check on it fails: {why}",
                "{origin}에서 {issuer}의 진술을 찾았으나 불성립한 점검이 있음: {why}",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text("nobody here signed for this mark", "이 마크에 서명한 진술이 여기에 없음"),
        ),
        "other-key": (
            Verdict.FAILS,
            Text(
                "{issuer} signed for this payload under another mark key ({expected}, read with {got})",
                "{issuer}이(가) 같은 값에 서명했으나 마크 키가 다름({expected}, 읽은 키 {got})",
            ),
        ),
    },
)
declare(
    "mark.label",
    Text("Label in the metadata", "메타데이터 표시"),
    {
        "agrees": (
            Verdict.HOLDS,
            Text("it names {provider}, and the id of the mark", "{provider}과(와) 마크의 식별자를 적음"),
        ),
        "alone": (
            Verdict.UNDECIDED,
            Text(
                "it says {source_type}; nobody signed that",
                "{source_type}(이)라고 적혀 있으나 서명된 것은 아님",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "it names the id {got}, the mark says {expected}: one of them was brought in",
                "식별자 {got}을(를) 적었으나 마크는 {expected}임. 둘 중 하나는 다른 데서 온 것임",
            ),
        ),
        "absent": (Verdict.UNDECIDED, Text("the file carries none", "파일에 없음")),
        "unreadable": (Verdict.UNDECIDED, Text("it cannot be read: {why}", "읽을 수 없음: {why}")),
    },
)
declare(
    "mark.binding",
    Text("Credential and watermark belong together", "자격 증명과 워터마크가 서로 맞음"),
    {
        "agrees": (Verdict.HOLDS, Text("both name {payload}", "둘 다 {payload}을(를) 적음")),
        "differs": (
            Verdict.FAILS,
            Text(
                "the credential names {expected}, the watermark {got}",
                "자격 증명은 {expected}, 워터마크는 {got}을(를) 적음",
            ),
        ),
    },
)


class Region(NamedTuple):
    """Where the mark is. rows: a text each, `#` present, `.` absent, `?` cannot tell; share: of cells."""

    rows: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Look:
    """The outcome of a look at one picture.

    layers: one finding a layer, in the order watermark, presence, log, content, credential, binding, label;
    those that do not apply are left out. record: what the log says, if anything.
    """

    state: State
    layers: tuple[Finding, ...]
    record: LogRecord | None
    credential: Credential | None
    labels: LabelsRead
    region: Region | None
    states: ClassVar[Mapping[State, Text]] = STATES

    @property
    def verdict(self) -> Verdict:
        """HOLDS when mark, log and content agree all over the picture and nothing contradicts them."""
        codes = {layer.code for layer in self.layers}
        if self.state is State.COPIED or codes & _CONTRADICTIONS:
            return Verdict.FAILS
        settled = self.state is State.AGREE and not codes & _DOUBTS
        return Verdict.HOLDS if settled else Verdict.UNDECIDED

    def say(self, lang: Lang) -> str:
        """The state in one sentence, with the maker's name, and another where it is not all true of."""
        maker: object = _UNNAMED if self.record is None else self.record.issuer
        said = self.states[self.state].say(lang, maker=maker)
        if self.state is not State.AGREE:
            return said
        codes = {layer.code for layer in self.layers}
        if codes & _PARTS:
            return f"{said} {_PARTLY.say(lang)}"
        return f"{said} {_PERHAPS.say(lang)}" if "mark.presence.unclear" in codes else said

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        record, credential = self.record, self.credential
        return {
            "state": str(self.state),
            "verdict": str(self.verdict),
            "says": self.say(lang),
            "layers": [finding.as_dict(lang) for finding in self.layers],
            "maker": None if record is None else record.issuer,
            "provider": None if record is None else record.item.label.provider,
            "statement": None if record is None else record.statement.hex(),
            "made": None if record is None else record.item.made.isoformat(),
            "origin": None if record is None else record.origin,
            "labels": {name: value for name, value in self.labels._asdict().items() if value is not None},
            "credential": None if credential is None else _told(credential, lang),
            "presence": None if self.region is None else list(self.region.rows),
        }


def _told(credential: Credential, lang: Lang) -> dict[str, Any]:
    return {
        "signer": credential.signer,
        "source_type": credential.source_type,
        "generator": credential.generator,
        "signed_at": credential.signed_at,
        "ingredients": credential.ingredients,
        "statuses": [
            {"code": each.code, "outcome": each.outcome, "means": each.text.say(lang)}
            for each in credential.statuses
        ],
    }


_CONTRADICTIONS = frozenset(
    {
        "mark.log.refuted",
        "mark.log.other-key",
        "mark.label.differs",
        "mark.binding.differs",
        "mark.credential.revoked",
    }
)
_PARTS = frozenset(
    {"mark.presence.partial", "mark.sound-presence.partial", "mark.video-presence.partial"},
)
_DOUBTS = frozenset(
    {
        "mark.presence.partial",
        "mark.presence.unclear",
        "mark.sound-presence.partial",
        "mark.log.unverified",
        "mark.credential.broken",
    }
)
