"""Build hook: compiles the facts, so that every wheel and every editable install has them ready to read.

The environment of a package build holds hatchling and PyYAML only. `haechi.facts` itself needs msgspec, so
its build-time modules are imported here under a bare package that has the same path and runs no
`__init__`. Facts that a check refuses stop the build.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FACTS = Path("src", "haechi", "facts")
COMPILED = FACTS / "compiled.json"


class FactsHook(BuildHookInterface[Any]):
    """Writes src/haechi/facts/compiled.json before anything is packed."""

    PLUGIN_NAME = "custom"

    # hatchling fixes the parameters of both hooks.
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile the facts; version is "standard" or "editable" and makes no difference."""
        root = Path(self.root)
        with _build_modules(root):
            compiler = import_module("haechi.facts.compile")
            digest = compiler.write_compiled(root / FACTS / "data", root / COMPILED)
        build_data["artifacts"].append(COMPILED.as_posix())
        self.app.display_info(f"facts {digest}")

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002
        """Remove the compiled facts."""
        Path(self.root, COMPILED).unlink(missing_ok=True)


@contextmanager
def _build_modules(root: Path) -> Generator[None]:
    """Make haechi.facts.* importable from the source tree for a while, without haechi.facts itself."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "haechi"}
    for name in kept:
        del sys.modules[name]
    bare = ModuleType("haechi.facts")
    bare.__path__ = [str(root / FACTS)]
    sys.path.insert(0, str(root / "src"))
    sys.modules["haechi.facts"] = bare
    try:
        yield
    finally:
        sys.path.remove(str(root / "src"))
        for name in [name for name in sys.modules if name.partition(".")[0] == "haechi"]:
            del sys.modules[name]
        sys.modules.update(kept)
