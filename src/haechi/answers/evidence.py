"""What the engine counts: evidence and what others say about it, as read from verified statements.

Nothing here was checked by this room: whoever makes these records has verified signature, log and keys
(see `haechi.network.verify`) and says in `Seen` what held.
"""

from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

import msgspec


class Offer(NamedTuple):
    """What evidence is offered for: a requirement or commitment. whole: the issuer says that it covers it."""

    target: str
    whole: bool = True


class Seen(msgspec.Struct, frozen=True, gc=False):
    """Where a statement was seen, as far as it was verified.

    logs: origins of the logs with a valid inclusion proof under a fresh head. witnessed: whether the quorum
    of the reader's policy cosigned such a head; without a policy it never is. logged_at: Unix seconds of the
    first receipt, None while there is none.
    """

    logs: tuple[str, ...] = ()
    witnessed: bool = False
    logged_at: int | None = None


UNSEEN = Seen()
"""In no log that was verified."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One statement that can serve as evidence.

    subject: the application, or the party for a pledge. kind: id of the vocabulary, such as mark.detector.
    issued_at: Unix seconds. since: the day from which its time runs. withheld: only a digest is signed, so
    it counts as a claim.
    """

    digest: bytes
    issuer: str
    subject: str
    kind: str
    offers: tuple[Offer, ...]
    issued_at: int
    since: date
    period: tuple[date, date] | None = None
    seen: Seen = UNSEEN
    withheld: bool = False


class Confirmation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Another party checked the target. Counts for assurance only when it is itself logged."""

    digest: bytes
    issuer: str
    target: bytes
    how: Literal["verified", "reviewed", "reproduced"]
    logged: bool


class Objection(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Another party disputes the target. Always shown; lowers assurance only when it is itself logged."""

    digest: bytes
    issuer: str
    target: bytes
    grounds: str
    logged: bool


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The issuer takes its own target back. Final: a withdrawal cannot be withdrawn, only said anew."""

    digest: bytes
    issuer: str
    target: bytes


class Replacement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The issuer replaces its own `target` by `new`."""

    digest: bytes
    issuer: str
    target: bytes
    new: bytes


Remark = Confirmation | Objection | Withdrawal | Replacement
Item = Evidence | Remark


def utc_day(seconds: int) -> date:
    """The day in UTC of a moment in Unix seconds; days beyond the calendar are its last day.

    >>> utc_day(0)
    datetime.date(1970, 1, 1)
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (OverflowError, ValueError, OSError):
        return date.max


def runs_since(issued_at: int, dated: date | None = None) -> date:
    """The day from which evidence ages: the day it was issued, or an earlier day that it is about.

    dated: last day of its period, or a document's date. A report does not get younger by being signed late.
    """
    issued = utc_day(issued_at)
    return issued if dated is None else min(issued, dated)
