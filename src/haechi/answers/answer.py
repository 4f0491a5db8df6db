"""What an answer is made of: credits, each with its route, its reasons and what is still lacking."""

from datetime import date

import msgspec

from haechi.answers.evidence import Objection
from haechi.answers.ladder import Assurance, State
from haechi.answers.note import Note
from haechi.words import Lang, Text

CAN_SERVE = Text("{label}: {state} ({assurance}), as of {day}", "{label}: {state} ({assurance}), {day} 기준")
NO_ANSWER = Text("{label}: no evidence as of {day}", "{label}: {day} 기준 증거 없음")
LOW_MARK = Text("uncertain fact: check the instrument", "불확실한 사실: 원문 확인 필요")


class Credit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one route gives to an answer.

    source: the record that the evidence was offered for; relations: the crosswalk ids from there to here,
    empty for direct evidence. evidence: digests counted. expires: the last day on which all of it serves,
    None without end. undisputed: the assurance of the same evidence if nobody disputed it. low: a fact on
    the route has low confidence.
    """

    state: State
    assurance: Assurance
    undisputed: Assurance
    source: str
    relations: tuple[str, ...]
    evidence: tuple[bytes, ...]
    expires: date | None
    why: tuple[Note, ...]
    lacks: tuple[Note, ...]
    low: bool

    @property
    def direct(self) -> bool:
        """Whether the evidence was offered for this very record."""
        return not self.relations

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "state": self.state.word,
            "assurance": self.assurance.word,
            "undisputed": self.undisputed.word,
            "source": self.source,
            "relations": list(self.relations),
            "evidence": [digest.hex() for digest in self.evidence],
            "expires": None if self.expires is None else self.expires.isoformat(),
            "why": [reason.as_dict() for reason in self.why],
            "lacks": [lack.as_dict() for lack in self.lacks],
            "low": self.low,
        }


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the evidence about one subject can serve for, at one requirement or commitment.

    `state` and `assurance` are those of the best credit: most answered first, then best checked. They are
    two answers to two questions and are never multiplied. assurance: None where there is no evidence.
    undisputed: the assurance of the best credit if
    nobody disputed it. low: the target itself or the best route is uncertain.
    """

    target: str
    state: State
    assurance: Assurance | None
    undisputed: Assurance | None
    credits: tuple[Credit, ...]
    lacks: tuple[Note, ...]
    disputes: tuple[Objection, ...]
    low: bool

    @property
    def expires(self) -> date | None:
        """The last day on which the best credit serves; None without end or without evidence."""
        return self.credits[0].expires if self.credits else None

    def days_left(self, day: date) -> int | None:
        """Days from `day` to the last day of the best credit; None without end or without evidence."""
        last = self.expires
        return None if last is None else (last - day).days

    def say(self, lang: Lang, label: Text, day: date) -> str:
        """The answer in one sentence; label: the name of the requirement or the text of the commitment."""
        if self.assurance is None:
            return NO_ANSWER.say(lang, label=label.say(lang), day=day)
        said = CAN_SERVE.say(
            lang,
            label=label.say(lang),
            state=self.state.label.say(lang),
            assurance=self.assurance.label.say(lang),
            day=day,
        )
        return f"{said} [{LOW_MARK.say(lang)}]" if self.low else said

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "target": self.target,
            "state": self.state.word,
            "assurance": None if self.assurance is None else self.assurance.word,
            "undisputed": None if self.undisputed is None else self.undisputed.word,
            "expires": None if self.expires is None else self.expires.isoformat(),
            "credits": [credit.as_dict() for credit in self.credits],
            "lacks": [lack.as_dict() for lack in self.lacks],
            "disputes": [
                {
                    "by": said.issuer,
                    "grounds": said.grounds,
                    "statement": said.digest.hex(),
                    "target": said.target.hex(),
                }
                for said in self.disputes
            ],
            "low": self.low,
        }
