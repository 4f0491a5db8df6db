"""Random worlds of evidence and remarks, small enough that every rule meets every other."""

from hypothesis import strategies as st
from tests.answers.make import (
    APP,
    CHECKERS,
    ISSUED,
    ISSUER,
    LOGGED,
    TODAY,
    WITNESSED,
    confirm,
    days,
    dispute,
    piece,
    replace,
    withdraw,
)

from haechi.answers.engine import Scope
from haechi.answers.evidence import Seen
from haechi.facts import load

FACTS = load()
SCOPE = Scope(APP, ("co.naver",))
# Records with full chains, partial neighbours, own limits of days, reports only, and kinds with sub-kinds.
TARGETS = (
    "EU.50.2", "KR.31.2", "sbp.1.2", "G7.7", "US-CA.53.int", "US-NY.1422.int", "US-NY.1421", "EU.9",
    "KR.34.1.1", "sbp.3.2", "G7.9", "sbp.1.3", "G7.10", "US-CA.53.fw", "EU.27", "KR.35.1",
)  # fmt: skip
KINDS = (
    "mark", "mark.detector", "evaluation", "evaluation.redteam", "risk_assessment", "risk_assessment.impact",
    "document.notice", "document.policy", "pledge_report",
)  # fmt: skip
SEEN = (Seen(), LOGGED, WITNESSED, Seen(witnessed=True))

offers = st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3)
evidence = st.builds(
    lambda number, kind, targets, **more: piece(number, kind, *targets, **more),
    st.integers(1, 8),
    st.sampled_from(KINDS),
    offers,
    whole=st.sampled_from((True, True, True, False)),
    seen=st.sampled_from(SEEN),
    issued=st.sampled_from((ISSUED, ISSUED - days(80), ISSUED - days(200), TODAY, TODAY + days(1))),
    subject=st.sampled_from((APP, APP, "co.naver", "another")),
    withheld=st.sampled_from((False, False, False, True)),
)
parties = st.sampled_from((ISSUER, *CHECKERS, "stranger"))
number, target = st.integers(9, 24), st.integers(1, 24)
remarks = st.one_of(
    st.builds(
        confirm,
        number,
        target,
        by=parties,
        how=st.sampled_from(("verified", "reproduced")),
        logged=st.booleans(),
    ),
    st.builds(dispute, number, target, by=parties, logged=st.booleans()),
    st.builds(withdraw, number, target, by=parties),
    st.builds(replace, number, target, target, by=parties),
)
worlds = st.lists(st.one_of(evidence, evidence, remarks), max_size=18, unique_by=lambda item: item.digest)
