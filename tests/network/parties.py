"""A log with its operator and keys in memory, made as a node makes them, and bundles exported from it."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

from haechi.facts import Facts, load
from haechi.log.checkpoint import Checkpoint, CheckpointSigner
from haechi.log.cosignature import cosign
from haechi.log.merkle import leaf_hashes
from haechi.log.note import Note, NoteSigner
from haechi.log.proof import TlogProof
from haechi.log.receipt import InclusionProof, ReceiptSigner
from haechi.log.tiles import Edge, TileTree, grow
from haechi.network.bundle import FileEntry, Item, Role, write_bundle
from haechi.network.card import Label, NodeCard, encode_key
from haechi.network.pins import PinnedIssuer, Pins
from haechi.statement.claims import Claim, Said, encode_claim, kind_of
from haechi.statement.envelope import About, HashEnvelope, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import Family, SigningKey
from haechi.statement.kinds.confirm import Confirm
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.document import Document
from haechi.statement.kinds.policy import Grant, Policy
from haechi.statement.kinds.supersede import Supersede
from haechi.statement.kinds.withdraw import Withdraw

FACTS: Facts = load()
NOW = 1_790_000_000
FILE = b"item,mark_found\n" + b"".join(b"img-%05d,1\n" % n for n in range(40))
COMPANY = "company.example"


def seed_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def ed25519_key(name: str) -> SigningKey:
    return SigningKey(Family.ED25519, ed25519.Ed25519PrivateKey.from_private_bytes(seed_of(name)))


def es256_key(name: str) -> SigningKey:
    return SigningKey(Family.ES256, ec.derive_private_key(int.from_bytes(seed_of(name)), ec.SECP256R1()))


def sign(
    key: SigningKey, issuer: str, claim: Claim, kind: str, subject: str = "app:demo", at: int = NOW
) -> Statement:
    about = About(issuer=issuer, subject=subject, issued_at=at, kind=kind)
    return sign_statement(key, about, encode_claim(kind_of(kind), claim, FACTS))


def evidence(data: bytes = FILE, name: str = "run.csv") -> EvidenceRef:
    return EvidenceRef(digest=hashlib.sha256(data).digest(), size=len(data), media_type="text/csv", name=name)


def document(*files: EvidenceRef) -> Document:
    example = kind_of("document").example()
    assert isinstance(example, Document)
    return msgspec.structs.replace(example, files=files)


def about_target(kind: str, target: bytes, other: bytes = b"") -> Claim:
    """A life-cycle claim about a statement; other: what a supersede puts in its place."""
    said = Said(en="why", ko="이유")
    if kind == "withdraw":
        example = kind_of("withdraw").example()
        assert isinstance(example, Withdraw)
        return msgspec.structs.replace(example, target=target)
    if kind == "supersede":
        example = kind_of("supersede").example()
        assert isinstance(example, Supersede)
        return msgspec.structs.replace(example, old=target, new=other)
    if kind == "dispute":
        return Dispute(target=target, grounds="not_reproduced", why=said)
    example = kind_of("confirm").example()
    assert isinstance(example, Confirm)
    return msgspec.structs.replace(example, target=target)


@dataclass
class Operator:
    """Who runs a log, with all its keys; deterministic, so that a failing run can be repeated."""

    name: str
    statements: list[Statement] = field(default_factory=list[Statement])
    witnesses: tuple[NoteSigner, ...] = ()

    def __post_init__(self) -> None:
        self.origin = f"{self.name}.example/log"
        self.issuer = f"aisi.{self.name}.example"
        self.key = ed25519_key(self.issuer)
        self.pair = (
            ed25519.Ed25519PrivateKey.from_private_bytes(seed_of(f"{self.name} log")),
            mldsa.MLDSA44PrivateKey.from_seed_bytes(seed_of(f"{self.name} late")),
        )
        self.signer = CheckpointSigner(self.origin, *self.pair)
        self.receipts = ReceiptSigner(self.origin, es256_key(f"{self.name} receipts"))

    def card(self) -> NodeCard:
        return NodeCard(
            origin=self.origin,
            name=Label(en=self.name, ko="노드"),
            role="institute",
            country="KR",
            url="",
            vkeys=tuple(key.vkey for key in self.signer.keys),
            receipt_keys=(encode_key(self.receipts.key.public),),
            issuer=self.issuer,
            issuer_keys=(encode_key(self.key.public),),
        )

    def policy(
        self, *grants: Grant, origin: str = "", key: SigningKey | None = None, at: int = NOW
    ) -> Statement:
        own = Grant(issuer=self.issuer, kinds=("*",), keys=(self.key.public.thumbprint,))
        claim = Policy(origin=origin or self.origin, grants=(own, *grants))
        return sign(key or self.key, self.issuer, claim, "policy", f"log:{self.origin}", at)

    def say(self, kind: str, target: bytes, other: bytes = b"") -> Statement:
        return sign(self.key, self.issuer, about_target(kind, target, other), kind)

    def log(self, *statements: Statement) -> "Operator":
        self.statements += statements
        return self

    def item(self, role: Role, statement: Statement, *, receipt: bool = True) -> Item:
        """The statement with its proofs under the newest head."""
        index, size, tree, root = self._place(statement)
        path = tuple(tree.inclusion(index, size))
        raw = statement.raw
        if receipt:
            inclusion = InclusionProof(size, index, path)
            raw = statement.with_receipts([self.receipts.inclusion(inclusion, root, statement.about.subject)])
        return Item(role, raw, TlogProof(index, path, self._note(size, root)).encode())

    def _place(self, statement: Statement) -> tuple[int, int, TileTree, bytes]:
        growth = grow(Edge(), leaf_hashes([each.digest for each in self.statements]))
        tiles = {(tile.level, tile.n): tile.data for tile in growth.tiles}
        tree = TileTree(lambda level, n, width: tiles[level, n][: width * 32])
        return self.statements.index(statement), len(self.statements), tree, growth.edge.root()

    def _note(self, size: int, root: bytes) -> bytes:
        # ML-DSA signs with fresh randomness each time; one head has one note here, as in a node.
        self._notes = getattr(self, "_notes", {})
        if root not in self._notes:
            note = self.signer.sign(size, root, NOW)
            head = Checkpoint(self.origin, size, root)
            lines = [cosign(head, witness, NOW) for witness in self.witnesses]
            self._notes[root] = Note.parse(note).with_lines(lines).encode() if lines else note
        return self._notes[root]


def bundle(items: Iterable[Item], *files: bytes) -> bytes:
    """The bundle's bytes."""
    target = io.BytesIO()
    entries = [(FileEntry(hashlib.sha256(data).digest(), len(data)), io.BytesIO(data)) for data in files]
    write_bundle(target, list(items), entries)
    return target.getvalue()


def pins(*operators: Operator, issuers: Iterable[tuple[str, SigningKey]] = ()) -> Pins:
    """What a reader pinned: nodes by their cards, issuers by a thumbprint."""
    pinned = Pins()
    for operator in operators:
        card = operator.card()
        pinned = pinned.add(card, card.fingerprint())
    for name, key in issuers:
        label = Label(en=name, ko="발행자")
        pinned = pinned.add_issuer(PinnedIssuer(issuer=name, name=label, keys=(key.public.thumbprint.hex(),)))
    return pinned


class Case:
    """The usual bundle: a company's document with a file, in Korea's log, and the policy that admits it."""

    def __init__(self) -> None:
        self.korea, self.britain = Operator("kr"), Operator("uk")
        self.company_key = ed25519_key(COMPANY)
        grant = Grant(issuer=COMPANY, kinds=("document",), keys=(self.company_key.public.thumbprint,))
        self.policy = self.korea.policy(grant)
        self.subject = sign(self.company_key, COMPANY, document(evidence()), "document")
        self.korea.log(self.korea.policy(), self.policy, self.subject)
        self.britain.log(self.britain.policy(), self.britain.say("confirm", self.subject.digest))

    def items(self) -> list[Item]:
        return [self.korea.item("subject", self.subject), self.korea.item("policy", self.policy)]

    def with_about(self, operator: Operator, statement: Statement) -> bytes:
        """The bundle with one more statement, from a log that has it."""
        about = operator.item("about", statement, receipt=False)
        return bundle([*self.items(), about], FILE)

    def company_says(self, kind: str, other: bytes = b"", key: SigningKey | None = None) -> Statement:
        """A life-cycle statement of the company about its document, logged in Korea."""
        claim = about_target(kind, self.subject.digest, other)
        statement = sign(key or self.company_key, COMPANY, claim, kind)
        self.korea.log(statement)
        return statement


def hash_envelope(key: SigningKey, issuer: str, data: bytes = FILE) -> Statement:
    """A document of which only the file's digest is signed."""
    about = About(issuer=issuer, subject="app:demo", issued_at=NOW, kind="document")
    return sign_statement(key, about, hashlib.sha256(data).digest(), hash_envelope=HashEnvelope("text/csv"))
