"""Nothing but pins is trusted: whatever is changed, left out or borrowed, a bundle never HOLDS by it."""

import io
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import msgspec
import pytest
from tests.network.parties import (
    COMPANY,
    FACTS,
    FILE,
    NOW,
    Case,
    Operator,
    about_target,
    bundle,
    document,
    ed25519_key,
    evidence,
    hash_envelope,
    pins,
    sign,
)

from haechi.findings import Verdict
from haechi.log.note import NoteKey, NoteSigner, SignatureType
from haechi.log.proof import TlogProof
from haechi.log.quorum import WitnessPolicy
from haechi.network.bundle import MAGIC, Item
from haechi.network.card import CardInvalid
from haechi.network.pins import Pins
from haechi.network.verify import Quorum, Report, verify_bundle, verify_statement
from haechi.statement.envelope import Statement
from haechi.statement.keys import PublicKey
from haechi.statement.kinds.policy import Grant

CASE = Case()
SUBJECT, POLICY = CASE.items()
RAW = bundle([SUBJECT, POLICY], FILE)
PINS = pins(CASE.korea)


def verified(raw: bytes, trust: Pins = PINS) -> Report:
    report = verify_bundle(io.BytesIO(raw), trust, FACTS)
    # Whatever was found can be said to people in both languages.
    assert all(
        finding.say(lang) and finding.title(lang) for finding in report.findings for lang in ("en", "ko")
    )
    return report


def codes(report: Report, *, of: int | None = None) -> set[str]:
    sections = report.sections if of is None else [report.sections[of]]
    return {finding.code for section in sections for finding in section.findings}


def faults(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.verdict is not Verdict.HOLDS}


def test_a_quorum_that_does_not_decide_is_told_beside_the_checks():
    stranger = NoteSigner("w.example/w", SignatureType.COSIGNATURE_V1, ed25519_key("w").private)  # type: ignore[arg-type]
    policy = WitnessPolicy.parse(f"witness w {stranger.key.vkey}\nquorum w\n".encode())
    deciding, telling = (
        verify_bundle(io.BytesIO(RAW), PINS, FACTS, None, Quorum(policy, NOW, decides))
        for decides in (True, False)
    )
    assert "log.quorum.unwitnessed" in codes(deciding, of=0)
    assert deciding.verdict is Verdict.UNDECIDED
    assert not any(section.beside for section in deciding.sections)
    assert [section.findings for section in telling.sections] == [
        section.findings for section in verified(RAW).sections
    ]
    assert [[one.code for one in section.beside] for section in telling.sections] == [
        ["log.quorum.unwitnessed"],
        ["log.quorum.unwitnessed"],
    ]


def test_the_usual_bundle_holds_by_every_check():
    report = verified(RAW)
    assert report.verdict is Verdict.HOLDS
    assert codes(report, of=0) == {
        "network.bundle.complete",
        "statement.format.strict",
        "statement.signature.valid",
        "statement.claim.valid",
        "log.receipt.valid",
        "log.proof.readable",
        "log.checkpoint.signed",
        "log.inclusion.valid",
        "log.registration.granted",
        "network.standing.current",
        "evidence.digest.matches",
    }
    assert "network.issuer.pinned" in codes(report, of=1)


def test_a_bundle_with_what_another_country_said_holds_too():
    confirmation = CASE.britain.statements[-1]
    report = verified(CASE.with_about(CASE.britain, confirmation), pins(CASE.korea, CASE.britain))
    assert report.verdict is Verdict.HOLDS
    assert report.sections[2].origin == "uk.example/log"


# Any byte


class Region(NamedTuple):
    """A part of the bundle and the checks that must notice a change in it."""

    first: int
    last: int
    families: tuple[str, ...]


def regions(raw: bytes) -> list[Region]:
    """Later regions lie inside earlier ones and count instead of them."""
    found = [Region(0, len(raw), ("network.bundle", "statement.", "log.", "evidence."))]
    found.append(Region(0, 20, ("network.bundle",)))
    for item in (SUBJECT, POLICY):
        bare = Statement.from_bytes(item.statement)
        at = raw.index(item.statement)
        found.append(Region(at, at + len(item.statement), ("statement.",)))
        for receipt in bare.receipts:
            inner = at + item.statement.index(receipt)
            found.append(Region(inner, inner + len(receipt), ("log.receipt",)))
        at = raw.index(item.proof)
        found.append(Region(at, at + len(item.proof), ("log.proof", "log.inclusion", "log.checkpoint")))
    digest = raw.index(evidence().digest, 0, raw.rindex(FILE))
    digest = raw.rindex(evidence().digest, digest, raw.rindex(FILE))
    found.append(Region(digest, digest + 32, ("evidence.digest", "network.bundle")))
    found.append(Region(raw.rindex(FILE), len(raw), ("evidence.digest.differs",)))
    return found


REGIONS = regions(RAW)


def families_at(at: int) -> tuple[str, ...]:
    return [region for region in REGIONS if region.first <= at < region.last][-1].families


def late_signatures(raw: bytes) -> Iterator[range]:
    """Where the long base64 of the ML-DSA lines stands: most of a bundle, and all of one kind."""
    for item in (SUBJECT, POLICY):
        at = raw.index(item.proof)
        line = item.proof.rindex("— kr.example/log ".encode()) + 40
        yield range(at + line, at + len(item.proof) - 20)


def flip(at: int, mask: int) -> None:
    raw = bytearray(RAW)
    raw[at] ^= mask
    report = verified(bytes(raw))
    assert report.verdict is not Verdict.HOLDS, at
    assert any(code.startswith(families_at(at)) for code in faults(report)), (at, faults(report))


def chosen() -> list[int]:
    long = list(late_signatures(RAW))
    return [at for at in range(len(RAW)) if at % 32 == 0 or not any(at in span for span in long)]


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch):
    """Signatures are verified once for the same key, signature and message: two thirds of the time here."""
    monkeypatch.setattr(PublicKey, "verifies", cache(PublicKey.verifies))
    monkeypatch.setattr(NoteKey, "verifies", cache(NoteKey.verifies))


def test_any_flipped_byte_is_noticed_by_the_right_check(remembered: None):
    for at in chosen():
        flip(at, 1 << at % 8)


@pytest.mark.slow
@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_any_flipped_byte_is_noticed_whatever_the_flip(mask: int, remembered: None):
    for at in range(len(RAW)):
        flip(at, mask)


def test_a_flipped_byte_in_the_line_of_a_witness_is_noticed_by_readers_who_do_not_know_it():
    """Signed notes ask to ignore lines of unknown keys, so no signature notices."""
    case = Case()
    private = ed25519_key("w").private
    witness = NoteSigner("w.example/w", SignatureType.COSIGNATURE_V1, private)  # type: ignore[arg-type]
    case.korea.witnesses = (witness,)
    raw = bundle(case.items(), FILE)
    assert verified(raw).verdict is Verdict.HOLDS
    for first in (at for at in range(len(raw)) if raw.startswith("— w.example/w ".encode(), at)):
        for at in range(first, raw.index(b"\n", first) + 1):
            changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
            assert verified(changed).verdict is Verdict.FAILS, at
    name = raw.replace(b"w.example/w ", b"v.example/w ", 1)
    assert faults(verified(name)) == {"network.bundle.altered"}


def test_a_bundle_of_an_earlier_version_states_no_sum():
    at = RAW.index(b"csum") + 4 + 2 + 32
    earlier = b"\xa2" + RAW[at : len(RAW) - len(FILE)]
    raw = MAGIC + len(earlier).to_bytes(4) + earlier + FILE
    assert verified(raw).verdict is Verdict.HOLDS


def test_a_bundle_cut_anywhere_never_holds():
    for end in [*range(0, len(RAW), 13), *range(len(RAW) - 40, len(RAW))]:
        assert verified(RAW[:end]).verdict is Verdict.FAILS, end


@pytest.mark.parametrize("more", [b"\x00", b"\n", FILE, RAW], ids=["zero", "newline", "file", "bundle"])
def test_bytes_after_the_end_are_refused(more: bytes):
    assert faults(verified(RAW + more)) == {"network.bundle.malformed"}


# What is missing or borrowed


def rebuilt(*items: Item, files: Iterable[bytes] = (FILE,)) -> bytes:
    return bundle(items, *files)


def test_without_the_policy_nobody_vouches_for_the_key():
    report = verified(rebuilt(SUBJECT))
    assert report.verdict is Verdict.UNDECIDED
    assert faults(report) == {"log.registration.policy-absent"}


def test_without_the_file_the_evidence_is_undecided():
    report = verified(rebuilt(SUBJECT, POLICY, files=()))
    assert report.verdict is Verdict.UNDECIDED
    assert faults(report) == {"evidence.digest.absent"}


def test_another_file_is_refused():
    assert faults(verified(rebuilt(SUBJECT, POLICY, files=(b"another",)))) == {
        "evidence.digest.absent",
        "network.bundle.malformed",
    }


def test_a_file_that_nothing_names_is_refused():
    report = verified(rebuilt(SUBJECT, POLICY, files=(FILE, b"stowaway")))
    assert report.verdict is Verdict.FAILS
    assert faults(report) == {"network.bundle.malformed"}


def test_the_size_counts_as_well_as_the_digest():
    case = Case()
    wrong = msgspec.structs.replace(evidence(), size=len(FILE) + 1)
    statement = sign(case.company_key, COMPANY, document(wrong), "document")
    case.korea.log(statement)
    items = [case.korea.item("subject", statement), case.korea.item("policy", case.policy)]
    assert faults(verified(bundle(items, FILE))) == {"evidence.digest.wrong-size"}


def test_the_receipt_of_another_statement_fails():
    receipt = Statement.from_bytes(POLICY.statement).receipts[0]
    borrowed = Item("subject", CASE.subject.with_receipts([receipt]), SUBJECT.proof)
    report = verified(rebuilt(borrowed, POLICY))
    assert report.verdict is Verdict.FAILS
    assert faults(report) <= {"log.receipt.wrong-subject", "log.receipt.invalid"}


def test_the_receipt_of_another_statement_on_the_same_subject_fails():
    case = Case()
    twin = sign(case.company_key, COMPANY, document(evidence()), "document", at=NOW + 1)
    case.korea.log(twin)
    receipt = Statement.from_bytes(case.korea.item("subject", twin).statement).receipts[0]
    item = case.korea.item("subject", case.subject)
    borrowed = Item("subject", case.subject.with_receipts([receipt]), item.proof)
    report = verified(bundle([borrowed, case.korea.item("policy", case.policy)], FILE))
    assert faults(report) == {"log.receipt.invalid"}


def test_the_receipt_of_another_log_fails():
    other = Operator("kr")
    other.receipts = Operator("uk").receipts
    other.log(CASE.subject, CASE.policy)
    item = Item("subject", other.item("subject", CASE.subject).statement, SUBJECT.proof)
    report = verified(rebuilt(item, POLICY), pins(CASE.korea, CASE.britain))
    assert report.verdict is Verdict.HOLDS  # the British log may have it as well, and said so itself
    unpinned = verified(rebuilt(item, POLICY))
    assert unpinned.verdict is Verdict.UNDECIDED
    assert faults(unpinned) == {"log.receipt.key-unknown"}


def test_the_proof_of_another_statement_fails():
    report = verified(rebuilt(Item("subject", SUBJECT.statement, POLICY.proof), POLICY))
    assert report.verdict is Verdict.FAILS
    assert "log.inclusion.mismatch" in faults(report)


def test_a_proof_from_a_log_with_the_same_name_and_other_keys_fails():
    imposter = Operator("kr")
    imposter.signer = Operator("fr").signer
    forged = TlogProof.parse(SUBJECT.proof)
    note = Operator("fr").signer.sign(3, bytes(32), NOW).replace(b"fr.example/log", b"kr.example/log")
    item = Item("subject", SUBJECT.statement, TlogProof(forged.index, forged.path, note).encode())
    report = verified(rebuilt(item, POLICY))
    assert report.verdict is not Verdict.HOLDS
    assert any(code.startswith("log.checkpoint") for code in faults(report))


def test_extra_data_in_a_proof_is_refused_for_nothing_binds_it():
    proof = TlogProof.parse(SUBJECT.proof)
    loose = TlogProof(proof.index, proof.path, proof.checkpoint, extra=b"anything").encode()
    report = verified(rebuilt(Item("subject", SUBJECT.statement, loose), POLICY))
    assert report.verdict is Verdict.FAILS
    assert "log.proof.malformed" in faults(report)


@pytest.mark.parametrize("proof", [b"", b"c2sp.org/tlog-proof@v1\n", b"\xff\n\n", b"x\n\ny\n"])
def test_a_proof_that_is_none_fails(proof: bytes):
    report = verified(rebuilt(Item("subject", SUBJECT.statement, proof), POLICY))
    assert report.verdict is Verdict.FAILS
    assert "log.proof.malformed" in faults(report)


def test_a_proof_without_a_checkpoint_fails():
    proof = TlogProof.parse(SUBJECT.proof)
    item = Item("subject", SUBJECT.statement, TlogProof(proof.index, proof.path, b"nothing signed").encode())
    assert "log.checkpoint.malformed" in faults(verified(rebuilt(item, POLICY)))


@pytest.mark.parametrize("statement", [b"", b"\xd2", b"\xd2\x84", SUBJECT.statement[:-1], b"\x80"])
def test_a_statement_that_is_none_fails(statement: bytes):
    report = verified(rebuilt(Item("subject", statement, SUBJECT.proof), POLICY))
    assert report.verdict is Verdict.FAILS
    assert "statement.format.malformed" in faults(report)


# Policies


def policy_case(policy: Statement, *, in_log: Operator | None = None) -> Report:
    """The usual subject under another policy, which comes before it in Korea's log unless said otherwise."""
    case = Case()
    log = in_log or case.korea
    log.statements.insert(1, policy)
    items = [case.korea.item("subject", case.subject), log.item("policy", policy)]
    return verified(bundle(items, FILE), pins(case.korea, case.britain))


COMPANY_GRANT = Grant(issuer=COMPANY, kinds=("document",), keys=(CASE.company_key.public.thumbprint,))


def test_the_policy_of_another_log_vouches_for_nobody():
    britain = Operator("uk")
    britain.log(britain.policy())
    report = policy_case(britain.policy(COMPANY_GRANT), in_log=britain)
    assert report.verdict is Verdict.UNDECIDED
    assert faults(report) == {"log.registration.policy-absent"}


def test_a_policy_that_came_later_vouches_for_nobody():
    case = Case()
    case.korea.statements.remove(case.policy)
    case.korea.log(case.policy)
    assert faults(verified(bundle(case.items(), FILE))) == {"log.registration.policy-absent"}


def test_the_policy_in_force_then_counts_whatever_came_after():
    case = Case()
    closed = case.korea.policy(at=NOW + 1)
    case.korea.log(closed)
    report = verified(bundle([*case.items(), case.korea.item("policy", closed)], FILE))
    assert report.verdict is Verdict.HOLDS
    newer = sign(case.company_key, COMPANY, document(evidence()), "document", at=NOW + 1)
    case.korea.log(newer)
    policies = [case.korea.item("policy", policy) for policy in (case.policy, closed)]
    report = verified(bundle([case.korea.item("subject", newer), *policies], FILE))
    assert faults(report) == {"log.registration.not-granted"}


def test_a_policy_that_names_another_log_vouches_for_nobody():
    report = policy_case(Operator("kr").policy(COMPANY_GRANT, origin="uk.example/log"))
    assert report.verdict is Verdict.UNDECIDED


def test_a_policy_by_another_pinned_issuer_vouches_for_nobody():
    britain = Operator("uk")
    report = policy_case(britain.policy(COMPANY_GRANT, origin="kr.example/log"))
    assert report.verdict is Verdict.FAILS
    assert "network.issuer.not-operator" in faults(report)
    assert "log.registration.policy-absent" in faults(report)


def test_a_policy_under_another_key_of_the_operator_vouches_for_nobody():
    report = policy_case(Operator("kr").policy(COMPANY_GRANT, key=ed25519_key("stolen")))
    assert report.verdict is Verdict.FAILS
    assert "network.issuer.other-key" in faults(report)


@pytest.mark.parametrize(
    ("grant", "code", "verdict"),
    [
        (COMPANY_GRANT, "log.registration.granted", Verdict.HOLDS),
        (Grant(issuer=COMPANY, kinds=("document",)), "log.registration.open", Verdict.UNDECIDED),
        (Grant(issuer="*", kinds=("document",)), "log.registration.open", Verdict.UNDECIDED),
        (Grant(issuer=COMPANY, kinds=("dispute",)), "log.registration.not-granted", Verdict.FAILS),
        (
            Grant(issuer=COMPANY, kinds=("*",), keys=(bytes(32),)),
            "log.registration.not-granted",
            Verdict.FAILS,
        ),
        (Grant(issuer="other.example", kinds=("document",)), "log.registration.not-granted", Verdict.FAILS),
    ],
)
def test_what_the_policy_says_of_the_key_counts(grant: Grant, code: str, verdict: Verdict):
    report = policy_case(Operator("kr").policy(grant))
    assert code in codes(report, of=0)
    assert report.verdict is verdict


def test_a_statement_in_the_place_of_a_policy_vouches_for_nobody():
    report = verified(rebuilt(SUBJECT, SUBJECT._replace(role="policy")))
    assert report.verdict is Verdict.FAILS


# Pins


def test_with_nothing_pinned_nothing_is_decided():
    report = verified(RAW, pins())
    assert report.verdict is Verdict.UNDECIDED
    assert {"log.receipt.key-unknown", "log.checkpoint.key-unknown", "network.issuer.unpinned"} <= faults(
        report
    )


@pytest.mark.parametrize(
    "trust",
    [
        pins(CASE.britain),
        pins(issuers=[(COMPANY, CASE.company_key)]),
        pins(CASE.britain, issuers=[(COMPANY, CASE.company_key), ("aisi.kr.example", CASE.korea.key)]),
    ],
    ids=["another-node", "the-issuer-alone", "all-but-the-log"],
)
def test_without_the_pinned_log_it_never_holds(trust: Pins):
    assert verified(RAW, trust).verdict is Verdict.UNDECIDED


def test_another_key_pinned_for_the_issuer_fails_whatever_the_policy_says():
    report = verified(RAW, pins(CASE.korea, issuers=[(COMPANY, ed25519_key("another"))]))
    assert report.verdict is Verdict.FAILS
    assert faults(report) == {"network.issuer.other-key"}


def test_the_right_key_pinned_for_the_issuer_needs_no_policy():
    trust = pins(CASE.korea, issuers=[(COMPANY, CASE.company_key)])
    assert verified(rebuilt(SUBJECT), trust).verdict is Verdict.HOLDS


def test_a_log_cannot_be_pinned_with_keys_of_another_name():
    imposter = Operator("kr")
    imposter.signer, imposter.receipts = Operator("fr").signer, Operator("fr").receipts
    imposter.signer.origin = "kr.example/log"
    with pytest.raises(CardInvalid, match="vkey"):
        pins(imposter)


def test_a_confirmation_by_somebody_unpinned_never_makes_it_hold():
    confirmation = CASE.britain.statements[-1]
    report = verified(CASE.with_about(CASE.britain, confirmation))
    assert report.verdict is Verdict.UNDECIDED
    assert report.sections[0].verdict is Verdict.HOLDS


# Standing


@pytest.mark.parametrize(
    ("kind", "code"),
    [("withdraw", "network.standing.withdrawn"), ("supersede", "network.standing.superseded")],
)
def test_what_its_issuer_took_back_no_longer_stands(kind: str, code: str):
    case = Case()
    report = verified(case.with_about(case.korea, case.company_says(kind, other=bytes(32))))
    assert report.verdict is Verdict.FAILS
    assert code in faults(report)


@pytest.mark.parametrize("kind", ["withdraw", "supersede"])
def test_nobody_else_takes_it_back(kind: str):
    case = Case()
    other = case.korea.say(kind, case.subject.digest, bytes(32))
    case.korea.log(other)
    assert "network.standing.current" in codes(verified(case.with_about(case.korea, other)))


@pytest.mark.parametrize("kind", ["withdraw", "supersede"])
def test_nobody_takes_it_back_under_the_issuers_name_with_another_key(kind: str):
    case = Case()
    said = case.company_says(kind, other=bytes(32), key=ed25519_key("thief"))
    assert "network.standing.current" in codes(verified(case.with_about(case.korea, said)))


def test_a_withdrawal_whose_signature_was_changed_takes_nothing_back():
    case = Case()
    said = case.company_says("withdraw")
    item = case.korea.item("about", said, receipt=False)
    forged = Item("about", item.statement[:-1] + bytes([item.statement[-1] ^ 1]), item.proof)
    report = verified(bundle([*case.items(), forged], FILE))
    assert report.verdict is Verdict.FAILS
    assert "network.standing.current" in codes(report)


def test_a_withdrawal_that_no_pinned_log_holds_still_takes_it_back():
    case = Case()
    said = sign(case.company_key, COMPANY, about_target("withdraw", case.subject.digest), "withdraw")
    case.britain.log(said)
    report = verified(case.with_about(case.britain, said))
    assert "network.standing.withdrawn" in faults(report)


def test_what_is_replaced_by_it_does_not_replace_it():
    case = Case()
    claim = about_target("supersede", bytes(32), case.subject.digest)
    said = sign(case.company_key, COMPANY, claim, "supersede")
    case.korea.log(said)
    assert "network.standing.current" in codes(verified(case.with_about(case.korea, said)))


def test_a_dispute_leaves_it_undecided_and_a_withdrawal_weighs_more():
    case = Case()
    dispute = case.britain.say("dispute", case.subject.digest)
    case.britain.log(dispute)
    trust = pins(case.korea, case.britain)
    disputed = verified(case.with_about(case.britain, dispute), trust)
    assert disputed.verdict is Verdict.UNDECIDED
    assert faults(disputed) == {"network.standing.disputed"}
    withdrawal = case.company_says("withdraw")
    about = [case.britain.item("about", dispute, receipt=False), case.korea.item("about", withdrawal)]
    both = verified(bundle([*case.items(), *about], FILE), trust)
    assert "network.standing.withdrawn" in faults(both)


# What was asked for


def test_a_bundle_about_another_statement_than_the_one_asked_for_fails():
    asked = verify_bundle(io.BytesIO(RAW), PINS, FACTS, CASE.subject.digest)
    assert asked.verdict is Verdict.HOLDS
    other = verify_bundle(io.BytesIO(RAW), PINS, FACTS, CASE.policy.digest)
    assert faults(other) == {"network.bundle.another"}


# Files of which only the digest is signed


def test_a_signed_digest_is_checked_against_the_file():
    case = Case()
    statement = hash_envelope(case.company_key, COMPANY)
    case.korea.log(statement)
    items = [case.korea.item("subject", statement), case.korea.item("policy", case.policy)]
    held = verified(bundle(items, FILE))
    assert "evidence.digest.matches" in codes(held)
    assert held.verdict is Verdict.UNDECIDED
    assert faults(held) == {"statement.claim.beside"}
    assert faults(verified(bundle(items))) >= {"evidence.digest.absent", "statement.claim.withheld"}
    other = verified(bundle(items, FILE + b"x"))
    assert other.verdict is Verdict.FAILS
    assert "statement.claim.withheld" in faults(other)


# Statement files


def test_a_statement_alone_holds_for_a_reader_who_pinned_its_issuer():
    trust = pins(CASE.korea, issuers=[(COMPANY, CASE.company_key)])
    assert verify_statement(SUBJECT.statement, trust, FACTS).verdict is Verdict.HOLDS
    assert verify_statement(CASE.subject.raw, trust, FACTS).verdict is Verdict.HOLDS
    assert verify_statement(CASE.subject.raw, PINS, FACTS).verdict is Verdict.UNDECIDED


def test_a_flipped_byte_in_a_statement_file_never_holds(remembered: None):
    trust = pins(CASE.korea, issuers=[(COMPANY, CASE.company_key)])
    for at in range(len(SUBJECT.statement)):
        raw = bytearray(SUBJECT.statement)
        raw[at] ^= 1 << at % 8
        report = verify_statement(bytes(raw), trust, FACTS)
        assert report.verdict is not Verdict.HOLDS, at
        assert all(finding.say("ko") for finding in report.findings)


@pytest.mark.parametrize("raw", [b"", b"\x00", SUBJECT.statement[:-1], SUBJECT.statement + b"\x00"])
def test_what_is_no_statement_fails_with_a_reason(raw: bytes):
    report = verify_statement(raw, PINS, FACTS)
    assert [finding.code for finding in report.findings] == ["statement.format.malformed"]
