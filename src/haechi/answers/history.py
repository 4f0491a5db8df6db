"""Dates that the law once set and no longer sets, and dates that hold for some systems only.

The facts hold superseded dates as prose (`date_notes`); this table says the same for programs, by requirement
and with its source. A test holds it against that prose. It belongs into the facts as a field `dates`.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from haechi.words import Text


class Was(NamedTuple):
    """A date of application that was replaced.

    stood_from, stood_until: the days between which the law said so, the second one excluded; None where the
    facts do not say. source: who set the date; by: who replaced it.
    """

    effective: date
    source: str
    by: str
    stood_from: date | None = None
    stood_until: date | None = None

    def stood_on(self, day: date) -> bool:
        """Whether the law surely said so on `day`."""
        return (
            self.stood_from is not None
            and self.stood_until is not None
            and self.stood_from <= day < self.stood_until
        )


class Transition(NamedTuple):
    """A later date for systems that were on the market before a day."""

    placed_before: date
    effective: date
    source: str
    why: Text


_AI_ACT = Was(
    effective=date(2026, 8, 2),
    source="src.eu.act",
    by="src.eu.omnibus",
    stood_from=date(2024, 8, 1),
    stood_until=date(2026, 7, 27),
)
_HIGH_RISK = (
    "EU.6", "EU.9", "EU.9.test", "EU.10", "EU.11", "EU.12", "EU.13", "EU.14", "EU.15", "EU.17", "EU.26.1",
    "EU.26.7", "EU.26.11", "EU.27", "EU.49", "EU.72", "EU.73", "EU.86",
)  # fmt: skip

SUPERSEDED: Mapping[str, tuple[Was, ...]] = MappingProxyType(
    {
        **dict.fromkeys(_HIGH_RISK, (_AI_ACT,)),
        "US-CA.942.man": (Was(effective=date(2026, 1, 1), source="src.uca.sb942", by="src.uca.sb942"),),
    }
)
"""Requirement to the dates that it once had, oldest first."""

TRANSITIONS: Mapping[str, tuple[Transition, ...]] = MappingProxyType(
    {
        "EU.50.2": (
            Transition(
                placed_before=date(2026, 8, 2),
                effective=date(2026, 12, 2),
                source="src.eu.omnibus",
                why=Text(
                    "systems on the market before 2026-08-02 have until 2026-12-02 (Art. 111(4))",
                    "2026-08-02 전에 출시된 시스템은 2026-12-02까지 유예됩니다 (제111조 제4항)",
                ),
            ),
        )
    }
)
"""Requirement to the later dates for systems that were there before."""
