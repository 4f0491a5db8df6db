"""One record becomes every label, is read back, and hostile metadata ends in words."""

import json
from datetime import UTC, datetime
from io import BytesIO

import pytest

np = pytest.importorskip("numpy", reason="the extra `mark` is not installed")
from PIL import Image  # noqa: E402  # after the check above
from tests.statement.make import FACTS  # noqa: E402

from haechi.errors import UnknownName  # noqa: E402
from haechi.findings import Verdict  # noqa: E402
from haechi.mark.labels import (  # noqa: E402
    COUNTRIES,
    KOREAN_NOTICES,
    LabelRecord,
    PacketMalformed,
    aigc_json,
    draw_label,
    duty_findings,
    packet_in,
    packet_of,
    read_labels,
    served,
    with_packet,
)

RECORD = LabelRecord(
    provider="Example & Company <AI>",
    system="Studio",
    version="2.1",
    made=datetime(2026, 9, 20, 4, 30, tzinfo=UTC),
    id="0007000000000001",
    producer="0011" + "9" * 23,
)


def test_the_record_is_read_back_from_a_packet():
    labels = read_labels(packet_of(RECORD))
    assert labels.provider == RECORD.provider
    assert (labels.system, labels.version, labels.id) == ("Studio", "2.1", RECORD.id)
    assert labels.made == "2026-09-20T04:30:00Z"
    assert labels.source_type == "trainedAlgorithmicMedia"


def test_the_chinese_field_has_exactly_the_members_of_the_standard():
    labels = read_labels(packet_of(RECORD))
    assert labels.aigc == aigc_json(RECORD)
    assert list(json.loads(aigc_json(RECORD))) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]
    assert json.loads(aigc_json(RECORD))["Label"] == "1"


EARLIER = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="digitalCapture"/>
</rdf:RDF></x:xmpmeta>"""


def test_what_was_there_stays_and_an_earlier_label_gives_way():
    packet = packet_of(RECORD, EARLIER)
    assert b'dc:format="image/png"' in packet
    assert b"digitalCapture" not in packet
    again = packet_of(RECORD._replace(id="00070000000000ff"), packet)
    assert read_labels(again).id == "00070000000000ff"
    assert again.count(b"<haechi:Id>") == 1


@pytest.mark.parametrize(
    "bad",
    [
        b"<x",
        b"\xff\xfe<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" + b" " * (1 << 20) + b"</a>",
        b"<a/>",
    ],
)
def test_metadata_that_is_no_packet_is_refused_and_never_dropped(bad: bytes):
    with pytest.raises(PacketMalformed):
        packet_of(RECORD, bad)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_packet_goes_into_every_format(file_format: str, mode: str):
    if (file_format, mode) == ("JPEG", "RGBA"):
        return
    out = BytesIO()
    Image.new(mode, (60, 41), 90 if mode == "L" else "orange").save(out, file_format)
    source = out.getvalue()
    assert packet_in(source) is None
    made = with_packet(source, file_format, packet_of(RECORD))
    found = packet_in(made)
    assert found is not None
    assert read_labels(found).id == RECORD.id
    twice = with_packet(made, file_format, packet_of(RECORD._replace(id="00ff"), found))
    again = packet_in(twice)
    assert again is not None
    assert read_labels(again).id == "00ff"
    if file_format in ("JPEG", "PNG", "WEBP"):
        with Image.open(BytesIO(source)) as before, Image.open(BytesIO(twice)) as after:
            assert np.array_equal(np.asarray(before), np.asarray(after))


@pytest.mark.parametrize("wording", [country.wording for country in COUNTRIES.values()])
@pytest.mark.parametrize("shape", [(300, 500, 3), (500, 300), (256, 256, 4), (400, 400, 2)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_visible_label_is_as_tall_as_the_chinese_rule_asks(
    wording: str, shape: tuple[int, ...], kind: type
):
    pixels = np.full(shape, np.iinfo(kind).max // 2, kind)
    drawn = draw_label(pixels, wording)  # type: ignore[arg-type]
    assert drawn.letter_height >= 0.05 * min(shape[:2])
    assert drawn.pixels.shape == shape
    assert drawn.pixels.dtype == kind
    changed = np.argwhere((drawn.pixels != pixels).reshape(*shape[:2], -1).any(axis=2))
    assert changed.min(axis=0).min() > 0
    assert len(changed)
    assert changed[:, 0].min() > shape[0] // 2
    assert drawn.pixels.max() == np.iinfo(kind).max


def test_requirements_are_those_of_the_facts_and_told_with_what_serves_them():
    for country in COUNTRIES.values():
        for duty in country.duties:
            FACTS.requirement(duty.requirement)
    everything = duty_findings(
        COUNTRIES, frozenset(("watermark", "metadata", "credential", "visible", "notice", "kept"))
    )
    assert {finding.verdict for finding in everything} == {Verdict.HOLDS}
    some = duty_findings(["KR"], frozenset(("watermark", "metadata")))
    assert [finding.code for finding in some] == ["mark.duty.missing", "mark.duty.optional"]
    assert served(some) == ()
    assert "compliant" not in " ".join(finding.say("en") for finding in everything)
    with pytest.raises(UnknownName):
        duty_findings(["XX"], frozenset())


def test_korean_notices_are_there_in_both_languages():
    assert {"before", "output", "invisible"} == set(KOREAN_NOTICES)
