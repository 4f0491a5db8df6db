"""Binding a manifest to a text that carries it: c2pa-python signs for a file beside the text, and not inside.

So the claim is made by c2pa-python, and three things in it are put right: the exclusion that says where the
frame will stand, the hash of that assertion in the claim, and the signature over the claim (COSE, ES256).
The length of the frame depends on the bytes in it; padding in the unsigned header of the signature, of bytes
that take three or four bytes as selectors, brings it to what the exclusion says.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cbor2

from haechi.errors import BadInput
from haechi.mark.credentials import CredentialRefused
from haechi.mark.text.frame import frame_bytes

_SUPER, _NAME, _CBOR = b"jumb", b"jumd", b"cbor"
_HASH, _CLAIM, _SIGNATURE = "c2pa.hash.data", "c2pa.claim.v2", "c2pa.signature"
_DEEPEST = 6
_PAD_BYTES = 160
_LOW, _HIGH = b"\x00", b"\x10"
_ES256_BYTES = 64


class Box(NamedTuple):
    """One JUMBF box: raw content, or the boxes inside a superbox."""

    kind: bytes
    content: bytes
    inside: tuple["Box", ...]

    def to_bytes(self) -> bytes:
        """The box with its length before it."""
        body = b"".join(each.to_bytes() for each in self.inside) if self.kind == _SUPER else self.content
        return (8 + len(body)).to_bytes(4) + self.kind + body

    @property
    def label(self) -> str:
        """What a superbox is called."""
        named = self.inside and self.inside[0].kind == _NAME
        return self.inside[0].content[17:].split(b"\x00")[0].decode("utf-8", "replace") if named else ""


class Binding(NamedTuple):
    """The hard binding of a manifest: hash of the text without `start` .. `start + length`, in bytes."""

    digest: bytes
    start: int
    length: int


def boxes_in(raw: bytes, depth: int = 0) -> Iterator[Box]:
    """The boxes of a manifest store; raises CredentialRefused for anything that is cut off or too deep."""
    at = 0
    while at < len(raw):
        size, kind = int.from_bytes(raw[at : at + 4]), raw[at + 4 : at + 8]
        if size < 8 or at + size > len(raw) or depth > _DEEPEST:
            raise CredentialRefused(why="the manifest's boxes do not fit")
        content = raw[at + 8 : at + size]
        yield Box(kind, content, tuple(boxes_in(content, depth + 1)) if kind == _SUPER else ())
        at += size


def binding_of(manifest: bytes) -> Binding | None:
    """What the last manifest of a store binds itself to; None when that cannot be read."""
    try:
        store = next(boxes_in(manifest))
        told = cbor2.loads(_content(store.inside[-1], _HASH))
        (gap,) = told["exclusions"]
        if told.get("alg", "sha256") != "sha256":
            return None
        return Binding(bytes(told["hash"]), int(gap["start"]), int(gap["length"]))
    except (BadInput, StopIteration, IndexError, KeyError, TypeError, ValueError, cbor2.CBORDecodeError):
        return None


def rebound(manifest: bytes, text: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The manifest for a text that will carry it at its end.

    text: UTF-8, without the frame; sign: ES256, the signature as 64 raw bytes.
    Raises CredentialRefused when the manifest is not of the form that c2pa-python makes.
    """
    store = next(boxes_in(manifest))
    length = 0
    for _ in range(4):  # the number stands in the manifest it is about; its own size settles at once
        made, expected = _assembled(store, text, length, sign)
        if length == expected:
            return _padded(made, length)
        length = expected
    raise CredentialRefused(why="the frame's length does not settle")


def _assembled(store: Box, text: bytes, length: int, sign: Callable[[bytes], bytes]) -> tuple[Box, int]:
    """The store bound to a frame of `length` bytes, and the length that it should have been told."""
    told: dict[str, Any] = cbor2.loads(_content(store.inside[-1], _HASH))
    told["exclusions"] = [{"start": len(text), "length": length}]
    told["hash"] = hashlib.sha256(text).digest()
    before, store = _hashed(store), _with(store, _HASH, cbor2.dumps(told))
    claim = _content(store.inside[-1], _CLAIM)
    if claim.count(before) != 1:
        raise CredentialRefused(why="the claim does not name its data hash once")
    claim = claim.replace(before, _hashed(store))
    store = _with(store, _CLAIM, claim)
    tag = cbor2.loads(_content(store.inside[-1], _SIGNATURE))
    protected, unprotected, _detached, _old = tag.value
    signature = sign(cbor2.dumps(["Signature1", protected, b"", claim]))
    header = {**unprotected, "pad": _LOW * _PAD_BYTES}
    sealed = cbor2.CBORTag(18, [protected, header, None, signature])
    made = _with(store, _SIGNATURE, cbor2.dumps(sealed))
    # Bytes that differ at every signing: as many as can, and the padding, decide how long the frame is.
    low = frame_bytes(made.to_bytes()) - _high_bytes(signature) - _high_bytes(_hashed(store))
    return made, low + _PAD_BYTES // 2 + (_ES256_BYTES + 32) // 2


def _padded(store: Box, length: int) -> bytes:
    """The store with as much of its padding lifted as the length asks for."""
    raw = store.to_bytes()
    missing = length - frame_bytes(raw)
    if not 0 <= missing <= _PAD_BYTES or raw.count(_LOW * _PAD_BYTES) != 1:
        raise CredentialRefused(why="the padding does not reach")
    return raw.replace(_LOW * _PAD_BYTES, _HIGH * missing + _LOW * (_PAD_BYTES - missing))


def _high_bytes(raw: bytes) -> int:
    return sum(byte >= 16 for byte in raw)


def _hashed(store: Box) -> bytes:
    """SHA-256 of the data hash assertion, as claims name assertions: without the superbox's own header."""
    return hashlib.sha256(_box(store.inside[-1], _HASH).to_bytes()[8:]).digest()


def _box(box: Box, label: str) -> Box:
    for each in box.inside:
        if each.kind != _SUPER:
            continue
        if each.label == label:
            return each
        try:
            return _box(each, label)
        except CredentialRefused:
            continue
    raise CredentialRefused(why=f"the manifest has no {label}")


def _content(box: Box, label: str) -> bytes:
    found = _box(box, label)
    return next((each.content for each in found.inside if each.kind == _CBOR), b"")


def _with(box: Box, label: str, content: bytes) -> Box:
    """The same boxes with the CBOR of one of them replaced."""
    if box.label == label:
        return box._replace(inside=(*box.inside[:-1], Box(_CBOR, content, ())))
    return box._replace(inside=tuple(_with(each, label, content) for each in box.inside))
