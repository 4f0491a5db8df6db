"""The `haechi` command."""

from haechi.cli.app import main

__all__ = ["main"]
