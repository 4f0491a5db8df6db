"""`haechi mark`, `detect` and `verify` with films: found by their statements, bad files told."""

from pathlib import Path

import pytest

pytest.importorskip("av")
from tests.cli.ran import Run  # after the check above
from tests.mark.video.films import film, frames

WHO = ("--init", "--issuer", "film.example", "--provider", "Film", "--system", "Camera")


def test_films_are_marked_and_found(run: Run, tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(film(frames(1.0)))
    (folder / "broken.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(50))
    marking = ("-s", tmp_path / "s", "-o", tmp_path / "out", "--for", "KR,EU", "--json")
    done = run("mark", folder, *WHO, *marking)
    assert done.code == 4
    errors = [each["error"] and each["error"]["code"] for each in done.data["files"]]
    assert errors == [None, "mark.video.unreadable"]
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["a.mp4", "a.mp4.records"]
    seen = run("detect", tmp_path / "out" / "a.mp4", "--records", tmp_path / "out", "--json")
    assert seen.code == 0
    assert seen.data[0]["medium"] == "video"
    assert seen.data[0]["maker"] == "film.example"
    assert seen.data[0]["presence"] == ["#"]
    plain = run("verify", tmp_path / "out" / "a.mp4", lang="ko")
    assert plain.code == 3
    assert "화면 워터마크" in plain.out
