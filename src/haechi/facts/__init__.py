"""What was promised and asked for, by whom and of whom: countries, companies, instruments, requirements.

The data are the YAML files in `data/`; they are checked and compiled to one JSON file when Haechi is built
(`python -m haechi.facts.compile`), and read from there once in a process:

>>> load().company("co.naver").label.ko
'네이버'
>>> load().resolve("company", "naver")
'co.naver'
"""

from haechi.facts.commitment import Commitment, Indicator
from haechi.facts.facts import Facts, FactsUnreadable
from haechi.facts.instrument import Initiative, Instrument, Summit, SummitFact
from haechi.facts.kind import KINDS, Entry, Kind
from haechi.facts.law import Choice, ClockRule, Dates, Threshold, Transition, Was
from haechi.facts.load import load, read
from haechi.facts.membership import Parties, Seat
from haechi.facts.party import Company, Country, Institute, Organisation, Party
from haechi.facts.regime import Regime, RiskClass
from haechi.facts.relation import Relation
from haechi.facts.relief import Authority, Relief
from haechi.facts.requirement import Requirement, Scope
from haechi.facts.source import Cited, Source
from haechi.facts.terms import Basis, Carry, Checked, Confidence, Firm, Part, SetRelation, Trigger
from haechi.facts.vocabulary import Application, EvidenceKind, EvidenceSubkind, Force, Role, Tier
from haechi.facts.when import When

__all__ = [
    "KINDS",
    "Application",
    "Authority",
    "Basis",
    "Carry",
    "Checked",
    "Choice",
    "Cited",
    "ClockRule",
    "Commitment",
    "Company",
    "Confidence",
    "Country",
    "Dates",
    "Entry",
    "EvidenceKind",
    "EvidenceSubkind",
    "Facts",
    "FactsUnreadable",
    "Firm",
    "Force",
    "Indicator",
    "Initiative",
    "Institute",
    "Instrument",
    "Kind",
    "Organisation",
    "Part",
    "Parties",
    "Party",
    "Regime",
    "Relation",
    "Relief",
    "Requirement",
    "RiskClass",
    "Role",
    "Scope",
    "Seat",
    "SetRelation",
    "Source",
    "Summit",
    "SummitFact",
    "Threshold",
    "Tier",
    "Transition",
    "Trigger",
    "Was",
    "When",
    "load",
    "read",
]
