"""Committing to a profile in the log: its digest now, so that nobody can pick a key after seeing a text."""

from datetime import UTC, datetime
from typing import NamedTuple

from haechi.facts import Facts
from haechi.mark.studio import Studio
from haechi.mark.text.profiles import HaechiProfile, Profile
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.mark_profile import NAME, PROFILE_TYPE, MarkProfile


class Committer(NamedTuple):
    """Who commits: an issuer and its key."""

    issuer: str
    signer: SigningKey


def commitment(
    profile: Profile,
    studio: Studio,
    facts: Facts,
    now: datetime,
    *,
    service: str | None = None,
    publish: bool = False,
) -> Statement:
    """The signed `mark_profile` of a maker over a profile; raises as `commitment_by` does."""
    by = Committer(studio.maker.issuer, studio.signer)
    return commitment_by(by, profile, facts, now, service=service, publish=publish)


def commitment_by(
    by: Committer,
    profile: Profile,
    facts: Facts,
    now: datetime,
    *,
    service: str | None = None,
    publish: bool = False,
) -> Statement:
    """The signed `mark_profile` over a profile; raises ClaimMalformed (a signpost without a service).

    publish: name the file itself, `Profile.to_bytes`, which is then to be sent along with the statement.
    """
    raw = profile.to_bytes()
    ref = EvidenceRef(digest=profile.digest, size=len(raw), media_type=PROFILE_TYPE, name="text.profile")
    claim = MarkProfile(
        commitment=profile.digest,
        engine=profile.engine,
        medium="text",
        since=now.astimezone(UTC).replace(microsecond=0),
        service=service,
        signpost=profile.signpost if isinstance(profile, HaechiProfile) else None,
        published=ref if publish else None,
    )
    about = About(
        issuer=by.issuer,
        subject=f"profile:{profile.digest.hex()[:32]}",
        issued_at=int(now.timestamp()),
        kind=NAME,
    )
    return sign_statement(by.signer, about, encode_claim(kind_of(NAME), claim, facts))
