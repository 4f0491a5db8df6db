"""What a claim may not say: each refusal is the example plus one wrong thing."""

from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import msgspec
import pytest
from tests.statement.make import FACTS, about, example, example_payload, key

from haechi.errors import BadInput, UnknownName
from haechi.findings import Verdict
from haechi.statement import cbor
from haechi.statement.claims import (
    Claim,
    ClaimMalformed,
    Said,
    UnknownKind,
    check_claim,
    claim_of,
    decode_claim,
    encode_claim,
    kind_names,
    kind_of,
)
from haechi.statement.envelope import HashEnvelope, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._figures import Figure, Interval
from haechi.statement.kinds.confirm import Checked
from haechi.statement.kinds.incident_report import Notified
from haechi.statement.kinds.key_event import KeyEntry
from haechi.statement.kinds.pledge_report import Period
from haechi.statement.kinds.policy import Grant

replace = msgspec.structs.replace


def refusal(kind: str, **changes: object) -> BadInput:
    """The error that the kind's example with these fields changed is refused with."""
    claim = replace(kind_of(kind).example(), **changes)
    with pytest.raises(BadInput) as refused:
        encode_claim(kind_of(kind), claim, FACTS)
    # What is refused before signing is refused when read as well.
    payload = cbor.encode(msgspec.to_builtins(claim, builtin_types=(bytes,))) if _plain(claim) else b""
    if payload:
        statement = sign_statement(key(), about(kind), payload)
        assert check_claim(statement, FACTS).verdict is Verdict.FAILS
        assert check_claim(statement, FACTS).say("ko") != check_claim(statement, FACTS).say("en")
    return refused.value


def _plain(claim: Claim) -> bool:
    try:
        cbor.encode(msgspec.to_builtins(claim, builtin_types=(bytes,)))
    except cbor.CborMalformed:
        return False
    return True


# The registry


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(UnknownKind) as refused:
        kind_of("pledge_raport")
    assert refused.value.code == "statement.kind-unknown"
    assert "pledge_report" in refused.value.facts["nearest"]  # type: ignore[operator]
    for private in ("_figures", "__init__", "", "x" * 10_000, "kinds.policy"):
        with pytest.raises(UnknownKind):
            kind_of(private)


def test_a_kind_of_the_future_is_undecided():
    statement = sign_statement(key(), about("moon_landing"), b"\xa0")
    assert check_claim(statement, FACTS).code == "statement.claim.kind-unknown"
    assert check_claim(statement, FACTS).verdict is Verdict.UNDECIDED
    assert "moon_landing" not in kind_names()


def test_the_list_of_kinds_is_the_callers_own():
    kind_names().clear()
    assert kind_names()


# Words


def test_words_need_one_language_and_say_which_one_they_are_in():
    both = Said(en="yes", ko="예")
    assert both.lines() == [("en", "yes"), ("ko", "예")]
    assert Said(ko="예").in_("en") == "[ko] 예"
    assert Said(ko="예").in_("ko") == "예"
    assert refusal("withdraw", reason=Said()).code == "statement.claim"


@pytest.mark.parametrize(
    "text",
    ["", "x" * 8001, "a\x00", "a\tb", "a\r\nb", "a\x1b[31m", "a\x85b", "a\u2028b", "a\u202eb", "\ufeffa"],
)
def test_words_are_what_a_reader_sees(text: str):
    assert refusal("withdraw", reason=Said(en=text)).code in ("statement.claim", "statement.cbor")


def test_words_may_have_lines_and_every_script():
    claim = replace(
        kind_of("withdraw").example(), reason=Said(en="one\ntwo", ko="한자 漢字, e\u0301, 👩\u200d💻")
    )
    assert decode_claim(kind_of("withdraw"), encode_claim(kind_of("withdraw"), claim, FACTS), FACTS) == claim


@pytest.mark.parametrize("name", ["", "two\nlines", "final\n", "x" * 513, "a\u202eb"])
def test_names_are_one_line(name: str):
    assert refusal("incident_report", application=name).code in ("statement.claim", "statement.cbor")


# Facts


def test_a_pledge_names_what_the_facts_know():
    wrong = refusal("pledge_report", instrument="ins.seoul.pledges")
    assert isinstance(wrong, UnknownName)
    assert wrong.facts["field"] == "instrument"
    assert "ins.seoul.pledge" in wrong.facts["nearest"]  # type: ignore[operator]
    wrong = refusal("pledge_report", party="co.never")
    assert "co.naver" in wrong.facts["nearest"]  # type: ignore[operator]
    section = replace(kind_of("pledge_report").example().sections[0], commitment="sbp.1.2.")
    wrong = refusal("pledge_report", sections=(section,))
    assert "sbp.1.2" in wrong.facts["nearest"]  # type: ignore[operator]
    assert isinstance(refusal("document", form="document.polcy"), UnknownName)


def test_only_a_party_reports_on_an_instrument():
    outsider = next(name for name in FACTS.companies if name not in FACTS.parties_of("ins.seoul.pledge").ids)
    wrong = refusal("pledge_report", party=outsider)
    assert wrong.code == "statement.claim"
    assert outsider in wrong.say("ko")


def test_a_commitment_belongs_to_the_instrument():
    other = next(row.id for row in FACTS.commitments.values() if row.instrument != "ins.seoul.pledge")
    section = replace(kind_of("pledge_report").example().sections[0], commitment=other)
    assert FACTS.commitment(other).instrument in refusal("pledge_report", sections=(section,)).say("en")


def test_a_commitment_is_reported_once():
    section = kind_of("pledge_report").example().sections[0]
    assert "two sections" in refusal("pledge_report", sections=(section, section)).say("en")
    assert refusal("pledge_report", sections=()).code == "statement.claim"


# Dates


@pytest.mark.parametrize(
    "period",
    [
        Period(first=date(2026, 9, 30), last=date(2026, 7, 1)),
        Period(first=date(1, 1, 1), last=date(2026, 7, 1)),
        Period(first=date(2026, 7, 1), last=date(9999, 12, 31)),
    ],
)
def test_a_period_is_one(period: Period):
    assert refusal("pledge_report", period=period).code == "statement.claim"


def test_documents_and_incidents_have_plausible_dates():
    assert refusal("document", dated=date(1899, 12, 31)).code == "statement.claim"
    assert refusal("document", dated=date(2200, 1, 1)).code == "statement.claim"
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    last = datetime(9999, 12, 31, tzinfo=timezone(timedelta(hours=-12)))
    assert refusal("incident_report", occurred=first).code == "statement.claim"
    assert refusal("incident_report", known=last).code == "statement.claim"
    told = Notified(authority="MSIT", country="KR", at=last)
    assert refusal("incident_report", notified=(told,)).code == "statement.claim"


def test_an_incident_is_known_after_it_occurred():
    early = datetime(2026, 8, 31, tzinfo=UTC)
    assert "before" in refusal("incident_report", known=early).say("en")
    assert refusal("incident_report", occurred=datetime(2026, 9, 1)).code == "statement.claim"  # noqa: DTZ001


@pytest.mark.parametrize(
    "spelled",
    [
        "2026-09-01T03:20:00+00:00",
        "2026-09-01T03:20:00.000Z",
        "2026-09-01t03:20:00Z",
        "2026-09-01 03:20:00Z",
        "2026-09-01T03:20:00-00:00",
    ],
)
def test_a_moment_is_spelled_in_one_way(spelled: str):
    kind = kind_of("incident_report")
    value = msgspec.to_builtins(kind.example(), builtin_types=(bytes,))
    assert value["occurred"] == "2026-09-01T03:20:00Z"
    with pytest.raises(ClaimMalformed):
        decode_claim(kind, cbor.encode({**value, "occurred": spelled}), FACTS)


# Figures


FIGURE = kind_of("pledge_report").example().sections[0].figures[0]


def figures(figure: Figure) -> tuple[object, ...]:
    return (replace(kind_of("pledge_report").example().sections[0], figures=(figure,)),)


@pytest.mark.parametrize(
    "changes",
    [
        {"how": "claimed"},  # and still with an interval
        {"interval": None},
        {"method": None},
        {"value": 99.6},
        {"value": 98.8},
        {"interval": Interval(low=99.5, high=98.9, level=0.95)},
        {"interval": Interval(low=98.9, high=99.5, level=0.0)},
        {"interval": Interval(low=98.9, high=99.5, level=1.0)},
        {"interval": Interval(low=98.9, high=99.5, level=95.0)},
        {"unit": ""},
        {"how": "guessed"},
    ],
)
def test_a_figure_says_no_more_than_it_carries(changes: dict[str, object]):
    assert refusal("pledge_report", sections=figures(replace(FIGURE, **changes))).code == "statement.claim"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", ["value", "low", "high"])
def test_a_figure_is_finite(number: float, place: str):
    if place == "value":
        figure = replace(FIGURE, value=number)
    else:
        figure = replace(FIGURE, interval=replace(FIGURE.interval, **{place: number}))
    wrong = refusal("pledge_report", sections=figures(figure))
    assert wrong.code == "statement.claim"
    assert "finite" in wrong.say("en")


def test_a_claimed_figure_stands_alone():
    claimed = Figure(name="jobs", value=12, unit="people", how="claimed")
    claim = replace(kind_of("pledge_report").example(), sections=figures(claimed))
    assert encode_claim(kind_of("pledge_report"), claim, FACTS)
    assert "claimed, not measured" in claimed.text().en
    assert "주장값" in claimed.text().ko


def test_five_is_five_point_nought():
    kind = kind_of("pledge_report")
    whole = Figure(name="jobs", value=5, unit="people", how="claimed")
    real = Figure(name="jobs", value=5.0, unit="people", how="claimed")
    encoded = {
        encode_claim(kind, replace(kind.example(), sections=figures(each)), FACTS) for each in (whole, real)
    }
    assert len(encoded) == 1
    raw = encoded.pop()
    five = cbor.encode(5.0)
    assert raw.count(b"\x65value" + five) == 1
    for other in (b"\x05", b"\xfa\x40\xa0\x00\x00", b"\xfb\x40\x14\x00\x00\x00\x00\x00\x00"):
        with pytest.raises(BadInput):
            decode_claim(kind, raw.replace(b"\x65value" + five, b"\x65value" + other), FACTS)


def test_nought_has_one_sign():
    assert (
        refusal(
            "pledge_report",
            sections=figures(replace(FIGURE, value=-0.0, interval=None, method=None, how="claimed")),
        ).code
        == "statement.cbor"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567.0, "1,234,567 kWh"),
        (0.1, "0.1 kWh"),
        (1234.5678, "1,234.5678 kWh"),
        (1e22, "1e+22 kWh"),
        (-3.0, "-3 kWh"),
    ],
)
def test_every_signed_digit_is_shown(value: float, shown: str):
    assert Figure(name="x", value=value, unit="kWh", how="claimed").text().en.startswith(shown)


# Files


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../x.csv"},
        {"name": "/etc/passwd"},
        {"name": "a\\b"},
        {"name": "."},
        {"name": ".."},
        {"name": "a\nb"},
        {"name": "evil\u202egnp.exe"},
        {"name": ""},
        {"name": "x" * 256},
        {"media_type": "csv"},
        {"media_type": "text/csv\r\nSet-Cookie: a=b"},
        {"media_type": "text/csv; charset"},
        {"media_type": "Text/CSV"},
        {"digest": bytes(31)},
        {"digest": bytes(33)},
        {"size": -1},
        {"size": 1 << 53},
    ],
)
def test_a_file_reference_is_safe_to_hand_on(changes: dict[str, object]):
    file = replace(kind_of("document").example().files[0], **changes)
    assert refusal("document", files=(file,)).code in ("statement.claim", "statement.cbor")


@pytest.mark.parametrize("name", ["a", "보고서 (최종).pdf", ".hidden", "...", "..a", "x" * 255])
@pytest.mark.parametrize("media_type", ["text/csv", "text/plain; charset=utf-8", "application/vnd.a.b+cbor"])
def test_usual_file_references_are_taken(name: str, media_type: str):
    file = EvidenceRef(digest=bytes(32), size=0, media_type=media_type, name=name)
    kind = kind_of("document")
    assert encode_claim(kind, replace(kind.example(), files=(file,)), FACTS)


# The life-cycle kinds


def test_a_statement_does_not_replace_itself():
    claim = kind_of("supersede").example()
    assert refusal("supersede", new=claim.old).code == "statement.claim"


def test_a_check_is_confirmed_once_by_its_code():
    check = Checked(code="statement.signature.valid")
    assert refusal("confirm", checks=(check, check)).code == "statement.claim"
    for code in ("", "valid", "Statement.Signature", "a.b\n", "a. b"):
        assert refusal("confirm", checks=(Checked(code=code),)).code == "statement.claim"
    assert refusal("confirm", note=Said()).code == "statement.claim"


def test_key_events_name_keys_and_reasons():
    entry = kind_of("key_event").example().keys[0]
    assert refusal("key_event", event="genesis").code == "statement.claim"
    assert refusal("key_event", event="revoke").code == "statement.claim"
    assert refusal("key_event", event="retire", reason=Said()).code == "statement.claim"
    assert refusal("key_event", keys=(entry, entry)).code == "statement.claim"
    assert refusal("key_event", country="KR\n").code == "statement.claim"
    assert refusal("key_event", country="kr").code == "statement.claim"
    assert refusal("key_event", owner="회사").code == "statement.claim"
    assert refusal("key_event", from_index=1 << 53).code == "statement.claim"
    weak = entry.cose_key[:-32] + b"\x01" + bytes(31)
    assert refusal("key_event", keys=(KeyEntry(cose_key=weak, scope="statement"),)).code == "statement.key"
    lines = KeyEntry(cose_key=entry.cose_key, scope="checkpoint", vkey="a+b+c\nd")
    assert refusal("key_event", keys=(lines,)).code == "statement.claim"


@pytest.mark.parametrize("kinds", [("policy",), ("document", "key_event"), ("*",)])
@pytest.mark.parametrize("issuer", ["*", "company.example"])
def test_nobody_governs_a_log_without_a_named_key(kinds: tuple[str, ...], issuer: str):
    grant = Grant(issuer=issuer, kinds=kinds)
    assert "named keys" in refusal("policy", grants=(grant,)).say("en")
    if issuer != "*":
        named = replace(kind_of("policy").example(), grants=(replace(grant, keys=(bytes(32),)),))
        assert encode_claim(kind_of("policy"), named, FACTS)


def test_policies_are_bounded_and_plain():
    assert refusal("policy", sharing=()).code == "statement.claim"
    assert refusal("policy", sharing=("CLEAR", "CLEAR")).code == "statement.claim"
    assert refusal("policy", sharing=("PINK",)).code == "statement.claim"
    assert refusal("policy", max_bytes=65537).code == "statement.claim"
    assert refusal("policy", grants=(Grant(issuer="a", kinds=("document\n",)),)).code == "statement.claim"
    assert refusal("policy", grants=(Grant(issuer="a b", kinds=("document",)),)).code == "statement.claim"
    assert refusal("policy", note=Said()).code == "statement.claim"


def test_a_large_policy_still_fits():
    """The most grants that 64 KiB hold pass the decoder's bound on parts."""
    kind = kind_of("policy")
    grants = tuple(Grant(issuer=f"i{at}", kinds=("document",)) for at in range(1800))
    payload = encode_claim(kind, replace(kind.example(), grants=grants), FACTS)
    assert len(payload) > 50_000
    assert decode_claim(kind, payload, FACTS)


# Hash envelopes


def test_a_file_that_is_no_claim_stays_evidence():
    pdf = b"%PDF-1.7"
    said = about("document")
    statement = sign_statement(
        key(), said, sha256(pdf).digest(), hash_envelope=HashEnvelope("application/pdf")
    )
    assert claim_of(statement, FACTS, pdf) is None
    with pytest.raises(ClaimMalformed):
        claim_of(statement, FACTS, b"another file")


def test_a_preimage_is_the_signed_one_or_none():
    kind = kind_of("withdraw")
    payload = example_payload(kind)
    type_ = HashEnvelope("application/vnd.haechi.withdraw+cbor")
    statement = sign_statement(key(), about(), sha256(payload).digest(), hash_envelope=type_)
    other = encode_claim(kind, replace(kind.example(), target=bytes(32)), FACTS)
    assert claim_of(statement, FACTS, payload) == kind.example()
    with pytest.raises(ClaimMalformed):
        claim_of(statement, FACTS, other)


# What a stranger wrote is never printed raw


def test_names_of_unknown_fields_move_no_cursor():
    kind = kind_of("withdraw")
    raw = example_payload(kind)
    bad = b"\xa3" + raw[1:] + b"\x6b\x1b[2J\x1b]0;evil" + b"\x00"
    with pytest.raises(BadInput) as refused:
        decode_claim(kind, bad, FACTS)
    for lang in ("en", "ko"):
        assert "\x1b" not in refused.value.say(lang)


def test_examples_do_not_share_what_can_change():
    assert example("policy") == example("policy")
