"""The `haechi` command."""

import gc
import importlib
import sys

__all__ = ["main"]

_GARBAGE_AFTER = 50_000


def main() -> None:
    """Run the command line; see `haechi.cli.app`, and `haechi.cli.quick` for what is asked most."""
    # What start-up makes stays: looking through it for garbage every 700 objects took a tenth of the time.
    gc.set_threshold(_GARBAGE_AFTER, 20, 100)
    _load_msgspec()
    if sys.argv[1:2] == ["verify"]:
        from haechi.cli.quick import main as quickly

        quickly()
    from haechi.cli.app import main as run

    run()


def _load_msgspec() -> None:
    """Load msgspec without `typing_extensions`: long to load, and of no use to it since Python 3.11."""
    if "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # makes its import fail
    try:
        importlib.import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]
