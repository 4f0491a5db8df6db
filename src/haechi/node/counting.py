"""What the node's statements can serve for: the engine of answers, kept up with the index."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock

from haechi.answers import Engine, Evidence, NotTheirVoice, Seen, item_of
from haechi.errors import BadInput, NotFound
from haechi.network.lookup import Row
from haechi.node.service import Node
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement

_AT_ONCE = 1000


class Counting:
    """Always true: what is counted was checked by the index, is CLEAR, and stands in a log held here.

    A report in the name of a party counts only when the operator said, under `[voices]` in haechi.toml, that
    its issuer speaks for that party.
    """

    def __init__(self, node: Node, fetch: Callable[[bytes], Statement]) -> None:
        """fetch: a statement that anybody may have, from the own log or a mirror; raises NotFound."""
        self._node = node
        self._fetch = fetch
        self._voices = {party: frozenset(issuers) for party, issuers in node.config.voices.items()}
        checkers = {node.config.issuer, *(card.issuer for card in node.pins.nodes)}
        self._engine = Engine(node.facts, checkers=checkers)
        self._serial = 0
        self._lock = Lock()

    @contextmanager
    def open(self) -> Generator[Engine]:
        """The engine with everything that the index holds by now, for one thread at a time."""
        with self._lock:
            for row in self._new():
                self._count(row)
            yield self._engine

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
        seen = Seen(logs=tuple(dict.fromkeys(place.origin for place in row.places)))
        facts = self._node.facts
        try:
            item = item_of(statement, claim_of(statement, facts), seen, facts, voices=self._voices)
        except (NotTheirVoice, BadInput):
            return  # in a name that is not its issuer's, or of a kind that this version does not know
        if item is not None and not (isinstance(item, Evidence) and not item.offers):
            self._engine.put(item)
