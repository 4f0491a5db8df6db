"""Strict Ed25519: one published answer to "is this signature valid", the same on every machine.

RFC 8032 leaves room, and libraries use it: of 914 edge cases OpenSSL accepts 208 and libsodium 43. In a
federation such a signature is a split view for sale, so Haechi fixes the profile
(docs/reference/ed25519-profile.md). Every rule but the equation is checked here, before the library is asked.

    BadInput
    └── WeakPublicKey     not the one encoding of a point of large order (a ValueError too)

>>> verify(bytes(32), bytes(64), b"the all-zero key signs everything")
False
"""

from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from typing import Any

from haechi.errors import BadInput
from haechi.words import Text

PUBLIC_KEY_SIZE = 32
SIGNATURE_SIZE = 64

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493  # order of the base point
_D = -121665 * pow(121666, -1, _P) % _P
_SIGN_BIT = 1 << 255
# y of the eight points whose order divides 8: (+-sqrt(-1), 0), (0, 1), (0, -1) and four of order 8.
_Y_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y_ORDER_8, _P - _Y_ORDER_8})

# `nacl.bindings` loads every function that there is, a tenth of what `haechi verify` takes to start.
_BINDING: Any = import_module("nacl._sodium")
_SODIUM, _FFI = _BINDING.lib, _BINDING.ffi
_BYTES = _FFI.typeof("unsigned char[]")


class WeakPublicKey(BadInput, ValueError):
    """32 bytes that may not be enrolled as a key; facts: why, got."""

    code = "statement.ed25519-key"
    what = Text(
        "not an acceptable Ed25519 public key ({why}): {got}",
        "사용할 수 없는 Ed25519 공개 키입니다 ({why}): {got}",
    )
    hint = Text(
        "ask the key's owner for the public key again; honest software never makes such a key",
        "키 소유자에게 공개 키를 다시 요청하세요. 정상적인 소프트웨어는 이런 키를 만들지 않습니다",
    )


def check_public_key(raw: bytes) -> None:
    """Returns when `raw` is the canonical encoding of a point whose order is not 1, 2, 4 or 8.

    Raises WeakPublicKey. The verdict is remembered for the last 4096 keys (0.2 ms the first time).
    Points of mixed order pass, as in libsodium. RFC 8032 section 5.1.3, rules K1 to K4 of the profile.
    """
    why = _weakness(bytes(raw))
    if why:
        raise WeakPublicKey(why=why, got=bytes(raw[:PUBLIC_KEY_SIZE]).hex())


def sign(secret: bytes, message: bytes) -> bytes:
    """The signature (64 bytes) of `message`; the same as any library's, as RFC 8032 section 5.1.6 has it.

    secret: the private key's 32 bytes, and after them the public key's, which must be its own.
    """
    signed = _FFI.new(_BYTES, SIGNATURE_SIZE + len(message))
    _SODIUM.crypto_sign(signed, _FFI.NULL, message, len(message), secret)
    return _FFI.buffer(signed, SIGNATURE_SIZE)[:]


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) is valid for `message` under the strict profile; never raises.

    Keys that `check_public_key` refuses verify nothing. RFC 8032 section 5.1.7 with the equation
    [S]B = R + [k]A (cofactorless), rules S1 to S4 of the profile.
    """
    equation = equation_of(public_key, signature, message)
    return equation is not None and equation()


def equation_of(public_key: bytes, signature: bytes, message: bytes) -> Callable[[], bool] | None:
    """What is left of `verify` after its rules: whether the equation holds; None where a rule refuses.

    The call is one into the library and lets other threads run, so that several share the cores.
    """
    if _weakness(bytes(public_key)):
        return None
    if len(signature) != SIGNATURE_SIZE:
        return None
    if int.from_bytes(signature[32:], "little") >= _L:
        return None
    y = int.from_bytes(signature[:32], "little") & ~_SIGN_BIT
    if y >= _P:
        return None
    if y in _SMALL_ORDER_Y:
        return None
    return partial(_equation_holds, bytes(signature) + bytes(message), bytes(public_key))


def _equation_holds(signed: bytes, public_key: bytes) -> bool:
    nowhere = _FFI.NULL  # the message is not wanted back
    return _SODIUM.crypto_sign_open(nowhere, nowhere, signed, len(signed), public_key) == 0


@lru_cache(maxsize=4096)
def _weakness(raw: bytes) -> str:
    """Why `raw` may not be a key, or an empty string."""
    if len(raw) != PUBLIC_KEY_SIZE:
        return f"length {len(raw)}"
    y = int.from_bytes(raw, "little") & ~_SIGN_BIT
    if y >= _P:
        return "non-canonical"
    # x = 0 has one encoding only; its second, with the sign bit, has y = 1 or -1 and falls here too.
    if y in _SMALL_ORDER_Y:
        return "small order"
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square; u * v has the same quadratic character as u / v.
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) != 1:
        return "not on the curve"
    return ""
