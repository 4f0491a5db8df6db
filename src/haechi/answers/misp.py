"""MISP events of incident statements (MISP core format).

One object of our own template holds what was said; its label is the event's tag (`tlp:`). The label decides
how far MISP may pass the event on: to all communities when CLEAR, in this community when GREEN, else no
further than the organisation that takes it in. A statement has no threat level and no state of analysis:
MISP's words for "undefined" and "initial" stand there.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

from haechi.answers.incident import Incident, moment, name_of
from haechi.statement.claims import Said
from haechi.statement.envelope import Sharing

Json = dict[str, object]
TEMPLATE = "haechi-incident-report"
_TEMPLATE_VERSION = "1"
_DISTRIBUTION = MappingProxyType({Sharing.CLEAR: "3", Sharing.GREEN: "1"})
_OWN_ORGANISATION, _INHERIT = "0", "5"
_UNDEFINED_THREAT, _INITIAL = "4", "0"


class _Told(NamedTuple):
    """One attribute: what it is to the object, its MISP type, and its value."""

    relation: str
    type: str
    value: str
    category: str = "Other"


def misp_event(incident: Incident) -> Json:
    """One event, as `POST /events/add` of a MISP instance takes it and as its users import it from a file."""
    about, digest = incident.statement.about, incident.statement.digest_hex
    at = str(int(incident.changed.timestamp()))
    event: Json = {
        "uuid": name_of("misp", "event", digest),
        "info": _info(incident),
        "date": incident.claim.occurred.date().isoformat(),
        "timestamp": at,
        "published": False,
        "threat_level_id": _UNDEFINED_THREAT,
        "analysis": _INITIAL,
        "distribution": _DISTRIBUTION.get(incident.level, _OWN_ORGANISATION),
        "Orgc": {"name": about.issuer, "uuid": name_of("misp", "organisation", about.issuer)},
        "Tag": [{"name": f"tlp:{str(incident.level).lower()}"}],
        "Attribute": [],
        "Object": [_object(incident, at)],
    }
    return {"Event": event}


def _info(incident: Incident) -> str:
    ended = "" if incident.ended is None else f" [{incident.ended.how}]"
    return f"{incident.title.en}{ended}"


def _object(incident: Incident, at: str) -> Json:
    digest = incident.statement.digest_hex
    told = [*_of_statement(incident), *_of_claim(incident)]
    return {
        "uuid": name_of("misp", "object", digest),
        "name": TEMPLATE,
        "meta-category": "misc",
        "description": "What an issuer signed about one incident of one AI application.",
        "template_uuid": name_of("misp", "template"),
        "template_version": _TEMPLATE_VERSION,
        "timestamp": at,
        "distribution": _INHERIT,
        "Attribute": [_attribute(each, number, digest, at) for number, each in enumerate(told)],
    }


def _attribute(told: _Told, number: int, digest: str, at: str) -> Json:
    return {
        "uuid": name_of("misp", "attribute", digest, told.relation, str(number), told.value),
        "object_relation": told.relation,
        "type": told.type,
        "category": told.category,
        "value": told.value,
        "to_ids": False,
        # Numbers and words of two incidents agree by chance; digests and applications do not.
        "disable_correlation": told.type not in ("sha256", "link"),
        "timestamp": at,
        "distribution": _INHERIT,
    }


def _of_statement(incident: Incident) -> Iterator[_Told]:
    statement = incident.statement
    yield _Told("statement", "sha256", statement.digest_hex, "External analysis")
    if incident.url is not None:
        yield _Told("statement-url", "link", incident.url, "External analysis")
    if incident.origin is not None and incident.index is not None:
        yield _Told("log-position", "text", f"{incident.origin}#{incident.index}")
    yield _Told("subject", "text", statement.about.subject)
    yield _Told("signed", "datetime", moment(incident.issued))
    for ref in incident.claim.evidence:
        yield _Told("evidence", "sha256", ref.digest.hex(), "External analysis")
    if incident.ended is not None:
        yield _Told(incident.ended.how, "sha256", incident.ended.by.hex(), "External analysis")
    for each in incident.disputes:
        words = "; ".join(text for _, text in each.claim.why.lines())
        yield _Told("disputed", "text", f"{each.issuer}: {each.claim.grounds}: {words}")


def _of_claim(incident: Incident) -> Iterator[_Told]:
    claim = incident.claim
    yield _Told("application", "text", claim.application)
    yield _Told("severity", "text", claim.severity)
    yield from (_Told(name, "datetime", at) for name, at in incident.moments.items())
    yield from (_Told("country", "text", code) for code in claim.countries)
    yield from (_Told("subdivision", "text", code) for code in claim.subdivisions)
    for name, count in (("people-affected", claim.affected), ("deaths", claim.deaths)):
        if count is not None:
            yield _Told(name, "counter", str(count))
    for name, known in (("imminent-danger", claim.imminent_danger), ("widespread", claim.widespread)):
        if known is not None:
            yield _Told(name, "boolean", "1" if known else "0")
    for name, said in (
        ("happened", claim.happened),
        ("cause", claim.cause),
        ("correction", claim.correction),
    ):
        yield from _words(name, said)
    for told in claim.notified:
        yield _Told("notified", "text", f"{told.authority} ({told.country}) {moment(told.at)}")
    for offer in claim.serves:
        yield _Told("offered-for", "text", offer.target)


def _words(name: str, said: Said | None) -> Iterator[_Told]:
    if said is not None:
        yield from (_Told(f"{name}-{lang}", "text", text) for lang, text in said.lines())
