"""The closed word lists of the facts: every value a marked field may take.

Standard library only, because the checks at build time read them where msgspec is not installed.
"""

from types import MappingProxyType
from typing import Literal, get_args

Checked = Literal["text", "excerpt", "recalled"]
Confidence = Literal["high", "medium", "low"]
SetRelation = Literal["equal", "subset", "superset", "intersects"]
Basis = Literal["semantic", "functional"]
Carry = Literal["full", "partial"]
RelationStatus = Literal["proposed"]
RegimeKind = Literal[
    "law",
    "regulation",
    "treaty",
    "bill",
    "framework",
    "principles",
    "guideline",
    "code",
    "standard",
    "resolution",
]
RegimeStatus = Literal["in_force", "adopted", "signed", "proposed", "voluntary"]
InstrumentKind = Literal["declaration", "commitments", "pledge", "network"]
PartyKind = Literal["countries", "companies", "institutes"]
Bound = Literal["above", "at_or_above"]
ClockUnit = Literal["hours", "days"]
ClockStart = Literal["known", "ordered"]
Trigger = Literal[
    "any", "serious", "death", "critical_infrastructure", "widespread_infringement", "imminent_danger"
]
ReliefKind = Literal["exemption", "simplified", "lower_fine", "lower_fee", "priority", "support", "grace"]
Firm = Literal["micro", "sme", "start_up", "small_mid_cap"]
Part = Literal["investment", "small_firms", "talent", "vulnerable_groups", "diversity"]

TERMS = MappingProxyType(
    {
        "Checked": frozenset(get_args(Checked)),
        "Confidence": frozenset(get_args(Confidence)),
        "SetRelation": frozenset(get_args(SetRelation)),
        "Basis": frozenset(get_args(Basis)),
        "Carry": frozenset(get_args(Carry)),
        "RelationStatus": frozenset(get_args(RelationStatus)),
        "RegimeKind": frozenset(get_args(RegimeKind)),
        "RegimeStatus": frozenset(get_args(RegimeStatus)),
        "InstrumentKind": frozenset(get_args(InstrumentKind)),
        "PartyKind": frozenset(get_args(PartyKind)),
        "Bound": frozenset(get_args(Bound)),
        "ClockUnit": frozenset(get_args(ClockUnit)),
        "ClockStart": frozenset(get_args(ClockStart)),
        "Trigger": frozenset(get_args(Trigger)),
        "ReliefKind": frozenset(get_args(ReliefKind)),
        "Firm": frozenset(get_args(Firm)),
        "Part": frozenset(get_args(Part)),
    }
)
"""Word list by its name, as the shapes name it."""
