"""How a log in memory changes its keys, and what a thief of the old ones tries with them."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from tests.network.parties import NOW, Operator, es256_key, sign
from tests.network.world import PeerLog

from haechi.log.checkpoint import CheckpointSigner
from haechi.log.proof import TlogProof
from haechi.log.tiles import TileTree
from haechi.network.card import FormerKeys, encode_key
from haechi.network.succession import Handover, Handovers, Proven
from haechi.statement.claims import Said
from haechi.statement.keys import Family, PublicKey
from haechi.statement.kinds.key_event import Event, KeyEntry, KeyEvent

Pair = tuple[Ed25519PrivateKey, MLDSA44PrivateKey]


class LogKeys:
    """The keys of one log over its life, as its operator holds them."""

    def __init__(self, name: str) -> None:
        self.operator = Operator(name)
        self.card = self.operator.card()
        self.pair: Pair = self.operator.pair
        self.signer = self.operator.signer
        self.handovers = Handovers()
        self.stolen: CheckpointSigner | None = None

    @property
    def until(self) -> int:
        """The size at which the keys before these ended; 0 while the first ones sign."""
        return self.card.former[-1].until if self.card.former else 0

    @property
    def is_thief_out(self) -> bool:
        """Whether what was stolen signs for the log no more."""
        return self.stolen is not None and self.stolen.keys[0] not in self.card.log_keys()

    def steal(self) -> None:
        self.stolen = CheckpointSigner(self.operator.origin, *self.pair)

    def change(self, log: PeerLog, *, revoke: bool, overlap: bool) -> None:
        """Log the change; the checkpoint that ends in it is signed by the old and the new keys."""
        number = len(self.card.former) + 1
        new: Pair = (Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())
        alone, both = (CheckpointSigner(self.operator.origin, *new, old) for old in (None, self.pair))
        receipt = es256_key(f"{self.operator.name} receipts {number}").public
        if revoke:
            log.grow([self._event("revoke", self.signer, receipt.cose_key)], shared=False)
        raw = self._event("enrol", alone, receipt.cose_key)
        log.grow([raw], shared=False)
        note = both.sign(log.size, log.edge.root(), 1 + log.size)
        tree = TileTree(lambda level, n, width: log.tiles[level, n][: width * 32])
        path = tuple(tree.inclusion(log.size - 1, log.size))
        proof = TlogProof(index=log.size - 1, path=path, checkpoint=note).encode()
        former = FormerKeys(vkeys=self.card.vkeys, receipt_keys=self.card.receipt_keys, until=log.size)
        told = Handover(former=former, events=(Proven.of(self.operator.statements[-1], proof),))
        self.handovers = Handovers(handovers=(*self.handovers.handovers, told))
        vkeys = tuple(key.vkey for key in alone.keys)
        self.card = self.card.handed_over(vkeys, (encode_key(receipt),), log.size)
        self.pair, self.signer = new, alone
        log.signer, log.note = (both if overlap else alone), note

    def _event(self, event: Event, signer: CheckpointSigner, receipt: bytes) -> bytes:
        operator = self.operator
        claim = KeyEvent(
            event=event,
            owner=operator.issuer,
            name=Said(en="Node", ko="노드"),
            role="institute",
            country="KR",
            keys=(
                *(
                    KeyEntry(
                        cose_key=PublicKey(family, key.public).cose_key, scope="checkpoint", vkey=key.vkey
                    )
                    for family, key in zip((Family.ED25519, Family.ML_DSA_44), signer.keys, strict=True)
                ),
                KeyEntry(cose_key=receipt, scope="receipt"),
            ),
            origin=operator.origin,
            from_index=0,
            reason=Said(en="why", ko="이유"),
        )
        statement = sign(operator.key, operator.issuer, claim, "key_event", f"log:{operator.origin}", NOW)
        operator.statements.append(statement)
        return statement.raw
