"""Whether a statement may be registered by what it says itself: its form, its signature, its claim.

Nothing here depends on the log, its policy or the time of day, so it may be answered in another process
(`examiner.py`) as well as in the node's own.

Refused
└── SignatureRefused    the signature or the claim does not hold
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from haechi.errors import BadInput, Refused
from haechi.facts import Facts
from haechi.findings import Verdict
from haechi.network.glance import References, references_of
from haechi.statement.claims import WITHHELD, Claim, claim_of, examine_claim
from haechi.statement.envelope import About, Sharing, Statement
from haechi.words import Text

_READABLE_ELSEWHERE = frozenset(WITHHELD.values())
# These change what the log takes or keeps: the node looks at more than the statement itself.
_WEIGHTY = frozenset({"policy", "erasure", "release"})


class SignatureRefused(Refused):
    """A statement whose signature or claim does not hold is never registered; facts: why."""

    code = "node.statement-refused"
    what = Text("the statement does not hold: {why}", "진술이 성립하지 않습니다: {why}")
    hint = Text(
        "check it with `haechi verify` before sending it", "보내기 전에 `haechi verify` 로 확인하세요"
    )


class Accepted(NamedTuple):
    """What the log needs of a statement that it takes; the attributes are those of `Statement`."""

    raw: bytes
    digest: bytes
    kid: bytes
    about: About


class Sound(msgspec.Struct, frozen=True, array_like=True):
    """A statement that holds by itself, as far as registering it needs to know. refers: for the index."""

    digest: bytes
    kid: bytes
    about: About
    refers: References

    def accepted(self, raw: bytes) -> Accepted:
        """The same, with the bytes that were examined."""
        return Accepted(raw, self.digest, self.kid, self.about)


def require_sound(statement: Statement, facts: Facts) -> Claim | None:
    """The statement's claim, if it is at hand; raises SignatureRefused unless signature and claim hold."""
    well_formed, claim = examine_claim(statement, facts)
    for finding in (statement.check_signature(), well_formed):
        if finding.verdict is not Verdict.HOLDS and finding.code not in _READABLE_ELSEWHERE:
            raise SignatureRefused(why=Text(finding.say("en"), finding.say("ko")))
    return claim


def sound(raw: bytes, facts: Facts) -> Sound | None:
    """The statement in `raw` if nothing is amiss and nothing more need be asked; never raises for input.

    None is no verdict: whoever asked examines such a statement itself, and says what is wrong with it.
    """
    return all_sound([raw], facts)[0]


def all_sound(raws: Sequence[bytes], facts: Facts) -> list[Sound | None]:
    """`sound` for each of some statements, a seventh quicker than one after the other.

    The same is done for all before the next is begun: checking a signature takes the processor's caches from
    the interpreter, and the interpreter takes them back.
    """
    read = [_readable(raw) for raw in raws]
    signed = [None if each is None or not each.is_signed else each for each in read]
    return [None if each is None else _with_claim(each, facts) for each in signed]


def _readable(raw: bytes) -> Statement | None:
    try:
        statement = Statement.from_bytes(raw)
    except BadInput:
        return None
    about = statement.about
    weighty = statement.receipts or about.kind in _WEIGHTY or about.sharing is Sharing.GREEN
    return None if weighty else statement


def _with_claim(statement: Statement, facts: Facts) -> Sound | None:
    try:
        claim = claim_of(statement, facts)
    except (BadInput, Refused):
        return None
    return Sound(statement.digest, statement.kid, statement.about, references_of(statement, claim))
