"""RFC 9162 section 2.1 written down word for word: slow, recursive, and nothing shared with the product."""

from hashlib import sha256


def leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def mth(leaves: list[bytes]) -> bytes:
    """MTH over leaf hashes (2.1.1)."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D_n) (2.1.3.1)."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D_n) (2.1.4.1)."""
    return _subproof(m, leaves, whole=True)


def _subproof(m: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = _split(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def turns(m: int, n: int) -> str:
    """On which side each hash of PATH(m, D_n) lies, from the leaf upwards."""
    if n == 1:
        return ""
    k = _split(n)
    return turns(m, k) + "r" if m < k else turns(m - k, n - k) + "l"


def subturns(m: int, n: int, *, whole: bool = True) -> str:
    """As `turns` for PROOF(m, D_n); "s" is the subtree it begins with."""
    if m == n:
        return "" if whole else "s"
    k = _split(n)
    if m <= k:
        return subturns(m, k, whole=whole) + "r"
    return subturns(m - k, n - k, whole=False) + "l"


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)
