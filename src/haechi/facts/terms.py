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
    }
)
"""Word list by its name, as the shapes name it."""
