"""The two scales of an answer: how much is answered, and by whom that was checked. Never multiplied."""

from enum import IntEnum
from types import MappingProxyType

from haechi.words import Text


class State(IntEnum):
    """How much of a requirement or commitment the evidence can serve for; higher is more."""

    NONE = 0
    CLAIMED = 1
    PARTIAL = 2
    FULL = 3

    @property
    def word(self) -> str:
        """The word of the JSON forms: none, claimed, partial, full."""
        return self.name.lower()

    @property
    def label(self) -> Text:
        """The word for people."""
        return _STATES[self]


class Assurance(IntEnum):
    """Who stands behind the evidence besides its issuer; higher is more."""

    SELF_DECLARED = 0
    LOGGED = 1
    WITNESSED = 2
    COUNTERSIGNED = 3
    REPRODUCED = 4

    @property
    def word(self) -> str:
        """The word of the JSON forms, such as self_declared."""
        return self.name.lower()

    @property
    def label(self) -> Text:
        """The word for people."""
        return _ASSURANCES[self]

    def lowered(self, steps: int) -> "Assurance":
        """The level `steps` below, never under self-declared.

        >>> Assurance.WITNESSED.lowered(5).word
        'self_declared'
        """
        return Assurance(max(0, self - steps))


_STATES = MappingProxyType(
    {
        State.NONE: Text("no evidence", "증거 없음"),
        State.CLAIMED: Text("claimed", "주장만 있음"),
        State.PARTIAL: Text("can serve in part", "일부 증거가 될 수 있음"),
        State.FULL: Text("can serve in full", "전부 증거가 될 수 있음"),
    }
)
_ASSURANCES = MappingProxyType(
    {
        Assurance.SELF_DECLARED: Text("self-declared", "자체 선언"),
        Assurance.LOGGED: Text("logged", "로그에 기록됨"),
        Assurance.WITNESSED: Text("witnessed", "여러 노드가 목격함"),
        Assurance.COUNTERSIGNED: Text("countersigned", "다른 기관이 확인함"),
        Assurance.REPRODUCED: Text("reproduced", "다른 기관이 재현함"),
    }
)
