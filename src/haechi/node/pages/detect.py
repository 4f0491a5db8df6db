"""The detector page: anybody drops a picture, and it is read in the browser."""

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import ClassVar

from haechi.node.pages.source import Source
from haechi.node.pages.static import Asset
from haechi.node.pages.view import Page, frame

LIMIT_MIB = 24
SCRIPT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'"
)
_DETECTOR = ("detect.js", "lattice.js", "plane.js")
_OWN = ("page.js", "worker.js")


class DetectPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.detect/1"):
    """Where pictures are looked at. limit_mib: of a picture that is sent to the node."""

    template: ClassVar[str] = "detect.html"

    limit_mib: int


def detect_page(source: Source, now: int) -> DetectPage:
    """The detector page."""
    shared = frame(source, now)
    return DetectPage(
        node=shared.node,
        path="detect",
        made=shared.made,
        facts_version=shared.facts_version,
        limit_mib=LIMIT_MIB,
    )


@lru_cache(maxsize=1)
def scripts() -> dict[str, Asset]:
    """The detector's scripts by name, all under one address that changes with any of them."""
    # By way of `haechi.mark`: the package of the engine itself would load NumPy.
    folder = files("haechi.mark").joinpath("image").joinpath("js")
    own = files("haechi.node.pages").joinpath("detector")
    bodies = {name: folder.joinpath(name).read_bytes() for name in _DETECTOR}
    bodies |= {name: own.joinpath(name).read_bytes() for name in _OWN}
    tag = hashlib.sha256(b"".join(bodies[name] for name in sorted(bodies))).hexdigest()[:16]
    media_type = "text/javascript; charset=utf-8"
    return {name: Asset(f"/detector/{tag}/{name}", media_type, body) for name, body in bodies.items()}


def script(tag: str, name: str) -> Asset | None:
    """The script of this name under this tag; None when either is not ours."""
    found = scripts().get(name)
    return found if found is not None and found.path == f"/detector/{tag}/{name}" else None


def with_script(html: str) -> str:
    """The page with its script; the only page that has one, and nothing of others stands on it."""
    return html.replace(
        "</body>", f'<script type="module" src="{scripts()["page.js"].path}"></script>\n</body>', 1
    )
