"""Incident statements in STIX 2.1 and MISP: read by the usual tools, with nothing that was not said."""

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
import stix2
import stix2validator
from pymisp import MISPEvent
from tests.answers.incidents import bare, claim, signed
from tests.network.parties import COMPANY, NOW, about_target, evidence

from haechi.answers.incident import Ended, Incident, NoIncident, Objected, StaysHere, incident_of
from haechi.answers.misp import misp_event
from haechi.answers.stix import EXTENSION, TLP, stix_bundle
from haechi.statement.envelope import Sharing
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.incident_report import IncidentReport

FULL = claim(evidence=(evidence(),))
EXPORTED = tuple(level for level in Sharing if level is not Sharing.RED)


def incident(
    level: Sharing = Sharing.CLEAR,
    said: IncidentReport = FULL,
    **changes: Any,  # noqa: ANN401  # any field
) -> Incident:
    made = incident_of(signed(said), said, level)
    return replace(made, **{"origin": "kr.example/log", "index": 2, **changes})


def disputed() -> Objected:
    said = about_target("dispute", b"\1" * 32)
    assert isinstance(said, Dispute)
    return Objected("aisi.uk.example", b"\2" * 32, datetime.fromtimestamp(NOW + 9, UTC), said)


def by_type(bundle: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in bundle["objects"]:
        found.setdefault(each["type"], []).append(each)
    return found


def as_json(document: object) -> Any:  # noqa: ANN401  # any document
    return json.loads(msgspec.json.encode(document))


@pytest.mark.parametrize("level", EXPORTED)
def test_a_bundle_is_read_by_the_usual_library_and_passes_the_usual_validator(level: Sharing) -> None:
    made = incident(level, url="https://kr.example/statements/0", disputes=(disputed(),))
    text = msgspec.json.encode(stix_bundle(made)).decode()
    read = stix2.parse(text, version="2.1")
    assert {one["type"] for one in read["objects"]} >= {
        "identity",
        "incident",
        "report",
        "location",
        "opinion",
    }
    checked: Any = stix2validator.validate_string(text, stix2validator.ValidationOptions(version="2.1"))
    assert checked.is_valid, [str(each) for each in checked.errors]


@pytest.mark.parametrize("level", EXPORTED)
def test_every_object_that_speaks_of_the_incident_bears_its_label(level: Sharing) -> None:
    found = by_type(as_json(stix_bundle(incident(level, disputes=(disputed(),)))))
    marking = found.pop("marking-definition")
    assert [one["id"] for one in marking] == [TLP[level]]
    assert marking[0]["name"] == f"TLP:{level}"
    # Names and the definition of a form say nothing of the incident.
    assert {one["name"] for one in found.pop("identity")} == {"haechi", COMPANY, "aisi.uk.example"}
    found.pop("extension-definition")
    assert all(one["object_marking_refs"] == [TLP[level]] for ones in found.values() for one in ones)
    tags = as_json(misp_event(incident(level)))["Event"]["Tag"]
    assert tags == [{"name": f"tlp:{level.lower()}"}]


def test_the_same_statement_gives_the_same_objects_and_another_gives_others() -> None:
    assert stix_bundle(incident()) == stix_bundle(incident())
    assert misp_event(incident()) == misp_event(incident())
    other = incident(said=claim(affected=1201))
    shared = {"marking-definition", "identity", "extension-definition"}
    first, second = (as_json(stix_bundle(each)) for each in (incident(), other))
    assert first["id"] != second["id"]
    ids = [{one["id"] for one in made["objects"] if one["type"] not in shared} for made in (first, second)]
    assert ids[0].isdisjoint(ids[1])
    events = [as_json(misp_event(each))["Event"] for each in (incident(), other)]
    assert events[0]["uuid"] != events[1]["uuid"]
    assert UUID(events[0]["uuid"]).version == 5


def test_the_signed_digest_and_the_place_in_the_log_can_be_cited() -> None:
    made = incident(url="https://kr.example/statements/0")
    refs = by_type(as_json(stix_bundle(made)))["incident"][0]["external_references"]
    digest = made.statement.digest_hex
    assert refs[0] == {
        "source_name": "haechi-statement",
        "external_id": f"sha256:{digest}",
        "url": "https://kr.example/statements/0",
        "hashes": {"SHA-256": digest},
    }
    assert refs[1]["external_id"] == "kr.example/log#2"
    assert refs[2]["external_id"] == f"sha256:{evidence().digest.hex()}"
    told = attributes(made)
    assert told["statement"] == [digest]
    assert told["log-position"] == ["kr.example/log#2"]


def attributes(made: Incident) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in as_json(misp_event(made))["Event"]["Object"][0]["Attribute"]:
        found.setdefault(each["object_relation"], []).append(each["value"])
    return found


def test_what_was_not_said_is_absent() -> None:
    made = incident(said=bare(), origin=None, index=None)
    facts = by_type(as_json(stix_bundle(made)))["incident"][0]
    said = facts["extensions"][EXTENSION]
    assert set(said) == {"extension_type", "subject", "application", "occurred", "known", "severity"}
    assert [one["source_name"] for one in facts["external_references"]] == ["haechi-statement"]
    assert set(attributes(made)) == {
        "statement", "subject", "signed", "application", "severity", "occurred", "known", "country",
        "happened-ko",
    }  # fmt: skip
    assert facts["lang"] == "ko"
    assert "language-content" not in by_type(stix_bundle(made))


def test_zero_deaths_and_no_danger_are_said_and_stay_said() -> None:
    said = by_type(as_json(stix_bundle(incident())))["incident"][0]["extensions"][EXTENSION]
    assert (said["deaths"], said["imminent_danger"], said["affected"]) == (0, False, 1200)
    assert said["notified"][0]["authority_id"] == "auth.KR.msit"
    told = attributes(incident())
    assert (told["deaths"], told["imminent-danger"]) == (["0"], ["0"])


def test_korean_words_of_the_issuer_go_along_as_a_translation() -> None:
    found = by_type(as_json(stix_bundle(incident())))
    (ko,) = found["language-content"]
    assert ko["contents"]["ko"]["description"] == FULL.happened.ko
    assert ko["object_ref"] == found["incident"][0]["id"]
    assert ko["object_modified"] == found["incident"][0]["modified"]


@pytest.mark.parametrize("how", ["withdrawn", "superseded"])
def test_what_its_issuer_ended_is_revoked_at_that_time(how: str) -> None:
    made = incident(ended=Ended(how, b"\7" * 32, NOW + 60))
    main = by_type(as_json(stix_bundle(made)))["incident"][0]
    assert main["revoked"] is True
    assert main["modified"] > main["created"]
    assert main["external_references"][-1] == {
        "source_name": f"haechi-{how}", "external_id": f"sha256:{'07' * 32}",
    }  # fmt: skip
    assert as_json(misp_event(made))["Event"]["info"].endswith(f"[{how}]")
    assert attributes(made)[how] == ["07" * 32]


def test_a_dispute_is_the_opinion_of_who_disputes() -> None:
    found = by_type(as_json(stix_bundle(incident(disputes=(disputed(),)))))
    (opinion,) = found["opinion"]
    assert opinion["opinion"] == "disagree"
    assert opinion["object_refs"] == [found["incident"][0]["id"]]
    assert opinion["created_by_ref"] != found["incident"][0]["created_by_ref"]
    assert attributes(incident(disputes=(disputed(),)))["disputed"][0].startswith(
        "aisi.uk.example: not_reproduced"
    )


def test_an_event_is_read_by_the_usual_library_without_loss() -> None:
    event = as_json(misp_event(incident(disputes=(disputed(),))))
    read = MISPEvent()
    read.load(copy.deepcopy(event))
    back = json.loads(read.to_json())
    assert back["uuid"] == event["Event"]["uuid"]
    assert [tag["name"] for tag in back["Tag"]] == ["tlp:clear"]
    sent = event["Event"]["Object"][0]["Attribute"]
    got = back["Object"][0]["Attribute"]
    assert [(each["object_relation"], each["type"], each["category"]) for each in got] == [
        (each["object_relation"], each["type"], each["category"]) for each in sent
    ]
    assert [each["uuid"] for each in got] == [each["uuid"] for each in sent]


@pytest.mark.parametrize(
    ("level", "distribution"),
    [(Sharing.CLEAR, "3"), (Sharing.GREEN, "1"), (Sharing.AMBER, "0"), (Sharing.AMBER_STRICT, "0")],
)
def test_misp_may_pass_it_on_no_further_than_the_label(level: Sharing, distribution: str) -> None:
    event = as_json(misp_event(incident(level)))["Event"]
    assert event["distribution"] == distribution
    assert {each["distribution"] for each in event["Object"][0]["Attribute"]} == {"5"}


def test_red_and_other_kinds_leave_in_no_form() -> None:
    with pytest.raises(StaysHere):
        incident_of(signed(), FULL, Sharing.RED)
    with pytest.raises(NoIncident):
        incident_of(signed(), None, Sharing.CLEAR)
