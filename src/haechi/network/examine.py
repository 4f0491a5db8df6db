"""The check of one indexed statement: strict form, issuer's signature, claim of its kind."""

from collections.abc import Mapping
from typing import NamedTuple

from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.findings import Verdict
from haechi.network.glance import NO_REFERENCES, Body, References, references
from haechi.network.lookup import State
from haechi.statement.claims import WITHHELD, UnknownKind, claim_of
from haechi.statement.envelope import Statement, check_format
from haechi.statement.keys import PublicKey


class Outcome(NamedTuple):
    """In which state a statement is left, the code that says why, and what it refers to if it holds."""

    state: State
    code: str | None
    references: References


def examine(digest: bytes, raw: bytes, facts: Facts, keys: Mapping[bytes, PublicKey]) -> Outcome:
    """What the bytes of an entry are worth. Raises nothing.

    keys: by thumbprint, for statements that carry no key. A kind unknown to this version, or a claim of
    which only the digest is signed or that is encrypted, is CHECKED with a code that says so.
    """
    finding, statement = check_format(raw)
    if statement is None:
        return Outcome(State.UNREADABLE, finding.code, NO_REFERENCES)
    if statement.digest != digest:  # receipts in the header: the entry is not that of the statement alone
        return Outcome(State.UNREADABLE, "statement.format.malformed", NO_REFERENCES)
    signature = statement.check_signature(keys.get(statement.kid))
    if signature.verdict is Verdict.FAILS:
        return Outcome(State.FAILED, signature.code, NO_REFERENCES)
    if signature.verdict is Verdict.UNDECIDED:
        return Outcome(State.UNDECIDED, signature.code, NO_REFERENCES)
    return _examine_claim(statement, facts)


def _examine_claim(statement: Statement, facts: Facts) -> Outcome:
    try:
        claim = claim_of(statement, facts)
    except UnknownKind:
        return Outcome(State.CHECKED, "statement.claim.kind-unknown", NO_REFERENCES)
    except BadInput:
        return Outcome(State.FAILED, "statement.claim.invalid", NO_REFERENCES)
    if statement.is_encrypted:
        return Outcome(State.CHECKED, WITHHELD[True], NO_REFERENCES)
    hashed = statement.hash_envelope
    body = Body(statement.payload, hashed.content_type if hashed else None)
    code = WITHHELD[statement.is_encrypted] if claim is None else None
    return Outcome(State.CHECKED, code, references(statement.about.kind, body))
