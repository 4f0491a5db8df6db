"""The kinds of records that can be looked up by id or by name."""

from typing import Literal, Protocol, get_args

from haechi.words import Text

Kind = Literal[
    "country", "organisation", "company", "institute", "party", "summit", "initiative", "instrument",
    "commitment", "regime", "risk_class", "authority", "relief", "requirement", "judged", "relation",
    "source", "evidence_kind", "role", "application", "tier", "force",
]  # fmt: skip
"""party = country, organisation, company or institute; judged = requirement, commitment or risk class."""

KINDS: tuple[Kind, ...] = get_args(Kind)


class Entry(Protocol):
    """What every kind of record has: an id and a label for people."""

    @property
    def id(self) -> str:
        """The id, unique over all kinds."""
        ...

    @property
    def label(self) -> Text:
        """The name for people."""
        ...
