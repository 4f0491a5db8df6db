"""An incident statement as the files that responders' programs read, made from what this node holds.

    Refused
    └── NotPassedOn    it is no incident that everybody may have, or a check of it does not hold

Whoever fetches the bundle of the statement can write the same file with `haechi export`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from haechi.answers.incident import Ended, Incident, NoIncident, disputes_of, incident_of
from haechi.answers.misp import misp_event
from haechi.answers.stix import stix_bundle
from haechi.errors import Refused
from haechi.findings import Finding, Verdict, overall
from haechi.network.released import widened
from haechi.node.pages.source import Found, Source
from haechi.statement.claims import Claim, examine_claim
from haechi.statement.envelope import Sharing, Statement
from haechi.words import Text

FORMS: dict[str, Callable[[Incident], dict[str, object]]] = {"stix": stix_bundle, "misp": misp_event}
"""The end of the address to what writes it."""


class NotPassedOn(Refused):
    """Not an incident that may go out to everybody, or one that does not hold; facts: name (its digest)."""

    code = "page.not-passed-on"
    what = Text(
        "{name} is no incident report that everybody may have and whose checks all hold",
        "{name}은(는) 누구나 볼 수 있고 모든 점검이 성립하는 사고 보고가 아닙니다",
    )
    hint = Text(
        "its page shows the checks; who can open an encrypted one writes the file with `haechi export`",
        "점검은 진술의 페이지에서 보세요. 암호화된 것은 열 수 있는 사람이 `haechi export` 로 파일을 씁니다",
    )


def passed_on(
    source: Source, found: Found, claim: Claim | None, every: Sequence[Finding], later: Sequence[Found]
) -> Incident | None:
    """The incident as it may leave from here; None for what is none, is not for all, or does not hold.

    claim: what could be read of it; every: the checks of it and of its places; later: what names it.
    """
    statement = found.statement
    release = widened(statement, [other.statement for other in later], ())
    level = statement.about.sharing if release is None else release.about.sharing
    if level is not Sharing.CLEAR or overall(every) is not Verdict.HOLDS:
        return None
    try:
        incident = incident_of(statement, claim, level)
    except NoIncident:
        return None
    place = next((place for place in found.places if place.where == "own"), found.places[0])
    return replace(
        incident,
        widened_at=None if release is None else release.about.issued_at,
        origin=place.origin,
        index=place.index,
        url=f"{source.card().url}/statements/{statement.digest_hex}",
        ended=_ended(found, later),
        disputes=disputes_of(statement, _sound(source, later)),
    )


def file_of(incident: Incident, form: str) -> bytes:
    """The file, in one of `FORMS`."""
    return msgspec.json.format(msgspec.json.encode(FORMS[form](incident)), indent=2) + b"\n"


def _ended(found: Found, later: Sequence[Found]) -> Ended | None:
    standing, by_digest = found.standing, {other.statement.digest: other.statement for other in later}
    for how, by in (("withdrawn", standing.withdrawn_by), ("superseded", standing.superseded_by)):
        if by is not None and by in by_digest:
            return Ended(how, by, by_digest[by].about.issued_at)
    return None


def _sound(source: Source, later: Sequence[Found]) -> list[tuple[Statement, Claim | None]]:
    """Disputes that hold: a stranger's objection is no fact to pass on."""
    told: list[tuple[Statement, Claim | None]] = []
    for other in later:
        if other.statement.about.kind != "dispute":
            continue
        well_formed, claim = examine_claim(other.statement, source.facts())
        checks = [well_formed, other.statement.check_signature()]
        checks += [finding for there in source.checks(other).values() for finding in there]
        if overall(checks) is Verdict.HOLDS:
            told.append((other.statement, claim))
    return told
