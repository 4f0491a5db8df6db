"""A change of a log's keys that was begun and not ended: nothing else may happen in between.

Conflict
└── ChangeUnfinished    the same command must be run again first
"""

from pathlib import Path

import msgspec

from haechi.errors import Conflict
from haechi.network.succession import Handovers
from haechi.words import Text

FILE = "handovers-next.json"


class ChangeUnfinished(Conflict):
    """A change of keys stopped midway; facts: path."""

    code = "node.change-unfinished"
    what = Text(
        "a change of the log's keys was not finished: {path}", "로그 키 변경이 끝나지 않았습니다: {path}"
    )
    hint = Text(
        "run `haechi key rotate --log` again; it goes on where it stopped",
        "`haechi key rotate --log` 를 다시 실행하면 멈춘 곳부터 이어집니다",
    )


class Pending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the change comes to. overlap: whether the former keys go on signing along; event: its digest."""

    handovers: Handovers
    overlap: bool
    event: str

    @classmethod
    def load(cls, folder: Path) -> "Pending | None":
        """The change that was begun in a node's folder."""
        try:
            raw = (folder / FILE).read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(raw, type=cls)


def require_settled(folder: Path) -> None:
    """Raise ChangeUnfinished if the keys on the disk may be half old and half new."""
    if (folder / FILE).exists():
        raise ChangeUnfinished(path=str(folder))
