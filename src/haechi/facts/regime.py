"""The regimes of countries and bodies, and the classes of risk that they draw."""

from datetime import date

from haechi.facts.law import Threshold
from haechi.facts.record import Named
from haechi.facts.source import Cited
from haechi.facts.terms import Checked, Confidence, RegimeKind, RegimeStatus


class Regime(Named, frozen=True, kw_only=True):
    """A law, code or framework of one jurisdiction (ISO 3166 code, EU, or INT for no single country).

    in_force: the first day on which any of it applied; None for a bill or a treaty not in force.
    """

    jurisdiction: str
    kind: RegimeKind
    status: RegimeStatus
    in_force: date | None
    authority: str
    sources: tuple[str, ...]
    note: str | None = None


class RiskClass(Named, frozen=True, kw_only=True):
    """A class of AI systems that a regime treats alike; `applications` are the uses it covers.

    threshold: the training compute that puts a model into it. needs_effect: a material effect on people's
    life, safety or fundamental rights is joined to the use or to the compute.
    """

    regime: str
    locator: str
    applications: tuple[str, ...]
    effective: date
    sources: tuple[Cited, ...]
    checked: Checked
    confidence: Confidence
    threshold: Threshold | None = None
    needs_effect: bool = False
    note: str | None = None
