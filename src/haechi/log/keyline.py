"""The keys of a log over its life: those of today, and those that had to sign before it changed them.

A key counts by the size of the checkpoint and never by a date, so one who finds an old key later cannot sign
anything new with it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from haechi.log.note import NoteKey


class Span(NamedTuple):
    """Keys that had to sign every checkpoint up to and including `until` entries."""

    keys: tuple[NoteKey, ...]
    until: int


class KeyLine(Sequence[NoteKey]):
    """A log's keys by size. As a sequence it is the keys of today.

    Always true: the spans are in the order of the log, each ending later than the one before.
    """

    def __init__(self, keys: Sequence[NoteKey], former: Sequence[Span] = ()) -> None:
        self.keys = tuple(keys)
        self.former = tuple(sorted(former, key=lambda span: span.until))

    def at(self, size: int) -> tuple[NoteKey, ...]:
        """The keys that must all sign a checkpoint of `size` entries."""
        return next((span.keys for span in self.former if size <= span.until), self.keys)

    @property
    def every(self) -> tuple[NoteKey, ...]:
        """All keys that ever signed for this log, each once, those of today first."""
        told = (*self.keys, *(key for span in self.former for key in span.keys))
        return tuple(dict.fromkeys(told))

    @overload
    def __getitem__(self, at: int) -> NoteKey: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[NoteKey, ...]: ...
    def __getitem__(self, at: int | slice) -> NoteKey | tuple[NoteKey, ...]:
        """One of the keys of today."""
        return self.keys[at]

    def __len__(self) -> int:
        """How many keys sign today."""
        return len(self.keys)

    def __iter__(self) -> Iterator[NoteKey]:
        """The keys of today."""
        return iter(self.keys)


def keys_at(keys: Sequence[NoteKey], size: int) -> Sequence[NoteKey]:
    """Those of `keys` that must sign a checkpoint of `size` entries; all of them where none ever changed."""
    return keys.at(size) if isinstance(keys, KeyLine) else keys


def every_key(keys: Sequence[NoteKey]) -> Sequence[NoteKey]:
    """`keys`, and those that they replaced."""
    return keys.every if isinstance(keys, KeyLine) else keys
