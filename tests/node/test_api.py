"""Registration and reading over the API of a real node: what goes in, what comes out, what is refused."""

import asyncio
import base64
import hashlib
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from starlette.requests import Request
from tests.network.parties import (
    COMPANY,
    FACTS,
    FILE,
    NOW,
    document,
    ed25519_key,
    es256_key,
    evidence,
    hash_envelope,
    sign,
)
from tests.node.house import FREE, KEY, OPERATOR, ORIGIN, PROBLEM, Ask, House, numbered

from haechi.findings import Verdict
from haechi.log.checkpoint import check_checkpoint
from haechi.log.proof import check_tlog_proof
from haechi.log.receipt import check_receipt
from haechi.network.card import NodeCard
from haechi.network.pins import Pins
from haechi.network.verify import verify_bundle, verify_statement
from haechi.node.limits import MAX_UPLOADS, UploadRoom, UploadsFull
from haechi.node.pages import SECURITY_HEADERS
from haechi.node.wire import BodySlow, body_of
from haechi.statement import cbor
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import (
    MAX_TRANSPARENT_BYTES,
    About,
    HashEnvelope,
    Sharing,
    Statement,
    sign_statement,
)
from haechi.statement.keys import PublicKey, SigningKey
from haechi.statement.kinds.policy import Grant, Policy
from haechi.statement.kinds.withdraw import Withdraw

UNKNOWN = "ab" * 32


@pytest.fixture(scope="module")
def known(house: House) -> Statement:
    """A registered statement with its evidence file."""
    statement = numbered(0)
    assert house.register(statement).status == 201
    assert house.ask("PUT", f"/blobs/{evidence().digest.hex()}", FILE).status == 201
    return statement


def receipt_keys(house: House) -> list[PublicKey]:
    return house.runner.card.receipt_public_keys()


# Registration


def test_a_statement_is_registered_with_a_receipt_that_verifies(house: House):
    statement = numbered(1)
    before = house.size
    answer = house.register(statement)
    assert answer.status == 201
    assert answer.headers["location"] == f"http://127.0.0.1:8470/entries/{statement.digest_hex}"
    assert answer.headers["content-type"] == "application/cose"
    found = check_receipt(answer.body, statement.digest, statement.about.subject, receipt_keys(house))
    assert found.verdict is Verdict.HOLDS
    assert found.facts["index"] == before
    assert house.size == before + 1


def test_the_same_statement_again_keeps_its_place(house: House):
    statement = numbered(2)
    first, size = house.register(statement), house.size
    again = house.register(statement)
    assert again.status == 201
    assert again.headers["location"] == first.headers["location"]
    assert house.size == size
    indices = {
        check_receipt(each.body, statement.digest, statement.about.subject, receipt_keys(house)).facts[
            "index"
        ]
        for each in (first, again)
    }
    assert indices == {size - 1}


def test_a_statement_with_receipts_of_other_logs_is_registered_without_them(house: House):
    statement = numbered(3)
    answer = house.ask("POST", "/entries", statement.with_receipts([b"of another log"]))
    assert answer.headers["location"].endswith(statement.digest_hex)
    assert house.ask("GET", f"/statements/{statement.digest_hex}").body == statement.raw


def test_who_asks_after_an_answer_sees_what_was_answered(house: House):
    """No thread keeps the index up here: the request itself must see to it."""
    subject = numbered(1500)
    page = f"/en/statement/{subject.digest_hex}.json"
    gone = sign(KEY, COMPANY, Withdraw(target=subject.digest, reason=Said(en="told twice")), "withdraw")
    told: list[bool] = []
    for each in (subject, gone):
        assert house.register(each).status == 201
        told.append(gone.digest_hex in house.ask("GET", page).body.decode())
    assert told == [False, True]


def test_a_statement_in_pieces_is_registered(house: House):
    raw = numbered(4).raw
    pieces = tuple(raw[at : at + 100] for at in range(0, len(raw), 100))
    assert house.ask_all([Ask("POST", "/entries", pieces)])[0].status == 201


def test_many_at_once_get_places_of_their_own(house: House):
    statements = [numbered(1000 + n) for n in range(60)]
    answers = house.ask_all(Ask("POST", "/entries", (each.raw,)) for each in statements)
    assert {answer.status for answer in answers} == {201}
    found = [
        check_receipt(answer.body, each.digest, each.about.subject, receipt_keys(house))
        for each, answer in zip(statements, answers, strict=True)
    ]
    assert {each.verdict for each in found} == {Verdict.HOLDS}
    assert len({each.facts["index"] for each in found}) == len(statements)


# Refusals: the accepted case, and one change


DOCUMENT = encode_claim(kind_of("document"), document(evidence()), FACTS)


def signed(payload: bytes = DOCUMENT, key: SigningKey = KEY, **fields: Any) -> Statement:  # noqa: ANN401
    """The company's document with one thing changed."""
    given: dict[str, Any] = {"issuer": COMPANY, "subject": "app:demo", "issued_at": NOW, "kind": "document"}
    return sign_statement(key, About(**(given | fields)), payload)


def digest_only(sharing: Sharing) -> Statement:
    """A statement over 32 bytes and nothing else."""
    about = About(issuer=COMPANY, subject="app:demo", issued_at=NOW, kind="document", sharing=sharing)
    return sign_statement(KEY, about, bytes(32), hash_envelope=HashEnvelope("text/csv"))


def flipped(raw: bytes, at: int) -> bytes:
    changed = bytearray(raw)
    changed[at] ^= 1
    return bytes(changed)


GOOD = signed()
REFUSED: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "statement."),
    "text": (b"hello", 400, "statement."),
    "json": (b'{"kind":"document"}', 400, "statement."),
    "cut": (GOOD.raw[:-1], 400, "statement."),
    "byte-more": (GOOD.raw + b"\x00", 400, "statement."),
    "no-tag": (GOOD.raw[1:], 400, "statement."),
    "other-tag": (b"\xd1" + GOOD.raw[1:], 400, "statement."),
    "signature": (flipped(GOOD.raw, len(GOOD.raw) - 1), 400, "node.statement-refused"),
    "payload": (flipped(GOOD.raw, GOOD.raw.index(GOOD.payload) + 30), 400, ""),
    "deep": (b"\xd2" + b"\x81" * 60_000, 400, "statement."),
    "deep-payload": (signed(payload=b"\x81" * 5000 + b"\x80").raw, 400, "node.statement-refused"),
    "wrong-claim": (signed(payload=cbor.encode({"title": {"en": "x"}})).raw, 400, "node.statement-refused"),
    "other-issuer": (signed(issuer="other.example").raw, 400, "log.not-admitted"),
    "other-key": (signed(key=ed25519_key("another")).raw, 400, "log.not-admitted"),
    "other-kind": (signed(kind="pledge_report").raw, 400, "log.not-admitted"),
    "foreign-kind": (signed(kind="horoscope").raw, 400, "log.not-admitted"),
    "green": (signed(sharing=Sharing.GREEN).raw, 400, "log.not-admitted"),
    "red": (digest_only(Sharing.RED).raw, 400, "log.not-admitted"),
    "too-large": (bytes(MAX_TRANSPARENT_BYTES + 1), 413, "input.too-large"),
}


def test_the_accepted_case(house: House):
    assert house.register(GOOD).status == 201


@pytest.mark.parametrize("case", REFUSED)
def test_one_change_is_refused_with_problem_details_and_nothing_registered(house: House, case: str):
    raw, status, code = REFUSED[case]
    size = house.size
    answer = house.ask("POST", "/entries", raw)
    assert answer.status == status
    title, detail = answer.problem
    assert title.startswith(code)
    assert len(detail) > 10
    assert house.size == size


def test_what_is_too_large_is_refused_by_its_declared_length_before_it_is_read(house: House):
    ask = Ask("POST", "/entries", (1.0,), (("content-length", str(MAX_TRANSPARENT_BYTES + 1)),))
    answer = house.ask_all([ask])[0]
    assert answer.status == 413
    assert answer.problem[0] == "input.too-large"


def test_what_is_too_large_is_refused_as_soon_as_it_is_while_it_streams(house: House):
    endless = (bytes(64 * 1024),) * 3 + (30.0,) * 10
    assert house.ask_all([Ask("POST", "/entries", endless)])[0].status == 413


def test_a_client_that_goes_away_registers_nothing(house: House):
    size = house.size
    answer = house.ask_all([Ask("POST", "/entries", (numbered(5).raw[:200], None))])[0]
    assert answer.status == 400
    assert house.size == size


def test_a_slow_body_is_cut_off(make_house: Callable[..., House]):
    house = make_house(limits=msgspec.structs.replace(FREE, body_seconds=0.3))
    slow = Ask("POST", "/entries", (b"\xd2", 5.0, b"\x84"))
    quick = Ask("POST", "/entries", (0.05, numbered(6).raw))
    answers = house.ask_all([slow, quick])
    assert [answer.status for answer in answers] == [408, 201]
    assert answers[0].problem[0] == "node.body-slow"


def test_a_body_that_trickles_in_is_told_the_time_it_had():
    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.2)
        return {"type": "http.request", "body": b"x", "more_body": True}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(BodySlow) as slow:
        asyncio.run(body_of(request, 10 << 20, 0.7))
    assert slow.value.facts["limit_s"] == 1  # not the 40 s that ten mebibytes would have


# Policies


def policy(house: House) -> Statement:
    """A policy of the operator that no longer lets the company withdraw."""
    key = house.node.keys.issuer
    own = Grant(issuer=OPERATOR, kinds=("*",), keys=(key.public.thumbprint,))
    company = Grant(issuer=COMPANY, kinds=("document",), keys=(KEY.public.thumbprint,))
    claim = Policy(origin=ORIGIN, grants=(own, company))
    return sign(key, OPERATOR, claim, "policy", f"log:{ORIGIN}")


def test_a_policy_of_the_operator_comes_into_force(make_house: Callable[..., House]):
    house = make_house()
    withdrawal = sign(KEY, COMPANY, kind_of("withdraw").example(), "withdraw")
    assert house.register(policy(house)).status == 201
    answer = house.register(withdrawal)
    assert answer.problem[0] == "log.not-admitted"
    assert house.ask("GET", "/policy").body == policy(house).raw


def test_a_policy_for_another_log_or_by_another_issuer_is_refused(make_house: Callable[..., House]):
    house = make_house()
    other = ed25519_key("guest")
    terms = house.node.policies.current
    guest = Grant(issuer="guest.example", kinds=("policy",), keys=(other.public.thumbprint,))
    opened = msgspec.structs.replace(terms, grants=(*terms.grants, guest))
    assert house.register(sign(house.node.keys.issuer, OPERATOR, opened, "policy")).status == 201
    in_force = house.ask("GET", "/policy").body
    for refused in (
        sign(
            house.node.keys.issuer,
            OPERATOR,
            msgspec.structs.replace(terms, origin="uk.example/log"),
            "policy",
        ),
        sign(other, "guest.example", terms, "policy"),
    ):
        answer = house.register(refused)
        assert (answer.status, answer.problem[0]) == (400, "node.policy-refused")
    assert house.ask("GET", "/policy").body == in_force


def test_no_statement_admitted_under_the_old_policy_lands_after_the_new_one(make_house: Callable[..., House]):
    house = make_house()
    withdrawals = [
        sign(KEY, COMPANY, kind_of("withdraw").example(), "withdraw", f"app:demo:{n}") for n in range(300)
    ]
    asks = [Ask("POST", "/entries", (each.raw,)) for each in withdrawals]
    asks.insert(150, Ask("POST", "/entries", (policy(house).raw,)))
    answers = house.ask_all(asks)
    placed = house.node.index_of(policy(house).digest)
    admitted = [
        each
        for each, answer in zip(withdrawals, answers[:150] + answers[151:], strict=True)
        if answer.status == 201
    ]
    assert answers[150].status == 201
    assert 0 < len(admitted) < 300
    assert all(house.node.index_of(each.digest) < placed for each in admitted)
    assert house.size == 3 + 1 + len(admitted)


# Reading


def test_an_entry_gives_a_fresh_receipt(house: House, known: Statement):
    house.register(numbered(7))
    answer = house.ask("GET", f"/entries/{known.digest_hex}")
    found = check_receipt(answer.body, known.digest, known.about.subject, receipt_keys(house))
    assert found.verdict is Verdict.HOLDS
    assert found.facts["size"] == house.size


def test_a_statement_is_given_as_it_was_signed(house: House, known: Statement):
    answer = house.ask("GET", f"/statements/{known.digest_hex}")
    assert answer.body == known.raw
    assert answer.headers["content-type"] == "application/scitt-statement+cose"
    assert "immutable" in answer.headers["cache-control"]


def test_a_proof_verifies_against_the_card(house: House, known: Statement):
    answer = house.ask("GET", f"/proofs/{known.digest_hex}")
    card = NodeCard.from_json(house.ask("GET", "/node.json").body)
    found = check_tlog_proof(answer.body, known.digest, card.log_keys(), ORIGIN)
    assert [each.verdict for each in found] == [Verdict.HOLDS] * 3


def test_a_bundle_holds_for_a_reader_who_pinned_the_node(house: House, known: Statement):
    answer = house.ask("GET", f"/bundles/{known.digest_hex}")
    assert answer.headers["content-type"] == "application/vnd.haechi.bundle"
    assert known.digest_hex[:16] in answer.headers["content-disposition"]
    card = NodeCard.from_json(house.ask("GET", "/node.json").body)
    pins = Pins().add(card, card.fingerprint())
    report = verify_bundle(io.BytesIO(answer.body), pins, FACTS)
    assert report.verdict is Verdict.HOLDS, [each.code for each in report.findings]


def test_a_bundle_can_be_had_at_once(house: House):
    statement = numbered(8)
    house.register(statement)
    assert house.ask("GET", f"/bundles/{statement.digest_hex}").status == 200


def test_a_bundle_holds_the_policy_that_was_in_force_then(make_house: Callable[..., House]):
    house = make_house()
    withdrawal = sign(KEY, COMPANY, kind_of("withdraw").example(), "withdraw")
    house.register(withdrawal)
    house.register(policy(house))
    card = NodeCard.from_json(house.ask("GET", "/node.json").body)
    raw = house.ask("GET", f"/bundles/{withdrawal.digest_hex}").body
    report = verify_bundle(io.BytesIO(raw), Pins().add(card, card.fingerprint()), FACTS)
    assert report.verdict is Verdict.HOLDS, [each.code for each in report.findings]


def test_the_policy_in_force_is_a_statement_of_the_operator(house: House):
    answer = house.ask("GET", "/policy")
    statement = Statement.from_bytes(answer.body)
    assert statement.about.kind == "policy"
    card = NodeCard.from_json(house.ask("GET", "/node.json").body)
    report = verify_statement(answer.body, Pins().add(card, card.fingerprint()), FACTS)
    assert report.verdict is Verdict.HOLDS


def test_the_receipt_keys_verify_receipts(house: House):
    answer = house.ask("GET", "/.well-known/scitt-keys")
    assert answer.headers["content-type"] == "application/cbor"
    keys = cast("list[dict[object, object]]", cbor.decode(answer.body, where="keys", max_bytes=4096))
    own = receipt_keys(house)[0]
    assert [key.pop(2) for key in keys] == [own.thumbprint]
    assert [cbor.encode(key) for key in keys] == [own.cose_key]


@pytest.mark.parametrize("form", ["hex", "base64url"])
def test_a_receipt_key_is_found_by_its_kid(house: House, form: str):
    kid = receipt_keys(house)[0].thumbprint
    name = kid.hex() if form == "hex" else base64.urlsafe_b64encode(kid).rstrip(b"=").decode()
    answer = house.ask("GET", f"/.well-known/scitt-keys/{name}")
    key = cast("dict[object, object]", cbor.decode(answer.body, where="key", max_bytes=4096))
    assert key[2] == kid


def test_the_checkpoint_is_signed_and_covers_what_was_registered(house: House, known: Statement):
    house.ask("GET", f"/proofs/{known.digest_hex}")
    answer = house.ask("GET", "/log/checkpoint")
    signer = house.node.keys.checkpoint_signer(ORIGIN)
    finding, checkpoint = check_checkpoint(answer.body, signer.keys, ORIGIN)
    assert finding.verdict is Verdict.HOLDS
    assert checkpoint is not None
    assert checkpoint.size > house.node.index_of(known.digest)


def test_tiles_and_entries_are_those_of_the_log(house: House, known: Statement):
    size = min(house.size, 255)
    entries = house.ask("GET", f"/log/tile/entries/000.p/{size}")
    assert known.digest in entries.body
    tile = house.ask("GET", f"/log/tile/0/000.p/{size}")
    assert len(tile.body) == 32 * size
    assert tile.body[:32] == hashlib.sha256(b"\x00" + entries.body[2:34]).digest()
    assert "immutable" in tile.headers["cache-control"]
    statements = house.ask("GET", f"/log/tile/statements/000.p/{size}")
    assert known.raw in statements.body


def test_an_evidence_file_is_given_as_it_was_signed(house: House, known: Statement):
    answer = house.ask("GET", f"/blobs/{evidence().digest.hex()}")
    assert answer.body == FILE
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["content-type"] == "application/octet-stream"


def test_head_is_answered_like_get_without_a_body(house: House, known: Statement):
    for path in (f"/statements/{known.digest_hex}", f"/blobs/{evidence().digest.hex()}", "/log/checkpoint"):
        get, head = house.ask("GET", path), house.ask("HEAD", path)
        assert head.status == get.status == 200
        assert head.headers["content-length"] == str(len(get.body))


ABSENT = (
    f"/entries/{UNKNOWN}",
    f"/statements/{UNKNOWN}",
    f"/proofs/{UNKNOWN}",
    f"/bundles/{UNKNOWN}",
    f"/blobs/{UNKNOWN}",
    f"/.well-known/scitt-keys/{UNKNOWN}",
    "/entries/x",
    f"/entries/{UNKNOWN.upper()}",
    f"/entries/{UNKNOWN}0",
    "/entries/..%2f..",
    "/statements/",
    "/log/",
    "/log/checkpoint/",
    "/log/tile/0/000",
    "/log/tile/0/000.p/256",
    "/log/tile/0/000.p/0",
    "/log/tile/9/000",
    "/log/tile/0/0",
    "/log/tile/0/000.p/01",
    "/log/tile/entries/x999/000",
    "/log/tile/statements/999",
    "/log/tile/statements/../../../haechi.toml",
    "/log/haechi.toml",
    "/log/log.db",
    f"/mirrors/{UNKNOWN}/checkpoint",
    "/mirrors/x/checkpoint",
    "/mirrors/",
)


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_not_there_is_a_404_with_problem_details(house: House, path: str):
    answer = house.ask("GET", path)
    assert answer.status == 404
    assert answer.headers["content-type"] == PROBLEM
    assert len(answer.problem[1]) > 5


@pytest.mark.parametrize("name", ["\x80", "\u202e", "a\nb", "\x1b[2J", "%80", "%ff"])
def test_hidden_characters_in_a_name_are_not_echoed(house: House, name: str):
    answer = house.ask("GET", f"/.well-known/scitt-keys/{name}")
    assert answer.status == 404
    assert answer.problem[1].replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/entries", {"POST"}),
        ("PUT", "/entries", {"POST"}),
        ("DELETE", "/entries", {"POST"}),
        ("POST", f"/entries/{UNKNOWN}", {"GET", "HEAD"}),
        ("DELETE", f"/statements/{UNKNOWN}", {"GET", "HEAD"}),
        ("POST", f"/blobs/{UNKNOWN}", {"GET", "HEAD", "PUT"}),
        ("PATCH", "/log/checkpoint", {"GET", "HEAD"}),
        ("POST", "/node.json", {"GET", "HEAD"}),
        ("PUT", "/policy", {"GET", "HEAD"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("POST", "/metrics", {"GET", "HEAD"}),
        ("POST", "/openapi.json", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_a_405_that_says_which_are_allowed(
    house: House, method: str, path: str, allowed: set[str]
):
    answer = house.ask(method, path, b"x")
    assert answer.status == 405
    assert {word.strip() for word in answer.headers["allow"].split(",")} == allowed
    code, detail = answer.problem
    assert code == "node.method-unfit"
    assert all(method in detail for method in allowed)


@pytest.mark.parametrize("path", ["/statements/nowhere", "/log/nowhere", "/entries/UPPER", "/marks/a/b/c"])
def test_what_is_not_routed_has_a_code_and_says_what_to_do(house: House, path: str):
    answer = house.ask("GET", path)
    assert answer.status == 404
    code, detail = answer.problem
    assert (code, path in detail) == ("node.nothing-served", False)
    assert "/openapi.json" in detail


# What every answer carries


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/node.json"),
        ("GET", "/openapi.json"),
        ("GET", "/log/checkpoint"),
        ("GET", "/"),
        ("GET", "/en/"),
        ("GET", "/ko/log"),
        ("GET", "/nowhere"),
        ("GET", f"/entries/{UNKNOWN}"),
        ("POST", "/entries"),
        ("DELETE", "/entries"),
        ("PUT", f"/blobs/{UNKNOWN}"),
    ],
)
def test_security_headers_are_on_every_answer(house: House, method: str, path: str):
    answer = house.ask(method, path)
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_fault_of_our_own_is_a_500_in_the_form_asked_for(
    make_house: Callable[..., House], capfd: pytest.CaptureFixture[str]
):
    house = make_house()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted message")

    house.node.admit = broken  # type: ignore[method-assign,assignment]
    house.runner.proof = broken  # type: ignore[method-assign,assignment]
    house.runner.follow = broken
    answers = [
        house.register(GOOD),
        house.ask("GET", f"/proofs/{UNKNOWN}"),
        house.ask("GET", f"/ko/statement/{UNKNOWN}"),
    ]
    assert [answer.status for answer in answers] == [500, 500, 500]
    assert answers[0].problem == answers[1].problem
    assert answers[0].problem[0] == "page.broken"
    assert "text/html" in answers[2].headers["content-type"]
    for answer in answers:
        assert b"planted" not in answer.body
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    lines = capfd.readouterr().err
    assert "ZeroDivisionError" in lines
    assert "haechi.node.door:" in lines
    assert "planted" not in lines


def test_security_headers_are_on_receipts_and_refusals_alike(make_house: Callable[..., House]):
    house = make_house(limits=msgspec.structs.replace(FREE, write_burst=1, writes_per_s=0.001))
    answers = [house.register(numbered(n)) for n in range(2)]
    assert [answer.status for answer in answers] == [201, 429]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


# Evidence files


@pytest.fixture
def wanted(make_house: Callable[..., House]) -> House:
    """A node that knows a statement and not yet its file."""
    house = make_house()
    house.register(numbered(0))
    return house


def blob(digest: bytes = evidence().digest) -> str:
    return f"/blobs/{digest.hex()}"


def test_a_file_is_taken_when_a_statement_refers_to_it(wanted: House):
    assert wanted.ask("GET", blob()).status == 404
    assert wanted.ask("PUT", blob(), FILE).status == 201
    assert wanted.ask("GET", blob()).body == FILE
    assert wanted.ask("PUT", blob(), FILE).status == 201


def test_a_file_that_nothing_refers_to_is_not_taken(wanted: House):
    answer = wanted.ask("PUT", blob(hashlib.sha256(b"x").digest()), b"x")
    assert (answer.status, answer.problem[0]) == (404, "not-found")
    assert list((wanted.folder / "blobs").rglob("*")) == []


@pytest.mark.parametrize(
    "body", [b"", FILE[:-1], FILE + b"x", FILE[:-1] + b"x"], ids=["none", "short", "long", "other"]
)
def test_other_bytes_than_those_signed_are_not_kept(wanted: House, body: bytes):
    answer = wanted.ask("PUT", blob(), body)
    assert answer.status in (400, 413)
    assert len(answer.problem[1]) > 10
    assert [path for path in (wanted.folder / "blobs").rglob("*") if path.is_file()] == []


def test_a_client_that_goes_away_leaves_no_file(wanted: House):
    answer = wanted.ask_all([Ask("PUT", blob(), (FILE[:100], None))])[0]
    assert answer.status == 400
    assert [path for path in (wanted.folder / "blobs").rglob("*") if path.is_file()] == []


def test_a_file_beyond_the_nodes_bound_is_not_taken(make_house: Callable[..., House]):
    house = make_house(limits=msgspec.structs.replace(FREE, blob_bytes=100))
    house.register(numbered(0))
    answer = house.ask("PUT", blob(), FILE)
    assert (answer.status, answer.problem[0]) == (413, "input.too-large")


def test_uploads_at_the_same_time_are_bounded(wanted: House):
    slow = Ask("PUT", blob(), (FILE[:100], 2.0, FILE[100:]))  # longer than the last needs to arrive
    answers = wanted.ask_all([slow] * (MAX_UPLOADS + 2))
    assert sorted(answer.status for answer in answers) == [201] * MAX_UPLOADS + [503, 503]
    refused = next(answer for answer in answers if answer.status == 503)  # whoever came last
    assert refused.problem[0] == "node.uploads-full"
    assert int(refused.headers["retry-after"]) >= 1
    assert wanted.ask("GET", blob()).body == FILE


def test_uploads_never_take_the_room_that_the_log_needs(tmp_path: Path):
    free = shutil.disk_usage(tmp_path).free
    room = UploadRoom(tmp_path, reserve_bytes=free // 2)
    with room.take(free // 4), room.take(free // 8), pytest.raises(UploadsFull), room.take(free // 4):
        pass
    with room.take(free // 4):
        pass


def test_a_file_of_which_only_the_digest_is_signed_is_taken(make_house: Callable[..., House]):
    house = make_house()
    statement = hash_envelope(KEY, COMPANY)
    assert house.register(statement).status == 201
    assert house.ask("PUT", blob(statement.payload), FILE).status == 201
    assert house.ask("GET", blob(statement.payload)).body == FILE


def test_keys_of_other_families_sign_statements_too(make_house: Callable[..., House]):
    house, key = make_house(), es256_key("second")
    terms = house.node.policies.current
    second = Grant(issuer=COMPANY, kinds=("document",), keys=(key.public.thumbprint,))
    opened = msgspec.structs.replace(terms, grants=(*terms.grants, second))
    assert house.register(sign(house.node.keys.issuer, OPERATOR, opened, "policy")).status == 201
    assert house.register(signed(key=key)).status == 201
