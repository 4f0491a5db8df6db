"""The registration policy in force: the newest `policy` statement of the log itself.

Conflict
└── PolicyMissing     a log without a readable policy takes nothing
Refused
└── PolicyRefused     a policy of another log, by somebody else, or not for everybody
"""

from haechi.errors import Conflict, Refused
from haechi.facts import Facts
from haechi.log.store import Store
from haechi.network.index import Index
from haechi.node.config import Config
from haechi.statement.claims import claim_of, examine_claim
from haechi.statement.envelope import Sharing, Statement
from haechi.statement.kinds.erasure import Erasure
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


class PolicyRefused(Refused):
    """A policy that is not this log's to take; facts: origin, issuer."""

    code = "node.policy-refused"
    what = Text(
        "a policy here must name {origin}, be CLEAR and come from {issuer}",
        "이곳의 정책은 {origin}을(를) 적고, CLEAR 등급이며, {issuer}이(가) 발행해야 합니다",
    )
    hint = Text(
        "the operator changes the policy with `haechi log allow`",
        "정책은 운영자가 `haechi log allow` 로 바꿉니다",
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


def require_own_policy(statement: Statement, terms: object, config: Config) -> None:
    """Raise PolicyRefused unless this is a policy that the operator of this very log set for it.

    Whoever could set another log's policy, or one that not everybody may read, would leave the log without
    a policy that readers can check. Decided by the signed bytes and the log's genesis alone.
    """
    own = isinstance(terms, Policy) and terms.origin == config.origin
    clear = statement.about.sharing is Sharing.CLEAR
    if not (own and clear and statement.about.issuer == config.issuer):
        raise PolicyRefused(origin=config.origin, issuer=config.issuer)


class ErasureRefused(Refused):
    """An erasure that is not the operator's own; facts: origin, issuer."""

    code = "node.erasure-refused"
    what = Text(
        "an erasure here must name {origin}, be CLEAR and come from {issuer}",
        "이곳의 삭제는 {origin}을(를) 적고, CLEAR 등급이며, {issuer}이(가) 발행해야 합니다",
    )
    hint = Text(
        "the operator erases with `haechi log erase`; an issuer withdraws with `haechi sign withdraw`",
        "삭제는 운영자가 `haechi log erase` 로 합니다. 발행자는 `haechi sign withdraw` 로 철회합니다",
    )


def require_own_erasure(statement: Statement, claim: Erasure, config: Config) -> None:
    """Raise ErasureRefused unless the operator of this very log erases from it, in the open."""
    own = claim.origin == config.origin and statement.about.issuer == config.issuer
    if not (own and statement.about.sharing is Sharing.CLEAR):
        raise ErasureRefused(origin=config.origin, issuer=config.issuer)


def latest_policy(
    store: Store, index: Index, facts: Facts, below: int | None = None
) -> tuple[int, Statement] | None:
    """The newest policy of this log that `index` knows of, with its position, which is less than `below`."""
    places: list[int] = []
    before: int | None = None
    while rows := index.by_kind("policy", limit=64, before=before):
        places += [place.index for row in rows for place in row.places if place.origin == store.origin]
        before = rows[-1].serial
    for at in sorted(places, reverse=True):
        raw = store.statement(at) if below is None or at < below else None
        statement = None if raw is None else Statement.from_bytes(raw)
        claim = None if statement is None else examine_claim(statement, facts)[1]
        if statement is not None and isinstance(claim, Policy) and claim.origin == store.origin:
            return at, statement
    return None
