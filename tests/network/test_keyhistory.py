"""A thief cannot back-date: keys count by their place in the log, from events that their owners signed."""

import io

import pytest
from tests.network.parties import (
    COMPANY,
    FACTS,
    FILE,
    Case,
    about_target,
    bundle,
    document,
    ed25519_key,
    evidence,
    pins,
    sign,
)
from tests.network.trust.lists import COMPANY_LISTED, LISTED, with_company, with_company_key

from haechi.findings import Verdict
from haechi.network.pins import Pins
from haechi.network.sections import Trust
from haechi.network.trust.keys import KeyStatus
from haechi.network.trust.listing import TrustList
from haechi.network.trust.view import ListedTrust
from haechi.network.verify import Report, verify_bundle, verify_statement
from haechi.statement.claims import Said
from haechi.statement.envelope import Statement
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.key_event import Event, KeyEntry, KeyEvent

NEW_KEY, THIRD = ed25519_key("company 2"), ed25519_key("company 3")


class Story(Case):
    """Korea's log as it goes on: entry 0 and 1 are policies, 2 is the company's document."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Statement] = []

    def event(
        self,
        event: Event,
        key: SigningKey,
        *,
        by: SigningKey | None = None,
        since: int | None = None,
        issuer: str = COMPANY,
    ) -> int:
        """Log an event about one of the company's keys; its position."""
        at = len(self.korea.statements)
        claim = KeyEvent(
            event=event,
            owner=COMPANY,
            name=Said(en="Company", ko="회사"),
            role="company",
            country="KR",
            keys=(KeyEntry(cose_key=key.public.cose_key, scope="statement"),),
            origin=self.korea.origin,
            from_index=at if since is None else since,
            reason=None if event == "enrol" else Said(en="so", ko="그래서"),
        )
        statement = sign(by or self.company_key, issuer, claim, "key_event")
        self.korea.log(statement)
        self.told.append(statement)
        return at

    def document(self, key: SigningKey | None = None) -> Statement:
        """Another document of the company at the end of the log."""
        at = len(self.korea.statements)
        statement = sign(key or self.company_key, COMPANY, document(evidence()), "document", f"app:{at}")
        self.korea.log(statement)
        return statement

    def verify(self, subject: Statement, trust: Trust, *more: Statement) -> Report:
        items = [self.korea.item("subject", subject)]
        items += [self.korea.item("key", event, receipt=False) for event in self.told]
        items += [self.korea.item("about", one, receipt=False) for one in more]
        return verify_bundle(io.BytesIO(bundle(items, FILE)), trust, FACTS)

    def pinned(self, *keys: SigningKey) -> Pins:
        return pins(self.korea, issuers=[(COMPANY, key) for key in keys or (self.company_key,)])

    def listed(self, trust_list: TrustList) -> ListedTrust:
        return ListedTrust(Pins(), trust_list)


def codes(report: Report) -> list[str]:
    """What was found of the subject's key."""
    return [one.code for one in report.sections[0].findings if one.check in ("network.key", "network.issuer")]


def test_a_list_is_enough_to_verify_a_bundle() -> None:
    story = Story()
    report = story.verify(story.subject, story.listed(LISTED))
    assert report.verdict is Verdict.HOLDS
    assert codes(report) == ["network.issuer.listed", "network.key.in-use"]


@pytest.mark.parametrize(
    ("history", "code", "verdict"),
    [
        ([("active", 3, None)], "early", Verdict.FAILS),
        ([("active", 2, None)], "in-use", Verdict.HOLDS),
        ([("retired", 3, None)], "in-use", Verdict.HOLDS),
        ([("retired", 2, None)], "retired", Verdict.FAILS),
        ([("revoked", 3, None)], "in-use", Verdict.HOLDS),
        ([("revoked", 2, None)], "revoked", Verdict.FAILS),
        ([("revoked", 9, 2)], "doubtful", Verdict.UNDECIDED),
        ([("revoked", 9, 3)], "in-use", Verdict.HOLDS),
    ],
)
def test_the_list_says_where_a_key_was_good(
    history: list[tuple[str, int, int | None]], code: str, verdict: Verdict
) -> None:
    story = Story()
    told = [
        KeyStatus(log=story.korea.origin, from_index=at, status=status, doubtful_from=doubt)  # type: ignore[arg-type]
        for status, at, doubt in history
    ]
    report = story.verify(story.subject, story.listed(with_company_key(*told)))
    assert codes(report) == ["network.issuer.listed", f"network.key.{code}"]
    assert report.verdict is verdict


def test_an_end_in_another_log_decides_nothing_here() -> None:
    story = Story()
    told = KeyStatus(log=story.britain.origin, from_index=1, status="revoked")
    report = story.verify(story.subject, story.listed(with_company_key(told)))
    assert codes(report)[1:] == ["network.key.unplaced"]
    assert report.verdict is Verdict.UNDECIDED


def test_a_listed_key_publishes_what_it_was_given_for() -> None:
    story = Story()
    key = COMPANY_LISTED.keys[0].__class__(
        scope="statement", key=COMPANY_LISTED.keys[0].key, kinds=("content_mark",)
    )
    report = story.verify(story.subject, story.listed(with_company(keys=(key,))))
    assert codes(report)[1:] == ["network.key.out-of-scope"]
    assert report.verdict is Verdict.FAILS


def test_a_bare_statement_has_no_place() -> None:
    story = Story()
    ended = KeyStatus(log=story.korea.origin, from_index=9, status="retired")
    report = verify_statement(story.subject.raw, story.listed(with_company_key(ended)), FACTS)
    assert codes(report)[1:] == ["network.key.unplaced"]
    assert codes(verify_statement(story.subject.raw, story.listed(LISTED), FACTS)) == [
        "network.issuer.listed"
    ]


def test_a_revocation_parts_before_from_after() -> None:
    story = Story()
    at = story.event("revoke", story.company_key)
    late = story.document()
    assert codes(story.verify(story.subject, story.pinned()))[1:] == ["network.key.in-use"]
    assert story.verify(story.subject, story.pinned()).verdict is Verdict.HOLDS
    assert codes(story.verify(late, story.pinned()))[1:] == ["network.key.revoked"]
    assert at == 3


def test_a_thief_cannot_back_date() -> None:
    """The stolen key signs after its revocation, whatever date it writes and whatever it enrols."""
    story = Story()
    story.event("revoke", story.company_key)
    story.event("enrol", NEW_KEY, since=0)  # by the thief, with the stolen key
    stolen, enrolled = story.document(), story.document(NEW_KEY)
    assert codes(story.verify(stolen, story.pinned()))[1:] == ["network.key.revoked"]
    before = story.verify(story.subject, story.pinned())
    assert before.verdict is Verdict.HOLDS  # what the thief logs since harms nothing that was there before
    assert len(before.sections) == 2
    assert codes(story.verify(enrolled, story.pinned())) == ["network.issuer.other-key"]


def test_what_was_signed_since_the_theft_is_in_doubt() -> None:
    story = Story()
    between = story.document()
    story.event("enrol", NEW_KEY)  # the thief, before anybody noticed
    thiefs = story.document(NEW_KEY)
    story.event("revoke", story.company_key, since=3)
    assert codes(story.verify(between, story.pinned()))[1:] == ["network.key.doubtful"]
    assert story.verify(between, story.pinned()).verdict is Verdict.UNDECIDED
    assert codes(story.verify(thiefs, story.pinned())) == ["network.issuer.other-key"]
    assert codes(story.verify(story.subject, story.pinned()))[1:] == ["network.key.in-use"]


def test_a_rotation_carries_trust_to_the_new_key() -> None:
    story = Story()
    at = story.event("enrol", NEW_KEY)
    story.event("retire", story.company_key, by=NEW_KEY)
    story.event("enrol", THIRD, by=NEW_KEY)
    for key in (NEW_KEY, THIRD):
        report = story.verify(story.document(key), story.pinned())
        assert codes(report) == ["network.key.enrolled", "network.key.in-use"]
        assert report.verdict is Verdict.HOLDS
    assert at == 3
    assert codes(story.verify(story.document(), story.pinned()))[1:] == ["network.key.retired"]
    assert codes(story.verify(story.subject, story.pinned()))[1:] == ["network.key.in-use"]


def test_nobody_enrols_or_retires_backwards() -> None:
    story = Story()
    before = story.document(NEW_KEY)
    story.event("enrol", NEW_KEY, since=0)
    story.event("retire", story.company_key, since=0)
    assert codes(story.verify(before, story.pinned()))[1:] == ["network.key.early"]
    assert codes(story.verify(story.subject, story.pinned()))[1:] == ["network.key.in-use"]


def test_who_pins_the_new_key_hears_of_the_old_one_from_its_end() -> None:
    story = Story()
    doubted = story.document()
    story.event("enrol", NEW_KEY)
    story.event("revoke", story.company_key, by=NEW_KEY, since=3)
    after = story.document()
    new = story.pinned(NEW_KEY)
    before = story.verify(story.subject, new)
    assert codes(before) == ["network.key.former", "network.key.in-use"]
    assert before.verdict is Verdict.HOLDS
    report = story.verify(doubted, new)
    assert codes(report) == ["network.key.former", "network.key.doubtful"]
    assert report.verdict is Verdict.UNDECIDED
    assert codes(story.verify(after, new)) == ["network.issuer.other-key"]


def test_each_end_of_a_key_names_the_one_before() -> None:
    story = Story()
    story.event("enrol", NEW_KEY)
    story.event("retire", story.company_key, by=NEW_KEY)
    middle = story.document(NEW_KEY)
    story.event("enrol", THIRD, by=NEW_KEY)
    story.event("retire", NEW_KEY, by=THIRD)
    for subject in (story.subject, middle):
        report = story.verify(subject, story.pinned(THIRD))
        assert codes(report) == ["network.key.former", "network.key.in-use"]
        assert report.verdict is Verdict.HOLDS


def test_a_stolen_key_ends_none_of_the_others_into_use() -> None:
    story = Story()
    imposter = story.document(THIRD)
    story.event("retire", THIRD)  # the thief, with the key that the reader has pinned
    story.event("enrol", NEW_KEY)
    story.event("revoke", story.company_key, by=NEW_KEY, since=3)
    for known in ((story.company_key,), (NEW_KEY,)):
        report = story.verify(imposter, story.pinned(*known))
        assert codes(report) == ["network.issuer.other-key"]
        assert report.verdict is Verdict.FAILS


def test_strangers_say_nothing_about_a_key() -> None:
    story = Story()
    stranger = ed25519_key("stranger")
    story.event("revoke", story.company_key, by=stranger, since=0, issuer="stranger.example")
    story.event("enrol", stranger, by=stranger)
    assert codes(story.verify(story.subject, story.pinned())) == ["network.issuer.pinned"]
    assert codes(story.verify(story.document(stranger), story.pinned())) == ["network.issuer.other-key"]


def test_the_logs_operator_may_end_a_key_and_enrol_none() -> None:
    story = Story()
    operator = story.korea
    story.event("enrol", NEW_KEY, by=operator.key, issuer=operator.issuer)
    assert codes(story.verify(story.document(NEW_KEY), story.pinned())) == ["network.issuer.other-key"]
    story.event("revoke", story.company_key, by=operator.key, issuer=operator.issuer)
    assert codes(story.verify(story.document(), story.pinned()))[1:] == ["network.key.revoked"]


def test_a_thief_withdraws_nothing_after_the_revocation() -> None:
    story = Story()
    story.event("revoke", story.company_key)
    claim = about_target("withdraw", story.subject.digest)
    withdrawal = sign(story.company_key, COMPANY, claim, "withdraw")
    story.korea.log(withdrawal)
    report = story.verify(story.subject, story.pinned(), withdrawal)
    assert "network.standing.current" in [one.code for one in report.sections[0].findings]


def test_the_owner_withdraws_with_the_new_key() -> None:
    story = Story()
    story.event("enrol", NEW_KEY)
    withdrawal = sign(NEW_KEY, COMPANY, about_target("withdraw", story.subject.digest), "withdraw")
    story.korea.log(withdrawal)
    report = story.verify(story.subject, story.pinned(), withdrawal)
    assert "network.standing.withdrawn" in [one.code for one in report.sections[0].findings]


@pytest.mark.parametrize("at", range(0, 4000, 211))
def test_any_flipped_byte_of_a_key_event_is_refused(at: int) -> None:
    story = Story()
    story.event("enrol", NEW_KEY)
    items = [story.korea.item("subject", story.document(NEW_KEY)), story.korea.item("key", story.told[0])]
    raw = bundle(items, FILE)
    assert verify_bundle(io.BytesIO(raw), story.pinned(), FACTS).verdict is Verdict.HOLDS
    at = min(at, len(raw) - 1)
    flipped = bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]])
    assert verify_bundle(io.BytesIO(flipped), story.pinned(), FACTS).verdict is not Verdict.HOLDS
