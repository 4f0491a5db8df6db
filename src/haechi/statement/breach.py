"""Which rule of strict CBOR some bytes break first, for the person who must mend them.

Refusing is the business of `cbor.py`, which is fast and says no more than no. This module walks the refused
bytes once more, slowly, and names the place and the rule.
"""

import math
import re
import struct
from collections.abc import Callable
from typing import NamedTuple

from haechi.words import Text

MAX_DEPTH = 12
MAX_PARTS = 50_000  # heads, keys and bodies; 2000 grants in a policy have 30,000
# Naming the rule is a courtesy: bytes made of very many values do not get it.
_MAX_STEPS = 5_000

# No reader sees these, or sees them do something: controls, direction overrides, separators, invisible tags.
# Listed, not asked of `unicodedata`: the answer must not depend on the Unicode version of the Python at hand.
HIDDEN_TEXT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e007f]"
)

RULES: dict[str, Text] = {
    "truncated": Text("it ends too early", "중간에 끝남"),
    "trailing": Text("bytes follow the value", "값 뒤에 바이트가 남음"),
    "indefinite": Text("an indefinite length", "길이가 정해지지 않음"),
    "long-form": Text("a number or length is not in its shortest form", "수나 길이가 가장 짧은 형식이 아님"),
    "tag": Text("a tag", "태그가 있음"),
    "simple": Text("a simple value other than true, false and null", "true, false, null 이외의 단순 값"),
    "reserved": Text("a reserved initial byte", "예약된 첫 바이트"),
    "depth": Text(f"nested deeper than {MAX_DEPTH}", f"중첩이 {MAX_DEPTH}단계를 넘음"),
    "items": Text("too many values", "값이 너무 많음"),
    "key-type": Text("a map key that is neither a number nor text", "맵의 키가 정수나 문자열이 아님"),
    "duplicate-key": Text("a map key stands twice", "맵의 키가 중복됨"),
    "key-order": Text("map keys are not sorted by their encoding", "맵의 키가 인코딩 순서로 정렬되지 않음"),
    "utf-8": Text("text that is not UTF-8", "UTF-8이 아닌 문자열"),
    "hidden-text": Text(
        "text holds a control character or one that hides or reorders text",
        "문자열에 제어 문자나 글자를 숨기거나 순서를 바꾸는 문자가 있음",
    ),
    "not-finite": Text("a float that is not a finite number", "유한하지 않은 부동소수점 수"),
    "negative-zero": Text("a negative zero", "음의 0"),
    "integer-range": Text("a whole number beyond 64 bits", "64비트를 넘는 정수"),
    "type": Text("a value of a type that has no place here", "여기에 둘 수 없는 형의 값"),
    "form": Text("it is not in its one allowed form", "정해진 한 가지 형식이 아님"),
}


class Breach(Exception):
    """The rule that is broken: a key of RULES, and the byte position where known."""

    def __init__(self, rule: str, at: int | None = None) -> None:
        self.rule = rule
        self.at = at
        super().__init__(rule)

    @property
    def why(self) -> Text:
        """The rule in words, with the place."""
        told = RULES[self.rule]
        if self.at is None:
            return told
        return Text(f"{told.en} (byte {self.at})", f"{told.ko} (바이트 {self.at})")


class _Head(NamedTuple):
    major: int
    info: int
    argument: int


def first_breach(raw: bytes, *, sorted_keys: bool) -> Breach:
    """The first rule that `raw` breaks; `form` when the walk finds none or would take too long."""
    walk = _Walk(raw, sorted_keys=sorted_keys)
    try:
        walk.item(MAX_DEPTH)
    except Breach as breach:
        return breach
    return Breach("form") if walk.at == len(raw) else Breach("trailing", walk.at)


class _Walk:
    """One pass over the bytes. Always true: everything before `at` keeps every rule."""

    def __init__(self, raw: bytes, *, sorted_keys: bool) -> None:
        self.raw = raw
        self.at = 0
        self.steps = 0
        self.sorted_keys = sorted_keys

    def item(self, depth: int) -> None:
        """Step over one value; raises Breach."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise Breach("form")
        start = self.at
        head = self._head()
        if head.major == 7:
            self._simple(head, start)
        elif head.major in (2, 3):
            self._string(head, start)
        elif head.major in (4, 5):
            if not depth:
                raise Breach("depth", start)
            inside: Callable[[int, int], None] = self._list if head.major == 4 else self._map
            inside(head.argument, depth - 1)

    def _head(self) -> _Head:
        start = self.at
        major, info = divmod(self._take(1)[0], 32)
        if major == 6:
            raise Breach("tag", start)
        if info == 31 and major in (2, 3, 4, 5):
            raise Breach("indefinite", start)
        if info > 27 or (info == 31):
            raise Breach("reserved", start)
        if info < 24:
            return _Head(major, info, info)
        width = 1 << (info - 24)
        argument = int.from_bytes(self._take(width), "big")
        least = 24 if width == 1 else 1 << (4 * width)
        if major != 7 and argument < least:
            raise Breach("long-form", start)
        return _Head(major, info, argument)

    def _take(self, size: int) -> bytes:
        if size > len(self.raw) - self.at:
            raise Breach("truncated", self.at)
        self.at += size
        return self.raw[self.at - size : self.at]

    def _simple(self, head: _Head, start: int) -> None:
        if head.info in (20, 21, 22):
            return
        if head.info < 25:
            raise Breach("simple", start)
        width = 1 << (head.info - 24)
        value: float = struct.unpack(_FLOATS[width], head.argument.to_bytes(width, "big"))[0]
        if not math.isfinite(value):
            raise Breach("not-finite", start)
        if value == 0 and math.copysign(1, value) < 0:
            raise Breach("negative-zero", start)
        if len(shortest_float(value)) != 1 + width:
            raise Breach("long-form", start)

    def _string(self, head: _Head, start: int) -> None:
        data = self._take(head.argument)
        if head.major == 2:
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Breach("utf-8", start) from None
        if HIDDEN_TEXT.search(text):
            raise Breach("hidden-text", start)

    def _list(self, count: int, depth: int) -> None:
        if count > len(self.raw) - self.at:
            raise Breach("truncated", self.at)
        for _ in range(count):
            self.item(depth)

    def _map(self, count: int, depth: int) -> None:
        if 2 * count > len(self.raw) - self.at:
            raise Breach("truncated", self.at)
        seen: set[bytes] = set()
        last = b""
        for _ in range(count):
            start = self.at
            if start < len(self.raw) and self.raw[start] >> 5 not in (0, 1, 3):
                raise Breach("key-type", start)
            self.item(depth)
            key = self.raw[start : self.at]
            if key in seen:
                raise Breach("duplicate-key", start)
            if self.sorted_keys and key < last:
                raise Breach("key-order", start)
            seen.add(key)
            last = key
            self.item(depth)


_FLOATS = {2: ">e", 4: ">f", 8: ">d"}
_HALF, _SINGLE = struct.Struct(">e"), struct.Struct(">f")
_pack_half, _unpack_half = _HALF.pack, _HALF.unpack
_pack_single, _unpack_single = _SINGLE.pack, _SINGLE.unpack
_pack_double = struct.Struct(">d").pack


def shortest_float(value: float) -> bytes:
    """The shortest encoding that keeps a finite `value` (RFC 8949 section 4.2.2: preferred serialisation)."""
    try:
        single = _pack_single(value)
    except OverflowError:
        return b"\xfb" + _pack_double(value)
    if _unpack_single(single)[0] != value:
        return b"\xfb" + _pack_double(value)
    try:
        half = _pack_half(value)
    except OverflowError:
        return b"\xfa" + single
    return b"\xf9" + half if _unpack_half(half)[0] == value else b"\xfa" + single
