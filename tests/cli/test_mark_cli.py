"""`haechi mark`, `detect` and `verify` on pictures: files in, files and exit codes out."""

from pathlib import Path

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

from PIL import Image  # after the checks above
from tests.cli.ran import Run, files_in, haechi
from tests.mark.fingerprint.test_fingerprint import textured

import haechi.mark as marks

INIT = ("--init", "--issuer", "company.example", "--provider", "Example Company", "--system", "Studio")


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, one in a folder below, marked as a batch."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "in" / "more").mkdir(parents=True)
    Image.fromarray(textured(3)[:500, :640]).save(folder / "in" / "a.png")
    Image.fromarray(textured(4)[:500, :640]).save(folder / "in" / "more" / "b.jpg", quality=92)
    (folder / "in" / "notes.csv").write_text("neither picture nor text")
    words = ("-s", folder / "studio", "-o", folder / "out", "--for", "EU,CN", "--batch", "--json")
    done = haechi("mark", folder / "in", *INIT, *words)
    assert done.code == 0, done.err
    assert [each["error"] for each in done.data["files"]] == [None, None]
    assert done.data["batch"]["items"] == 2
    return folder


def test_a_folder_becomes_a_batch_that_is_detected_with_its_records(run: Run, marked: Path):
    seen = run("detect", marked / "out", "--records", marked / "out", "--json")
    assert seen.code == 0, seen.out
    assert [each["state"] for each in seen.data] == ["agree", "agree"]
    assert {each["maker"] for each in seen.data} == {"company.example"}
    alone = run("detect", marked / "out" / "a.png")
    assert alone.code == 3
    assert "company.example" not in alone.out.splitlines()[2]


def test_what_was_done_is_not_done_again(run: Run, marked: Path):
    before = files_in(marked / "out")
    again = run("mark", marked / "in", "-s", marked / "studio", "-o", marked / "out", "--json", "--batch")
    assert again.code == 0
    assert all(each["skipped"] for each in again.data["files"])
    after = files_in(marked / "out")
    pictures = [name for name in before if name.endswith((".png", ".jpg"))]
    assert all(before[name] == after[name] for name in pictures)
    assert not [name for name in after if Path(name).name.startswith(".")]


def test_verify_takes_pictures_too(run: Run, marked: Path):
    seen = run("verify", marked / "out" / "a.png", lang="ko")
    assert seen.code == 3
    assert "워터마크" in seen.out


def test_several_workers_give_single_statements(run: Run, marked: Path, tmp_path: Path):
    done = run("mark", marked / "in", "-s", marked / "studio", "-o", tmp_path, "-w", 2)
    assert done.code == 0, done.err
    assert (tmp_path / "a.png.records" / "statement.cose").is_file()
    assert run("detect", tmp_path / "a.png", "--records", tmp_path).code == 0


def test_a_bad_file_does_not_stop_the_others_and_leaves_nothing(run: Run, marked: Path, tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    Image.fromarray(textured(3)[:500, :640]).save(tmp_path / "in" / "good.png")
    done = run("mark", tmp_path / "in", "-s", marked / "studio", "-o", tmp_path / "out")
    assert done.code == 4
    assert "bad.png" in done.out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"good.png", "good.png.records"}


def test_a_changed_picture_fails_and_a_plain_one_is_undecided(run: Run, marked: Path, tmp_path: Path):
    Image.fromarray(textured(9)[:500, :640]).save(tmp_path / "plain.png")
    assert run("detect", tmp_path / "plain.png", "--records", marked / "out").code == 3
    assert run("detect", tmp_path / "no.png").code == 5
    (tmp_path / "no.png").write_bytes(b"GIF89a")
    assert run("detect", tmp_path / "no.png").code == 4


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("in",),
        ("in/a.png", "--engine", "cloud"),
        ("--init",),
        ("in/a.png", "--for", "XX"),
        ("in/a.png", "-o", "in"),
    ],
)
def test_wrong_usage_is_told(run: Run, marked: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]):
    monkeypatch.chdir(marked)
    asked = ("in/no-such.png",) if words == ("in",) else words
    assert run("mark", *asked, lang="ko").code in (2, 4, 5, 7)


def test_three_lines_of_python(marked: Path, tmp_path: Path):
    made = marks.mark(marked / "in" / "a.png", tmp_path / "a.png", marks.open_studio(marked / "studio"))
    assert made.target.is_file()
    assert marks.detect(tmp_path / "a.png", records=tmp_path).state == "agree"
    assert not list(tmp_path.glob(".*"))


def test_a_pattern_that_no_shell_expanded_keeps_the_folders_below(run: Run, marked: Path, tmp_path: Path):
    done = run(
        "mark", marked / "in" / "**" / "*.jpg", "-s", marked / "studio", "-o", tmp_path / "out", "--json"
    )
    assert done.code == 0, done.err
    assert [each["target"] for each in done.data["files"]] == [str(tmp_path / "out" / "more" / "b.jpg")]
    assert run("detect", tmp_path / "out" / "*" / "*.jp*g", "--records", tmp_path / "out").code == 0
    none = run("mark", marked / "in" / "*.avif", "-s", marked / "studio", "-o", tmp_path / "none")
    assert none.code == 5
    assert not (tmp_path / "none").exists()


def test_an_interrupted_report_goes_on(run: Run, marked: Path, tmp_path: Path):
    report = tmp_path / "seen.jsonl"
    words = ("detect", marked / "out", "--records", marked / "out", "--report", report)
    assert run(*words).code == 0
    lines = report.read_text().splitlines(keepends=True)
    assert len(lines) == 2
    report.write_text(lines[0] + lines[1][:40])  # killed while writing the second line
    again = run(*words, "--json")
    assert again.code == 0
    assert [each["state"] for each in again.data] == ["agree", "agree"]
    assert report.read_text().splitlines(keepends=True)[0] == lines[0]
    report.write_text("".join(lines).replace('"stat": [', '"stat": [1', 1))  # the first file became another
    assert run(*words).out.count("seen before") == 1


@pytest.mark.slow
@pytest.mark.parametrize("spread", [("--engine", "ray"), ("--workers", "2")])
def test_many_at_once_mark_and_look_as_one_process_does(
    run: Run, marked: Path, tmp_path: Path, spread: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    if "ray" in spread:
        pytest.importorskip("ray", reason="the extra `ray` is not installed")
        # Ray gives up on itself where it has not begun after 30 seconds; a busy machine is not a failure.
        monkeypatch.setenv("RAY_gcs_server_port_wait_time_s", "300")
    (tmp_path / "in").mkdir()
    Image.fromarray(textured(3)[:500, :640]).save(tmp_path / "in" / "good.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"GIF89a")
    words = ("-s", marked / "studio", "-o", tmp_path / "out", *spread)
    done = run("mark", tmp_path / "in", *words)
    assert done.code == 4, done.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"good.png", "good.png.records"}
    seen = run("detect", tmp_path / "out", "--records", tmp_path / "out", *spread, "--json")
    assert seen.code == 0, seen.out
    assert [each["maker"] for each in seen.data] == ["company.example"]
