"""A node and restricted content: what it takes, what it hands out, and that no secret byte leaves it."""

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route
from tests.network.parties import COMPANY, FACTS, NOW
from tests.node.house import KEY, House, house_at, in_a_file_only, make_node, numbered
from tests.statement.make import forged, header_of

from haechi.findings import Verdict, overall
from haechi.network.bundle import file_in
from haechi.network.pins import Pins
from haechi.network.verify import verify_bundle
from haechi.node.maintenance import AlreadyGranted, run_fsck, take_levels
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, HashEnvelope, Sharing, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.header import SEALED_TYPE
from haechi.statement.kinds.document import Document
from haechi.statement.parcel import Parcel
from haechi.statement.seal_keys import SealKey
from haechi.statement.sealed import read_sealed
from haechi.statement.sharing import WithFile, open_content, sign_encrypted, sign_encrypted_file, sign_kept

READER = SealKey.generate()
SECRETS = st.uuids().map(lambda drawn: f"secret-{drawn.hex}")
LEVELS = [Sharing.AMBER, Sharing.AMBER_STRICT]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A node that takes every level."""
    folder = make_node(tmp_path_factory.mktemp("levels") / "node")
    take_levels(folder, ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"), None)
    with house_at(folder) as open_house:
        yield open_house


def said(level: Sharing, subject: str = "urn:uuid:1") -> About:
    return About(issuer=COMPANY, subject=subject, issued_at=NOW, kind="document", sharing=level)


def claim(secret: str) -> bytes:
    file = EvidenceRef(digest=bytes(32), size=1, media_type="text/csv", name=f"{secret}.csv")
    title = Said(en=f"About {secret}", ko=f"{secret}에 대하여")
    example = kind_of("document").example()
    assert isinstance(example, Document)
    made = Document(title=title, form=example.form, dated=example.dated, files=(file,))
    return encode_claim(kind_of("document"), made, FACTS)


def encrypted(secret: str, level: Sharing = Sharing.AMBER) -> Statement:
    return sign_encrypted(KEY, said(level), claim(secret), [READER.public])


def encrypted_file(secret: str, level: Sharing = Sharing.AMBER) -> WithFile:
    parcel = Parcel("text/plain", f"{secret}.txt", secret.encode())
    return sign_encrypted_file(KEY, said(level), parcel, [READER.public])


def put(house: House, data: bytes) -> int:
    return house.ask("PUT", f"/blobs/{hashlib.sha256(data).hexdigest()}", data).status


# What a level does


@pytest.mark.parametrize("level", LEVELS)
def test_encrypted_statements_are_registered_and_handed_out_as_they_are(house: House, level: Sharing):
    statement = encrypted("the annex", level)
    assert house.register(statement).status == 201
    assert house.ask("GET", f"/statements/{statement.digest_hex}").body == statement.raw
    twin = house.ask("GET", f"/en/statement/{statement.digest_hex}.json").body
    assert b'"encrypted":true' in twin.replace(b" ", b"")
    opened = open_content(statement, None, [READER])
    assert opened.parcel.body == claim("the annex")


def test_an_encrypted_file_travels_in_the_bundle_and_opens_for_its_reader(house: House):
    made = encrypted_file("numbers for one ministry")
    digest = made.statement.digest_hex
    assert house.register(made.statement).status == 201
    assert put(house, made.file) == 201
    assert house.ask("GET", f"/blobs/{hashlib.sha256(made.file).hexdigest()}").body == made.file
    bundle = house.ask("GET", f"/bundles/{digest}").body
    pins = Pins().add(house.runner.card, house.runner.card.fingerprint())
    report = verify_bundle(io.BytesIO(bundle), pins, FACTS)
    undecided = {one.code for one in report.findings if one.verdict is not Verdict.HOLDS}
    assert undecided == {"statement.claim.beside"}
    file = file_in(io.BytesIO(bundle), made.statement.payload, 1 << 20)
    assert open_content(made.statement, file, [READER]).parcel.body == b"numbers for one ministry"


def test_a_file_that_is_not_encrypted_is_refused_where_one_must_be(house: House):
    data = b"forgotten to encrypt"
    statement = sign_statement(
        KEY,
        said(Sharing.AMBER),
        hashlib.sha256(data).digest(),
        hash_envelope=HashEnvelope(SEALED_TYPE),
    )
    assert house.register(statement).status == 201
    assert put(house, data) == 400
    assert house.ask("GET", f"/blobs/{hashlib.sha256(data).hexdigest()}").status == 404
    assert not house.node.blobs.has(hashlib.sha256(data).digest())


@pytest.mark.parametrize("level", [Sharing.GREEN, Sharing.RED])
def test_what_not_everybody_may_have_is_committed_to_and_not_kept_with_the_log(house: House, level: Sharing):
    kept = sign_kept(KEY, said(Sharing.RED), Parcel("text/plain", "a.txt", b"never sent"))
    statement = kept.statement if level is Sharing.RED else sign_statement(KEY, said(level), claim("green"))
    answer = house.register(statement)
    assert answer.status == 201
    for path in (f"/statements/{statement.digest_hex}", f"/bundles/{statement.digest_hex}"):
        assert house.ask("GET", path).status == 404
    assert house.ask("GET", f"/proofs/{statement.digest_hex}").status == 200
    assert house.node.store.statement(house.node.index_of(statement.digest)) is None
    if level is Sharing.RED:
        assert put(house, kept.file) == 404


def test_the_log_stays_whole_with_entries_that_have_no_bytes(house: House):
    house.register(encrypted("for fsck"))
    house.runner.node.publish_up_to(house.size - 1)
    assert overall(run_fsck(house.folder, None, lambda _done, _all: None)) is Verdict.HOLDS


def test_the_policy_names_the_levels_and_each_is_one_change_away(tmp_path: Path):
    folder = make_node(tmp_path / "node")
    with pytest.raises(AlreadyGranted):
        take_levels(folder, ("CLEAR",), None)
    statement = encrypted("x")
    with house_at(folder) as strict:
        assert strict.register(statement).problem[0] == "log.not-admitted"
        assert strict.register(numbered(1)).status == 201
    take_levels(folder, ("AMBER",), None)
    with house_at(folder) as other:
        assert other.register(statement).status == 201
        assert other.register(numbered(2)).problem[0] == "log.not-admitted"


# What never leaves


def spellings(secret: str) -> list[bytes]:
    """A secret as it is, in hex, and in base64 at every alignment."""
    raw = secret.encode()
    shifted = [base64.b64encode(bytes(pad) + raw)[4:-4] for pad in range(3)]
    return [raw, raw.hex().encode(), raw.hex().upper().encode(), *shifted, raw[::-1]]


def mistakes(secret: str) -> list[bytes]:
    """What somebody may send who takes the wrong form: content in the open under a restricted label."""
    open_form = sign_statement(KEY, said(Sharing.GREEN), claim(secret))
    wrong: list[bytes] = []
    for level in ("AMBER", "AMBER+STRICT", "RED"):
        header = header_of(open_form)
        cast("dict[str, object]", header["haechi"])["tlp"] = level
        wrong.append(forged(header, claim(secret), KEY))
        header[3] = SEALED_TYPE
        wrong.append(forged(header, claim(secret), KEY))
    return [*wrong, secret.encode(), open_form.raw[:-1], b"\xd2\x84" + secret.encode()]


def every_path(house: House, digests: list[str]) -> dict[str, set[str]]:
    """Every GET route of the application, with paths that fill it in all ways that matter here."""
    inner = cast("Any", house.app)._app
    paths: dict[str, set[str]] = {}
    fill = {
        "digest": digests,
        "lang": ["en", "ko"],
        "kid": ["x"],
        "path": ["checkpoint", *tiles(house)],
        "mirror": ["0" * 64],
        "issuer": [COMPANY],
        "party": ["co.naver"],
    }
    for route in inner.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()):
            continue
        made = [route.path]
        for name in re.findall(r"\{(\w+)(?::\w+)?\}", route.path):
            values = fill.get(name, ["x"])
            made = [re.sub(rf"\{{{name}(:\w+)?\}}", value, one) for one in made for value in values]
        paths[route.path] = set(made)
    return paths


def tiles(house: House) -> list[str]:
    width = house.size % 256
    return [f"tile/{kind}/000.p/{width}" for kind in ("0", "entries", "statements")]


@given(SECRETS, st.sampled_from(LEVELS))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_byte_leaves_by_any_route_error_page_metric_or_log_line(
    house: House,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    level: Sharing,
):
    first, second = encrypted(secret, level), encrypted_file(secret, level)
    third = sign_kept(KEY, said(Sharing.RED), Parcel("text/plain", f"{secret}.txt", secret.encode()))
    heard: list[bytes] = []

    def ask(method: str, path: str, body: bytes = b"") -> int:
        answer = house.ask(method, path, body)
        heard.append(answer.body + repr(answer.headers).encode())
        return answer.status

    apart = f"{secret[::2]}-apart"
    fourth = sign_statement(KEY, said(Sharing.GREEN), claim(apart))
    for statement in (first, second.statement, third.statement, fourth):
        assert ask("POST", "/entries", statement.raw) == 201
    for wrong in mistakes(secret):
        assert ask("POST", "/entries", wrong) == 400
    assert put(house, second.file) == 201
    for body in (secret.encode(), third.file):
        assert ask("PUT", f"/blobs/{hashlib.sha256(body).hexdigest()}", body) == 404
        assert ask("PUT", f"/blobs/{second.statement.payload.hex()}", body) in (201, 400)
    files = [hashlib.sha256(data).hexdigest() for data in (second.file, third.file, secret.encode())]
    digests = [one.digest_hex for one in (first, second.statement, third.statement, fourth)] + files
    paths = every_path(house, digests)
    assert len(paths) > 40
    for made in paths.values():
        for path in sorted(made):
            assert ask("GET", path) < 500, path
    # A fault of ours whose message quotes what was sent: the answer and the log line do not.
    quoted = mistakes(secret)[0]
    with monkeypatch.context() as patched:
        patched.setattr(Statement, "from_bytes", classmethod(_fail))
        assert ask("POST", "/entries", quoted) == 500
        assert ask("GET", f"/statements/{first.digest_hex}") == 500
        assert ask("GET", f"/ko/statement/{first.digest_hex}") == 500
    captured = capfd.readouterr()
    assert "request.fault" in captured.err
    told = b"".join([*heard, captured.out.encode(), captured.err.encode()])
    for spelled in (*spellings(secret), *spellings(apart)):
        assert spelled not in told
    for spelled in spellings(secret):
        assert not any(spelled in data for data in on_disk(house.folder))


def _fail(_cls: type, raw: bytes, *_: object) -> None:
    raise RuntimeError(raw)


def on_disk(folder: Path) -> Iterator[bytes]:
    """Every file of the node: what is not there cannot leak."""
    return (path.read_bytes() for path in folder.rglob("*") if path.is_file())


@in_a_file_only("what it looks for is in the database")
def test_the_search_finds_what_is_there(house: House):
    """The property above would hold of nothing if its search could not see a leak."""
    secret = "this-one-is-clear-and-may-be-seen"  # noqa: S105  # and it is none
    statement = sign_statement(KEY, said(Sharing.CLEAR, "app:seen"), claim(secret))
    house.register(statement)
    page = house.ask("GET", f"/en/statement/{statement.digest_hex}").body
    assert any(spelled in page for spelled in spellings(secret))
    assert any(secret.encode() in data for data in on_disk(house.folder))
    assert any(read_sealed(encrypted(secret).payload).shares)
