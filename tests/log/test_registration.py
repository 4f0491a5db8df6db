"""The policy in the log decides, the most specific grant speaks, and a grant never takes anything away."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.statement.make import FACTS, about, example_payload, key

from haechi.errors import TooLarge
from haechi.findings import Verdict
from haechi.log.registration import NotAdmitted, admit, check_registration
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import Sharing, Statement, sign_statement
from haechi.statement.kinds.policy import Grant, Policy

ISSUERS = ["company.example", "uk.example", "*x", "a"]
KINDS = ["withdraw", "document", "confirm"]
KEYS = [key(seed=seed) for seed in (1, 2)]


def said(
    issuer: str = "company.example", kind: str = "withdraw", seed: int = 1, **changes: object
) -> Statement:
    payload = example_payload(kind_of(kind))
    return sign_statement(key(seed=seed), about(kind, issuer=issuer, **changes), payload)


def policy(*grants: Grant, **changes: object) -> Policy:
    return Policy(origin="kr.example/log", grants=grants, **changes)  # type: ignore[arg-type]


LOGGED = sign_statement(key(), about("policy"), example_payload(kind_of("policy")))
OPEN = Grant(issuer="*", kinds=("withdraw",))
NAMED = Grant(issuer="company.example", kinds=("withdraw",))
KEYED = Grant(issuer="company.example", kinds=("withdraw",), keys=(KEYS[0].public.thumbprint,))
OTHER_KEY = Grant(issuer="company.example", kinds=("withdraw",), keys=(KEYS[1].public.thumbprint,))


def code(terms: Policy, statement: Statement | None = None) -> str:
    finding = check_registration(statement or said(), LOGGED, terms)
    assert finding.say("en") != finding.say("ko")
    return finding.code.rpartition(".")[2]


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ([KEYED], "granted"),
        ([NAMED], "open"),
        ([OPEN], "open"),
        ([OTHER_KEY], "not-granted"),
        ([OPEN, KEYED], "granted"),
        ([OPEN, NAMED, KEYED], "granted"),
        ([KEYED, NAMED, OPEN], "granted"),
        ([OTHER_KEY, OPEN], "open"),
        ([OTHER_KEY, NAMED], "open"),
    ],
)
def test_the_most_specific_grant_speaks(grants: list[Grant], expected: str):
    assert code(policy(*grants)) == expected


@pytest.mark.parametrize(
    "statement",
    [said(issuer="company.example."), said(issuer="Company.example"), said(kind="document"), said(seed=2)],
)
def test_another_issuer_kind_or_key_is_not_admitted(statement: Statement):
    terms = policy(KEYED)
    assert admit(terms, said()) is None
    with pytest.raises(NotAdmitted) as refused:
        admit(terms, statement)
    assert refused.value.code == "log.not-admitted"
    assert statement.about.issuer in refused.value.advise("ko")
    assert code(terms, statement) == "not-granted"


def test_a_star_stands_for_any_issuer_and_any_kind():
    keyed = Grant(issuer="company.example", kinds=("*",), keys=(KEYS[0].public.thumbprint,))
    for kind in KINDS:
        assert code(policy(keyed), said(kind=kind)) == "granted"
    assert code(policy(OPEN), said(issuer="anybody.example")) == "open"
    # A star is a star in the policy only; an issuer who calls itself so is nobody special.
    assert code(policy(NAMED), said(issuer="*")) == "not-granted"
    starred = Grant(issuer="*", kinds=("withdraw",), keys=(KEYS[0].public.thumbprint,))
    assert code(policy(starred), said(issuer="*")) == "open"


def test_size_and_sharing_are_bounded():
    green = said(sharing=Sharing.GREEN)
    with pytest.raises(NotAdmitted) as refused:
        admit(policy(KEYED), green)
    assert "GREEN" in refused.value.say("ko")
    for lang in ("en", "ko"):  # another grant would not help
        assert refused.value.advise(lang).endswith("haechi log levels")
    assert code(policy(KEYED), green) == "not-taken"
    assert code(policy(KEYED, sharing=("GREEN",)), green) == "granted"
    large = sign_statement(key(), about(), bytes(2000))
    with pytest.raises(TooLarge):
        admit(policy(KEYED, max_bytes=1024), large)
    assert code(policy(KEYED, max_bytes=1024), large) == "not-taken"


def test_without_the_policy_nothing_is_decided():
    terms = policy(KEYED)
    for finding in (check_registration(said(), None, terms), check_registration(said(), LOGGED, None)):
        assert finding.code == "log.registration.policy-absent"
        assert finding.verdict is Verdict.UNDECIDED


def test_the_advice_is_safe_to_paste():
    statement = said(issuer="a;rm$IFS-rf$IFS~")
    with pytest.raises(NotAdmitted) as refused:
        admit(policy(KEYED), statement)
    words = shlex.split(refused.value.advise("en").partition("run: ")[2])
    assert words[:5] == ["haechi", "log", "allow", "--issuer", "a;rm$IFS-rf$IFS~"]


GRANTS = st.builds(
    Grant,
    issuer=st.sampled_from([*ISSUERS, "*"]),
    kinds=st.lists(st.sampled_from([*KINDS, "*"]), min_size=1, max_size=3, unique=True).map(tuple),
    keys=st.lists(st.sampled_from([each.public.thumbprint for each in KEYS]), max_size=2, unique=True).map(
        tuple
    ),
)
STATEMENTS = [said(issuer, kind, seed) for issuer in ISSUERS for kind in KINDS for seed in (1, 2)]


def admitted(terms: Policy, statement: Statement) -> bool:
    try:
        admit(terms, statement)
    except NotAdmitted:
        return False
    return True


@given(st.lists(GRANTS, max_size=5), GRANTS, st.sampled_from(STATEMENTS), st.randoms())
def test_a_grant_never_takes_anything_away(
    grants: list[Grant], more: Grant, statement: Statement, chance: object
):
    before, after = policy(*grants), policy(*grants, more)
    if admitted(before, statement):
        assert admitted(after, statement)
    ranks = ["not-granted", "open", "granted"]
    assert ranks.index(code(before, statement)) <= ranks.index(code(after, statement))
    # And the order of grants says nothing.
    shuffled = [*grants, more]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert code(policy(*shuffled), statement) == code(after, statement)


@given(st.lists(GRANTS, max_size=5), st.sampled_from(STATEMENTS))
def test_an_auditor_reaches_the_answer_of_the_log(grants: list[Grant], statement: Statement):
    terms = policy(*grants)
    assert admitted(terms, statement) == (code(terms, statement) in ("granted", "open"))


def test_the_logged_policy_reads_back_as_the_terms():
    terms = policy(KEYED, OPEN)
    assert encode_claim(kind_of("policy"), terms, FACTS)
