"""A front of a shared log in a process of its own that can be killed: it places entries without end.

Run as `python -m tests.log.front_child FOLDER CONNINFO SCHEMA`. Says `number index` for each entry once
it was acknowledged, each in one call, so that what the parent reads was acknowledged before the kill.
"""

import os
import sys
from itertools import count
from pathlib import Path

from tests.log.clusters import Cluster
from tests.log.logs import entry

from haechi.log.cluster.database import Database


def main(folder: Path, database: Database) -> None:
    front = Cluster.joined(folder, database).front("child")
    for number in count():
        place = front.place(entry(number))
        os.write(1, b"%d %d\n" % (number, place.index))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Database(sys.argv[2], sys.argv[3]))
