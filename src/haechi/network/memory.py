"""What a mirror remembers of the signed heads it was shown, beside its store: a few small files.

`newest.checkpoint`: the largest signed head ever shown; a peer may not go back behind it.
`target.checkpoint`: the signed head that entries are being copied under; with it every entry in the store,
also one that no published checkpoint covers yet, stands under a signature that is on the disk.
`evidence/`: pairs of signed heads: `forked-*` exclude each other, `doubt-*` went backwards or do not fit.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from haechi.log.checkpoint import read_checkpoint
from haechi.log.store import Head, Published
from haechi.network.durable import write_durably
from haechi.network.fork import Fork

_NEWEST = "newest.checkpoint"
_TARGET = "target.checkpoint"
_EVIDENCE = "evidence"
_FORKED = "forked"
_DOUBT = "doubt"
_MAX_DOUBTS = 64


class SignedHead(NamedTuple):
    """A head and the note that all pinned keys signed it in."""

    head: Head
    note: bytes


class Memory:
    """The signed heads of one mirrored log.

    Always true: what is read from here was verified before it was written; files are replaced whole.
    """

    def __init__(self, folder: Path) -> None:
        """The memory in `folder`, where the mirror's store is too."""
        self.folder = folder

    def newest(self) -> SignedHead | None:
        """The largest signed head ever shown."""
        return self._read(_NEWEST)

    def target(self) -> SignedHead | None:
        """The head that entries were last copied under."""
        return self._read(_TARGET)

    def anchors(self, published: Published | None) -> list[SignedHead]:
        """Every signed head that is kept, each to be agreed with; none is of size 0."""
        heads = [self.newest(), self.target()]
        if published is not None:
            heads.append(signed_head(published.note))
        return [one for one in dict.fromkeys(heads) if one is not None and one.head.size > 0]

    def show(self, shown: SignedHead) -> None:
        """Remember a head that agrees with all others, if it is the largest."""
        newest = self.newest()
        if newest is None or newest.head.size < shown.head.size:
            write_durably(self.folder / _NEWEST, shown.note)

    def aim(self, target: SignedHead) -> None:
        """Remember the head that entries are about to be copied under."""
        write_durably(self.folder / _TARGET, target.note)

    def keep_fork(self, fork: Fork) -> Path:
        """Keep the evidence of two histories; it freezes the mirror until a person moves it away."""
        return self._keep(fork, _FORKED)

    def keep_doubt(self, fork: Fork) -> None:
        """Keep two heads that do not fit and prove nothing; not beyond the first 64."""
        if len(self._files(_DOUBT)) < _MAX_DOUBTS:
            self._keep(fork, _DOUBT)

    def forks(self) -> list[Path]:
        """The evidence files of two histories."""
        return self._files(_FORKED)

    def _files(self, outcome: str) -> list[Path]:
        return sorted((self.folder / _EVIDENCE).glob(f"{outcome}-*.json"))

    def _keep(self, fork: Fork, outcome: str) -> Path:
        folder = self.folder / _EVIDENCE
        folder.mkdir(mode=0o700, exist_ok=True)
        # Named by what was signed, not by the signatures: the same heads signed anew are nothing new.
        texts = [read_checkpoint(note.encode())[0].text for note in (fork.first, fork.second)]
        path = folder / f"{outcome}-{hashlib.sha256(b''.join(texts)).hexdigest()[:16]}.json"
        if not path.exists():
            write_durably(path, fork.to_json())
        return path

    def _read(self, name: str) -> SignedHead | None:
        try:
            return signed_head((self.folder / name).read_bytes())
        except FileNotFoundError:
            return None


def signed_head(note: bytes) -> SignedHead:
    """The head in a note that was verified before; raises what reading a checkpoint raises."""
    checkpoint, _ = read_checkpoint(note)
    return SignedHead(Head(checkpoint.size, checkpoint.root), note)
