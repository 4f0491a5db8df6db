"""The front's half of a shared log: entries out as parcels, places back as answers."""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import LiteralString, NamedTuple

import psycopg

from haechi.errors import HaechiError, Unavailable
from haechi.log.backlog import Backlog, Job, Part, Placed, SequencerStopped
from haechi.log.cluster.database import Connection, Database, one_line
from haechi.log.cluster.memory import Memory
from haechi.log.cluster.parcel import (
    OUTDATED,
    ParcelMalformed,
    decode_answer,
    encode_parcel,
    encode_said,
)
from haechi.log.store import Head, StoreFailed, TermsChanged

POLL_S = 0.002
IDLE_S = 0.5
_SURE_S = 0.1
"""Look for answers at least this often, whatever was expected."""
PATIENCE_S = 20.0
"""How long a sender waits for an answer before being told to send again; longer than a failover takes."""
_PARCEL: LiteralString = "INSERT INTO parcel VALUES (%s, %s, %b) ON CONFLICT DO NOTHING"
_PARCEL_AND_SAID: LiteralString = (
    "WITH said AS (INSERT INTO told VALUES (%s, %s, -1, %b, clock_timestamp()) ON CONFLICT DO NOTHING"
    " RETURNING 1) INSERT INTO parcel VALUES (%s, %s, %b) ON CONFLICT DO NOTHING"
)
_NOWHERE = Placed(-1, Head(0, b""))


class _Stretch(NamedTuple):
    """Where a part stands in its job."""

    job: Job
    start: int
    size: int


@dataclass(slots=True)
class _Shipment:
    """A parcel that was sent and not answered yet."""

    number: int
    body: bytes
    said: bytes | None
    stretches: Sequence[_Stretch]
    sent_s: float


@dataclass(slots=True)
class Courier:
    """Carries the entries of one front process; `run` is its thread.

    Always true: a job is answered exactly once, after its entries are committed and this machine remembers
    a head that covers them; a parcel that may have been lost is sent again, and an entry sent twice gets
    its first place.
    """

    database: Database
    memory: Memory
    backlog: Backlog
    sent: Callable[[], None]
    """Told after each parcel: the sequencer may be in this process."""
    leading: Callable[[], bool]
    """Whether it is: then `answered` is called, and there is no need to ask the database again and again."""
    terms_changed: Callable[[int], None]
    front: str = field(default_factory=lambda: secrets.token_hex(8))
    """This process's name on its parcels."""
    _out: dict[int, _Shipment] = field(default_factory=dict[int, _Shipment])
    _left: dict[int, int] = field(default_factory=dict[int, int])
    _number: int = 0
    _governed: int = -1
    _looked_s: float = 0.0
    _look_at_s: float = 0.0
    _usual_s: float = 0.0
    _db: "Connection | None" = None

    def run(self) -> None:
        """Carry until the backlog is closed and everything is answered. Raises what must stop the front."""
        try:
            while (parts := self.backlog.take(self._rest_s())) is not None or self._out:
                try:
                    if parts:
                        self._ship(parts)
                    self._collect()
                except (psycopg.Error, Unavailable) as error:
                    self._trouble(error)
                if parts is None:
                    time.sleep(POLL_S)
        except HaechiError as error:
            self._fail([*self._out.values()], SequencerStopped(why=str(error)))
            raise
        finally:
            self._hang_up()

    def answered(self) -> None:
        """The sequencer of this process has answered parcels."""
        self._look_at_s = 0.0
        self.backlog.call()

    def _rest_s(self) -> float:
        """How long to wait for entries: a question in vain costs as much as one that is answered."""
        if not self._out:
            return IDLE_S
        return max(POLL_S, self._look_at_s - time.monotonic())

    def _expect(self, now_s: float) -> None:
        """Set when to look next: of answers that took so long until now, few come in half that time."""
        if self.leading():
            self._look_at_s = now_s + _SURE_S
            return
        first = min((one.sent_s for one in self._out.values()), default=now_s)
        rest_s = max(POLL_S, self._usual_s / 8)
        self._look_at_s = max(now_s + rest_s, min(first + self._usual_s / 2, now_s + _SURE_S))

    def _ship(self, parts: Sequence[Part]) -> None:
        """One parcel for one batch. It counts as sent before it is: trouble sends it again."""
        stretches = _stretches(parts)
        for job in {id(one.job): one.job for one in stretches}.values():
            if not job.places:
                job.places = [_NOWHERE] * len(job.entries)
                self._left[id(job)] = len(job.entries)
        # In the order of sending, also among fronts, as far as their clocks agree.
        self._number = max(self._number + 1, time.time_ns())
        entries = [entry for part in parts for entry in part.entries]
        packed = encode_parcel(entries), encode_said(entries)
        shipment = _Shipment(self._number, *packed, stretches, time.monotonic())
        alone = not self._out
        self._out[self._number] = shipment
        if alone:
            self._expect(shipment.sent_s)
        self._send(self._connection(), [shipment])

    def _send(self, db: Connection, shipments: Sequence[_Shipment]) -> None:
        for one in shipments:
            key = one.number, self.front
            if one.said is None:
                db.execute(_PARCEL, (*key, one.body))
            else:
                db.execute(_PARCEL_AND_SAID, (*key, one.said, *key, one.body))
        self.sent()

    def _collect(self) -> None:
        """Answers that are there, each with a head that this machine now remembers."""
        rows: list[tuple[int, bytes]] = []
        if self._out and time.monotonic() >= self._look_at_s:
            # Before the question: an answer that comes meanwhile calls again.
            self._expect(time.monotonic())
            rows = (
                self._connection()
                .cursor(binary=True)
                .execute("DELETE FROM answer WHERE front = %s RETURNING number, body", (self.front,))
                .fetchall()
            )
        now_s = time.monotonic()
        if not rows and now_s - self._looked_s < IDLE_S:
            self._give_up(now_s)
            return
        self._looked_s = now_s
        standing = self.memory.catch_up()
        if standing.governed != self._governed:
            self.terms_changed(standing.governed)
            self._governed = standing.governed
        for number, body in rows:
            shipment = self._out.pop(number, None)
            if shipment is not None:
                self._usual_s += (now_s - shipment.sent_s - self._usual_s) / 8
                self._deliver(shipment, decode_answer(body), standing.head)

    def _deliver(self, shipment: _Shipment, places: list[int], head: Head) -> None:
        at = 0
        for job, start, count in shipment.stretches:
            got = places[at : at + count]
            at += count
            left = self._left.get(id(job))
            if left is None:  # failed already
                continue
            refused = next((place for place in got if place < 0), None)
            if refused is not None or len(got) != count:
                del self._left[id(job)]
                self.backlog.drop([job])
                why = "the sequencer could not read it"
                job.fail(TermsChanged() if refused == OUTDATED else ParcelMalformed(why=why))
                continue
            job.places[start : start + count] = [Placed(place, head) for place in got]
            self._left[id(job)] = left - count
            if left == count:
                del self._left[id(job)]
                job.answer(job.places)

    def _trouble(self, error: psycopg.Error | Unavailable) -> None:
        """The database is away, or the answer to something is: begin with a new connection, send again.

        A parcel whose answer was taken by a statement that then failed is appended anew: its entries are
        in the log, and get the places they have.
        """
        if isinstance(error, HaechiError) and not isinstance(error, StoreFailed):
            raise error
        self._hang_up()
        self._give_up(time.monotonic(), error)
        time.sleep(POLL_S * 50)
        with suppress(psycopg.Error):
            self._send(self._connection(), [*self._out.values()])

    def _give_up(self, now_s: float, error: psycopg.Error | Unavailable | None = None) -> None:
        late = [one for one in self._out.values() if now_s - one.sent_s > PATIENCE_S]
        if late:
            why = one_line(error) if isinstance(error, psycopg.Error) else "no sequencer answers"
            self._fail(late, StoreFailed(path=self.database.label, why=why))

    def _fail(self, shipments: Sequence[_Shipment], error: HaechiError) -> None:
        for shipment in shipments:
            self._out.pop(shipment.number, None)
            for job in {id(one.job): one.job for one in shipment.stretches}.values():
                if self._left.pop(id(job), None) is not None:
                    self.backlog.drop([job])
                    job.fail(error)

    def _connection(self) -> Connection:
        if self._db is None or self._db.closed:
            self._db = self.database.connect(durable=False)
        return self._db

    def _hang_up(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(psycopg.Error):
                db.close()


def _stretches(parts: Sequence[Part]) -> list[_Stretch]:
    """Where each part begins in its job: `taken` counts it already, and what follows of it in the batch."""
    ends: dict[int, int] = {}
    found: list[_Stretch] = []
    for job, entries in reversed(parts):
        start = ends.get(id(job), job.taken) - len(entries)
        ends[id(job)] = start
        found.append(_Stretch(job, start, len(entries)))
    return found[::-1]
