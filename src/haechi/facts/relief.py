"""What a regime makes easier for small firms and start-ups, and whom it wants to be told of incidents."""

from datetime import date

from haechi.facts.record import Named
from haechi.facts.source import Cited
from haechi.facts.terms import Checked, Confidence, Firm, ReliefKind
from haechi.words import Text


class Relief(Named, frozen=True, kw_only=True):
    """An exemption, a simpler form, a lower fine or help that a regime gives to firms of some sizes.

    firms: for which it is; empty means for everybody. requirements: the ones it eases; empty
    means none in particular. effective: the first day on which it could be used.
    """

    regime: str
    article: str
    kind: ReliefKind
    firms: tuple[Firm, ...]
    requirements: tuple[str, ...]
    says: str
    says_ko: str
    effective: date
    sources: tuple[Cited, ...]
    checked: Checked
    confidence: Confidence
    note: str | None = None

    @property
    def text(self) -> Text:
        """What it gives, in one sentence."""
        return Text(self.says, self.says_ko)


class Authority(Named, frozen=True, kw_only=True):
    """An authority that a regime names; `words`: lower-case words by which its name is known in free text.

    Empty words: it has another name in every member state, so any name will do.
    """

    regime: str
    words: tuple[str, ...]
    sources: tuple[Cited, ...]
    checked: Checked
    confidence: Confidence
