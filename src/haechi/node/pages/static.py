"""The style sheet, the mark and a picture: named by their content, so that they can be kept for ever."""

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

_MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml", "webp": "image/webp"}
_HASH_DIGITS = 16


class Asset(NamedTuple):
    """A file of the pages. path: its address; the hash in it changes with every byte."""

    path: str
    media_type: str
    body: bytes


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Name to file, for all that is served under `/static/`."""
    found: dict[str, Asset] = {}
    for file in sorted(files("haechi.node.pages").joinpath("static").iterdir(), key=lambda item: item.name):
        media_type = _MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            body = file.read_bytes()
            tag = hashlib.sha256(body).hexdigest()[:_HASH_DIGITS]
            found[file.name] = Asset(f"/static/{tag}/{file.name}", media_type, body)
    return found


def asset(tag: str, name: str) -> Asset | None:
    """The file of this name with this hash; None when either is not ours."""
    found = assets().get(name)
    return found if found is not None and found.path == f"/static/{tag}/{name}" else None
