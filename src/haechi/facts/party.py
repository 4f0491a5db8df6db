"""Who can take part: countries, organisations, companies and institutes."""

from haechi.facts.record import Named
from haechi.facts.terms import Checked, Confidence
from haechi.facts.when import When


class Country(Named, frozen=True, kw_only=True):
    """A country with its ISO 3166-1 codes."""

    alpha2: str
    alpha3: str


class Organisation(Named, frozen=True, kw_only=True):
    """An organisation of countries, such as the European Union; `members`: ids of the countries in it."""

    members: tuple[str, ...] = ()


class Company(Named, frozen=True, kw_only=True):
    """A company that joined a pledge; `home` is the country of its seat."""

    home: str


class Institute(Named, frozen=True, kw_only=True):
    """An AI safety or security institute; `party` is the country or organisation it belongs to."""

    party: str
    since: str | None
    network_member: bool
    sources: tuple[str, ...]
    checked: Checked
    confidence: Confidence
    note: str | None = None

    @property
    def founded(self) -> When | None:
        """The day, month or year of founding; None where no dedicated institute was found."""
        return When.parse(self.since) if self.since else None


Party = Country | Organisation | Company | Institute
