"""The Merkle tree of RFC 9162 section 2.1: hashes, proof coordinates, proof checks, the frontier.

Everything here takes bytes and numbers and returns bytes and numbers. Sizes and indices are whole numbers
from 0 to 2^63 - 1, hashes are exactly 32 bytes, and the length of a proof is compared with the one length
its numbers allow before anything is hashed.

    BadInput
    ├── ProofMalformed      a proof that cannot be one: wrong numbers, wrong count or length of hashes
    ├── OutOfTree           a proof or root was asked for that no tree of this size has
    └── FrontierMalformed   bytes or hashes that make no frontier

>>> frontier = Frontier()
>>> for entry in (b"a", b"b", b"c"):
...     frontier.append(leaf_hash(entry))
>>> frontier.root() == node_hash(node_hash(leaf_hash(b"a"), leaf_hash(b"b")), leaf_hash(b"c"))
True
"""

from collections.abc import Sequence
from typing import TypeAlias

from haechi.errors import BadInput
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.frontier import Frontier, FrontierMalformed
from haechi.log.hashes import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_SIZE,
    climb,
    climb_both,
    leaf_hash,
    leaf_hashes,
    node_hash,
)
from haechi.words import Text

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "MAX_SIZE",
    "Frontier",
    "FrontierMalformed",
    "Node",
    "OutOfTree",
    "ProofMalformed",
    "check_consistency",
    "check_inclusion",
    "consistency_nodes",
    "inclusion_nodes",
    "is_consistent",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "root_from_inclusion",
]

Node: TypeAlias = tuple[int, int]
"""(level, index): the subtree over the 2^level leaves from index * 2^level, cut at the end of the tree."""

_BYTES, _HASH_SIZES = frozenset({bytes}), frozenset({HASH_SIZE})
_MISFIT = Text("{part}: expected {expected}, got {got}", "{part}: 기대값 {expected}, 받은 값 {got}")


class ProofMalformed(BadInput):
    """A proof that cannot be one, whatever the hashes say; facts: part, expected, got."""

    code = "log.proof-malformed"
    what = Text("malformed proof: " + _MISFIT.en, "증명 형식 오류: " + _MISFIT.ko)
    hint = Text("ask the log for the proof again", "로그에 증명을 다시 요청하세요")


class OutOfTree(BadInput):
    """No tree of this size has such a leaf, root or older state; facts: part, expected, got."""

    code = "log.out-of-tree"
    what = Text("not in the tree: " + _MISFIT.en, "트리의 범위를 벗어났습니다: " + _MISFIT.ko)
    hint = Text(
        "compare the number with the size in the checkpoint", "체크포인트에 적힌 크기와 번호를 비교하세요"
    )


declare(
    "log.inclusion",
    Text("The entry is in the log", "항목의 로그 포함 여부"),
    {
        "valid": (
            Verdict.HOLDS,
            Text(
                "entry {index} is in the tree of {size} entries",
                "{index}번 항목이 크기 {size}인 트리에 들어 있습니다",
            ),
        ),
        "mismatch": (
            Verdict.FAILS,
            Text(
                "the proof leads to another root: expected {expected}, got {got}, entry {index} of {size}",
                "증명이 다른 루트에 이릅니다: 기대값 {expected}, 계산값 {got}, 항목 {index}, 크기 {size}",
            ),
        ),
        "malformed": (
            Verdict.FAILS,
            Text("the inclusion proof is malformed: " + _MISFIT.en, "포함 증명 형식 오류: " + _MISFIT.ko),
        ),
    },
)

declare(
    "log.consistency",
    Text("The log only grew", "로그가 추가만 되었는지 여부"),
    {
        "valid": (
            Verdict.HOLDS,
            Text(
                "the tree of {new_size} entries begins with the tree of {old_size}",
                "크기 {new_size}인 트리는 크기 {old_size}인 트리를 그대로 이어 갑니다",
            ),
        ),
        "mismatch": (
            Verdict.FAILS,
            Text(
                "the proof leads to another root at size {size}: expected {expected}, got {got}",
                "증명이 크기 {size}에서 다른 루트에 이릅니다: 기대값 {expected}, 계산값 {got}",
            ),
        ),
        "malformed": (
            Verdict.FAILS,
            Text("the consistency proof is malformed: " + _MISFIT.en, "일관성 증명 형식 오류: " + _MISFIT.ko),
        ),
    },
)


def inclusion_nodes(index: int, size: int) -> list[Node]:
    """The nodes whose hashes prove leaf `index` in a tree of `size` leaves, from the leaf upwards.

    Raises OutOfTree unless 0 <= index < size <= 2^63 - 1. RFC 9162 2.1.3.1.

    >>> inclusion_nodes(2, 7)
    [(0, 3), (1, 0), (2, 1)]
    """
    _in_tree("size", size, 1, MAX_SIZE)
    _in_tree("index", index, 0, size - 1)
    return siblings(0, index, size)


def consistency_nodes(old_size: int, new_size: int) -> list[Node]:
    """The nodes whose hashes prove that the tree of `new_size` leaves begins with that of `old_size`.

    Empty when the sizes are equal. Raises OutOfTree unless 1 <= old_size <= new_size <= 2^63 - 1.
    RFC 9162 2.1.4.1.

    >>> consistency_nodes(3, 7)
    [(0, 2), (0, 3), (1, 0), (2, 1)]
    """
    _in_tree("new_size", new_size, 1, MAX_SIZE)
    _in_tree("old_size", old_size, 1, new_size)
    if old_size == new_size:
        return []
    level = _trailing_zeros(old_size)
    index = (old_size >> level) - 1
    seed = [(level, index)] if index else []
    return seed + siblings(level, index, new_size)


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to from the leaf hash `leaf` at `index` in a tree of `size` leaves.

    Raises ProofMalformed when index, size, the number of hashes or a hash length cannot be right.
    RFC 9162 2.1.3.2.
    """
    _in_proof("size", size, 1, MAX_SIZE)
    _in_proof("index", index, 0, size - 1)
    # Below `inner` a sibling may lie on either side; above it, on the left only.
    inner = (index ^ (size - 1)).bit_length()
    _fits(path, inner + (index >> inner).bit_count())
    _is_hash("leaf", leaf)
    return climb(leaf, index | -1 << inner, path)


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> Finding:
    """Whether `path` proves leaf hash `leaf` at `index` under `root`: log.inclusion.valid when it does.

    Otherwise log.inclusion.mismatch (leads to another root) or log.inclusion.malformed. Raises nothing.
    """
    try:
        _is_hash("root", root)
        got = root_from_inclusion(leaf, index, size, path)
    except ProofMalformed as error:
        return found("log.inclusion.malformed", **error.facts)
    if got != root:
        return found("log.inclusion.mismatch", index=index, size=size, expected=root.hex(), got=got.hex())
    return found("log.inclusion.valid", index=index, size=size, root=root.hex())


def check_consistency(
    old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> Finding:
    """Whether `path` proves that the tree with `new_root` begins with the tree with `old_root`.

    log.consistency.valid, .mismatch or .malformed; raises nothing. An old size of 0 is malformed: every
    tree begins with the empty one, so such a proof says nothing. At equal sizes the path must be empty and
    the roots are compared as they are, with nothing hashed. RFC 9162 2.1.4.2.
    """
    try:
        first, second = _shown_roots(old_size, new_size, path, old_root, new_root)
    except ProofMalformed as error:
        return found("log.consistency.malformed", **error.facts)
    for size, expected, got in ((old_size, old_root, first), (new_size, new_root, second)):
        if got != expected:
            return found("log.consistency.mismatch", size=size, expected=expected.hex(), got=got.hex())
    return found("log.consistency.valid", old_size=old_size, new_size=new_size, root=new_root.hex())


def is_consistent(
    old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether `check_consistency` finds log.consistency.valid; for who asks often and tells nobody."""
    try:
        shown = _shown_roots(old_size, new_size, path, old_root, new_root)
    except ProofMalformed:
        return False
    return shown == (old_root, new_root)


def siblings(level: int, index: int, size: int, *, below: int = 64) -> list[Node]:
    """The nodes beside the way from node `index` of `level` to the root, or to the level `below`."""
    nodes: list[Node] = []
    last = (size - 1) >> level
    while last and level < below:
        sibling = index ^ 1
        if sibling <= last:  # else the node has no sibling and rises unchanged
            nodes.append((level, sibling))
        level += 1
        index >>= 1
        last >>= 1
    return nodes


def _shown_roots(
    old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> tuple[bytes, bytes]:
    """The old and the new root that a proof shows; at equal sizes twice the new. Raises ProofMalformed."""
    _in_proof("new_size", new_size, 1, MAX_SIZE)
    _in_proof("old_size", old_size, 1, new_size)
    if old_size == new_size:
        _fits(path, 0)
        return new_root, new_root
    shown = _fold_consistency(old_size, new_size, path, old_root)
    _is_hash("new_root", new_root)
    return shown


def _fold_consistency(
    old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """The old and the new root that `path` leads to. Raises ProofMalformed."""
    shift = _trailing_zeros(old_size)
    index = (old_size >> shift) - 1
    inner = (index ^ ((new_size - 1) >> shift)).bit_length()
    # An old size that is a power of two is itself a node of the new tree: its root is where to begin.
    seeds = 1 if index else 0
    _fits(path, seeds + inner + (index >> inner).bit_count())
    _is_hash("old_root", old_root)
    sides = index | -1 << inner
    seed = path[0] if seeds else old_root
    return climb_both(seed, sides, path[seeds:])


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _in_tree(part: str, got: int, low: int, high: int) -> None:
    if type(got) is not int or not low <= got <= high:
        raise OutOfTree(part=part, expected=f"{low}..{high}", got=_shown(got))


def _in_proof(part: str, got: int, low: int, high: int) -> None:
    if type(got) is not int or not low <= got <= high:
        raise ProofMalformed(part=part, expected=f"{low}..{high}", got=_shown(got))


def _is_hash(part: str, value: bytes) -> None:
    if type(value) is not bytes or len(value) != HASH_SIZE:
        raise ProofMalformed(part=f"len({part})", expected=HASH_SIZE, got=_length(value))


def _fits(path: Sequence[bytes], count: int) -> None:
    if type(path) not in (list, tuple) or len(path) != count:
        raise ProofMalformed(part="len(path)", expected=count, got=_length(path))
    if {*map(type, path)} <= _BYTES and {*map(len, path)} <= _HASH_SIZES:
        return
    for at, node in enumerate(path):
        if type(node) is not bytes or len(node) != HASH_SIZE:
            raise ProofMalformed(part=f"len(path[{at}])", expected=HASH_SIZE, got=_length(node))


def _length(value: object) -> int | str:
    return len(value) if isinstance(value, (bytes, list, tuple)) else type(value).__name__  # pyright: ignore[reportUnknownArgumentType]


def _shown(value: object) -> str:
    # A number read from a proof may have thousands of digits; Python refuses to print those.
    if type(value) is not int:
        return type(value).__name__
    return str(value) if value.bit_length() <= 64 else f"2^{value.bit_length()}"
