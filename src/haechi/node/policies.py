"""The registration policy in force: the newest `policy` statement of the log itself."""

from haechi.errors import Conflict
from haechi.facts import Facts
from haechi.log.store import Store
from haechi.network.index import Index
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.policy import Policy
from haechi.words import Text


class PolicyMissing(Conflict):
    """A log without a readable policy takes nothing; facts: origin."""

    code = "node.policy-missing"
    what = Text("the log {origin} holds no registration policy", "로그 {origin}에 등록 정책이 없습니다")
    hint = Text(
        "run `haechi log fsck`; a log begins with its policy",
        "`haechi log fsck` 를 실행하세요. 로그는 정책으로 시작합니다",
    )


class Policies:
    """Always true: `current` is the last policy of the log that has become durable, and none before it."""

    def __init__(self, origin: str, facts: Facts) -> None:
        self._origin = origin
        self._facts = facts
        self._current: Policy | None = None
        self.statement: Statement | None = None
        self.index = -1

    @property
    def current(self) -> Policy:
        """The policy in force; raises PolicyMissing."""
        if self._current is None:
            raise PolicyMissing(origin=self._origin)
        return self._current

    def take(self, statement: Statement, index: int) -> None:
        """A policy became durable at `index`; the latest position wins."""
        terms = claim_of(statement, self._facts)
        if isinstance(terms, Policy) and terms.origin == self._origin and index > self.index:
            self._current, self.statement, self.index = terms, statement, index


def latest_policy(store: Store, index: Index) -> tuple[int, Statement] | None:
    """The newest policy statement that `index` knows of in this log, with its position."""
    before: int | None = None
    while rows := index.by_kind("policy", limit=64, before=before):
        for row in rows:
            for place in row.places:
                raw = store.statement(place.index) if place.origin == store.origin else None
                if raw is not None:
                    return place.index, Statement.from_bytes(raw)
        before = rows[-1].serial
    return None
