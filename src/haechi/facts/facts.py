"""All facts that ship with Haechi, read once and never changed.

Unavailable
└── FactsUnreadable   the compiled file is missing or is not what this release compiles
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Self, TypeVar

import msgspec

from haechi.errors import Unavailable, UnknownName
from haechi.facts.commitment import Commitment
from haechi.facts.compiled import Compiled
from haechi.facts.instrument import Initiative, Instrument, Summit
from haechi.facts.kind import Entry, Kind
from haechi.facts.membership import MembershipList, Parties
from haechi.facts.names import MAX_ASKED, NameIndex
from haechi.facts.party import Company, Country, Institute, Organisation, Party
from haechi.facts.regime import Regime, RiskClass
from haechi.facts.relation import Relation
from haechi.facts.relief import Authority, Relief
from haechi.facts.requirement import Requirement
from haechi.facts.source import Source
from haechi.facts.vocabulary import Application, EvidenceKind, EvidenceSubkind, Force, Role, Tier
from haechi.misfit import misfit_of
from haechi.words import Text

E = TypeVar("E", bound=Entry)


class FactsUnreadable(Unavailable):
    """The compiled facts cannot be read; facts: what_is, why."""

    code = "unavailable.facts"
    hint = Text(
        "after --facts name a file that `haechi facts known --out` wrote; without it install Haechi again, "
        "or in a source tree run: python -m haechi.facts.compile",
        "--facts 뒤에는 `haechi facts known --out`이 쓴 파일을 적으세요. 그 선택지를 쓰지 않았다면 "
        "Haechi를 다시 설치하거나 소스 트리에서 실행하세요: python -m haechi.facts.compile",
    )


def _by_id(*sections: Sequence[E]) -> Mapping[str, E]:
    return MappingProxyType({entry.id: entry for section in sections for entry in section})


@dataclass(frozen=True, eq=False)
class Facts:
    """Countries, companies, instruments, requirements and the rest, by id.

    Always true: every id that a record names can be looked up here (the checks proved it before the file was
    written); nothing changes after `from_json`; `version` is the SHA-256 of the very bytes that were read,
    so anybody can name the data they used and recompute it with sha256sum.

    The mappings keep the order of the files. The methods of the same name in the singular raise UnknownName
    with the nearest right ids. read_on: file name to the day as of which its facts were read.
    """

    version: str
    read_on: Mapping[str, date]
    countries: Mapping[str, Country]
    organisations: Mapping[str, Organisation]
    companies: Mapping[str, Company]
    institutes: Mapping[str, Institute]
    parties: Mapping[str, Party]
    summits: Mapping[str, Summit]
    initiatives: Mapping[str, Initiative]
    instruments: Mapping[str, Instrument]
    memberships: Mapping[str, MembershipList]
    commitments: Mapping[str, Commitment]
    regimes: Mapping[str, Regime]
    risk_classes: Mapping[str, RiskClass]
    authorities: Mapping[str, Authority]
    reliefs: Mapping[str, Relief]
    requirements: Mapping[str, Requirement]
    relations: Mapping[str, Relation]
    method: Source
    sources: Mapping[str, Source]
    evidence_kinds: Mapping[str, EvidenceKind | EvidenceSubkind]
    roles: Mapping[str, Role]
    applications: Mapping[str, Application]
    tiers: Mapping[str, Tier]
    forces: Mapping[str, Force]
    _indexes: dict[str, NameIndex] = field(default_factory=dict[str, NameIndex], repr=False)

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """The facts in a compiled file. Raises FactsUnreadable when its shape is not that of this release."""
        try:
            data = msgspec.json.decode(raw, type=Compiled)
        except msgspec.DecodeError as error:
            raise FactsUnreadable(what_is=Text("facts", "사실 자료"), why=misfit_of(error)) from error
        sources = _by_id(data.sources)
        return cls(
            version=hashlib.sha256(raw).hexdigest(),
            read_on=MappingProxyType({name: head.as_of for name, head in data.files.items()}),
            countries=_by_id(data.countries),
            organisations=_by_id(data.organisations),
            companies=_by_id(data.companies),
            institutes=_by_id(data.institutes),
            parties=_by_id(data.countries, data.organisations, data.companies, data.institutes),
            summits=_by_id(data.summits),
            initiatives=_by_id(*(summit.initiatives for summit in data.summits)),
            instruments=_by_id(data.instruments),
            memberships=MappingProxyType({row.instrument: row for row in data.memberships}),
            commitments=_by_id(data.commitments),
            regimes=_by_id(data.regimes),
            risk_classes=_by_id(data.classes),
            authorities=_by_id(data.authorities),
            reliefs=_by_id(data.reliefs),
            requirements=_by_id(data.requirements),
            relations=_by_id(data.relations),
            method=sources[data.method],
            sources=sources,
            evidence_kinds=_by_id(data.evidence_kinds, data.evidence_subkinds),
            roles=_by_id(data.roles),
            applications=_by_id(data.applications),
            tiers=_by_id(data.tiers),
            forces=_by_id(data.force),
        )

    @property
    def as_of(self) -> date:
        """The day up to which all files were read: the earliest of their days."""
        return min(self.read_on.values())

    def country(self, id_: str) -> Country:
        """The country with this id, such as c.KR."""
        return self._look_up(self.countries, "country", id_)

    def organisation(self, id_: str) -> Organisation:
        """The organisation with this id, such as org.EU."""
        return self._look_up(self.organisations, "organisation", id_)

    def company(self, id_: str) -> Company:
        """The company with this id, such as co.naver."""
        return self._look_up(self.companies, "company", id_)

    def institute(self, id_: str) -> Institute:
        """The safety institute with this id, such as inst.KR."""
        return self._look_up(self.institutes, "institute", id_)

    def party(self, id_: str) -> Party:
        """The country, organisation, company or institute with this id."""
        return self._look_up(self.parties, "party", id_)

    def summit(self, id_: str) -> Summit:
        """The summit with this id, such as sum.2024.seoul."""
        return self._look_up(self.summits, "summit", id_)

    def instrument(self, id_: str) -> Instrument:
        """The instrument with this id, such as ins.seoul.pledge."""
        return self._look_up(self.instruments, "instrument", id_)

    def commitment(self, id_: str) -> Commitment:
        """The commitment with this id, such as sbp.1.2."""
        return self._look_up(self.commitments, "commitment", id_)

    def regime(self, id_: str) -> Regime:
        """The regime with this id, such as reg.KR."""
        return self._look_up(self.regimes, "regime", id_)

    def risk_class(self, id_: str) -> RiskClass:
        """The risk class with this id, such as cls.EU.III.4."""
        return self._look_up(self.risk_classes, "risk_class", id_)

    def authority(self, id_: str) -> Authority:
        """The authority with this id, such as auth.US-CA.oes."""
        return self._look_up(self.authorities, "authority", id_)

    def relief(self, id_: str) -> Relief:
        """The relief with this id, such as rel.EU.99.6."""
        return self._look_up(self.reliefs, "relief", id_)

    def requirement(self, id_: str) -> Requirement:
        """The requirement with this id, such as EU.50.2."""
        return self._look_up(self.requirements, "requirement", id_)

    def relation(self, id_: str) -> Relation:
        """The crosswalk relation with this id, such as xw.001."""
        return self._look_up(self.relations, "relation", id_)

    def source(self, id_: str) -> Source:
        """The source with this id, such as src.article."""
        return self._look_up(self.sources, "source", id_)

    def evidence_kind(self, id_: str) -> EvidenceKind | EvidenceSubkind:
        """The kind or sub-kind of evidence with this id, such as mark or document.policy."""
        return self._look_up(self.evidence_kinds, "evidence_kind", id_)

    def role(self, id_: str) -> Role:
        """The role with this id, such as provider."""
        return self._look_up(self.roles, "role", id_)

    def application(self, id_: str) -> Application:
        """The application with this id, such as app.hiring."""
        return self._look_up(self.applications, "application", id_)

    def tier(self, id_: str) -> Tier:
        """The tier with this id, such as high."""
        return self._look_up(self.tiers, "tier", id_)

    def force(self, id_: str) -> Force:
        """The force with this id, such as must."""
        return self._look_up(self.forces, "force", id_)

    def commitments_of(self, instrument: str) -> tuple[Commitment, ...]:
        """The commitments of one instrument, in its order; empty for one whose text makes none."""
        found = self.instrument(instrument).id
        return tuple(row for row in self.commitments.values() if row.instrument == found)

    def requirements_of(self, regime: str) -> tuple[Requirement, ...]:
        """The requirements of one regime, in the order of its articles."""
        found = self.regime(regime).id
        return tuple(row for row in self.requirements.values() if row.regime == found)

    def relations_of(self, id_: str) -> tuple[Relation, ...]:
        """Every relation judged for a requirement, commitment or risk class; empty means not judged."""
        found = self._look_up(self._tables["judged"], "judged", id_).id
        return self._relations_by_end.get(found, ())

    def parties_of(self, instrument: str) -> Parties:
        """Who joined one instrument and since when, with the stated count beside it."""
        return self._parties[self.instrument(instrument).id]

    def instruments_of(self, party: str) -> tuple[Instrument, ...]:
        """The instruments on whose lists a party stands, in the order of the files."""
        found = self.party(party).id
        return tuple(row for row in self.instruments.values() if found in self.parties_of(row.id))

    def members_of(self, jurisdiction: str) -> frozenset[str]:
        """ISO 3166 codes of the countries of an organisation such as EU; empty where none are listed."""
        organisation = self.organisations.get(f"org.{jurisdiction}")
        members = () if organisation is None else organisation.members
        return frozenset(self.countries[member].alpha2 for member in members)

    def valid_days(self, evidence_kind: str) -> int | None:
        """For how many days evidence of this kind serves by default; None without end."""
        kind = self.evidence_kind(evidence_kind)
        if isinstance(kind, EvidenceSubkind):
            return self.valid_days(kind.parent)
        return kind.default_valid_days

    def is_low(self, id_: str) -> bool:
        """Whether a fact must be shown as uncertain: low confidence, or recalled and not read.

        id_: of any record, indicators and initiatives included; they are as sure as the record they are in.
        Records that rest on a public standard, such as countries, are never low. Raises UnknownName.
        """
        if id_ not in self._lows:
            raise UnknownName(field="id", got=id_[:MAX_ASKED], nearest=NameIndex(self._labels).nearest(id_))
        return self._lows[id_]

    def names(self, kind: Kind) -> Mapping[str, Text]:
        """Every id of a kind with its name in both languages, in the order of the files."""
        return MappingProxyType({key: entry.label for key, entry in self._tables[kind].items()})

    def nearest(self, kind: Kind, wrong: str, limit: int = 3) -> list[str]:
        """The right ids nearest to a wrong one, best first.

        Looks at ids, English and Korean names and ISO codes; letter case, accents and Hangul typed as
        separate letters make no difference. Only the first 120 characters count.
        """
        return self._index(kind).nearest(wrong, limit)

    def resolve(self, kind: Kind, text: str) -> str:
        """The id that a person means: an exact id, or an exact English or Korean name, letter case aside.

        A name that two records share counts as unknown. Raises UnknownName with the nearest right ids.
        """
        if text in self._tables[kind]:
            return text
        found = self._index(kind).exact(text)
        if len(found) == 1:
            return found[0]
        raise UnknownName(field=kind, got=text[:MAX_ASKED], nearest=found or self.nearest(kind, text))

    def _look_up(self, table: Mapping[str, E], kind: Kind, id_: str) -> E:
        entry = table.get(id_)
        if entry is None:
            raise UnknownName(field=kind, got=id_[:MAX_ASKED], nearest=self.nearest(kind, id_))
        return entry

    def _index(self, kind: Kind) -> NameIndex:
        if kind not in self._indexes:
            further = {row.id: (row.alpha2, row.alpha3) for row in self.countries.values()}
            # An institute is often asked for by the name of its country.
            further |= {row.id: self.parties[row.party].label for row in self.institutes.values()}
            self._indexes[kind] = NameIndex(self.names(kind), further)
        return self._indexes[kind]

    @cached_property
    def _tables(self) -> Mapping[Kind, Mapping[str, Entry]]:
        return {
            "country": self.countries,
            "organisation": self.organisations,
            "company": self.companies,
            "institute": self.institutes,
            "party": self.parties,
            "summit": self.summits,
            "initiative": self.initiatives,
            "instrument": self.instruments,
            "commitment": self.commitments,
            "regime": self.regimes,
            "risk_class": self.risk_classes,
            "authority": self.authorities,
            "relief": self.reliefs,
            "requirement": self.requirements,
            "judged": {**self.requirements, **self.commitments, **self.risk_classes},
            "relation": self.relations,
            "source": self.sources,
            "evidence_kind": self.evidence_kinds,
            "role": self.roles,
            "application": self.applications,
            "tier": self.tiers,
            "force": self.forces,
        }

    @cached_property
    def _relations_by_end(self) -> Mapping[str, tuple[Relation, ...]]:
        ends: dict[str, tuple[Relation, ...]] = {}
        for row in self.relations.values():
            for end in (row.a, row.b):
                ends[end] = (*ends.get(end, ()), row)
        return ends

    @cached_property
    def _parties(self) -> Mapping[str, Parties]:
        read_on = self.read_on["participants"]
        return {
            row.id: Parties.of(self.memberships[row.id], row, read_on) for row in self.instruments.values()
        }

    @cached_property
    def _labels(self) -> Mapping[str, Text]:
        return {key: entry.label for table in self._tables.values() for key, entry in table.items()}

    @cached_property
    def _lows(self) -> Mapping[str, bool]:
        lows = {key: _is_low(entry) for table in self._tables.values() for key, entry in table.items()}
        for commitment in self.commitments.values():
            lows[commitment.indicator.id] = lows[commitment.id]
        for summit in self.summits.values():
            lows.update({initiative.id: lows[summit.id] for initiative in summit.initiatives})
        return lows


def _is_low(entry: Entry) -> bool:
    # Not every record has both fields: a source says how it was read, a relation how sure it is.
    return getattr(entry, "confidence", None) == "low" or getattr(entry, "checked", None) == "recalled"
