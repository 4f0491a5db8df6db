"""The newest checkpoint of one log that somebody cosigned, beside its store: files that are replaced whole.

The newest checkpoint of a log that grows is seldom a witnessed one: witnesses are asked after it is
published, and a mirror may cosign before they do. So the newest that had the quorum is kept apart, and proofs
are given under it where it covers the entry: what was witnessed stays so while the log grows.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES
from haechi.log.keyline import every_key
from haechi.log.note import Note, NoteKey, NoteLine
from haechi.log.store import Published
from haechi.network.durable import write_durably
from haechi.network.memory import SignedHead, signed_head

FILE, SETTLED_FILE = "witnessed.checkpoint", "settled.checkpoint"


class CosignedHead:
    """Always true: what is read from here was verified before it was written; sizes never shrink."""

    def __init__(self, folder: Path, has_quorum: Callable[[SignedHead], bool]) -> None:
        """The files in `folder`. has_quorum: whether as many cosigned a head as are asked for."""
        self._folder = folder
        self._has_quorum = has_quorum
        self._held: SignedHead | None = None
        self._settled: SignedHead | None = None
        self._read = False

    def get(self) -> SignedHead | None:
        """The newest cosigned head, whoever cosigned it; None while there is none."""
        if not self._read:
            self._held = _load(self._folder / FILE)
            heads = (self._held, _load(self._folder / SETTLED_FILE))
            self._settled = next((one for one in heads if one is not None and self._has_quorum(one)), None)
            self._read = True
        return self._held

    def settled(self) -> SignedHead | None:
        """The newest cosigned head that had the quorum; where none had it, as `get`."""
        held = self.get()
        return self._settled or held

    def put(self, new: SignedHead) -> None:
        """Keep a cosigned head unless a larger one is kept; raises DiskRefused."""
        held = self.get()
        if held is not None and (new.head.size < held.head.size or new == held):
            return
        settled = new if self._has_quorum(new) else self._settled
        if held is not None and held is settled:
            write_durably(self._folder / SETTLED_FILE, held.note)
        write_durably(self._folder / FILE, new.note)
        self._held, self._settled = new, settled

    def covering(self, index: int, published: Published | None) -> SignedHead | Published | None:
        """What to prove entry `index` under: the best cosigned head that covers it, else the newest."""
        for head in (self.settled(), self.get()):
            if head is not None and index < head.head.size:
                return head
        return published


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
