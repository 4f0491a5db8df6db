"""`haechi mark`, `detect`, `verify` and `profile` on text: a newsroom's way from a paragraph to an answer."""

import json
from pathlib import Path

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

import numpy as np  # after the checks above
from tests.cli.ran import Run, haechi
from tests.mark.text.toy import human_words, write_words

from haechi.mark.text import TextMark
from haechi.mark.text.profiles import HaechiProfile, load_profile

INIT = ("--init", "--issuer", "company.example", "--provider", "Example Company", "--system", "Writer")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A maker's studio, a text of its own sampler, and the statements about both."""
    folder = tmp_path_factory.mktemp("desk")
    made = haechi("mark", *INIT, "-s", folder / "studio", "--json")
    assert made.code == 0, made.err
    profile = load_profile(folder / "studio" / "text.profile")
    assert isinstance(profile, HaechiProfile)
    (folder / "글.txt").write_text(write_words(TextMark(key=profile.key), 260, lang="ko"), "utf-8")
    (folder / "plain.md").write_text(human_words(300, 1), "utf-8")
    words = ("-s", folder / "studio", "-o", folder / "out", "--for", "KR", "--visible", "--json")
    done = haechi("mark", folder / "글.txt", folder / "plain.md", *words)
    assert done.code == 0, done.err
    committed = haechi(
        "profile", "commit", folder / "studio" / "text.profile", "-s", folder / "studio",
        "-o", folder / "out" / "profile.cose", "--json",
    )  # fmt: skip
    assert committed.code == 0, committed.err
    assert committed.data["commitment"] == profile.digest.hex()
    return folder


def test_a_marked_text_is_named_and_an_unmarked_one_accuses_nobody(run: Run, desk: Path):
    records = ("--records", desk / "out", "--profile", desk / "studio" / "text.profile")
    seen = run("detect", desk / "out" / "글.txt", *records, "--json")
    assert seen.code == 0, seen.out
    (told,) = seen.data
    assert (told["state"], told["maker"]) == ("processed", "company.example")
    plain = run("detect", desk / "plain.md", "--profile", desk / "studio" / "text.profile", lang="ko")
    assert plain.code == 3
    assert "알 수 없습니다" in plain.out
    said = run("detect", desk / "out" / "글.txt", *records)
    for word in ("human", "written by", "AI-written"):
        assert word not in said.out


@pytest.mark.parametrize("page", ["mark-text.md", "mark-text.ko.md"])
def test_the_loop_of_the_guide_writes_a_text_that_is_found(
    desk: Path, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    guide = (Path(__file__).parents[2] / "docs/how-to" / page).read_text("utf-8")
    code = guide.partition("```python\n")[2].partition("```")[0]
    words, chance = [f" {each}" for each in human_words(400, 3).split()], np.random.default_rng(4)
    model = {"token_texts": words, "next_logits": lambda _text: -np.log(chance.permutation(len(words)) + 1.0)}
    monkeypatch.chdir(desk)
    exec(code, model)  # noqa: S102  # a page of our own
    text = capsys.readouterr().out
    seen = haechi("detect", "-", "--profile", desk / "studio", "--json", stdin=text.encode())
    assert (seen.code, seen.data[0]["state"]) == (3, "unnamed")


@pytest.mark.parametrize("name", ["code.py", "글", "letter.csv"])
def test_what_is_text_is_looked_at_as_text_whatever_its_name(desk: Path, tmp_path: Path, name: str):
    (tmp_path / name).write_bytes((desk / "글.txt").read_bytes())
    seen = haechi("detect", tmp_path / name, "--profile", desk / "studio", "--json")
    assert (seen.code, seen.data[0]["state"]) == (3, "unnamed")


def test_what_is_of_no_known_kind_is_said_to_be_that(run: Run, tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + bytes(64))
    told = haechi("detect", tmp_path / "a.zip", "--json")
    assert (told.code, told.json["error"]["code"]) == (4, "mark.kind-unknown")
    assert "알려진 종류" in run("detect", tmp_path / "a.zip", lang="ko").err
    assert haechi("detect", tmp_path / "absent.py", "--json").code == 5


def test_a_paragraph_on_standard_input_is_read(desk: Path):
    text = (desk / "글.txt").read_bytes()
    seen = haechi("detect", "-", "--profile", desk / "studio", "--json", stdin=text)
    assert seen.code == 3
    assert seen.data[0]["state"] == "unnamed"


def test_verify_takes_text_too(run: Run, desk: Path):
    seen = run("verify", desk / "out" / "plain.md")
    assert seen.code == 3
    assert "Content credential" in seen.out


def test_a_profile_is_shown_without_its_key_and_never_written_over(run: Run, desk: Path, tmp_path: Path):
    path = tmp_path / "a.profile"
    assert run("profile", "new", path, "--name", "a", "--payload").code == 0
    secret = json.loads(path.read_text())["secret"]
    shown = run("profile", "show", path, "--json")
    assert shown.data["payload"] is True
    assert secret not in shown.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert run("profile", "new", path, "--name", "b").code == 2
    other = tmp_path / "vllm.json"
    other.write_text('{"engine": "vllm-gumbel-philox4x32-10-v1", "key": 5}')
    assert run("profile", "new", tmp_path / "v.profile", "--name", "v", "--from", other).code == 0
    bad = tmp_path / "bad.profile"
    bad.write_text('{"engine": "nobody"}')
    assert run("profile", "show", bad).code == 4
    assert run("detect", desk / "plain.md", "--profile", bad).code == 4
