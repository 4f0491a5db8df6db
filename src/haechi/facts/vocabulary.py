"""The controlled words: kinds of evidence, roles, applications, tiers, and how strongly something binds."""

from haechi.facts.record import Named


class EvidenceKind(Named, frozen=True, kw_only=True):
    """A kind of evidence; default_valid_days: how long it serves, None for no end."""

    meaning: str
    default_valid_days: int | None


class EvidenceSubkind(Named, frozen=True, kw_only=True):
    """A narrower kind, such as document.policy."""

    @property
    def parent(self) -> str:
        """The id of the kind that it belongs to."""
        return self.id.partition(".")[0]


class Role(Named, frozen=True, kw_only=True):
    """What an organisation does with an AI system, model or pledge."""


class Application(Named, frozen=True, kw_only=True):
    """An AI system in a use: the unit of risk and of rules."""

    modality: str


class Tier(Named, frozen=True, kw_only=True):
    """How strictly a regime treats an application."""


class Force(Named, frozen=True, kw_only=True):
    """How strongly a requirement binds, from duty to bill."""
