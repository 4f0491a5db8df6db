"""Commands, run in this process."""

import sys

import pytest
from tests.cli.ran import Ran, Run

from haechi.cli.app import main


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def go(*arguments: object, lang: str = "en") -> Ran:
        monkeypatch.setenv("HAECHI_LANG", lang)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.delenv("HAECHI_PINS", raising=False)
        monkeypatch.setattr(sys, "argv", ["haechi", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out, said.err)

    return go
