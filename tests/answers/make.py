"""Items for tests, short to write: digests from a number, one company, one application, one day."""

from datetime import UTC, date, datetime, timedelta
from typing import TypedDict, Unpack

from haechi.answers.evidence import (
    UNSEEN,
    Confirmation,
    Evidence,
    Objection,
    Offer,
    Replacement,
    Seen,
    Withdrawal,
    runs_since,
)

APP = "image studio"
ISSUER = "company.example"
ISSUED = date(2026, 10, 1)
TODAY = date(2026, 11, 22)
LOGGED = Seen(logs=("kr.example/log",), logged_at=1_790_000_000)
WITNESSED = Seen(logs=("kr.example/log",), witnessed=True, logged_at=1_790_000_000)
# How a test writes the parties that may confirm and dispute.
CHECKERS = ("inst.kr", "inst.uk", "inst.sg")


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


def noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


class More(TypedDict, total=False):
    """What a piece may say besides. issued: the day; dated: an earlier day that it is about."""

    issued: date
    dated: date
    issuer: str
    subject: str
    period: tuple[date, date]
    withheld: bool
    whole: bool
    seen: Seen


def piece(number: int, kind: str, *targets: str, **more: Unpack[More]) -> Evidence:
    issued = noon(more.get("issued", ISSUED))
    whole = more.get("whole", True)
    return Evidence(
        digest=digest(number),
        issuer=more.get("issuer", ISSUER),
        subject=more.get("subject", APP),
        kind=kind,
        offers=tuple(Offer(target, whole) for target in targets),
        issued_at=issued,
        since=runs_since(issued, more.get("dated")),
        period=more.get("period"),
        seen=more.get("seen", UNSEEN),
        withheld=more.get("withheld", False),
    )


def pieces(target: str, kinds: tuple[str, ...], start: int = 1, **more: Unpack[More]) -> list[Evidence]:
    return [piece(start + at, kind, target, **more) for at, kind in enumerate(kinds)]


def confirm(
    number: int, of: int, by: str = "inst.kr", how: str = "verified", *, logged: bool = True
) -> Confirmation:
    return Confirmation(digest=digest(number), issuer=by, target=digest(of), how=how, logged=logged)  # type: ignore[arg-type]


def dispute(number: int, of: int, by: str = "inst.uk", *, logged: bool = True) -> Objection:
    return Objection(
        digest=digest(number), issuer=by, target=digest(of), grounds="wrong_figure", logged=logged
    )


def withdraw(number: int, of: int, by: str = ISSUER) -> Withdrawal:
    return Withdrawal(digest=digest(number), issuer=by, target=digest(of))


def replace(number: int, old: int, new: int, by: str = ISSUER) -> Replacement:
    return Replacement(digest=digest(number), issuer=by, target=digest(old), new=digest(new))


def days(count: int) -> timedelta:
    return timedelta(days=count)
