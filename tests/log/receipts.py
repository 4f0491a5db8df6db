"""A small log that signs receipts over one of the example statements."""

import os
from pathlib import Path

from tests.log.naive import mth, path, proof
from tests.statement.make import SUBJECT, example, key

from haechi.findings import Finding
from haechi.log.merkle import leaf_hash
from haechi.log.receipt import ConsistencyProof, InclusionProof, ReceiptSigner, check_receipt
from haechi.statement.keys import Family, PublicKey, SigningKey

ORIGIN = "kr.example/log"
LOG = key(Family.ES256)
STATEMENT = example("document")
VECTORS = Path(os.environ.get("HAECHI_VECTORS", Path(__file__).resolve().parents[3] / "shared" / "vectors"))


class Tree:
    """Some entries with the statement among them, and whatever a log says of them."""

    def __init__(self, size: int, index: int) -> None:
        self.entries = [STATEMENT.digest if at == index else bytes((at % 256,)) * 32 for at in range(size)]
        self.leaves = [leaf_hash(entry) for entry in self.entries]
        self.size, self.index = size, index

    def root(self, size: int | None = None) -> bytes:
        return mth(self.leaves[: self.size if size is None else size])

    def inclusion(self) -> InclusionProof:
        return InclusionProof(self.size, self.index, tuple(path(self.index, self.leaves)))

    def consistency(self, old: int) -> ConsistencyProof:
        return ConsistencyProof(old, self.size, tuple(proof(old, self.leaves)))

    def receipt(self, signer: SigningKey = LOG, subject: str = SUBJECT) -> bytes:
        return ReceiptSigner(ORIGIN, signer).inclusion(self.inclusion(), self.root(), subject)


def check(raw: bytes, *keys: PublicKey, subject: str = SUBJECT, entry: bytes = STATEMENT.digest) -> Finding:
    return check_receipt(raw, entry, subject, keys or [LOG.public])


EIGHT = Tree(8, 5)
