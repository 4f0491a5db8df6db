"""The short way to `haechi verify` means what the long way means."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.cli.conftest import Place
from tests.cli.ran import haechi
from tests.cli.test_words import process

from haechi.cli import quick, verification
from haechi.cli.verification import Asked

EVERYDAY: list[tuple[list[str], dict[str, str]]] = [
    (["a.haechi"], {}),
    (["a.haechi", "--json"], {}),
    (["--json", "a.haechi"], {}),
    (["--pins", "pins.json", "a.haechi"], {}),
    (["a.haechi", "--trust", "list", "--pins", "pins.json", "--json"], {}),
    (["a.haechi"], {"HAECHI_PINS": "mine.json"}),
    (["a.haechi"], {"HAECHI_TRUST": "list", "HAECHI_PINS": ""}),
    (["a.haechi", "--pins", "pins.json"], {"HAECHI_PINS": "mine.json"}),
    (["https://kr.example/statements/" + "0" * 64], {}),
]
OTHERS: list[tuple[list[str], dict[str, str]]] = [
    ([], {}),
    (["--help"], {}),
    (["a.haechi", "--help"], {}),
    (["a.haechi", "b.haechi"], {}),
    (["a.haechi", "--pins"], {}),
    (["a.haechi", "--pins", ""], {}),
    (["a.haechi", "--pins", "--json"], {}),
    (["a.haechi", "--pins=pins.json"], {}),
    (["a.haechi", "--json", "--json"], {}),
    (["a.haechi", "--quorum", "2"], {}),
    (["a.haechi", "-n", "http://kr.example"], {}),
    (["--", "a.haechi"], {}),
    (["-"], {}),
    ([""], {}),
    (["a.haechi"], {"HAECHI_NODE": "http://kr.example"}),
    (["a.haechi"], {"HAECHI_POLICY": "policy"}),
    (["a.haechi"], {"HAECHI_FACTS": "facts.json"}),
    (["a.haechi"], {"_HAECHI_COMPLETE": "complete_bash"}),
]


@pytest.mark.parametrize(("words", "variables"), EVERYDAY)
def test_the_everyday_form_is_read_as_the_long_way_reads_it(
    words: list[str], variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
):
    heard: list[Asked] = []

    def verify(asked: Asked) -> int:
        heard.append(asked)
        return 3

    monkeypatch.setattr(verification, "verify", verify)
    assert haechi("verify", *words, variables=variables).code == 3
    assert heard == [quick.asked(["verify", *words], variables)]


@pytest.mark.parametrize(("words", "variables"), OTHERS)
def test_anything_else_goes_the_long_way(words: list[str], variables: Mapping[str, str]):
    assert quick.asked(["verify", *words], variables) is None


def test_another_command_is_not_ours():
    assert quick.asked(["show", "a.haechi"], {}) is None
    assert quick.asked([], {}) is None


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_both_ways_answer_alike(place: Place, flag: tuple[str, ...], tmp_path: Path):
    missing = tmp_path / "nothing.haechi"
    for what in (place.bundle, missing):
        words = ("verify", str(what), "--pins", str(place.pins), *flag)
        quickly, slowly = process("-m", "haechi", *words), haechi(*words)
        assert quickly.returncode == slowly.code
        assert quickly.stdout.decode() == slowly.out
        assert quickly.stderr.decode() == slowly.err
