"""A command run in this process as a person would run it, and how it ended."""

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from haechi.cli.app import main


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # any document
        return json.loads(self.out)

    @property
    def data(self) -> Any:  # noqa: ANN401  # any document
        """Standard output as one JSON document, with nothing on standard error."""
        assert self.err == "", self.err
        return json.loads(self.out)


Run = Callable[..., Ran]


def haechi(
    *arguments: object, stdin: bytes = b"", lang: str = "en", variables: Mapping[str, str] | None = None
) -> Ran:
    """Run a command in this process, in a language and with environment variables."""
    out, err = io.BytesIO(), io.BytesIO()
    code: object = None
    with (
        patch.object(sys, "argv", ["haechi", *map(str, arguments)]),
        patch.object(sys, "stdout", io.TextIOWrapper(out, "utf-8", write_through=True)),
        patch.object(sys, "stderr", io.TextIOWrapper(err, "utf-8", write_through=True)),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8")),
        patch.dict("os.environ", {"HAECHI_LANG": lang, "COLUMNS": "100", **(variables or {})}),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        written = out.getvalue().decode(), err.getvalue().decode()
    assert isinstance(code, int)
    return Ran(code, *written)


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path from there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
