"""The one compiled document: every section of the eight files, as the compiler writes it."""

from datetime import date

from haechi.facts.commitment import Commitment
from haechi.facts.instrument import Instrument, Summit
from haechi.facts.membership import MembershipList
from haechi.facts.party import Company, Country, Institute, Organisation
from haechi.facts.record import Record
from haechi.facts.regime import Regime, RiskClass
from haechi.facts.relation import Relation
from haechi.facts.relief import Authority, Relief
from haechi.facts.requirement import Requirement
from haechi.facts.source import Source
from haechi.facts.vocabulary import Application, EvidenceKind, EvidenceSubkind, Force, Role, Tier


class Head(Record, frozen=True, kw_only=True):
    """The head of one file: its schema, and the day as of which its facts were read."""

    schema: str
    as_of: date


class Compiled(Record, frozen=True, kw_only=True):
    """All sections by their names in the YAML; `method` is the source that the relations follow."""

    files: dict[str, Head]
    method: str
    sources: tuple[Source, ...]
    evidence_kinds: tuple[EvidenceKind, ...]
    evidence_subkinds: tuple[EvidenceSubkind, ...]
    roles: tuple[Role, ...]
    applications: tuple[Application, ...]
    tiers: tuple[Tier, ...]
    force: tuple[Force, ...]
    countries: tuple[Country, ...]
    organisations: tuple[Organisation, ...]
    companies: tuple[Company, ...]
    institutes: tuple[Institute, ...]
    memberships: tuple[MembershipList, ...]
    summits: tuple[Summit, ...]
    instruments: tuple[Instrument, ...]
    commitments: tuple[Commitment, ...]
    regimes: tuple[Regime, ...]
    classes: tuple[RiskClass, ...]
    authorities: tuple[Authority, ...]
    reliefs: tuple[Relief, ...]
    requirements: tuple[Requirement, ...]
    relations: tuple[Relation, ...]
