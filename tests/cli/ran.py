"""A command run in this process as a person would run it, and how it ended."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # any document
        return json.loads(self.out)


Run = Callable[..., Ran]
