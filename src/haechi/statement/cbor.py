"""Strict CBOR: one encoding per value in, one encoding per value out.

    BadInput
    └── CborMalformed     not well-formed, not deterministic, too deep, or a type we do not take

RFC 8949 leaves room for several encodings of one value (long integers, indefinite lengths, duplicate
keys, trailing bytes). A signature over one of them invites confusion about the others, so all are refused:
what is decoded must encode back to the very same bytes. Values are whole numbers of 64 bits, finite floats
other than -0.0, text without hidden characters, byte strings, true, false, null, arrays, and maps whose keys
are whole numbers or text. Tags are never interpreted: they can make 200 bytes stand for gigabytes.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias, cast

import cbor2

from haechi.errors import BadInput, TooLarge
from haechi.statement.breach import HIDDEN_TEXT, MAX_DEPTH, MAX_PARTS, Breach, first_breach, shortest_float
from haechi.statement.sentence import Sentence
from haechi.words import Text

_SIMPLE = {None: b"\xf6", True: b"\xf5", False: b"\xf4"}


class CborMalformed(BadInput):
    """Bytes that are not the one allowed encoding of a plain value; facts: where, rule, why."""

    code = "statement.cbor"
    what = Sentence("{where} is not strict CBOR: {why}", "{where}이(가) 엄격한 CBOR가 아닙니다: {why}")
    hint = Text(
        "encode deterministically (RFC 8949 section 4.2.1), without tags or trailing bytes",
        "결정적 인코딩(RFC 8949 4.2.1절)을 쓰고 태그나 남는 바이트를 두지 마세요",
    )


def encode(value: object, *, where: str = "value") -> bytes:
    """The deterministic encoding of a plain value (RFC 8949 section 4.2.1: keys in bytewise order).

    Raises CborMalformed for what `decode` would refuse; `where` names the value in the error.

    >>> encode({"b": 1, "a": [True, b"x"]}).hex()
    'a2616182f54178616201'
    """
    try:
        return _encoded(value, _sorted_shape)
    except Breach as breach:
        raise CborMalformed(where=where, rule=breach.rule, why=breach.why) from None


def decode(raw: bytes, *, where: str, max_bytes: int, sorted_keys: bool = True) -> object:
    """The plain value that `raw` encodes: int, str, bytes, bool, None, float, list or dict of these.

    sorted_keys: False takes maps in any key order (COSE headers of other makers); everything else stays
    strict. Raises TooLarge before any work, CborMalformed otherwise.
    """
    value = parse(raw, where=where, max_bytes=max_bytes, sorted_keys=sorted_keys)
    try:
        if _encoded(value, _sorted_shape) == raw:
            return value
        if not sorted_keys and _encoded(value, _given_shape) == raw:
            return value
    except Breach as breach:
        if breach.rule == "items":
            raise CborMalformed(where=where, rule=breach.rule, why=breach.why) from None
    raise refusal(raw, where=where, sorted_keys=sorted_keys)


def parse(raw: bytes, *, where: str, max_bytes: int, sorted_keys: bool = True) -> object:
    """A value that `raw` may stand for, for callers who encode it again and compare; see `decode`.

    No tag is interpreted, depth and size are bounded, keys are unique. Raises TooLarge or CborMalformed.
    """
    if len(raw) > max_bytes:
        raise TooLarge(what_is=where, limit=max_bytes, got=len(raw))
    try:
        return cbor2.loads(
            raw,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=_NO_TAGS,
        )
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise refusal(raw, where=where, sorted_keys=sorted_keys) from error


def refusal(raw: bytes, *, where: str, sorted_keys: bool = True) -> CborMalformed:
    """The error that names the rule which `raw` breaks first."""
    breach = first_breach(bytes(raw), sorted_keys=sorted_keys)
    return CborMalformed(where=where, rule=breach.rule, why=breach.why)


def text(value: str) -> bytes:
    """The encoding of a text; raises Breach for hidden characters."""
    return _known_text(value) if len(value) < _NAME_CHARS else _text(value)


def _text(value: str) -> bytes:
    # Every hidden character is one that Python calls unprintable, whatever its Unicode version.
    if not value.isprintable() and HIDDEN_TEXT.search(value):
        raise Breach("hidden-text")
    data = value.encode()
    size = len(data)
    return (_TEXT_HEADS[size] if size < _SHORT else head(3, size)) + data


def number(value: int) -> bytes:
    """The encoding of a whole number; raises Breach beyond 64 bits."""
    if 0 <= value < _SHORT:
        return _NUMBERS[value]
    return head(0, value) if value >= 0 else head(1, -1 - value)


def head(major: int, argument: int) -> bytes:
    """The shortest head of an item (RFC 8949 section 3); raises Breach beyond 64 bits."""
    top = major << 5
    if argument < 24:
        return bytes((top | argument,))
    if argument < 0x100:
        return bytes((top | 24, argument))
    if argument < 0x10000:
        return ((top | 25) << 16 | argument).to_bytes(3)
    if argument < 0x100000000:
        return ((top | 26) << 32 | argument).to_bytes(5)
    if argument < 0x10000000000000000:
        return ((top | 27) << 64 | argument).to_bytes(9)
    raise Breach("integer-range")


class _NoTags(dict[int, Callable[[object, bool], object]]):
    """Decoders of every tag there is: each refuses."""

    def __missing__(self, tag: int) -> Callable[[object, bool], object]:
        return _refuse_tag


def _refuse_tag(_value: object, _immutable: bool) -> object:  # noqa: FBT001  # cbor2 calls it so
    raise Breach("tag")


_NO_TAGS = _NoTags()

# Names, ids, units and words of fixed lists come again and again. Bounded in length and number: strangers
# choose texts.
_NAME_CHARS = 48
_known_text = lru_cache(maxsize=4096)(_text)

_SHORT = 256
_TEXT_HEADS = tuple(head(3, size) for size in range(_SHORT))
_BYTES_HEADS = tuple(head(2, size) for size in range(_SHORT))
_LIST_HEADS = tuple(head(4, size) for size in range(_SHORT))
_NUMBERS = tuple(head(0, number) for number in range(_SHORT))


Plain: TypeAlias = (
    "str | bytes | int | float | bool | list[Plain] | tuple[Plain, ...] | dict[object, Plain] | None"
)


class _Shape(NamedTuple):
    """The head of a map and its encoded keys, in the order in which they are written."""

    head: bytes
    keys: list[tuple[bytes, object]]
    text_only: bool


_Shaper = Callable[[dict[object, Plain]], _Shape]


def _encoded(value: object, shape: _Shaper) -> bytes:
    out: list[bytes] = []
    _write(cast("Plain", value), out, shape)
    return b"".join(out)


def _write(value: Plain, out: list[bytes], shape: _Shaper) -> None:
    """Append the encoding of `value` to `out`; raises Breach.

    Most of the cost of reading a statement is here. Values are counted before a container is entered, so
    that 64 KiB of one-byte numbers cost no more than their parsing. cbor2 would sort keys four times slower
    and length first (RFC 7049), and would take NaN and any key.
    """
    if isinstance(value, dict):
        if len(out) + 3 * len(value) > MAX_PARTS:
            raise Breach("items")
        beginning, keys, _ = shape(value)
        out.append(beginning)
        for encoded, key in keys:
            out.append(encoded)
            member = value[key]
            # Most members are short texts or numbers; a call for each would cost more than its encoding.
            if type(member) is str:
                out.append(_known_text(member) if len(member) < _NAME_CHARS else _text(member))
            elif type(member) is float:
                out.append(_float(member))
            else:
                _write(member, out, shape)
    elif isinstance(value, (list, tuple)):
        size = len(value)
        if len(out) + 2 * size > MAX_PARTS:
            raise Breach("items")
        out.append(_LIST_HEADS[size] if size < _SHORT else head(4, size))
        for item in value:
            _write(item, out, shape)
    elif isinstance(value, str):
        out.append(text(value))
    elif isinstance(value, bytes):
        size = len(value)
        out.append(_BYTES_HEADS[size] if size < _SHORT else head(2, size))
        out.append(value)
    else:
        out.append(_leaf(value))


def _leaf(value: object) -> bytes:
    if type(value) is int:
        return number(value)
    if type(value) is float:
        return _float(value)
    if value is None or type(value) is bool:
        return _SIMPLE[value]
    raise Breach("type")


def _float(value: float) -> bytes:
    if value - value != 0:
        raise Breach("not-finite")
    encoded = shortest_float(value)
    if encoded == b"\xf9\x80\x00":
        raise Breach("negative-zero")
    return encoded


def _key(key: object) -> bytes:
    if type(key) is str:
        return text(key)
    if type(key) is int:
        return number(key)
    raise Breach("key-type")


def _given_shape(members: dict[object, Plain]) -> _Shape:
    return _Shape(head(5, len(members)), [(_key(key), key) for key in members], text_only=False)


# Few sets of keys occur, in headers and claims alike, and sorting them is half the cost of an encoding.
# Bounded three ways, because strangers choose keys: how many sets, how many keys, how long a key.
_SHAPES: dict[tuple[object, ...], _Shape] = {}
_KEY_TYPES = frozenset((int, str))
_MAX_SHAPES, _MAX_KEYS, _MAX_KEY_BYTES = 1024, 24, 48


def _sorted_shape(members: dict[object, Plain]) -> _Shape:
    names = tuple(members)
    known = _SHAPES.get(names)
    # To Python 1, 1.0 and True are one key; to CBOR they are three, and only the first is allowed.
    if known is not None and (known.text_only or _KEY_TYPES.issuperset(map(type, names))):
        return known
    keys = sorted((_key(key), key) for key in names)
    shape = _Shape(head(5, len(keys)), keys, text_only=all(type(key) is str for key in names))
    if len(keys) <= _MAX_KEYS and all(len(encoded) <= _MAX_KEY_BYTES for encoded, _ in keys):
        if len(_SHAPES) >= _MAX_SHAPES:
            _SHAPES.clear()
        _SHAPES[names] = shape
    return shape
