"""What a look at a text ends in: one state, and a finding for each layer. Never who or what wrote it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from haechi.findings import Finding, Verdict, declare
from haechi.mark.credentials import Credential
from haechi.mark.records import LogRecord
from haechi.mark.text.detect import Stretch, TextMarkFound
from haechi.mark.text.registry import ProfileRecord
from haechi.words import Lang, Text


class TextState(StrEnum):
    """The ways in which mark, profile and log can stand to each other."""

    PROCESSED = "processed"
    IN_PART = "in-part"
    OPEN_KEY = "open-key"
    WITHDRAWN = "withdrawn"
    UNNAMED = "unnamed"
    LOGGED = "logged"
    ALIKE = "alike"
    NOTHING = "nothing"
    TOO_LITTLE = "too-little"


TEXT_STATES: dict[TextState, Text] = {
    TextState.PROCESSED: Text(
        "This text was processed by a system whose mark {maker} committed to.",
        "이 텍스트는 {maker}이(가) 확정해 둔 마크를 쓰는 시스템을 거쳤습니다.",
    ),
    TextState.IN_PART: Text(
        "A part of this text was processed by a system whose mark {maker} committed to; the part is shown.",
        "이 텍스트의 일부가 {maker}이(가) 확정해 둔 마크를 쓰는 시스템을 거쳤습니다. 그 부분을 보입니다.",
    ),
    TextState.OPEN_KEY: Text(
        "This text carries a mark of {maker} whose key is published: anybody could have put it there.",
        "이 텍스트에는 {maker}의 마크가 있으나 키가 공개되어 있어 누구나 넣을 수 있었습니다.",
    ),
    TextState.WITHDRAWN: Text(
        "This text carries a mark that {maker} withdrew: others may know its key.",
        "이 텍스트에는 {maker}이(가) 철회한 마크가 있습니다. 키를 아는 이가 더 있을 수 있습니다.",
    ),
    TextState.UNNAMED: Text(
        "This text carries the mark of a key that was given here; nobody at hand committed to it.",
        "이 텍스트에는 여기서 주어진 키의 마크가 있으나, 그 키를 확정해 둔 이를 찾지 못했습니다.",
    ),
    TextState.LOGGED: Text(
        "No mark was read; {maker} logged exactly this text as marked.",
        "마크는 읽히지 않았으나, {maker}이(가) 바로 이 텍스트를 표시한 것으로 로그에 남겼습니다.",
    ),
    TextState.ALIKE: Text(
        "No mark was read; the text is close to one that {maker} logged as marked.",
        "마크는 읽히지 않았으나, {maker}이(가) 로그에 남긴 텍스트와 비슷합니다.",
    ),
    TextState.NOTHING: Text(
        "No mark was found. That says nothing about who or what wrote this text.",
        "마크를 찾지 못했습니다. 누가 또는 무엇이 이 텍스트를 썼는지는 알 수 없습니다.",
    ),
    TextState.TOO_LITTLE: Text(
        "No mark was found, and none could be promised in a text so short, so forced, or in code. "
        "Nothing can be said.",
        "마크를 찾지 못했습니다. 이렇게 짧거나 고를 여지가 없는 글, 코드에서는 보장할 수 없어, "
        "아무 말도 할 수 없습니다.",
    ),
}
_UNNAMED = Text("somebody unknown here", "여기에 알려지지 않은 이")

declare(
    "mark.text",
    Text("Text mark", "텍스트 마크"),
    {
        "read": (
            Verdict.HOLDS,
            Text(
                "key {key}, {count} pairs scored; chance of such a score without that key at most "
                "10^{log10_p} (hypotheses paid for: {tried})",
                "키 {key}, 쌍 {count}개를 셈. 그 키 없이 이런 점수가 나올 확률은 10^{log10_p} 이하"
                "(가설 {tried}개 보정)",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text(
                "none found; keys tried: {keys}; the strongest trace is 10^{log10_p} "
                "(hypotheses paid for: {tried})",
                "키 {keys}개로 찾지 못함. 가장 강한 흔적은 10^{log10_p}(가설 {tried}개 보정)",
            ),
        ),
        "no-key": (
            Verdict.UNDECIDED,
            Text("no key was at hand to try", "시험해 볼 키가 없음"),
        ),
        "no-tokenizer": (
            Verdict.UNDECIDED,
            Text(
                "{profiles} profile(s) need a tokenizer that is not at hand, and were not tried",
                "프로필 {profiles}개는 필요한 토크나이저가 없어 시험하지 못함",
            ),
        ),
    },
)
declare(
    "mark.text-amount",
    Text("Enough text for a mark", "마크를 기대할 만한 분량"),
    {
        "enough": (Verdict.HOLDS, Text("{size} {unit}", "{unit} {size}개")),
        "short": (
            Verdict.UNDECIDED,
            Text(
                "{size} {unit}; below {enough} nothing is promised",
                "{unit} {size}개. {enough}개 미만은 보장하지 않음",
            ),
        ),
        "code": (
            Verdict.UNDECIDED,
            Text(
                "{percent} % of the lines look like code, where nothing is promised",
                "줄의 {percent} %가 코드로 보임. 코드에서는 보장하지 않음",
            ),
        ),
    },
)
declare(
    "mark.text-choice",
    Text("Choice enough for a mark", "마크를 기대할 만한 선택의 여지"),
    {
        "enough": (
            Verdict.HOLDS,
            Text(
                "{entropy_nats} nats a token under this model at temperature {temperature}: a mark over "
                "{tokens} tokens would score about 10^{log10_p}",
                "온도 {temperature}의 이 모델에서 토큰당 {entropy_nats}나트. 토큰 {tokens}개에 마크가 있다면 "
                "약 10^{log10_p}",
            ),
        ),
        "little": (
            Verdict.UNDECIDED,
            Text(
                "{entropy_nats} nats a token under this model at temperature {temperature}: a mark over "
                "{tokens} tokens would score about 10^{log10_p}, too little to be seen",
                "온도 {temperature}의 이 모델에서 토큰당 {entropy_nats}나트. 토큰 {tokens}개에 마크가 있어도 "
                "약 10^{log10_p}에 그쳐 드러나지 않음",
            ),
        ),
    },
)
declare(
    "mark.text-part",
    Text("The mark covers the text", "마크가 텍스트 전체에 있음"),
    {
        "whole": (Verdict.HOLDS, Text("{percent} % of the text carries it", "텍스트의 {percent} %에 있음")),
        "part": (
            Verdict.UNDECIDED,
            Text(
                "{percent} % of the text carries it: characters {places}",
                "텍스트의 {percent} %에 있음: 글자 {places}",
            ),
        ),
        "nowhere": (
            Verdict.UNDECIDED,
            Text(
                "it is there as a whole, too thin to say where",
                "전체로는 있으나 옅어서 위치를 말할 수 없음",
            ),
        ),
    },
)
declare(
    "mark.text-number",
    Text("Number in the text mark", "텍스트 마크에 담긴 번호"),
    {
        "carried": (
            Verdict.HOLDS,
            Text(
                "{payload} (hexadecimal), which of all numbers fits the text best",
                "{payload}(16진수). 모든 번호 가운데 텍스트에 가장 잘 맞음",
            ),
        ),
    },
)
declare(
    "mark.text-signpost",
    Text("Signpost to a detection service", "탐지 서비스 이정표"),
    {
        "known": (
            Verdict.UNDECIDED,
            Text(
                "number {number}: {issuer} asks you to ask {service}; anybody can write a signpost",
                "번호 {number}: {issuer}이(가) {service}에 문의하라고 안내함. 이정표는 누구나 쓸 수 있음",
            ),
        ),
        "unknown": (
            Verdict.UNDECIDED,
            Text(
                "number {number}, which nobody here committed to; anybody can write a signpost",
                "번호 {number}. 확정해 둔 이를 찾지 못함. 이정표는 누구나 쓸 수 있음",
            ),
        ),
    },
)
declare(
    "mark.profile",
    Text("Somebody committed to the mark's profile", "마크 프로필을 확정해 둔 이가 있음"),
    {
        "committed": (
            Verdict.HOLDS,
            Text(
                "{issuer} committed to it, used since {since}; found at {origin}",
                "{issuer}이(가) 확정함, 사용 시작 {since}. 찾은 곳: {origin}",
            ),
        ),
        "published": (
            Verdict.UNDECIDED,
            Text(
                "{issuer} published it with its key: everybody can read and write this mark",
                "{issuer}이(가) 키까지 공개함. 누구나 이 마크를 읽고 쓸 수 있음",
            ),
        ),
        "withdrawn": (
            Verdict.UNDECIDED,
            Text(
                "{issuer} withdrew it; the key may be known to others",
                "{issuer}이(가) 철회함. 키가 다른 이에게 알려졌을 수 있음",
            ),
        ),
        "unverified": (
            Verdict.UNDECIDED,
            Text(
                "a statement of {issuer} commits to it; not every check on it could be decided",
                "{issuer}의 진술이 확정했으나, 점검을 모두 마치지 못함",
            ),
        ),
        "refuted": (
            Verdict.FAILS,
            Text(
                "a statement of {issuer} commits to it, and a check on that fails: {why}",
                "{issuer}의 진술이 확정했으나 불성립한 점검이 있음: {why}",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text("nobody at hand committed to it", "확정해 둔 이를 찾지 못함"),
        ),
    },
)
declare(
    "mark.text-log",
    Text("The text is in a log", "로그에 있는 텍스트"),
    {
        "same": (
            Verdict.HOLDS,
            Text("{issuer} logged exactly this file", "{issuer}이(가) 바로 이 파일을 남김"),
        ),
        "alike": (
            Verdict.UNDECIDED,
            Text(
                "{issuer} logged a text that shares {percent} % of its fingerprint",
                "{issuer}이(가) 남긴 텍스트와 지문의 {percent} %가 같음",
            ),
        ),
        "refuted": (
            Verdict.FAILS,
            Text(
                "a statement of {issuer} about this text was found, and a check on it fails: {why}",
                "이 텍스트에 대한 {issuer}의 진술이 있으나 불성립한 점검이 있음: {why}",
            ),
        ),
        "absent": (Verdict.UNDECIDED, Text("nobody at hand logged it", "남긴 이를 찾지 못함")),
    },
)


@dataclass(frozen=True, slots=True)
class TextLook:
    """The outcome of a look at one text. stretches: characters of the text that was given, as decoded."""

    state: TextState
    layers: tuple[Finding, ...]
    mark: TextMarkFound | None
    profile: ProfileRecord | None
    record: LogRecord | None
    stretches: tuple[Stretch, ...]
    credential: Credential | None = None

    @property
    def maker(self) -> str | None:
        """Who answers for mark or text, if anybody."""
        if self.profile is not None:
            return self.profile.issuer
        return None if self.record is None else self.record.issuer

    @property
    def verdict(self) -> Verdict:
        """HOLDS when a committed mark covers the text, or the log has it, and nothing contradicts that."""
        if any(layer.verdict is Verdict.FAILS and layer.code in _CONTRADICTIONS for layer in self.layers):
            return Verdict.FAILS
        codes = {layer.code for layer in self.layers}
        if self.state is TextState.PROCESSED:
            return Verdict.HOLDS if "mark.profile.committed" in codes else Verdict.UNDECIDED
        settled = self.state is TextState.LOGGED and self.record is not None
        return self.record.verdict if settled and self.record is not None else Verdict.UNDECIDED

    def say(self, lang: Lang) -> str:
        """The state in one sentence."""
        return TEXT_STATES[self.state].say(lang, maker=self.maker or _UNNAMED)

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        record, mark = self.record, self.mark
        return {
            "medium": "text",
            "state": str(self.state),
            "verdict": str(self.verdict),
            "says": self.say(lang),
            "layers": [finding.as_dict(lang) for finding in self.layers],
            "maker": self.maker,
            "provider": None if record is None else record.item.label.provider,
            "statement": None if record is None else record.statement.hex(),
            "profile": None if self.profile is None else self.profile.statement.hex(),
            "key": None if mark is None else mark.key.id,
            "payload": None if mark is None or mark.payload is None else f"{mark.payload:04x}",
            "log10_p": None if mark is None else round(mark.log10_p, 2),
            "credential": None if self.credential is None else self.credential.signer,
            "stretches": [[part.start, part.end, round(part.log10_p, 2)] for part in self.stretches],
        }


_CONTRADICTIONS = frozenset({"mark.profile.refuted", "mark.text-log.refuted", "mark.credential.revoked"})
