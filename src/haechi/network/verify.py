"""Verification of everything a stranger may be handed, with nothing but pins to start from.

Pure: bytes in, findings out. Each check is listed with its verdict and its reason; the whole holds only if
every check holds. A bundle's parts vouch for each other in one direction only: pinned log key → checkpoint →
inclusion → statement; pinned log → its policy → the issuer's key.
"""

from collections.abc import Sequence
from itertools import islice
from typing import BinaryIO, NamedTuple

from haechi.errors import BadInput, NotFound, Refused, TooLarge
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, declare, found, overall
from haechi.log.canonical import decode_decimal
from haechi.log.checkpoint import Checkpoint, OpenedCheckpoint, examine_checkpoint
from haechi.log.keyline import KeyLine, Span
from haechi.log.merkle import check_inclusion, leaf_hash
from haechi.log.note import MAX_NAME_BYTES, NoteKey
from haechi.log.proof import TlogProof, TlogProofMalformed
from haechi.log.quorum import UNMET, check_as_of, check_quorum
from haechi.log.receipt import InclusionProof, Receipt, judge_receipt
from haechi.log.registration import check_registration
from haechi.network.accusation import fork_of_claim, mark_entry
from haechi.network.bundle import Item, Manifest, read_manifest, sum_files
from haechi.network.bundled import check_files, evidence_in
from haechi.network.fork import Fork, ForkMalformed
from haechi.network.keyhistory import KeyHistory, Place
from haechi.network.sections import TITLES, Quorum, Report, Section, Trust
from haechi.network.standing import standing_of
from haechi.network.succession import Handed, origin_in
from haechi.statement.claims import examine_claim
from haechi.statement.envelope import Statement, check_format
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.equivocation import Equivocation
from haechi.statement.kinds.key_event import KeyEvent
from haechi.statement.kinds.policy import Policy
from haechi.statement.sentence import reason_of
from haechi.words import Text

__all__ = [
    "Quorum",
    "Report",
    "Section",
    "Trust",
    "check_issuer",
    "check_log_receipt",
    "evidence_of",
    "verify_bundle",
    "verify_fork",
    "verify_statement",
]

_MAX_OTHER_PROOFS = 4
_MAX_FORMER_KEYS = 16
"""How many keys of one issuer are followed back from the one that is known; each looks at all once more."""
_OTHER_KEY = "network.issuer.other-key"

declare(
    "network.issuer",
    Text("Issuer's key is known to the reader", "읽는 사람이 발행자의 키를 앎"),
    {
        "pinned": (Verdict.HOLDS, Text("the key is pinned for {issuer}", "{issuer}의 키로 고정되어 있음")),
        "listed": (
            Verdict.HOLDS,
            Text("the trust list gives this key to {issuer}", "신뢰 목록에 {issuer}의 키로 적혀 있음"),
        ),
        "other-key": (
            Verdict.FAILS,
            Text("other keys are known for {issuer}, not this one", "{issuer}의 키로 알려진 것은 다른 키임"),
        ),
        "not-operator": (
            Verdict.FAILS,
            Text(
                "{issuer} does not speak for {origin}; its operator is {operator}",
                "{issuer}은(는) {origin}을(를) 대표하지 않음. 운영자는 {operator}",
            ),
        ),
        "unpinned": (
            Verdict.UNDECIDED,
            Text("no key is known for {issuer}", "{issuer}의 키로 알려진 것이 없음"),
        ),
    },
)


def verify_bundle(
    source: BinaryIO,
    trust: Trust,
    facts: Facts,
    digest: bytes | None = None,
    quorum: Quorum | None = None,
) -> Report:
    """Every check on a bundle; never raises for bad bytes, they become a failing finding.

    digest: of the statement it should be about, when the reader asked somebody for that one. quorum: the
    witnesses that the reader asks for; without it nothing is said about witnesses.
    """
    try:
        manifest = read_manifest(source)
        sums = sum_files(source, manifest)
    except BadInput as error:
        broken = found("network.bundle.malformed", why=reason_of(error))
        return Report([Section(Text("The bundle", "묶음"), None, [broken])])
    complete = found("network.bundle.complete", items=len(manifest.items), files=len(manifest.files))
    sections = _Examination(trust, facts, quorum).sections(manifest)
    _mark_forked(sections, trust)
    subject = sections[0]
    if subject.statement is not None:
        subject.findings.append(standing_of(subject.statement, sections[1:]))
        subject.findings.extend(check_files(sections, manifest.files, sums))
        if digest not in (None, subject.digest):
            got = subject.statement.digest_hex
            subject.findings.append(found("network.bundle.another", got=got, expected=digest.hex()))
    report = Report(sections)
    if not manifest.whole and report.verdict is not Verdict.FAILS:
        complete = found("network.bundle.altered")
    subject.findings.insert(0, complete)
    return report


def verify_statement(raw: bytes, trust: Trust, facts: Facts) -> Report:
    """Every check on a statement file, with the receipts it carries."""
    readable, statement = check_format(raw)
    if statement is None:
        return Report([Section(TITLES["subject"], None, [readable])])
    well_formed, claim = examine_claim(statement, facts)
    findings = [readable, statement.check_signature(), well_formed]
    findings += [check_log_receipt(receipt, statement, trust) for receipt in statement.receipts]
    findings.append(check_issuer(statement, trust))
    used = KeyHistory(trust).check(statement, None)
    findings += [] if used is None else [used]
    return Report([Section(TITLES["subject"], statement.digest, findings, statement, claim=claim)])


def check_issuer(statement: Statement, trust: Trust) -> Finding:
    """Whether the statement's key is one that the reader pinned, or the trust list names, for its issuer."""
    issuer = statement.about.issuer
    known = trust.speaks_for(issuer)
    if not known:
        return found("network.issuer.unpinned", issuer=issuer)
    if statement.kid not in known:
        return found("network.issuer.other-key", issuer=issuer)
    listed = any(key.public().thumbprint == statement.kid for key in trust.listed_keys(issuer))
    return found("network.issuer.listed" if listed else "network.issuer.pinned", issuer=issuer)


class _Vouching(NamedTuple):
    """A policy that was itself verified: where it is, the statement and its terms."""

    place: Place
    statement: Statement
    terms: Policy


class _Seen(NamedTuple):
    """A checkpoint that was looked at: the log it names, the checks, what it says if the log signed it."""

    origin: str
    findings: list[Finding]
    checkpoint: Checkpoint | None
    beside: tuple[Finding, ...]


class _Examination:
    """One bundle under examination. Each checkpoint is verified once, however many proofs rest on it."""

    def __init__(self, trust: Trust, facts: Facts, quorum: Quorum | None) -> None:
        self._trust = Handed(trust)
        self._quorum = quorum
        self._facts = facts
        self._policies: list[_Vouching] = []
        self._keys = KeyHistory(trust)
        self._heard = self._keys
        self._checkpoints: dict[bytes, _Seen] = {}
        self._placed: list[tuple[Place | None, Section]] = []
        self._strangers: list[tuple[Statement, Place | None]] = []
        self._proofs: dict[bytes, TlogProof] = {}
        self._statements: dict[bytes, tuple[Finding, Statement | None]] = {}
        self._events: tuple[Item, ...] = ()

    def sections(self, manifest: Manifest) -> list[Section]:
        """A section for each item. Policies and key events are read first, for they vouch for the others.

        Sound key events of people who have no say in the matter are left out: a thief may log many.
        """
        keys = self._events = tuple(item for item in manifest.items if item.role == "key")
        self._trust.follow((proven for item in keys for proven in self._proven(item)), self._facts)
        sections = self._sections(manifest.items)
        for _ in range(_MAX_FORMER_KEYS):
            if all(self._keys.former(*stranger) is None for stranger in self._strangers):
                break
            # The end of a key comes after what it signed, and policies that it signed vouch for others.
            self._heard = self._keys
            self._keys, self._policies = KeyHistory(self._trust), []
            self._placed, self._strangers = [], []
            sections = self._sections(manifest.items)
        return sections

    def _sections(self, items: Sequence[Item]) -> list[Section]:
        by_number: dict[int, Section] = {}
        for number in sorted(range(len(items)), key=lambda number: self._turn(items[number])):
            section = self._examine(items[number])
            if section is not None:
                by_number[number] = section
        for place, section in self._placed:  # a revocation reaches back, so this comes when all are known
            stranger = any(one.code == _OTHER_KEY for one in section.findings)
            if section.statement is not None and not stranger:
                checked = self._keys.check(section.statement, place)
                section.findings.extend([] if checked is None else [checked])
        return [section for _, section in sorted(by_number.items())]

    def _proven(self, item: Item) -> list[tuple[Statement, TlogProof]]:
        """The statement and its proof, when both can be read."""
        statement = self._read(item.statement)[1]
        try:
            return [] if statement is None else [(statement, self._proof(item.proof))]
        except (TlogProofMalformed, TooLarge):
            return []

    def _read(self, raw: bytes) -> tuple[Finding, Statement | None]:
        """A key event is read once, though it is followed first and judged later."""
        if raw not in self._statements:
            self._statements[raw] = check_format(raw)
        return self._statements[raw]

    def _examine(self, item: Item) -> Section | None:
        readable, statement = self._read(item.statement)
        if statement is None:
            return Section(TITLES[item.role], None, [readable])
        well_formed, claim = examine_claim(statement, self._facts)
        findings = [readable, statement.check_signature(), well_formed]
        findings += [check_log_receipt(receipt, statement, self._trust) for receipt in statement.receipts]
        place, proofs = self._check_proof(item.proof, statement.digest)
        if item.role == "key" and place is not None:
            proofs = self._seen_later(item, place, statement.digest, proofs)
        findings += proofs
        origin, index = (None, None) if place is None else (place.origin, place.at)
        title, beside = TITLES[item.role], self._beside(item.proof)
        section = Section(title, statement.digest, findings, statement, origin, claim, index, beside)
        if item.role == "key" and place is not None and section.verdict is Verdict.HOLDS:
            section.findings.extend(self._trust.changed_by(statement))
            return section if self._take(section, place) else None
        if item.role == "key" and place is not None and section.verdict is Verdict.UNDECIDED:
            self._keys.doubt(place, statement, claim)
        self._placed.append((place, section))
        if item.role != "policy":
            findings.append(self._check_vouched(statement, place))
            return section
        known = _check_policy_issuer(statement, origin, self._trust)
        other = known.code == _OTHER_KEY
        findings.append(self._own(statement, place) or known if other else known)
        if place is not None and section.verdict is Verdict.HOLDS and isinstance(claim, Policy):
            self._policies.append(_Vouching(place, statement, claim))
        return section

    def _take(self, section: Section, place: Place) -> bool:
        """Whether a sound key event counts; the check of its issuer is in the section then."""
        statement, event = section.statement, section.claim
        if statement is None or not isinstance(event, KeyEvent):
            return False
        vouched = self._check_vouched(statement, place)
        section.findings.append(vouched)
        return vouched.verdict is Verdict.HOLDS and self._keys.take(place, statement, event)

    def _own(self, statement: Statement, place: Place | None) -> Finding | None:
        """How a key that the reader does not know is its issuer's all the same; None when nothing says so."""
        own = self._keys.enrolled(statement) or self._heard.former(statement, place)
        if own is None:
            self._strangers.append((statement, place))
        return own

    def _check_vouched(self, statement: Statement, place: Place | None) -> Finding:
        """Known to the reader, enrolled by a key that is, or vouched for by the log's verified policy."""
        known = check_issuer(statement, self._trust)
        if known.verdict is Verdict.FAILS:
            return self._own(statement, place) or known
        if known.verdict is Verdict.HOLDS:
            return known
        policy = self._policy_at(place)
        if policy is None:
            return check_registration(statement, None, None)
        return check_registration(statement, policy.statement, policy.terms)

    def _check_proof(self, raw: bytes, entry: bytes) -> tuple[Place | None, list[Finding]]:
        """The tlog-proof against the pinned keys of the log that its checkpoint names; the place it proves.

        A mirror can prove an entry without the log's receipt, so a receipt may be absent; the proof may not.
        """
        try:
            proof = self._proof(raw)
        except TlogProofMalformed as error:
            return None, [found("log.proof.malformed", **error.facts)]
        if proof.extra is not None:  # no signature covers it, and every byte of a bundle is to be covered
            extra = found("log.proof.malformed", part="extra line", expected="none in a bundle", got="one")
            return None, [extra]
        readable = found("log.proof.readable", index=proof.index)
        seen = self._seen(proof.checkpoint)
        place = Place(seen.origin, proof.index)
        if seen.checkpoint is None:
            return place, [readable, *seen.findings]
        size, root = seen.checkpoint.size, seen.checkpoint.root
        included = check_inclusion(leaf_hash(entry), proof.index, size, proof.path, root)
        return place, [readable, *seen.findings, included]

    def _seen_later(self, item: Item, place: Place, entry: bytes, checks: list[Finding]) -> list[Finding]:
        """The checks of an event, witnessed if it is also proven at the same place of a witnessed tree.

        A log that changes its keys signs one checkpoint with the old ones and the new, and grows on before
        witnesses come by. That its last entry is in the tree that they saw says as much.
        """
        if not any(one.code in UNMET for one in checks):
            return checks
        others = (one for one in self._events if one.statement == item.statement and one.proof != item.proof)
        for other in islice(others, _MAX_OTHER_PROOFS):
            there, told = self._check_proof(other.proof, entry)
            if there == place and overall(told) is Verdict.HOLDS:
                later = self._seen(self._proof(other.proof).checkpoint).checkpoint
                size = None if later is None else later.size
                seen = found("log.quorum.later", origin=place.origin, index=place.at, size=size)
                return [seen if one.code in UNMET else one for one in checks]
        return checks

    def _proof(self, raw: bytes) -> TlogProof:
        if raw not in self._proofs:
            self._proofs[raw] = TlogProof.parse(raw)
        return self._proofs[raw]

    def _turn(self, item: Item) -> tuple[bool, int]:
        """Policies and key events in the order of their log, then the rest."""
        try:
            at = self._proof(item.proof).index
        except TlogProofMalformed:
            at = 0
        return item.role not in ("policy", "key"), at

    def _policy_at(self, place: Place | None) -> _Vouching | None:
        """The newest policy here that was in that log before that position."""
        if place is None:
            return None
        before = [
            policy
            for policy in self._policies
            if policy.terms.origin == policy.place.origin == place.origin and policy.place.at < place.at
        ]
        return max(before, key=lambda policy: policy.place.at, default=None)

    def _seen(self, note: bytes) -> _Seen:
        if note not in self._checkpoints:
            # The name alone is read here, to find the keys; the check reads the note strictly.
            origin = origin_in(note)
            keys = _log_keys(self._trust, origin, _size_in(note))
            finding, opened = examine_checkpoint(note, keys, origin)
            checkpoint = None if opened is None else opened.checkpoint
            told = [] if opened is None else self._witnessed(opened)
            decides = self._quorum is not None and self._quorum.decides
            findings, beside = ([finding, *told], ()) if decides else ([finding], tuple(told))
            self._checkpoints[note] = _Seen(origin, findings, checkpoint, beside)
        return self._checkpoints[note]

    def _beside(self, raw: bytes) -> tuple[Finding, ...]:
        """What the witnesses of the proof's checkpoint make of it, for a reader who only wants to know."""
        try:
            return self._seen(self._proof(raw).checkpoint).beside
        except TlogProofMalformed:
            return ()

    def _witnessed(self, opened: OpenedCheckpoint) -> list[Finding]:
        if self._quorum is None:
            return []
        policy, now, _ = self._quorum
        finding, signed = check_quorum(opened.note, opened.checkpoint, policy, now)
        if finding.code != "log.quorum.met":
            return [finding]
        newest = max(one.time_s for one in signed)
        return [finding, check_as_of(opened.checkpoint.origin, newest, now)]


def verify_fork(raw: bytes, trust: Trust) -> Report:
    """Every check on evidence of two histories; proven evidence FAILS the log."""
    title = Text("Evidence of two histories", "두 이력의 증거")
    try:
        fork = Fork.from_json(raw)
        keys = _accused_keys(trust, fork)
        accused = "network.accused.pinned" if keys else "network.accused.unpinned"
        checked = fork.check(keys or fork.own_keys())
    except (BadInput, Refused) as error:
        why = error.facts["why"] if isinstance(error, ForkMalformed) else reason_of(error)
        return Report([Section(title, None, [found("network.fork.unreadable", why=why)])])
    return Report([Section(title, None, [checked, found(accused, origin=fork.origin)])])


def _mark_forked(sections: Sequence[Section], trust: Trust) -> None:
    """Mark every entry of a log that the bundle proves to have signed two histories."""
    good: dict[str, int] = {}
    for section in sections:
        claim = section.claim
        if isinstance(claim, Equivocation):
            fork = fork_of_claim(claim)
            if fork.check(_accused_keys(trust, fork)).code == "network.fork.proven":
                good[fork.origin] = min(claim.good, good.get(fork.origin, claim.good))
    for section in sections:
        if section.origin in good and section.index is not None:
            section.findings.append(mark_entry(section.origin, section.index, good[section.origin]))


def check_log_receipt(raw: bytes, statement: Statement, trust: Trust) -> Finding:
    """Whether a log that the reader pinned signed this receipt for this statement."""
    try:
        receipt = Receipt.from_bytes(raw)
    except BadInput as error:
        return found("log.receipt.malformed", why=reason_of(error))
    size = receipt.proof.size if isinstance(receipt.proof, InclusionProof) else None
    try:
        keys = trust.receipt_keys(receipt.origin or "", size)
    except NotFound:
        keys = ()
    return judge_receipt(receipt, statement.digest, statement.about.subject, keys)


def _size_in(note: bytes) -> int | None:
    """The size that a checkpoint names, unverified: which keys must have signed depends on it.

    The second line alone; whether the note is a checkpoint at all is for the check with those keys to say.
    """
    second = note[: MAX_NAME_BYTES + 32].split(b"\n", 2)[1:2]
    return decode_decimal(b"".join(second).decode("ascii", errors="replace"))


def _accused_keys(trust: Trust, fork: Fork) -> Sequence[NoteKey]:
    """The log's keys, for either of the two heads those of its size."""
    sizes = [_size_in(note.encode()) for note in (fork.first, fork.second)]
    first, second = (_log_keys(trust, fork.origin, size) for size in sizes)
    if sizes[0] is None or list(first) == list(second):
        return first
    return KeyLine(second, [Span(tuple(first), sizes[0])])


def _log_keys(trust: Trust, origin: str, size: int | None) -> Sequence[NoteKey]:
    try:
        return trust.log_keys(origin, size)
    except NotFound:
        return ()


def _check_policy_issuer(statement: Statement, origin: str | None, trust: Trust) -> Finding:
    """A policy speaks for the operator of the log it is in, whose key must be pinned for just that log."""
    issuer = statement.about.issuer
    try:
        operator = trust.operator(origin or "")
    except NotFound:
        return found("network.issuer.unpinned", issuer=issuer)
    if statement.about.kind != "policy" or issuer != operator:
        return found("network.issuer.not-operator", issuer=issuer, origin=origin, operator=operator)
    return check_issuer(statement, trust)


def evidence_of(statement: Statement, facts: Facts) -> tuple[EvidenceRef, ...]:
    """The evidence files a statement's claim refers to; none when the claim is unreadable or withheld."""
    return evidence_in(statement, examine_claim(statement, facts)[1])
