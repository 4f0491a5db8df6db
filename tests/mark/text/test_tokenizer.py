"""Profiles that are read from token ids, with a real tokenizer file and, in the slow lane, a real model."""

from pathlib import Path

import numpy as np
import pytest
from tests.cli.ran import haechi
from tests.mark.text.toy import human_words, write_tokens
from tests.mark.text.written import model_file

from haechi.mark.text import TextMark
from haechi.mark.text.choice import choice_of, entropy_nats, expected_score
from haechi.mark.text.profiles import HaechiProfile, load_profile
from haechi.mark.text.tokenizer import TokenizerUnreadable, load_tokenizer

pytest.importorskip("tokenizers")
SIZE = 600


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """A tokenizer of 600 words, as its library writes it."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    made = Tokenizer(WordLevel({f"w{at}": at for at in range(SIZE)}, unk_token="w0"))  # noqa: S106  # a word
    made.pre_tokenizer = Whitespace()
    path = tmp_path / "tokenizer.json"
    made.save(str(path))
    return path


def detected(*given: object) -> tuple[int, dict[str, object]]:
    ran = haechi("detect", *given, "--json")
    return ran.code, ran.data[0]


def layers(told: dict[str, object]) -> set[str]:
    return {layer["code"] for layer in told["layers"]}  # type: ignore[attr-defined,index]  # JSON


@pytest.mark.parametrize("payload", [None, 0xBEEF])
def test_a_mark_in_tokens_is_made_and_read_by_the_commands(
    tmp_path: Path, tokenizer: Path, payload: int | None
):
    file, text = tmp_path / "own.profile", tmp_path / "text.txt"
    made = ("profile", "new", file, "--name", "writer", "--tokenizer", tokenizer)
    assert haechi(*made, *(["--payload"] if payload else [])).code == 0
    profile = load_profile(file)
    assert isinstance(profile, HaechiProfile)
    assert (profile.space, profile.tokenizer) == ("token", load_tokenizer(tokenizer).digest)
    tokens = write_tokens(TextMark(key=profile.key, payload=payload), 260, size=SIZE)
    text.write_text(" ".join(f"w{token}" for token in tokens))
    code, told = detected(text, "--profile", file, "--tokenizer", tokenizer)
    assert (code, told["state"]) == (3, "unnamed")
    assert told["payload"] == (None if payload is None else f"{payload:04x}")
    assert told["key"] == profile.key.id
    assert ("mark.text-number.carried" in layers(told)) is (payload is not None)
    (read,) = (layer for layer in told["layers"] if layer["code"] == "mark.text.read")  # type: ignore[attr-defined]
    assert read["facts"]["count"] > 250, "pairs of tokens, not of words"
    among = [f"w{at * 7 % SIZE}" for at in range(300)]
    text.write_text(" ".join([*among, *(f"w{token}" for token in tokens), *among]))
    _code, told = detected(text, "--profile", file, "--tokenizer", tokenizer)
    ((start, end, _log10_p),) = told["stretches"]  # type: ignore[misc]  # JSON
    length = len(" ".join(among))
    assert length - 80 <= start < length + 200
    assert end > start + 600
    code, told = detected(text, "--profile", file)
    assert (code, told["state"]) == (3, "nothing")
    assert "mark.text.no-tokenizer" in layers(told)
    text.write_text(human_words(300, 4))
    assert detected(text, "--profile", file, "--tokenizer", tokenizer)[1]["state"] == "nothing"


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path, tokenizer: Path):
    assert load_tokenizer(tokenizer).tokenize("w5 w17") == ([5, 17], [(0, 2), (3, 6)])
    for raw in ("{}", "[]", '{"model": 3}', "\ufeff", "[" * 100_000, "GGUF\x03"):
        tokenizer.write_text(raw)
        with pytest.raises(TokenizerUnreadable):
            load_tokenizer(tokenizer)


def test_where_a_model_had_no_choice_no_mark_can_be_expected():
    rng = np.random.default_rng(1)
    for size in (2, 5, 50):
        shares = rng.dirichlet(np.ones(size))
        uniforms = rng.random((40_000, size))
        won = np.argmin(-np.log(uniforms) / shares, axis=1)
        scores = -np.log1p(-uniforms[np.arange(len(won)), won])
        assert expected_score(shares) == pytest.approx(scores.mean(), rel=0.03)
    assert entropy_nats(np.array([1.0, 0.0])) == 0.0
    forced, free = choice_of([np.array([1.0])] * 200), choice_of([np.full(8, 0.125)] * 200)
    assert forced.log10_p > -1 > -20 > free.log10_p
    assert choice_of([]).tokens == 0


@pytest.mark.slow
def test_a_real_model_tells_its_tokens_and_its_choice(tmp_path: Path):
    pytest.importorskip("llama_cpp", reason="llama-cpp-python (extra `llama`) is not installed")
    model = model_file()
    free, forced = tmp_path / "free.txt", tmp_path / "forced.txt"
    free.write_text("Yesterday the ferry carried more people across the river than in any month before. " * 3)
    forced.write_text("1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19. " * 10)
    _, told = detected(free, "--model", model)
    _, little = detected(forced, "--model", model)
    assert "mark.text-choice.little" in layers(little)
    assert little["state"] == "too-little"
    assert layers(told) & {"mark.text-choice.enough", "mark.text-choice.little"}
