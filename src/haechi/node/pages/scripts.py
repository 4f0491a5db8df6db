"""Scripts of the few pages that have one: named by their content, and allowed on no other page."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from haechi.node.pages.static import Asset

SCRIPT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'"
)
_MEDIA_TYPE = "text/javascript; charset=utf-8"


@dataclass(frozen=True)
class Bundle:
    """Scripts served together below `/<name>/<tag>/`; `page.js` starts them.

    parts: package, folder in it, file names. Always true: the tag changes with any byte of any of them.
    """

    name: str
    parts: tuple[tuple[str, str, tuple[str, ...]], ...]

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        """The scripts by name."""
        bodies = {
            name: files(package).joinpath(folder).joinpath(name).read_bytes()
            for package, folder, names in self.parts
            for name in names
        }
        tag = hashlib.sha256(b"".join(bodies[name] for name in sorted(bodies))).hexdigest()[:16]
        return {name: Asset(f"/{self.name}/{tag}/{name}", _MEDIA_TYPE, body) for name, body in bodies.items()}

    def script(self, tag: str, name: str) -> Asset | None:
        """The script of this name under this tag; None when either is not ours."""
        found = self.assets.get(name)
        return found if found is not None and found.path == f"/{self.name}/{tag}/{name}" else None

    def added_to(self, html: str) -> str:
        """The page with its script."""
        start = f'<script type="module" src="{self.assets["page.js"].path}"></script>\n'
        return html.replace("</body>", f"{start}</body>", 1)
