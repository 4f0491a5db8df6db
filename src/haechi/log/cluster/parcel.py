"""What front processes and the sequencer hand each other through the database: parcels and answers.

A parcel is many entries in one row, so that the queue has a row for each group commit and not for each
statement. The sequencer takes parcels out and puts answers in with the transaction that appends.

    BadInput
    └── ParcelMalformed    a row that no front of this version wrote
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from haechi.errors import BadInput
from haechi.log.merkle import HASH_SIZE
from haechi.log.store import Entry
from haechi.words import Text

MAX_ENTRIES = 4096
OUTDATED = -1
"""In an answer: the entry was admitted under terms that are no longer in force."""
REFUSED = -2
"""In an answer: the parcel could not be read."""


class ParcelMalformed(BadInput):
    """A parcel that cannot be read; facts: why."""

    code = "log.parcel-malformed"
    what = Text("a parcel of entries cannot be read: {why}", "항목 꾸러미를 읽을 수 없습니다: {why}")
    hint = Text(
        "run the same version of Haechi on every front process",
        "모든 프런트 프로세스에서 같은 버전의 Haechi를 실행하세요",
    )


class Carried(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One entry on its way. under: index of the entry whose terms admitted it; sets: it changes them."""

    digest: bytes
    statement: bytes | None
    under: int
    sets: bool


_PARCEL = msgspec.msgpack.Decoder(list[Carried])
_ANSWER = msgspec.msgpack.Decoder(list[int])
_ENCODER = msgspec.msgpack.Encoder()


def encode_parcel(entries: Sequence[Entry]) -> bytes:
    """The row's bytes."""
    return _ENCODER.encode(
        [Carried(one.digest, one.statement, *(one.terms or (_ALWAYS, False))) for one in entries]
    )


_ALWAYS = (1 << 62) - 1


def decode_parcel(raw: bytes) -> list[Carried]:
    """The entries of a row; raises ParcelMalformed unless every statement is the one of its digest."""
    try:
        carried = _PARCEL.decode(raw)
    except msgspec.MsgspecError as error:
        raise ParcelMalformed(why=str(error)[:200]) from error
    if len(carried) > MAX_ENTRIES:
        raise ParcelMalformed(why=f"{len(carried)} entries")
    for one in carried:
        if len(one.digest) != HASH_SIZE:
            raise ParcelMalformed(why=f"a digest of {len(one.digest)} bytes")
        if one.statement is not None and sha256(one.statement).digest() != one.digest:
            raise ParcelMalformed(why="a statement that is not its digest's")
    return carried


def encode_said(entries: Sequence[Entry]) -> bytes | None:
    """What was read in these entries, one MessagePack array; None when that is nothing."""
    said = [msgspec.Raw(one.said) for one in entries if one.said is not None]
    return _ENCODER.encode(said) if said else None


def encode_answer(places: Sequence[int]) -> bytes:
    """The row's bytes: an index, OUTDATED or REFUSED for each entry of the parcel."""
    return _ENCODER.encode([*places])


def decode_answer(raw: bytes) -> list[int]:
    """What became of each entry; raises ParcelMalformed."""
    try:
        return _ANSWER.decode(raw)
    except msgspec.MsgspecError as error:
        raise ParcelMalformed(why=str(error)[:200]) from error
