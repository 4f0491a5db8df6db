"""Committing to a profile in the log: its digest now, so that nobody can pick a key after seeing a text."""

from datetime import UTC, datetime

from haechi.facts import Facts
from haechi.mark.studio import Studio
from haechi.mark.text.profiles import HaechiProfile, Profile
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.mark_profile import NAME, PROFILE_TYPE, MarkProfile


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
    maker, signer = studio.maker, studio.signer
    return commitment_by(maker.issuer, signer, profile, facts, now, service=service, publish=publish)


def commitment_by(  # noqa: PLR0913 - each is another part of one statement
    issuer: str,
    signer: SigningKey,
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
        issuer=issuer,
        subject=f"profile:{profile.digest.hex()[:32]}",
        issued_at=int(now.timestamp()),
        kind=NAME,
    )
    return sign_statement(signer, about, encode_claim(kind_of(NAME), claim, facts))
