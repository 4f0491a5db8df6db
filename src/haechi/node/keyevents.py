"""The key events that a bundle or a page needs: what a log says about the keys of one issuer."""

from haechi.errors import NotFound
from haechi.node.runner import Runner
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.key_event import KeyEvent


def key_events_of(runner: Runner, origin: str, issuer: str, limit: int = 64) -> list[tuple[Statement, str]]:
    """The newest key events of one log about an issuer's keys, oldest first; what a bundle carries along."""
    told: list[tuple[int, Statement]] = []
    before: int | None = None
    index = runner.node.index
    while rows := index.by_kind("key_event", limit=64, before=before):
        for row in rows:
            places = [place.index for place in row.places if place.origin == origin]
            if not places or places[0] == 0:
                continue  # a genesis says nothing that the reader's pins or list do not say
            try:
                statement = runner.located(row.digest)[0]
            except NotFound:
                continue
            claim = claim_of(statement, runner.node.facts)
            if isinstance(claim, KeyEvent) and claim.owner == issuer and claim.event != "genesis":
                told.append((places[0], statement))
        before = rows[-1].serial
    return [(statement, origin) for _at, statement in sorted(told, key=lambda one: one[0])[-limit:]]
