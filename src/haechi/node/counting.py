"""What the node's statements can serve for: the engine of answers, kept up with the index."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Lock

import msgspec

from haechi.answers import Engine, Evidence, NotTheirVoice, Seen, item_of
from haechi.errors import BadInput, NotFound
from haechi.network.lookup import Place, Row
from haechi.network.trust.listing import TrustList
from haechi.network.trust.view import checkers_in, voices_in
from haechi.node.service import Node
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement

_AT_ONCE = 1000


class Counting:
    """Always true: what is counted was checked by the index, is CLEAR, and stands in a log held here.

    A report in the name of a party counts only when the operator said, under `[voices]` in haechi.toml, or
    the trust list says that its issuer speaks for that party; with another list all is counted anew. Evidence
    counts as witnessed once a head that covers it has the quorum of the node's witness policy, with a witness
    besides the log's own operator.
    """

    def __init__(
        self, node: Node, fetch: Callable[[bytes], Statement], witnessed: Callable[[], Mapping[str, int]]
    ) -> None:
        """fetch: a statement that anybody may have, from the own log or a mirror; raises NotFound.

        witnessed: origin of each log held here to the size up to which it is witnessed.
        """
        self._node = node
        self._fetch = fetch
        self._sizes_now = witnessed
        self._sizes: Mapping[str, int] = {}
        self._unwitnessed: dict[bytes, tuple[Evidence, tuple[Place, ...]]] = {}
        self._lock = Lock()
        self._begin(node.trusting.trust.trust_list)

    def _begin(self, listed: TrustList) -> None:
        """Count from the beginning, by this list."""
        node, self._listed = self._node, listed
        self._voices = voices_in(listed)
        for party, issuers in node.config.voices.items():
            self._voices[party] = self._voices.get(party, frozenset()) | frozenset(issuers)
        checkers = {node.config.issuer, *(card.issuer for card in node.pins.nodes), *checkers_in(listed)}
        self._engine = Engine(node.facts, checkers=checkers)
        self._sizes, self._serial = {}, 0
        self._unwitnessed.clear()

    @contextmanager
    def open(self) -> Generator[Engine]:
        """The engine with everything that the index holds by now, for one thread at a time."""
        with self._lock:
            listed = self._node.trusting.trust.trust_list
            if listed is not self._listed:
                self._begin(listed)
            for row in self._new():
                self._count(row)
            self._witness()
            yield self._engine

    def _witness(self) -> None:
        """Raise what has been witnessed since; a head only ever covers more."""
        sizes = self._sizes_now()
        if sizes == self._sizes:
            return
        self._sizes = sizes
        for digest, (piece, places) in list(self._unwitnessed.items()):
            if any(place.index < sizes.get(place.origin, 0) for place in places):
                seen = msgspec.structs.replace(piece.seen, witnessed=True)
                self._engine.put(msgspec.structs.replace(piece, seen=seen))
                del self._unwitnessed[digest]

    def _new(self) -> list[Row]:
        """Rows that came since, oldest first."""
        found: list[Row] = []
        before: int | None = None
        while rows := self._node.index.recent(_AT_ONCE, before):
            fresh = [row for row in rows if row.serial > self._serial]
            found += fresh
            if len(fresh) < len(rows):
                break
            before = rows[-1].serial
        if found:
            self._serial = found[0].serial
        return found[::-1]

    def _count(self, row: Row) -> None:
        try:
            statement = self._fetch(row.digest)
        except NotFound:
            return  # erased since
        witnessed = any(place.index < self._sizes.get(place.origin, 0) for place in row.places)
        logs = tuple(dict.fromkeys(place.origin for place in row.places))
        seen = Seen(logs=logs, witnessed=witnessed)
        facts = self._node.facts
        try:
            item = item_of(statement, claim_of(statement, facts), seen, facts, voices=self._voices)
        except (NotTheirVoice, BadInput):
            return  # in a name that is not its issuer's, or of a kind that this version does not know
        if item is not None and not (isinstance(item, Evidence) and not item.offers):
            self._engine.put(item)
            if isinstance(item, Evidence) and not witnessed:
                self._unwitnessed[item.digest] = (item, row.places)
