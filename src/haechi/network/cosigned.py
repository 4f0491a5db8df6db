"""The newest checkpoint of one log that somebody cosigned, beside its store: one file, replaced whole.

The newest checkpoint of a log that grows is seldom a witnessed one: witnesses are asked after it is
published. So the witnessed one is kept apart, and proofs are given under it where it covers the entry.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES
from haechi.log.keyline import every_key
from haechi.log.note import Note, NoteKey, NoteLine
from haechi.log.store import Published
from haechi.network.durable import write_durably
from haechi.network.memory import SignedHead, signed_head

FILE = "witnessed.checkpoint"


class CosignedHead:
    """Always true: what is read from here was verified before it was written; its size never shrinks."""

    def __init__(self, folder: Path) -> None:
        """The file in `folder`."""
        self._path = folder / FILE
        self._held: SignedHead | None = None
        self._read = False

    def get(self) -> SignedHead | None:
        """The newest cosigned head; None while there is none."""
        if not self._read:
            self._held = _load(self._path)
            self._read = True
        return self._held

    def put(self, new: SignedHead) -> None:
        """Keep a cosigned head unless a larger one is kept; raises DiskRefused."""
        held = self.get()
        if held is not None and (new.head.size < held.head.size or new == held):
            return
        write_durably(self._path, new.note)
        self._held = new

    def covering(self, index: int, published: Published | None) -> SignedHead | Published | None:
        """What to prove entry `index` under: the cosigned head if it covers it, else the newest one."""
        held = self.get()
        return held if held is not None and index < held.head.size else published


def merged(note: Note, lines: Iterable[NoteLine], keys: Sequence[NoteKey]) -> Note:
    """The note with new `lines` in place of older ones by the same cosigners; `keys`: the log's own stay."""
    own = {(key.name, key.key_id) for key in every_key(keys)}
    kept = {(line.name, line.key_id): line for line in note.lines}
    for line in lines:
        if (line.name, line.key_id) not in own:
            kept[line.name, line.key_id] = line
    return Note(note.text, tuple(kept.values()))


def _load(path: Path) -> SignedHead | None:
    try:
        with path.open("rb") as file:
            return signed_head(file.read(MAX_CHECKPOINT_BYTES + 1))
    except FileNotFoundError:
        return None
