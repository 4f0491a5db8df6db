"""Mirrors a folder of files until it is killed: `python mirror_child.py <peer folder> <mirror folder>`."""

import sys
import time
from pathlib import Path

from haechi.log.note import NoteKey
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Role
from haechi.network.answer import PeerLacks
from haechi.network.mirror import Mirror, Source


class Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fetch(self, path: str, _max_bytes: int, /) -> bytes:
        time.sleep(0.001)
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            raise PeerLacks(what_is="file", name=path) from None


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    peer, folder = Path(sys.argv[1]), Path(sys.argv[2])
    origin, *vkeys = (peer / "pin").read_text().split("\n")
    if (folder / "log.db").exists():
        store = SqliteStore(folder)
    else:
        store = SqliteStore.create(folder, origin, Role.MIRROR)
    keys = [NoteKey.parse(vkey) for vkey in vkeys]
    mirror = Mirror(store, folder, keys, [Source("folder", Folder(peer))], piece_entries=256)
    report = mirror.sync(1, lambda progress: say(str(progress.entries)))
    say(*[finding.code for finding in report.findings])


if __name__ == "__main__":
    main()
