"""Commands run in this process, and what a user may have: keys, nodes, a statement, a bundle."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.cli.ran import Ran, Run, haechi
from tests.network.parties import COMPANY, FILE, Case, bundle, pins
from tests.node.house import KEY
from tests.node.processes import running

from haechi.cli.app import main
from haechi.cli.processes import NodeProcess
from haechi.statement.keyring import save_key


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


class Place(NamedTuple):
    """Files that commands need. They are not changed by tests; new ones go elsewhere."""

    folder: Path
    keys: Path
    bundle: Path
    pins: Path
    statement: Path


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A bundle that holds, the pins it holds with, its statement, and the company's key."""
    folder = tmp_path_factory.mktemp("place")
    case = Case()
    (folder / "report.haechi").write_bytes(bundle(case.items(), FILE))
    (folder / "report.cose").write_bytes(case.items()[0].statement)
    pins(case.korea).save(folder / "pins.json")
    save_key(folder / "keys", "company", KEY)
    return Place(
        folder, folder / "keys", folder / "report.haechi", folder / "pins.json", folder / "report.cose"
    )


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A running node that lets the company publish documents."""
    with running(tmp_path_factory.mktemp("running") / "node") as node:
        yield node


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """The folder of a fresh node that does not run."""
    folder = tmp_path / "node"
    made = haechi(
        "init", folder, "--origin", "kr.example/log", "--issuer", "aisi.kr.example", "--name-en", "Korea",
        "--name-ko", "한국", "--country", "KR", "--heads", tmp_path / "heads",
    )  # fmt: skip
    assert made.code == 0, made.err
    return folder


@pytest.fixture
def signed(tmp_path: Path, place: Place) -> Path:
    """A fresh document of the company, signed with the command line, with its evidence file beside it."""
    (tmp_path / "run.csv").write_bytes(FILE)
    payload = (
        b'{"title":{"en":"x"},"form":"document.policy","dated":"2026-03-01","files":[{"file":"run.csv"}]}'
    )
    (tmp_path / "claim.json").write_bytes(payload)
    target = tmp_path / "claim.cose"
    ran = haechi(
        "sign", "document", tmp_path / "claim.json", "--key", "company", "--keys", place.keys, "-i", COMPANY,
        "-s", f"app:{tmp_path.name}", "-o", target,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return target
