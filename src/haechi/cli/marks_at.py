"""Statements about marks, asked of a node over HTTP; everything it answers is verified here."""

import io
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from haechi.errors import BadInput, NotFound
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, overall
from haechi.mark.batch import ItemProof
from haechi.mark.credentials.trust import TrustSource, published_anchors
from haechi.mark.records import LogRecord, records_of
from haechi.network.client import PeerClient
from haechi.network.verify import Trust, verify_bundle
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.document import Document

if TYPE_CHECKING:
    from haechi.mark.text.registry import ProfileRecord

MOST_ANSWER_BYTES = 1 << 20
MOST_BUNDLE_BYTES = 64 << 20
MOST_BLOB_BYTES = 16 << 20
MOST_ANCHORS = 32
MOST_PROFILES = 1000


class NodeRegistry:
    """A `Registry` that a node answers. Only fingerprints and payloads are sent, never a file.

    trust: whose keys a reader knows; institutes: whose roots of credentials are believed, by issuer name.
    """

    def __init__(self, client: PeerClient, trust: Trust, institutes: Collection[str], facts: Facts) -> None:
        self._client = client
        self._trust = trust
        self._institutes = institutes
        self._facts = facts
        self._blobs: dict[bytes, bytes | None] = {}
        self._profiles: Sequence[ProfileRecord] | None = None

    def by_mark(self, payload: str) -> Sequence[LogRecord]:
        """Verified records with this payload."""
        return self._verified(self._client.fetch(f"/marks/{payload}", MOST_ANSWER_BYTES))

    def by_likeness(self, pdqs: Sequence[str]) -> Sequence[LogRecord]:
        """Verified records that look like one of the hashes."""
        asked = msgspec.json.encode({"pdq": list(pdqs)})
        return self._verified(self._client.post("/marks/like", asked, "application/json").body)

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:
        """Verified records of exactly this file."""
        return self._like({"digest": digest.hex()})

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:
        """Verified records of texts that share fingerprints."""
        return self._like({"minhash": minhash.hex()})

    def profiles(self) -> "Sequence[ProfileRecord]":
        """Profiles of text marks, each fetched as a bundle and checked by what the reader trusts."""
        from haechi.mark.text.registry import profile_records

        if self._profiles is None:
            told: Any = msgspec.json.decode(self._client.fetch("/marks/profiles", MOST_ANSWER_BYTES))
            named = [str(each["statement"]) for each in told["profiles"][:MOST_PROFILES]]
            bundles = [bundle for digest in named if (bundle := self._bundle(digest)) is not None]
            checked = [(each.statement, each.checks) for each in bundles]
            origins = {each.statement.digest: each.origin for each in bundles}
            found = profile_records(checked, self._facts, "")
            self._profiles = [each._replace(origin=origins[each.statement]) for each in found]
        return self._profiles

    def _like(self, asked: dict[str, str]) -> list[LogRecord]:
        body = self._client.post("/marks/like", msgspec.json.encode(asked), "application/json").body
        return self._verified(body)

    def blob(self, digest: bytes) -> bytes | None:
        """A kept file whose bytes have this digest."""
        if digest not in self._blobs:
            import hashlib

            try:
                raw = self._client.fetch(f"/blobs/{digest.hex()}", MOST_BLOB_BYTES)
                self._blobs[digest] = raw if hashlib.sha256(raw).digest() == digest else None
            except NotFound:
                self._blobs[digest] = None
        return self._blobs[digest]

    def anchors(self) -> Sequence[TrustSource]:
        """Roots of credentials that known institutes publish in logs here, each statement verified."""
        try:
            body = self._client.fetch("/marks/anchors", MOST_ANSWER_BYTES)
            told: Any = msgspec.json.decode(body)
            named = list(dict.fromkeys(str(each["statement"]) for each in told["anchors"]))
        except NotFound:
            return ()  # a node of an earlier version
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise BadInput(why=f"the node's answer about anchors: {error}") from error
        return [source for digest in named[:MOST_ANCHORS] for source in self._published(digest)]

    def _published(self, digest: str) -> Sequence[TrustSource]:
        bundle = self._bundle(digest)
        if bundle is None or bundle.statement.about.issuer not in self._institutes:
            return ()
        if overall(bundle.checks) is not Verdict.HOLDS:
            return ()
        statement = bundle.statement
        try:
            claim = claim_of(statement, self._facts)
            if not isinstance(claim, Document):
                return ()
            files = {ref.digest: self.blob(ref.digest) for ref in claim.files}
            known = {ref: pem for ref, pem in files.items() if pem is not None}
            return published_anchors([(statement.about.issuer, claim)], known)
        except BadInput:
            return ()

    def _verified(self, body: bytes) -> list[LogRecord]:
        """What the node names, each fetched as a bundle and checked by what the reader trusts."""
        try:
            told: Any = msgspec.json.decode(body)
            named = [(str(each["statement"]), each.get("proof")) for each in told["marks"]]
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(why=f"the node's answer about marks: {error}") from error
        records: list[LogRecord] = []
        for digest, proof in named[:16]:
            records += self._record(digest, proof)
        return records

    def _record(self, digest: str, proof: object) -> list[LogRecord]:
        bundle = self._bundle(digest)
        if bundle is None:
            return []
        try:
            shown = [ItemProof.from_bytes(bytes.fromhex(proof))] if isinstance(proof, str) else []
        except (BadInput, ValueError):
            return []
        return records_of(bundle.statement, self._facts, bundle.origin, bundle.checks, {}, shown)

    def _bundle(self, digest: str) -> "_Bundle | None":
        try:
            raw = self._client.fetch(f"/bundles/{digest}", MOST_BUNDLE_BYTES)
            report = verify_bundle(io.BytesIO(raw), self._trust, self._facts, bytes.fromhex(digest))
        except (BadInput, NotFound, ValueError):
            return None
        subject = report.sections[0]
        if subject.statement is None:
            return None
        # What a bundle says of its own files (a manifest that is not there) is no check on the statement.
        checks = tuple(each for each in subject.findings if not each.check.startswith("evidence."))
        return _Bundle(subject.statement, subject.origin or "?", checks)


class _Bundle(NamedTuple):
    """A statement as a bundle shows it."""

    statement: Statement
    origin: str
    checks: tuple[Finding, ...]
