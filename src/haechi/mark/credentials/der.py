"""The little of DER that a time-stamp needs: writing it, and reading a request strictly (X.690)."""

from typing import NamedTuple

from haechi.errors import BadInput
from haechi.words import Text

INTEGER, OCTETS, NULL, OID, SEQUENCE, SET, BOOLEAN = 0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0x01
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


class DerMalformed(BadInput):
    """Bytes that are not the DER that was expected; facts: why."""

    code = "mark.credentials.der"
    what = Text("malformed DER: {why}", "DER 형식 오류: {why}")
    hint = Text("send the request again", "요청을 다시 보내세요")


class Element(NamedTuple):
    """One element: its tag byte, its content, and all of its bytes."""

    tag: int
    body: bytes
    raw: bytes


def element(tag: int, *parts: bytes) -> bytes:
    """An element with this tag byte around the parts."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + body


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return element(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF, its members in DER order."""
    return element(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER.

    >>> oid("1.2.840.113549.1.7.2").hex()
    '06092a864886f70d010702'
    """
    first, second, *others = map(int, dotted.split("."))
    body = bytearray()
    for number in (40 * first + second, *others):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return element(OID, bytes(body))


def read_one(raw: bytes) -> Element:
    """The one element that `raw` is; raises DerMalformed."""
    found = read_all(raw)
    if len(found) != 1:
        raise DerMalformed(why=f"{len(found)} elements where one was expected")
    return found[0]


def read_all(raw: bytes) -> list[Element]:
    """The elements side by side in `raw`; raises DerMalformed."""
    elements: list[Element] = []
    at = 0
    while at < len(raw):
        begin = at
        if at + 2 > len(raw) or raw[at] & 0x1F == 0x1F:
            raise DerMalformed(why=f"no element at byte {at}")
        size, at = raw[at + 1], at + 2
        if size >= 0x80:
            width = size & 0x7F
            if not 1 <= width <= 2 or at + width > len(raw):
                raise DerMalformed(why=f"a length at byte {at}")
            size, at = int.from_bytes(raw[at : at + width]), at + width
            if size < 0x80 or (width == 2 and size < 0x100):
                raise DerMalformed(why=f"a length that is not the shortest at byte {at}")
        if at + size > len(raw):
            raise DerMalformed(why=f"an element cut short at byte {begin}")
        elements.append(Element(raw[begin], raw[at : at + size], raw[begin : at + size]))
        at += size
    return elements
