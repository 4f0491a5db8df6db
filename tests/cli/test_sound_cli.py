"""`haechi mark`, `detect` and `verify` with sounds: found by their statements, in batches, bad files told."""

from pathlib import Path

import pytest

pytest.importorskip("av")
from tests.cli.ran import Run  # after the check above
from tests.mark.audio.sounds import speech
from tests.mark.audio.test_codec import wav

WHO = ("--init", "--issuer", "voice.example", "--provider", "Voice", "--system", "Speaker")


def test_sounds_are_marked_as_a_batch_and_found(run: Run, tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.wav").write_bytes(wav(speech(7.0), 16_000))
    (folder / "broken.mp3").write_bytes(b"ID3" + bytes(50))
    done = run("mark", folder, *WHO, "-s", tmp_path / "s", "-o", tmp_path / "out", "--batch", "--json")
    assert done.code == 4
    errors = [each["error"] and each["error"]["code"] for each in done.data["files"]]
    assert errors == [None, "mark.sound.unreadable"]
    assert not (tmp_path / "out" / "broken.mp3").exists()
    seen = run("detect", tmp_path / "out" / "a.wav", "--records", tmp_path / "out", "--json")
    assert seen.code == 0
    assert seen.data[0]["medium"] == "audio"
    assert seen.data[0]["maker"] == "voice.example"
    plain = run("verify", folder / "a.wav", lang="ko")
    assert plain.code == 3
    assert "오디오 워터마크" in plain.out
