"""What the tree promises: RFC 9162's hashes and proofs, and no altered proof ever holds."""

import base64
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.log import naive

from haechi.findings import Verdict
from haechi.log.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    OutOfTree,
    ProofMalformed,
    check_consistency,
    check_inclusion,
    consistency_nodes,
    inclusion_nodes,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_from_inclusion,
)

REPO = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("HAECHI_VECTORS", REPO.parent / "shared" / "vectors")) / "merkle"
LARGEST = 640
LEAVES = [naive.leaf(number.to_bytes(4)) for number in range(LARGEST)]

needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no Merkle vectors at {VECTORS}")


@cache
def root_at(size: int) -> bytes:
    return naive.mth(LEAVES[:size])


def cases(kind: str) -> list[Any]:
    folder = VECTORS / kind
    return [pytest.param(file, id=str(file.relative_to(folder))) for file in sorted(folder.rglob("*.json"))]


def hashes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def flip(path: list[bytes], at: int, bit: int) -> list[bytes]:
    changed = bytearray(path[at])
    changed[bit // 8] ^= 1 << bit % 8
    return [*path[:at], bytes(changed), *path[at + 1 :]]


# --- vectors of transparency-dev/merkle ----------------------------------------------------------------


@needs_vectors
def test_all_vectors_are_here():
    assert (len(cases("inclusion")), len(cases("consistency"))) == (98, 98)


@needs_vectors
@pytest.mark.parametrize("file", cases("inclusion"))
def test_inclusion_vector(file: Path):
    case = json.loads(file.read_text())
    finding = check_inclusion(
        base64.b64decode(case["leafHash"] or ""),
        case["leafIdx"],
        case["treeSize"],
        hashes(case["proof"]),
        base64.b64decode(case["root"] or ""),
    )
    assert (finding.verdict is not Verdict.HOLDS) == case["wantErr"], finding


@needs_vectors
@pytest.mark.parametrize("file", cases("consistency"))
def test_consistency_vector(file: Path):
    case = json.loads(file.read_text())
    finding = check_consistency(
        case["size1"],
        case["size2"],
        hashes(case["proof"]),
        base64.b64decode(case["root1"] or ""),
        base64.b64decode(case["root2"] or ""),
    )
    assert (finding.verdict is not Verdict.HOLDS) == case["wantErr"], finding


# --- hashes --------------------------------------------------------------------------------------------

# The reference tree that implementations of RFC 6962 test themselves with.
CT_ENTRIES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_reference_tree_of_certificate_transparency():
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for entry, root in zip(CT_ENTRIES, CT_ROOTS, strict=True):
        frontier.append(leaf_hash(bytes.fromhex(entry)))
        assert frontier.root().hex() == root


def test_leaf_and_node_hashes_never_meet():
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hashes([b"", b"a"]) == [leaf_hash(b""), leaf_hash(b"a")]


# --- proofs --------------------------------------------------------------------------------------------


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    """A leaf and the size of a tree that has it."""
    size = draw(st.integers(1, LARGEST))
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    """Two sizes of one tree, the second at least the first, neither empty."""
    new = draw(st.integers(1, LARGEST))
    return draw(st.integers(1, new)), new


@given(places())
def test_inclusion_agrees_with_the_rfc(place: tuple[int, int]):
    index, size = place
    path = naive.path(index, LEAVES[:size])
    assert root_from_inclusion(LEAVES[index], index, size, path) == root_at(size)
    assert check_inclusion(LEAVES[index], index, size, path, root_at(size)).code == "log.inclusion.valid"
    assert [naive.mth(LEAVES[:size][i << k : (i + 1) << k]) for k, i in inclusion_nodes(index, size)] == path


@given(growths())
def test_consistency_agrees_with_the_rfc(growth: tuple[int, int]):
    old, new = growth
    path = naive.proof(old, LEAVES[:new])
    finding = check_consistency(old, new, path, root_at(old), root_at(new))
    assert finding.code == "log.consistency.valid"
    assert [naive.mth(LEAVES[:new][i << k : (i + 1) << k]) for k, i in consistency_nodes(old, new)] == path


def test_every_proof_of_every_small_tree_holds():
    for size in range(1, 34):
        for index in range(size):
            path = naive.path(index, LEAVES[:size])
            assert check_inclusion(LEAVES[index], index, size, path, root_at(size)).verdict is Verdict.HOLDS
            path = naive.proof(index + 1, LEAVES[:size])
            finding = check_consistency(index + 1, size, path, root_at(index + 1), root_at(size))
            assert finding.verdict is Verdict.HOLDS


@given(places(), st.data())
def test_no_altered_inclusion_proof_holds(place: tuple[int, int], data: st.DataObject):
    index, size = place
    leaf, root = LEAVES[index], root_at(size)
    path = naive.path(index, LEAVES[:size])
    for altered in _alterations(path, data):
        assert check_inclusion(leaf, index, size, altered, root).verdict is Verdict.FAILS
    bit = data.draw(st.integers(0, 255))
    assert check_inclusion(flip([leaf], 0, bit)[0], index, size, path, root).verdict is Verdict.FAILS
    assert check_inclusion(leaf, index, size, path, flip([root], 0, bit)[0]).verdict is Verdict.FAILS


@given(growths(), st.data())
def test_no_altered_consistency_proof_holds(growth: tuple[int, int], data: st.DataObject):
    old, new = growth
    roots = [root_at(old), root_at(new)]
    path = naive.proof(old, LEAVES[:new])
    for altered in _alterations(path, data):
        assert check_consistency(old, new, altered, *roots).verdict is Verdict.FAILS
    bit = data.draw(st.integers(0, 255))
    for which in (0, 1):
        assert check_consistency(old, new, path, *flip(roots, which, bit)).verdict is Verdict.FAILS
    if old != new:
        assert check_consistency(old, new, path, *reversed(roots)).verdict is Verdict.FAILS


def _alterations(path: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """Every element flipped in one bit, shortened, left out; and one added at every place."""
    bit = data.draw(st.integers(0, 255))
    extra = data.draw(st.sampled_from([LEAVES[0], EMPTY_ROOT, bytes(32), b""]))
    altered = [flip(path, at, bit) for at in range(len(path))]
    altered += [[*path[:at], path[at][:31], *path[at + 1 :]] for at in range(len(path))]
    altered += [path[:at] + path[at + 1 :] for at in range(len(path))]
    altered += [[*path[:at], extra, *path[at:]] for at in range(len(path) + 1)]
    return altered


def test_an_inclusion_proof_holds_at_no_other_index():
    for size in range(1, 40):
        for index in range(size):
            path = naive.path(index, LEAVES[:size])
            for other in set(range(-1, size + 2)) - {index}:
                finding = check_inclusion(LEAVES[index], other, size, path, root_at(size))
                assert finding.verdict is Verdict.FAILS, (index, other, size)


def test_another_size_holds_only_where_the_proof_has_the_very_same_shape():
    """A root does not bind the size: leaf 5 of 8 also proves as leaf 5 of 7. The checkpoint binds it."""
    for size in range(1, 24):
        for index in range(size):
            path = naive.path(index, LEAVES[:size])
            for other in set(range(index + 1, 50)) - {size}:
                finding = check_inclusion(LEAVES[index], index, other, path, root_at(size))
                same_shape = naive.turns(index, other) == naive.turns(index, size)
                assert (finding.verdict is Verdict.HOLDS) == same_shape, (index, size, other)


def test_other_sizes_hold_only_where_the_consistency_proof_has_the_very_same_shape():
    for new in range(1, 18):
        for old in range(1, new):
            path = naive.proof(old, LEAVES[:new])
            for sizes in {(a, b) for b in range(20) for a in range(b + 1)} - {(old, new)}:
                finding = check_consistency(*sizes, path, root_at(old), root_at(new))
                same = sizes[0] > 0 and naive.subturns(*sizes) == naive.subturns(old, new)
                assert (finding.verdict is Verdict.HOLDS) == same, (old, new, sizes)


# --- edges ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roots", [(EMPTY_ROOT, EMPTY_ROOT), (EMPTY_ROOT, LEAVES[0]), (b"", b"")])
@pytest.mark.parametrize("new", [0, 1, 8])
def test_old_size_zero_proves_nothing(new: int, roots: tuple[bytes, bytes]):
    assert check_consistency(0, new, [], *roots).code == "log.consistency.malformed"


def test_equal_sizes_need_equal_roots_and_no_path():
    root = root_at(5)
    assert check_consistency(5, 5, [], root, root).code == "log.consistency.valid"
    assert check_consistency(5, 5, [], root, root_at(4)).code == "log.consistency.mismatch"
    assert check_consistency(5, 5, [root], root, root).code == "log.consistency.malformed"


def test_a_shrunk_tree_is_malformed():
    assert check_consistency(8, 7, [], root_at(8), root_at(7)).code == "log.consistency.malformed"


ODD_NUMBERS: list[Any] = [-1, MAX_SIZE + 1, 2**64, 10**6000, True, 1.0, "1", None]


@pytest.mark.parametrize("odd", ODD_NUMBERS, ids=lambda odd: type(odd).__name__)
def test_odd_numbers_are_malformed_and_raise_nothing(odd: Any):  # noqa: ANN401 - wrong types on purpose
    leaf = LEAVES[0]
    node = node_hash(leaf, leaf)
    assert check_inclusion(leaf, 1, 2, [leaf], node).verdict is Verdict.HOLDS
    assert check_inclusion(leaf, odd, 2, [leaf], node).code == "log.inclusion.malformed"
    assert check_inclusion(leaf, 1, odd, [leaf], node).code == "log.inclusion.malformed"
    assert check_consistency(1, 2, [leaf], leaf, node).verdict is Verdict.HOLDS
    assert check_consistency(odd, 2, [leaf], leaf, node).code == "log.consistency.malformed"
    assert check_consistency(1, odd, [leaf], leaf, node).code == "log.consistency.malformed"


ODD_PATHS: list[Any] = [None, b"", LEAVES[0], "x", [None], [32], ["x" * 32], [bytearray(32)], [b""], {0: b""}]


@pytest.mark.parametrize("odd", ODD_PATHS, ids=repr)
def test_odd_paths_are_malformed_and_raise_nothing(odd: Any):  # noqa: ANN401 - wrong types on purpose
    leaf = LEAVES[0]
    node = node_hash(leaf, leaf)
    assert check_inclusion(leaf, 1, 2, odd, node).code == "log.inclusion.malformed"
    assert check_consistency(1, 2, odd, leaf, node).code == "log.consistency.malformed"


@pytest.mark.parametrize("odd", [b"", bytes(31), bytes(33), bytearray(32), "x" * 32, None], ids=repr)
def test_odd_hashes_are_malformed_and_raise_nothing(odd: Any):  # noqa: ANN401 - wrong types on purpose
    leaf = LEAVES[0]
    node = node_hash(leaf, leaf)
    assert check_inclusion(odd, 1, 2, [leaf], node).code == "log.inclusion.malformed"
    assert check_inclusion(leaf, 1, 2, [leaf], odd).code == "log.inclusion.malformed"
    assert check_consistency(1, 2, [leaf], odd, node).code == "log.consistency.malformed"
    assert check_consistency(1, 2, [leaf], leaf, odd).code == "log.consistency.malformed"
    with pytest.raises(ProofMalformed):
        root_from_inclusion(odd, 1, 2, [leaf])


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_outcome_can_be_said(lang: Any):  # noqa: ANN401 - wrong types on purpose
    leaf = LEAVES[0]
    node = node_hash(leaf, leaf)
    for finding in (
        check_inclusion(leaf, 1, 2, [leaf], node),
        check_inclusion(leaf, 1, 2, [node], node),
        check_inclusion(leaf, 1, 2, [], node),
        check_consistency(1, 2, [leaf], leaf, node),
        check_consistency(1, 2, [leaf], node, node),
        check_consistency(1, 2, [leaf], leaf, leaf),
        check_consistency(1, 2, [], leaf, node),
    ):
        assert "{" not in finding.say(lang)
        assert json.dumps(finding.as_dict(lang))


def test_a_mismatch_shows_both_roots():
    finding = check_inclusion(LEAVES[0], 1, 2, [LEAVES[1]], EMPTY_ROOT)
    assert finding.facts["expected"] == EMPTY_ROOT.hex()
    assert finding.facts["got"] == node_hash(LEAVES[1], LEAVES[0]).hex()


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, MAX_SIZE + 1)])
def test_no_coordinates_outside_the_tree(index: int, size: int):
    with pytest.raises(OutOfTree):
        inclusion_nodes(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (0, 0), (1, MAX_SIZE + 1)])
def test_no_consistency_coordinates_outside_the_tree(old: int, new: int):
    with pytest.raises(OutOfTree):
        consistency_nodes(old, new)


def test_the_largest_tree_has_paths_of_at_most_64_hashes():
    assert len(inclusion_nodes(0, MAX_SIZE)) == 63
    assert max(len(consistency_nodes(old, MAX_SIZE)) for old in (1, 3, 2**62 - 1, MAX_SIZE - 1)) <= 64
