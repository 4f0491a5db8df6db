"""From signed statements to what is counted."""

import pytest
from tests.answers.make import TODAY, noon

from haechi.answers import (
    Confirmation,
    Engine,
    Evidence,
    NotTheirVoice,
    Objection,
    Offer,
    Replacement,
    Seen,
    Withdrawal,
    item_of,
)
from haechi.facts import Facts
from haechi.statement.claims import claim_of, encode_claim, kind_of
from haechi.statement.envelope import About, HashEnvelope, Statement, sign_statement
from haechi.statement.keys import Family, SigningKey

KEY = SigningKey.generate(Family.ED25519)
VOICES = {"co.naver": frozenset({"naver.example"})}
LOGGED = Seen(logs=("kr.example/log",))


def signed(
    facts: Facts, kind: str, issuer: str = "naver.example", subject: str = "image studio"
) -> Statement:
    about = About(issuer=issuer, subject=subject, issued_at=noon(TODAY), kind=kind)
    payload = encode_claim(kind_of(kind), kind_of(kind).example(), facts)
    return sign_statement(KEY, about, payload)


def derived(facts: Facts, statement: Statement, **more: object):
    claim = claim_of(statement, facts)
    return item_of(statement, claim, LOGGED, facts, voices=VOICES, **more)  # type: ignore[arg-type]


def test_a_pledge_report_offers_itself_for_what_was_done(facts: Facts) -> None:
    item = derived(facts, signed(facts, "pledge_report"))
    assert isinstance(item, Evidence)
    assert (item.subject, item.kind, item.offers) == (
        "co.naver",
        "pledge_report",
        (Offer("sbp.1.2", whole=False), Offer("sbp.2.2", whole=False), Offer("G7.10", whole=False)),
    )
    assert item.period is not None
    assert item.since == item.period[1]
    engine = Engine(facts)
    engine.put(item)
    answer = engine.answer("co.naver", "sbp.1.2", TODAY)
    assert answer.assurance is not None
    assert (answer.state.word, answer.assurance.word) == ("claimed", "logged")


def test_nobody_reports_in_another_partys_name(facts: Facts) -> None:
    with pytest.raises(NotTheirVoice, match=r"rival\.example does not speak for co\.naver"):
        derived(facts, signed(facts, "pledge_report", issuer="rival.example"))
    with pytest.raises(NotTheirVoice):
        derived(facts, signed(facts, "document", issuer="rival.example", subject="co.naver"))


def test_a_document_serves_as_its_form_and_ages_from_its_date(facts: Facts) -> None:
    item = derived(facts, signed(facts, "document"), offers=(Offer("sbp.1.5"),))
    assert isinstance(item, Evidence)
    assert (item.kind, item.since.isoformat()) == ("document.policy", "2026-03-01")
    # What the signed claim names itself, then what the caller adds.
    assert item.offers == (Offer("KR.34.1.1", whole=False), Offer("sbp.1.6"), Offer("sbp.1.5"))
    engine = Engine(facts)
    engine.put(item)
    assert engine.answer(item.subject, "KR.34.1.1", TODAY).state.word == "partial"


def test_withheld_content_is_marked(facts: Facts) -> None:
    about = About(issuer="naver.example", subject="image studio", issued_at=noon(TODAY), kind="document")
    statement = sign_statement(KEY, about, bytes(32), hash_envelope=HashEnvelope("application/pdf"))
    item = item_of(statement, None, LOGGED, facts, offers=(Offer("sbp.1.5"),))
    assert isinstance(item, Evidence)
    assert item.withheld


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("confirm", Confirmation),
        ("dispute", Objection),
        ("withdraw", Withdrawal),
        ("supersede", Replacement),
        ("policy", type(None)),
        ("key_event", type(None)),
        ("trust_list", type(None)),
    ],
)
def test_life_cycle_kinds(facts: Facts, kind: str, type_: type) -> None:
    item = derived(facts, signed(facts, kind))
    assert isinstance(item, type_)
    if item is not None and kind in ("confirm", "dispute"):
        assert item.logged  # type: ignore[union-attr]
