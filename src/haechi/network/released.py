"""Releases of a restricted statement: found among others, and believed only from its own issuer and key."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from haechi.errors import BadInput, Refused
from haechi.facts import Facts, load
from haechi.findings import Verdict
from haechi.statement.claims import Claim, claim_of, decode_claim, kind_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.release import Release
from haechi.statement.seal_keys import SealKey
from haechi.statement.sealed import NotForThisKey
from haechi.statement.sharing import WIDTH, Content, open_content, open_released


class Key(NamedTuple):
    """A content key that the issuer gave away. by: the digest of the release."""

    content_key: bytes
    by: bytes


def speaks_of(release: Statement, target: Statement) -> bool:
    """Whether the signer of `target` signed `release`: same issuer, same key, and the signature holds."""
    same = release.about.issuer == target.about.issuer and release.kid == target.kid
    return same and release.check_signature(target.key).verdict is Verdict.HOLDS


def release_of(target: Statement, claim: Claim | None, release: Statement) -> Release | None:
    """The claim, if it is the issuer's own release of `target` and widens; nothing narrows."""
    if not isinstance(claim, Release) or claim.target != target.digest or not speaks_of(release, target):
        return None
    old, new = WIDTH[target.about.sharing], WIDTH[release.about.sharing]
    wider = new > old or (new == old and claim.content_key is not None)  # the same level, more recipients
    return claim if wider and claim.level == str(release.about.sharing) else None


def open_by_release(
    target: Statement, file: bytes | None, among: Iterable[Statement], keys: Sequence[SealKey]
) -> Content | None:
    """The content of an encrypted statement, by the first of these that gives away the key which opens it.

    file: the encrypted file, where the statement signs a digest; keys: for releases that are encrypted
    themselves. Raises ContentAbsent, and what a malformed file raises.
    """
    for release in _content_keys(target, among, keys, load()):
        try:
            return open_released(target, file, release.content_key, release.by)
        except NotForThisKey:
            continue  # a key that does not fit releases nothing
    return None


def widened(target: Statement, among: Iterable[Statement], keys: Sequence[SealKey]) -> Statement | None:
    """The issuer's release of `target` that lets most have it; None where none of these widens it.

    keys: for releases that are encrypted themselves.
    """
    wider = [
        one for one, claim in _releases(target, among, keys, load()) if claim.level != target.about.sharing
    ]
    return max(wider, key=lambda one: WIDTH[one.about.sharing], default=None)


def _content_keys(
    target: Statement, among: Iterable[Statement], keys: Sequence[SealKey], facts: Facts
) -> Iterator[Key]:
    for one, claim in _releases(target, among, keys, facts):
        if claim.content_key is not None:
            yield Key(claim.content_key, one.digest)


def _releases(
    target: Statement, among: Iterable[Statement], keys: Sequence[SealKey], facts: Facts
) -> Iterator[tuple[Statement, Release]]:
    for one in among:
        if one.about.kind != "release":
            continue
        try:
            claim = release_of(target, _claim(one, keys, facts), one)
        except (BadInput, Refused):
            continue  # not readable for us, or not a claim at all: another one may be
        if claim is not None:
            yield one, claim


def _claim(statement: Statement, keys: Sequence[SealKey], facts: Facts) -> Claim | None:
    if not statement.is_encrypted:
        return claim_of(statement, facts)
    return decode_claim(kind_of("release"), open_content(statement, None, keys).parcel.body, facts)
