"""Who may write to a shared log now: one row with a holder, an epoch and an end.

    Unavailable
    ├── LeaseHeld    another process writes to the log
    └── LeaseLost    another process has taken over; nothing of this commit is in the log

The end of a lease only says when others may try. What keeps two writers apart is the epoch: whoever takes
the lease raises `head.epoch` in the same transaction, and every commit demands the epoch it was begun under.
"""

from dataclasses import dataclass

from haechi.errors import Unavailable
from haechi.log.cluster.database import Connection
from haechi.words import Text


class LeaseHeld(Unavailable):
    """Another process holds the lease; facts: origin, holder."""

    code = "log.lease-held"
    what = Text("{holder} writes to {origin}", "{holder}이(가) {origin}에 쓰고 있습니다")
    hint = Text("stop it first, or wait until its lease ends", "먼저 멈추거나 임대가 끝날 때까지 기다리세요")


class LeaseLost(Unavailable):
    """Another process became the sequencer; facts: origin, epoch."""

    code = "log.lease-lost"
    what = Text(
        "another process has taken over {origin}: epoch {epoch} is over",
        "다른 프로세스가 {origin}을(를) 넘겨받았습니다: 기수 {epoch}은(는) 끝났습니다",
    )
    hint = Text("send again; the new sequencer answers", "다시 보내세요. 새 시퀀서가 응답합니다")


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken: by whom, under which epoch, for how many seconds at a time."""

    origin: str
    holder: str
    epoch: int
    seconds: float


def take(db: Connection, origin: str, holder: str, seconds: float) -> Lease | None:
    """The lease, when it is free or over; None while another holds it. Raises psycopg.Error."""
    with db.transaction():
        row = db.execute(
            "UPDATE lease SET holder = %s, epoch = epoch + 1,"
            " expires = clock_timestamp() + (%s * INTERVAL '1 second')"
            " WHERE log = %s AND (expires < clock_timestamp() OR holder IN ('', %s)) RETURNING epoch",
            (holder, seconds, origin, holder),
        ).fetchone()
        if row is None:
            return None
        db.execute("UPDATE head SET epoch = %s WHERE log = %s AND epoch < %s", (row[0], origin, row[0]))
    return Lease(origin, holder, row[0], seconds)


def holder_of(db: Connection, origin: str) -> str:
    """Who has the lease now, empty when nobody has. Raises psycopg.Error."""
    row = db.execute(
        "SELECT holder FROM lease WHERE log = %s AND expires >= clock_timestamp()", (origin,)
    ).fetchone()
    return "" if row is None else row[0]


def renew(db: Connection, lease: Lease) -> None:
    """Hold it for another span; also when it was over and nobody came. Raises LeaseLost, psycopg.Error."""
    renewed = db.execute(
        "UPDATE lease SET expires = clock_timestamp() + (%s * INTERVAL '1 second')"
        " WHERE log = %s AND holder = %s AND epoch = %s",
        (lease.seconds, lease.origin, lease.holder, lease.epoch),
    ).rowcount
    if renewed != 1:
        raise LeaseLost(origin=lease.origin, epoch=lease.epoch)


def release(db: Connection, lease: Lease) -> None:
    """Let others in at once; nothing when it was lost already. Raises psycopg.Error."""
    db.execute(
        "UPDATE lease SET holder = '', expires = TIMESTAMPTZ 'epoch'"
        " WHERE log = %s AND holder = %s AND epoch = %s",
        (lease.origin, lease.holder, lease.epoch),
    )
