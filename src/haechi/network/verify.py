"""Verification of everything a stranger may be handed, with nothing but pins to start from.

Pure: bytes in, findings out. Each check is listed with its verdict and its reason; the whole holds only if
every check holds. A bundle's parts vouch for each other in one direction only: pinned log key → checkpoint →
inclusion → statement; pinned log → its policy → the issuer's key.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from haechi.errors import BadInput, HaechiError, NotFound
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, declare, found, overall
from haechi.log.checkpoint import read_checkpoint
from haechi.log.note import NoteKey
from haechi.log.proof import TlogProof, check_tlog_proof
from haechi.log.receipt import Receipt, check_receipt
from haechi.log.registration import check_registration
from haechi.network.bundle import FileEntry, FileSum, Item, Manifest, read_manifest, sum_files
from haechi.statement.claims import check_claim, claim_of, kind_of
from haechi.statement.envelope import Statement, check_format
from haechi.statement.evidence import EvidenceRef, check_evidence
from haechi.statement.keys import PublicKey
from haechi.statement.kinds.policy import Policy
from haechi.statement.kinds.supersede import Supersede
from haechi.statement.kinds.withdraw import Withdraw
from haechi.words import Text

declare(
    "network.bundle",
    Text("Bundle is complete", "묶음이 온전함"),
    {
        "complete": (
            Verdict.HOLDS,
            Text("{items} statement(s), {files} file(s)", "진술 {items}건, 파일 {files}개"),
        ),
        "malformed": (Verdict.FAILS, Text("{why}", "{why}")),
    },
)
declare(
    "network.issuer",
    Text("Issuer's key is known to the reader", "읽는 사람이 발행자의 키를 앎"),
    {
        "pinned": (Verdict.HOLDS, Text("the key is pinned for {issuer}", "{issuer}의 키로 고정되어 있음")),
        "other-key": (
            Verdict.FAILS,
            Text("other keys are pinned for {issuer}, not this one", "{issuer}에는 다른 키가 고정되어 있음"),
        ),
        "unpinned": (Verdict.UNDECIDED, Text("no key is pinned for {issuer}", "{issuer}에 고정된 키가 없음")),
    },
)
declare(
    "network.standing",
    Text("Statement still stands", "진술이 여전히 유효함"),
    {
        "current": (
            Verdict.HOLDS,
            Text(
                "nothing known here withdraws, replaces or disputes it",
                "철회·대체·이의가 여기에 알려져 있지 않음",
            ),
        ),
        "withdrawn": (Verdict.FAILS, Text("its issuer withdrew it ({by})", "발행자가 철회함 ({by})")),
        "superseded": (Verdict.FAILS, Text("its issuer replaced it ({by})", "발행자가 대체함 ({by})")),
        "disputed": (Verdict.UNDECIDED, Text("{by} disputes it", "{by}이(가) 이의를 제기함")),
    },
)


class Trust(Protocol):
    """What the reader trusts: log keys and issuer keys pinned by hand."""

    def log_keys(self, origin: str) -> Sequence[NoteKey]:
        """The checkpoint keys pinned for a log; raises NotFound when the log is not pinned."""
        ...

    def receipt_keys(self, origin: str) -> Sequence[PublicKey]:
        """The receipt keys pinned for a log; raises NotFound when the log is not pinned."""
        ...

    def speaks_for(self, issuer: str) -> Collection[bytes]:
        """The thumbprints pinned for an issuer; empty when nothing is pinned."""
        ...


@dataclass(frozen=True, slots=True)
class Section:
    """The checks on one statement. title: what it is to the whole; digest: of the statement, if readable."""

    title: Text
    digest: bytes | None
    findings: list[Finding]
    statement: Statement | None = None
    origin: str | None = None

    @property
    def verdict(self) -> Verdict:
        """One verdict over the section's checks."""
        return overall(self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """Every check that was made, in sections; the first is about the statement asked for."""

    sections: list[Section] = field(default_factory=list[Section])

    @property
    def findings(self) -> list[Finding]:
        """All checks of all sections."""
        return [finding for section in self.sections for finding in section.findings]

    @property
    def verdict(self) -> Verdict:
        """HOLDS only if every check holds."""
        return overall(self.findings)


@dataclass(frozen=True, slots=True)
class Vouching:
    """A log's policy as far as it was itself verified: the statement and its terms."""

    statement: Statement
    terms: Policy


TITLES = {
    "subject": Text("The statement", "진술"),
    "policy": Text("The log's registration policy", "로그의 등록 정책"),
    "about": Text("Said about it by others", "이에 대한 다른 기관의 진술"),
}


def verify_bundle(source: BinaryIO, trust: Trust, facts: Facts) -> Report:
    """Every check on a bundle; never raises for bad bytes, they become a failing finding."""
    try:
        manifest = read_manifest(source)
        sums = sum_files(source, manifest)
    except BadInput as error:
        broken = found("network.bundle.malformed", why=error.say("en"))
        return Report([Section(Text("The bundle", "묶음"), None, [broken])])
    complete = found("network.bundle.complete", items=len(manifest.items), files=len(manifest.files))
    sections = _verify_items(manifest, trust, facts)
    subject = sections[0]
    if subject.statement is not None:
        subject.findings.append(_standing(subject.statement, sections[1:], facts))
        statements = [section.statement for section in sections if section.statement is not None]
        refs = _evidence_refs(statements, manifest.files, facts)
        subject.findings.extend(_check_files(refs, manifest.files, sums))
    subject.findings.insert(0, complete)
    return Report(sections)


def verify_statement(raw: bytes, trust: Trust, facts: Facts) -> Report:
    """Every check on a statement file, with the receipts it carries."""
    readable, statement = check_format(raw)
    if statement is None:
        return Report([Section(TITLES["subject"], None, [readable])])
    findings = [readable, statement.check_signature(), check_claim(statement, facts)]
    findings += [_check_receipt(receipt, statement, trust) for receipt in statement.receipts]
    findings.append(check_issuer(statement, trust))
    return Report([Section(TITLES["subject"], statement.digest, findings, statement)])


def check_issuer(statement: Statement, trust: Trust) -> Finding:
    """Whether the statement's key is one the reader pinned for its issuer."""
    issuer = statement.about.issuer
    pinned = trust.speaks_for(issuer)
    if not pinned:
        return found("network.issuer.unpinned", issuer=issuer)
    return found(
        "network.issuer.pinned" if statement.kid in pinned else "network.issuer.other-key", issuer=issuer
    )


def _verify_items(manifest: Manifest, trust: Trust, facts: Facts) -> list[Section]:
    """Policies first, for they vouch for the keys of the others."""
    policies: dict[str, Vouching] = {}
    by_place: dict[int, Section] = {}
    order = sorted(range(len(manifest.items)), key=lambda i: manifest.items[i].role != "policy")
    for place in order:
        item = manifest.items[place]
        section = _verify_item(item, trust, facts, policies)
        by_place[place] = section
        if item.role == "policy" and section.verdict is Verdict.HOLDS:
            _remember_policy(section, policies, facts)
    return [by_place[place] for place in range(len(manifest.items))]


def _verify_item(item: Item, trust: Trust, facts: Facts, policies: dict[str, Vouching]) -> Section:
    readable, statement = check_format(item.statement)
    findings = [readable]
    if statement is None:
        return Section(TITLES[item.role], None, findings)
    origin, proofs = _check_proof(item, statement, trust)
    findings += [statement.check_signature(), check_claim(statement, facts), *proofs]
    if item.role == "policy":
        findings.append(_check_policy_issuer(statement, origin, trust))
    else:
        findings.append(_check_vouched(statement, policies.get(origin or ""), trust))
    return Section(TITLES[item.role], statement.digest, findings, statement, origin)


def _check_proof(item: Item, statement: Statement, trust: Trust) -> tuple[str | None, list[Finding]]:
    """Receipts and tlog-proof against the pinned keys of the log that the checkpoint names.

    A mirror can prove an entry without the log's receipt, so a receipt may be absent; the proof may not.
    """
    receipts = [_check_receipt(receipt, statement, trust) for receipt in statement.receipts]
    try:
        origin = read_checkpoint(TlogProof.parse(item.proof).checkpoint)[0].origin
    except BadInput as error:
        return None, [*receipts, found("log.proof.malformed", why=error.say("en"))]
    proofs = check_tlog_proof(item.proof, statement.digest, _log_keys(trust, origin), origin)
    return origin, [*receipts, *proofs]


def _check_receipt(raw: bytes, statement: Statement, trust: Trust) -> Finding:
    try:
        origin = Receipt.from_bytes(raw).origin or ""
    except BadInput as error:
        return found("log.receipt.malformed", why=error.say("en"))
    try:
        keys = trust.receipt_keys(origin)
    except NotFound:
        keys = ()
    return check_receipt(raw, statement.digest, statement.about.subject, keys)


def _log_keys(trust: Trust, origin: str) -> Sequence[NoteKey]:
    try:
        return trust.log_keys(origin)
    except NotFound:
        return ()


def _check_policy_issuer(statement: Statement, origin: str | None, trust: Trust) -> Finding:
    """A policy speaks for the log's operator, whose key must be pinned."""
    if statement.about.kind != "policy" or origin is None:
        return found("network.issuer.unpinned", issuer=statement.about.issuer)
    return check_issuer(statement, trust)


def _check_vouched(statement: Statement, policy: Vouching | None, trust: Trust) -> Finding:
    """Pinned by the reader, else vouched for by the verified policy of the log that registered it."""
    pinned = check_issuer(statement, trust)
    if pinned.verdict is not Verdict.UNDECIDED:
        return pinned
    if policy is None:
        return check_registration(statement, None, None)
    return check_registration(statement, policy.statement, policy.terms)


def _remember_policy(section: Section, policies: dict[str, Vouching], facts: Facts) -> None:
    statement = section.statement
    if statement is None or section.origin is None:
        return
    terms = claim_of(statement, facts)
    if isinstance(terms, Policy) and terms.origin == section.origin:
        policies[section.origin] = Vouching(statement, terms)


def _standing(subject: Statement, others: Sequence[Section], facts: Facts) -> Finding:
    """What the verified statements in the bundle do to the subject; only its issuer can withdraw it."""
    for section in others:
        other = section.statement
        if other is None or section.verdict is Verdict.FAILS or not _targets(other, subject.digest, facts):
            continue
        own = other.about.issuer == subject.about.issuer and other.kid == subject.kid
        if own and other.about.kind == "withdraw":
            return found("network.standing.withdrawn", by=other.digest_hex[:16])
        if own and other.about.kind == "supersede":
            return found("network.standing.superseded", by=other.digest_hex[:16])
        if other.about.kind == "dispute":
            return found("network.standing.disputed", by=other.about.issuer)
    return found("network.standing.current")


def _targets(statement: Statement, digest: bytes, facts: Facts) -> bool:
    """Whether the statement speaks about `digest`; a supersede does so for what it replaces only."""
    try:
        claim = claim_of(statement, facts)
        targets = kind_of(statement.about.kind).targets
    except HaechiError:
        return False
    if isinstance(claim, Supersede):
        return claim.old == digest
    if isinstance(claim, Withdraw):
        return claim.target == digest
    return claim is not None and digest in targets(claim)


def _evidence_refs(
    statements: Sequence[Statement], files: Sequence[FileEntry], facts: Facts
) -> list[EvidenceRef]:
    """The files that the statements rest on: those named in claims, and the preimages of hash envelopes."""
    sizes = dict(files)
    refs: dict[bytes, EvidenceRef] = {}
    for statement in statements:
        if statement.hash_envelope is not None:
            digest, media_type = statement.payload, statement.hash_envelope.content_type
            # A hash envelope signs no size; the length found is as good as the digest makes it.
            size = sizes.get(digest, 0)
            refs[digest] = EvidenceRef(
                digest=digest, size=size, media_type=media_type, name=statement.about.subject[:255]
            )
            continue
        refs.update({ref.digest: ref for ref in evidence_of(statement, facts)})
    return list(refs.values())


def evidence_of(statement: Statement, facts: Facts) -> tuple[EvidenceRef, ...]:
    """The evidence files a statement's claim refers to; none when the claim is unreadable or withheld."""
    try:
        claim = claim_of(statement, facts)
        evidence = kind_of(statement.about.kind).evidence
    except HaechiError:
        return ()
    return () if claim is None else evidence(claim)


def _check_files(
    refs: Sequence[EvidenceRef], files: Sequence[FileEntry], sums: Sequence[FileSum]
) -> list[Finding]:
    """Each referred file against what the bundle holds; a file that nothing refers to is refused."""
    held = {entry.digest: total for entry, total in zip(files, sums, strict=True)}
    findings: list[Finding] = []
    for ref in refs:
        total = held.pop(ref.digest, None)
        findings.append(
            check_evidence(ref, None) if total is None else check_evidence(ref, total.digest, total.size)
        )
    if held:
        findings.append(
            found("network.bundle.malformed", why=f"{len(held)} file(s) that no statement refers to")
        )
    return findings
