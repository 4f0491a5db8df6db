"""STIX 2.1 bundles of incident statements (OASIS Standard, 10 June 2021).

The Incident object of STIX 2.1 (section 4.7) has a name and a description only, so what an incident statement
says beyond them stands in an extension of ours, `property-extension` of section 7.3, defined in the bundle.
Every object that says anything of the incident is marked with the TLP 2.0 label of the statement, by the
marking definitions that OASIS publishes; an issuer's name stands in the open header and is not marked.
"""

import hashlib
from types import MappingProxyType
from typing import cast

import msgspec

from haechi.answers.incident import Incident, Objected, moment, name_of
from haechi.statement.claims import Said
from haechi.statement.envelope import Sharing
from haechi.statement.jsonform import claim_json
from haechi.words import Lang

Json = dict[str, object]
EXTENSION = f"extension-definition--{name_of('stix', 'extension')}"
# OASIS, STIX common objects: TLP 2.0.
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_SINCE = "2022-10-01T00:00:00.000Z"
TLP = MappingProxyType(
    {
        Sharing.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Sharing.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Sharing.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Sharing.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    }
)
# Objects that are alike in every bundle have one date: two versions of one would contradict each other.
_ALWAYS = "2026-11-01T00:00:00.000Z"
_PROJECT = "haechi"
_SCHEMA = (
    "application: the AI system in its use. occurred, known, ordered, stopped: RFC 3339. severity: "
    "near_miss, minor, serious, death_or_grave_harm, critical_infrastructure. affected, deaths: people. "
    "imminent_danger, widespread: true or false. cause, correction: words by language. notified: "
    "authorities, with country and time. serves: what it is offered as evidence for. log, index: its entry."
)
_NOT_SAID_AGAIN = frozenset({"happened", "evidence", "countries", "subdivisions"})


def stix_bundle(incident: Incident) -> Json:
    """A bundle: issuer, incident, report, where people were affected, translations, and what is disputed."""
    issuer, main = _identity(incident.statement.about.issuer), _incident(incident)
    places = _places(incident)
    linked = [_relationship(incident, place) for place in places]
    objected = [piece for each in incident.disputes for piece in _opinion(incident, each)]
    opinions = [one for one in objected if one["type"] == "opinion"]
    refs = [one["id"] for one in (main, *places, *linked, *opinions)]
    told = [main, *places, *linked, *objected, _report(incident, refs), *_translation(incident)]
    objects = [_marking(incident.level), _identity(_PROJECT), _extension(), issuer, *told]
    unique = list({str(one["id"]): one for one in objects}.values())
    digest = hashlib.sha256(msgspec.json.encode(unique)).hexdigest()
    return {"type": "bundle", "id": f"bundle--{name_of('stix', 'bundle', digest)}", "objects": unique}


def _identity(name: str) -> Json:
    """Who says it: the name that is signed. What it is beyond that is not for the statement to say."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": _identity_id(name),
        "created": _ALWAYS,
        "modified": _ALWAYS,
        "name": name,
    }


def _identity_id(name: str) -> str:
    return f"identity--{name_of('stix', 'identity', name)}"


def _extension() -> Json:
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created_by_ref": _identity_id(_PROJECT),
        "created": _ALWAYS,
        "modified": _ALWAYS,
        "name": "AI incident statement",
        "description": "What an issuer signed about one incident of one AI application.",
        "schema": _SCHEMA,
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }


def _marking(level: Sharing) -> Json:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP[level],
        "created": _TLP_SINCE,
        "name": f"TLP:{level}",
        "extensions": {
            _TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": str(level).lower()}
        },
    }


def _object(incident: Incident, type_: str, *parts: str) -> Json:
    """The properties that every marked object has; its name is the statement's and `parts`."""
    digest = incident.statement.digest_hex
    made: Json = {
        "type": type_,
        "spec_version": "2.1",
        "id": f"{type_}--{name_of('stix', type_, digest, *parts)}",
        "created_by_ref": _identity_id(incident.statement.about.issuer),
        "created": moment(incident.issued),
        "modified": moment(incident.changed),
        "object_marking_refs": [TLP[incident.level]],
    }
    return made if incident.ended is None else {**made, "revoked": True}


def _incident(incident: Incident) -> Json:
    lang = _first(incident.claim.happened)
    return {
        **_object(incident, "incident"),
        "name": incident.title.say(lang),
        "description": incident.claim.happened.in_(lang),
        "lang": lang,
        "labels": [f"severity:{incident.claim.severity}"],
        "external_references": _references(incident),
        "extensions": {EXTENSION: _facts(incident)},
    }


def _facts(incident: Incident) -> Json:
    said = cast("Json", claim_json(incident.claim))
    kept = {name: value for name, value in said.items() if name not in _NOT_SAID_AGAIN} | incident.moments
    if incident.origin is not None and incident.index is not None:
        kept |= {"log": incident.origin, "index": incident.index}
    return {"extension_type": "property-extension", "subject": incident.statement.about.subject, **kept}


def _references(incident: Incident) -> list[Json]:
    """The signed statement, its place in the log, its evidence files, and what ended it."""
    digest = incident.statement.digest_hex
    signed: Json = {"source_name": "haechi-statement", "external_id": f"sha256:{digest}"}
    if incident.url is not None:
        signed |= {"url": incident.url, "hashes": {"SHA-256": digest}}
    found: list[Json] = [signed]
    if incident.origin is not None and incident.index is not None:
        found.append(
            {
                "source_name": "haechi-log",
                "external_id": f"{incident.origin}#{incident.index}",
                "description": f"Entry {incident.index} of the log {incident.origin}",
            }
        )
    evidence: list[Json] = [
        {
            "source_name": "haechi-evidence",
            "external_id": f"sha256:{ref.digest.hex()}",
            "description": f"{ref.name} ({ref.size} bytes, {ref.media_type})",
        }
        for ref in incident.claim.evidence
    ]
    found += evidence
    if incident.ended is not None:
        ended = f"sha256:{incident.ended.by.hex()}"
        found.append({"source_name": f"haechi-{incident.ended.how}", "external_id": ended})
    return found


def _report(incident: Incident, refs: list[object]) -> Json:
    lang = _first(incident.claim.happened)
    return {
        **_object(incident, "report"),
        "name": incident.title.say(lang),
        "lang": lang,
        "published": moment(incident.issued),
        "object_refs": refs,
        "external_references": _references(incident),
    }


def _places(incident: Incident) -> list[Json]:
    """Where people were affected: countries, and subdivisions by their ISO 3166-2 code."""
    claim = incident.claim
    return [
        *({**_object(incident, "location", code), "country": code} for code in claim.countries),
        *(
            {**_object(incident, "location", code), "country": code[:2], "administrative_area": code}
            for code in claim.subdivisions
        ),
    ]


def _relationship(incident: Incident, place: Json) -> Json:
    where = str(place.get("administrative_area", place["country"]))
    return {
        **_object(incident, "relationship", where),
        "relationship_type": "related-to",
        "source_ref": f"incident--{name_of('stix', 'incident', incident.statement.digest_hex)}",
        "target_ref": place["id"],
        "description": "people were affected here",
    }


def _opinion(incident: Incident, each: Objected) -> list[Json]:
    """Who disputes it, and the dispute as an Opinion (section 4.13). It is dated by its own statement."""
    why = each.claim.why
    lang = _first(why)
    opinion: Json = {
        **_object(incident, "opinion", each.digest.hex()),
        "created_by_ref": _identity_id(each.issuer),
        "created": moment(each.at),
        "modified": moment(each.at),
        "lang": lang,
        "explanation": f"{each.claim.grounds}: {why.in_(lang)}",
        "opinion": "disagree",
        "object_refs": [f"incident--{name_of('stix', 'incident', incident.statement.digest_hex)}"],
        "external_references": [
            {"source_name": "haechi-statement", "external_id": f"sha256:{each.digest.hex()}"}
        ],
    }
    opinion.pop("revoked", None)
    return [_identity(each.issuer), opinion]


def _translation(incident: Incident) -> list[Json]:
    """The issuer's own Korean beside the English (section 7.1); nothing was translated for it."""
    happened = incident.claim.happened
    if happened.en is None or happened.ko is None:
        return []
    return [
        {
            **_object(incident, "language-content", "ko"),
            "object_ref": f"incident--{name_of('stix', 'incident', incident.statement.digest_hex)}",
            "object_modified": moment(incident.changed),
            "contents": {"ko": {"name": incident.title.ko, "description": happened.ko}},
        }
    ]


def _first(said: Said) -> Lang:
    return "ko" if said.en is None else "en"
