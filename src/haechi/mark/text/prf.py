"""The keyed numbers of a text mark (haechi-text-1, section 3): one AES block for each context and item.

    block(c, x, v) = BLAKE2b-128(c) xor (x, v)          two little-endian 64-bit words
    r(c, x, v)     = AES-256(secret, block)
    u(c, x, v)     = (top 53 bits of r's first word + 1/2) / 2^53

c: context, x: 64-bit item, v: 0, or 1 + the digit's value when the mark carries a payload. To anyone
without the secret the u are independent and uniform (AES is a pseudo-random permutation, and equal blocks
mean equal context and item). What is hashed without the key is hashed once for all keys that are tried.
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Reals = NDArray[np.float64]

BLOCK_BYTES = 16
_PERSON = b"haechi-text-1"
_ITEM = b"haechi-text-1/it"
DROPPED = np.uint64(11)
LARGEST = np.uint64((1 << 53) - 1)
_SCALE = 2.0**-53


def context_block(space: bytes, context: bytes) -> bytes:
    """The 16 bytes that stand for a context; `space` (one byte) keeps word and token contexts apart."""
    return blake2b(space + context, digest_size=16, person=_PERSON).digest()


def item_of_text(text: str) -> int:
    """The 64-bit item of a normalised piece of text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8, person=_ITEM).digest(), "little")


def blocks(contexts: Sequence[bytes]) -> Words:
    """Context blocks as an array (n, 2) of words."""
    return np.frombuffer(b"".join(contexts), dtype="<u8").astype(np.uint64).reshape(-1, 2)


def keyed(secret: bytes, contexts: Words, items: Words, value: int = 0) -> Words:
    """r(c, x, v) for each row, as (n, 2) words. contexts: (n, 2) or (1, 2); items: (n,)."""
    asked = np.empty((max(len(contexts), len(items)), 2), dtype="<u8")
    np.bitwise_xor(contexts[:, 0], items, out=asked[:, 0])
    np.bitwise_xor(contexts[:, 1], np.uint64(value), out=asked[:, 1])
    return np.frombuffer(encrypted(secret, asked.tobytes()), dtype="<u8").reshape(-1, 2)


def encrypted(secret: bytes, plain: bytes) -> bytes:
    """AES-256 of each 16-byte block by itself: a random function here, not a way to hide anything."""
    return Cipher(algorithms.AES(secret), modes.ECB()).encryptor().update(plain)  # noqa: S305


def encrypt_each(secrets: Sequence[bytes], plain: bytes, into: bytearray) -> None:
    """The same blocks under many secrets, one result after another; `into` has a block to spare.

    Written in place, and one cipher takes one key after another: fresh objects and results for each of
    100,000 secrets cost more than the encryption. Secrets have 32 bytes, as those of a TextKey have.
    """
    if not secrets:
        return
    algorithm, room, size = algorithms.AES256(secrets[0]), memoryview(into), len(plain)
    cipher = Cipher(algorithm, modes.ECB())  # noqa: S305
    for at, secret in enumerate(secrets):
        algorithm.key = secret
        cipher.encryptor().update_into(plain, room[at * size :])


def uniform(words: Words) -> Reals:
    """Numbers in (0, 1), never 0 or 1, from 64-bit words."""
    return ((words >> DROPPED).astype(np.float64) + 0.5) * _SCALE


def rest(words: Words) -> Reals:
    """1 - u of the same words, without the loss of a subtraction: where u is near 1 it is what counts."""
    return (((words >> DROPPED) ^ LARGEST).astype(np.float64) + 0.5) * _SCALE
