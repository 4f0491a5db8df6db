"""A node answers about marks: by number, by likeness, for a picture, with time stamps. It keeps nothing."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

import msgspec  # after the checks above
from tests.mark.audio.sounds import speech
from tests.mark.audio.test_codec import wav
from tests.mark.fingerprint.test_fingerprint import textured
from tests.mark.test_pipeline import MAKER, NOW, PIXELS, file_of, social
from tests.mark.video.films import film, frames
from tests.network.parties import COMPANY
from tests.node.house import KEY, OPERATOR, House, house_at, make_node
from tests.statement.make import FACTS

from haechi.cli.marks_at import NodeRegistry
from haechi.errors import BadInput
from haechi.mark.batch import ItemProof, build_batch, check_item_proof, items_file
from haechi.mark.bulk import ITEMS_TYPE
from haechi.mark.credentials import make_authority
from haechi.mark.fingerprint import dihedral_pdq
from haechi.mark.image import PUBLIC_KEY, Payload, embed
from haechi.mark.pipeline import Produced, Wish, produce, statement_for
from haechi.mark.said import subject_of
from haechi.mark.studio import Studio
from haechi.network.answer import PeerLacks
from haechi.network.card import Label, NodeCard
from haechi.network.pins import PinnedIssuer, Pins
from haechi.node.maintenance import grant
from haechi.statement.claims import encode_claim
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.content_mark import Batch, ContentMark
from haechi.statement.kinds.document import KIND as DOCUMENT

if TYPE_CHECKING:
    from haechi.network.client import PeerClient

SEALED = msgspec.structs.replace(MAKER, issuer=COMPANY)


class Place(NamedTuple):
    """An open node that holds a marked picture and a batch of two."""

    house: House
    made: Produced
    statement: Statement
    batch: Batch
    batched: list[Produced]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("marks")
    authority = make_authority("Example Company", "KR", NOW)
    studio = Studio(SEALED, PUBLIC_KEY, KEY, authority)
    pictures = [PIXELS, textured(21)[:500, :640], textured(22)[:500, :640]]
    made, *batched = [
        produce(file_of(each, "PNG"), "x", studio, Wish(), Payload(7, at), NOW)
        for at, each in enumerate(pictures, 1)
    ]
    statement = statement_for(ContentMark(item=made.item), subject_of(made.payload), studio, FACTS, NOW)
    raw = items_file([each.item for each in batched])
    ref = EvidenceRef(digest=sha256(raw).digest(), size=len(raw), media_type=ITEMS_TYPE, name="batch.items")
    built = build_batch([each.item for each in batched], FACTS, ref)
    many = statement_for(built.claim, "marks:x", studio, FACTS, NOW)
    assert built.claim.batch is not None
    grant(make_node(folder / "node"), COMPANY, KEY.public.thumbprint, ("content_mark",), None)
    with house_at(folder / "node") as house:
        authority.save(house.folder / "credentials")
        assert house.register(statement).status == 201
        assert house.register(many).status == 201
        for data in (*made.kept.values(), raw):
            assert house.ask("PUT", f"/blobs/{sha256(data).hexdigest()}", data).status == 201
        yield Place(house, made, statement, built.claim.batch, batched)


def looked(place: Place, data: bytes, lang: str = "en") -> dict[str, Any]:
    answer = place.house.ask("POST", f"/marks/look?lang={lang}", data)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_a_number_leads_to_who_signed_for_it(place: Place):
    answer = place.house.ask("GET", f"/marks/{place.made.payload}")
    (mark,) = json.loads(answer.body)["marks"]
    assert mark["statement"] == place.statement.digest_hex
    assert (mark["issuer"], mark["provider"], mark["verdict"]) == (COMPANY, "Example Company", "HOLDS")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert json.loads(place.house.ask("GET", "/marks/00000000000000aa").body) == {"marks": []}
    assert place.house.ask("GET", "/marks/nothing").status == 404


def test_an_item_of_a_batch_comes_with_its_proof(place: Place):
    for each in place.batched:
        (mark,) = json.loads(place.house.ask("GET", f"/marks/{each.payload}").body)["marks"]
        proof = ItemProof.from_bytes(bytes.fromhex(mark["proof"]))
        assert check_item_proof(proof, bytes.fromhex(mark["statement"]), place.batch).verdict == "HOLDS"


def test_a_copy_from_a_social_network_names_the_maker(place: Place):
    told = looked(place, social(place.made.data))
    assert (told["state"], told["verdict"], told["maker"]) == ("agree", "HOLDS", COMPANY)
    assert "일치" in looked(place, social(place.made.data), "ko")["says"]


def test_a_copied_mark_is_exposed(place: Place):
    payload = Payload.from_int(int(place.made.payload, 16))
    forged = embed(textured(9)[:600, :800], payload).pixels
    assert looked(place, file_of(forged, "PNG"))["state"] == "copied"


def test_roots_count_when_the_institute_publishes_them_and_not_when_the_maker_does(
    tmp_path: Path,
):
    authority = make_authority("Example Company", "KR", NOW)
    studio = Studio(SEALED, PUBLIC_KEY, KEY, authority)
    data = produce(file_of(PIXELS, "PNG"), "x", studio, Wish(), Payload(7, 4), NOW).data
    pem = authority.root.pem
    example = DOCUMENT.example()
    name = {
        "media_type": "application/pem-certificate-chain",
        "digest": sha256(pem).digest(),
        "size": len(pem),
    }
    ref = msgspec.structs.replace(example.files[0], **name)
    claim = msgspec.structs.replace(example, files=(ref,))
    for issuer, code in ((COMPANY, "unrecognised"), (OPERATOR, "trusted")):
        grant(make_node(tmp_path / issuer / "node"), issuer, KEY.public.thumbprint, ("document",), None)
        about = About(issuer=issuer, subject="roots", issued_at=int(NOW.timestamp()), kind="document")
        statement = sign_statement(KEY, about, encode_claim(DOCUMENT, claim, FACTS))
        with house_at(tmp_path / issuer / "node") as house:
            assert house.register(statement).status == 201
            assert house.ask("PUT", f"/blobs/{sha256(pem).hexdigest()}", pem).status == 201
            told = json.loads(house.ask("GET", "/marks/anchors").body)["anchors"]
            assert [each["issuer"] for each in told] == ([issuer] if code == "trusted" else [])
            layers = json.loads(house.ask("POST", "/marks/look", data).body)["layers"]
            assert f"mark.credential.{code}" in {each["code"] for each in layers}
            _check_client(house, issuer, [pem] if code == "trusted" else [])


class Through:
    """What a `PeerClient` does for a registry, without a socket; `lies` stands in for what the node holds."""

    def __init__(self, house: House, lies: dict[str, bytes]) -> None:
        self.house = house
        self.lies = lies

    def fetch(self, path: str, max_bytes: int) -> bytes:
        if path in self.lies:
            return self.lies[path]
        answer = self.house.ask("GET", path)
        if answer.status == 404:
            raise PeerLacks(what_is="address", name=path)
        assert answer.status == 200
        assert len(answer.body) <= max_bytes
        return answer.body


def _check_client(house: House, issuer: str, expected: list[bytes]) -> None:
    """`detect --node` takes the roots itself: by statements of pinned institutes, each verified."""
    card = NodeCard.from_json(house.ask("GET", "/node.json").body)
    signer = PinnedIssuer(
        issuer=issuer, name=Label(en="Issuer", ko="발행자"), keys=(KEY.public.thumbprint.hex(),)
    )
    unpinned, pins = Pins(), Pins().add(card, card.fingerprint()).add_issuer(signer)
    kept = house.ask("GET", "/marks/anchors").body

    def roots(pins: Pins, lies: dict[str, bytes]) -> list[str]:
        client = cast("PeerClient", Through(house, lies))
        institutes = {card.issuer for card in pins.nodes}
        return [source.pem for source in NodeRegistry(client, pins, institutes, FACTS).anchors()]

    assert roots(pins, {}) == [pem.decode() for pem in expected]
    assert roots(unpinned, {}) == []
    with pytest.raises(BadInput):
        roots(pins, {"/marks/anchors": b"[]"})
    for each in json.loads(kept)["anchors"]:
        bundle = f"/bundles/{each['statement']}"
        raw = house.ask("GET", bundle).body
        assert roots(pins, {bundle: raw[: len(raw) // 2]}) == []
        assert roots(pins, {f"/blobs/{sha256(expected[0]).hexdigest()}": b"another root"}) == []


def test_only_fingerprints_find_a_picture_without_mark(place: Place):
    asked = json.dumps({"pdq": dihedral_pdq(PIXELS)}).encode()
    answer = place.house.ask("POST", "/marks/like", asked)
    assert [mark["statement"] for mark in json.loads(answer.body)["marks"]] == [place.statement.digest_hex]
    assert looked(place, file_of(PIXELS, "PNG"))["state"] == "likeness"
    for bad in (b"", b"[]", b'{"pdq":[]}', b'{"pdq":["zz"]}', b'{"pdq":"x"}', b"{" * 4000, bytes(5000)):
        assert place.house.ask("POST", "/marks/like", bad).status in (400, 413)


def test_a_picture_is_kept_nowhere(place: Place):
    before = {path for path in place.house.folder.rglob("*") if path.is_file()}
    looked(place, file_of(textured(33)[:500, :640], "PNG"))
    assert {path for path in place.house.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" + bytes(99), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + bytes(99)]
)
def test_what_is_no_picture_is_refused_in_the_readers_language(place: Place, data: bytes):
    answer = place.house.ask("POST", "/marks/look?lang=ko", data)
    assert answer.status == 400
    assert "그림" in json.loads(answer.body)["message"]


def test_a_picture_that_claims_too_much_is_refused_before_it_is_decoded(place: Place):
    good = file_of(PIXELS, "PNG")
    huge = good[:16] + (40_000).to_bytes(4) * 2 + good[24:]
    assert place.house.ask("POST", "/marks/look", huge).status == 400
    assert place.house.ask("POST", "/marks/look", bytes(25 << 20)).status == 413
    assert place.house.ask("GET", "/marks/look").status in (404, 405)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_node_stamps_times(place: Place, tmp_path: Path):
    (tmp_path / "data").write_bytes(b"x")

    def ts(*words: object) -> int:
        return subprocess.run(
            ["openssl", "ts", *map(str, words)], capture_output=True, check=False
        ).returncode

    assert ts("-query", "-data", tmp_path / "data", "-sha256", "-cert", "-out", tmp_path / "query") == 0
    answer = place.house.ask("POST", "/timestamp", (tmp_path / "query").read_bytes())
    assert answer.headers["content-type"] == "application/timestamp-reply"
    (tmp_path / "reply").write_bytes(answer.body)
    root = place.house.folder / "credentials" / "root.pem"
    query = tmp_path / "query"
    assert ts("-verify", "-in", tmp_path / "reply", "-queryfile", query, "-CAfile", root) == 0
    assert place.house.ask("POST", "/timestamp", b"x").status == 400


def test_a_node_without_certificates_stamps_nothing(make_house: Callable[..., House]):
    assert make_house().ask("POST", "/timestamp", b"x").status == 404


# The page


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_runs_its_own_scripts_and_nothing_else(place: Place, lang: str):
    answer = place.house.ask("GET", f"/{lang}/detect")
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    html = answer.body.decode()
    (script,) = [part.split('"')[0] for part in html.split('src="')[1:] if part.startswith("/detector/")]
    folder = script.rpartition("/")[0]
    for name in ("page.js", "worker.js", "detect.js", "lattice.js", "plane.js"):
        served = place.house.ask("GET", f"{folder}/{name}")
        assert served.status == 200
        assert served.headers["content-type"].startswith("text/javascript")
        assert "immutable" in served.headers["cache-control"]
    assert place.house.ask("GET", "/detector/0000000000000000/page.js").status == 404
    assert place.house.ask("GET", f"{folder}/nothing.js").status == 404
    assert json.loads(place.house.ask("GET", f"/{lang}/detect.json").body)["limit_mib"] == 24
    other = place.house.ask("GET", f"/{lang}/log").headers["content-security-policy"]
    assert "script" not in other


def test_a_sound_is_looked_at_and_one_too_long_is_refused_before_it_is_decoded(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    before = {path for path in place.house.folder.rglob("*") if path.is_file()}
    answer = place.house.ask("POST", "/marks/sound?lang=ko", wav(speech(3.0), 16_000))
    told = json.loads(answer.body)
    assert (answer.status, told["medium"], told["state"]) == (200, "audio", "nothing")
    assert "알 수 없습니다" in told["says"]
    for data in (b"", b"RIFF", wav(speech(3.0), 16_000)[:30], PIXELS.tobytes()[:5000]):
        assert place.house.ask("POST", "/marks/sound", data).status == 400
    monkeypatch.setattr("haechi.node.looks.MOST_SOUND_SAMPLES", 47_999)
    refused = place.house.ask("POST", "/marks/sound", wav(speech(3.0), 16_000))
    assert (refused.status, json.loads(refused.body)["code"]) == (400, "mark.sound.too-large")
    assert place.house.ask("POST", "/marks/sound", bytes(25 << 20)).status == 413
    assert {path for path in place.house.folder.rglob("*") if path.is_file()} == before


def test_a_film_is_looked_at_within_bounds_and_kept_nowhere(place: Place, monkeypatch: pytest.MonkeyPatch):
    before = {path for path in place.house.folder.rglob("*") if path.is_file()}
    data = film(frames(0.8))
    answer = place.house.ask("POST", "/marks/film?lang=ko", data)
    told = json.loads(answer.body)
    assert (answer.status, told["medium"], told["state"]) == (200, "video", "nothing")
    assert "알 수 없습니다" in told["says"]
    for bad in (b"", data[:40], data[: len(data) // 2], wav(speech(3.0), 16_000)):
        assert place.house.ask("POST", "/marks/film", bad).status == 400
    for name, limit in (("MOST_FRAME_PIXELS", 384 * 288 - 1), ("LIMIT_MINUTES", 0.01)):
        with monkeypatch.context() as patched:
            patched.setattr(f"haechi.node.looks.{name}", limit)
            refused = place.house.ask("POST", "/marks/film", data)
            assert (refused.status, json.loads(refused.body)["code"]) == (400, "mark.video.too-large")
    assert place.house.ask("POST", "/marks/film", bytes(65 << 20)).status == 413
    assert {path for path in place.house.folder.rglob("*") if path.is_file()} == before


def test_a_film_of_too_many_pixels_is_looked_at_through_its_key_frames_and_no_further(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    gop = {"crf": "18", "preset": "veryfast", "g": "4"}
    monkeypatch.setattr("haechi.node.looks.MOST_FILM_PIXELS", 5 * 384 * 288)
    spread = place.house.ask("POST", "/marks/film", film(frames(0.8), options=gop))
    layer = json.loads(spread.body)["layers"][0]
    assert (spread.status, layer["facts"]["frames"]) == (200, 2)
    every = place.house.ask("POST", "/marks/film", film(frames(0.8), options={**gop, "g": "1"}))
    layers = json.loads(every.body)["layers"]
    assert (every.status, layers[0]["facts"]["frames"]) == (200, 5)
    assert layers[0]["code"] == "mark.video.absent-so-far", "what was not looked at is said"
    assert json.loads(spread.body)["layers"][0]["code"] == "mark.video.absent"
