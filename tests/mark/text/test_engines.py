"""Engines hand over ids and logits and get one token back; what they write is read under the profile."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from tests.mark.text.toy import KEY

from haechi.mark.text import Cut, Vocabulary, detect_text, detect_tokens
from haechi.mark.text.engines import LlamaMark, TransformersMark, Writer, writer_for
from haechi.mark.text.engines.llama_cpp import text_of, vocabulary_of
from haechi.mark.text.engines.writer import VocabularyMissing
from haechi.mark.text.profiles import HaechiProfile, VllmProfile

SIZE = 400
WORD = HaechiProfile(name="w", secret=KEY.secret)
TOKEN = HaechiProfile(name="t", secret=KEY.secret, space="token", payload=True)


class Model:
    """A stand-in with the interface of `llama_cpp.Llama`: each token is a word of its own."""

    def n_vocab(self) -> int:
        return SIZE

    def detokenize(self, tokens: list[int]) -> bytes:
        return "".join(f" {chr(97 + n % 26)}{chr(97 + n // 26)}{n}" for n in tokens).encode()


class Tensor:
    """As much of `torch.Tensor` as a processor may use."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows
        self.shape = rows.shape

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> "Tensor":
        return Tensor(self.rows[at])

    def __setitem__(self, at: tuple[int, int], value: float) -> None:
        self.rows[at] = value

    def tolist(self) -> list[float]:
        return self.rows.tolist()

    def new_full(self, shape: Sequence[int], value: float) -> "Tensor":
        return Tensor(np.full(shape, value))


def rows(seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    while True:
        yield -1.0 * np.log(rng.permutation(SIZE) + 1.0)


def word_writer(seed: int = 1) -> Writer:
    model = Model()
    return writer_for(
        WORD,
        np.random.default_rng(seed),
        Cut(temperature=0.8, top_k=100),
        vocabulary=vocabulary_of(model),
        detokenize=lambda ids: text_of(model, list(ids)),
    )


def test_llama_cpp_writes_words_that_are_found_without_its_prompt():
    mark, ids, logits = LlamaMark(word_writer()), [7, 8, 9], rows(2)
    for _ in range(240):
        row = next(logits).astype(np.float32)
        left = mark(np.array(ids), row)
        assert np.isfinite(left).sum() == 1
        assert left.dtype == row.dtype
        ids.append(int(left.argmax()))
    assert detect_text(text_of(Model(), ids[3:]), [WORD.asked]).best_log10_p < -20


def test_transformers_writes_each_row_as_a_text_of_its_own():
    made: list[int] = []

    def make() -> Writer:
        made.append(1)
        return writer_for(TOKEN, np.random.default_rng(len(made)), Cut(top_k=100), payload=0xBEEF)

    mark, ids, logits = TransformersMark(make), np.array([[1, 2], [3, 4]]), rows(3)
    for _ in range(260):
        scores = Tensor(np.stack([next(logits), next(logits)]))
        chosen = mark(Tensor(ids), scores).rows.argmax(axis=1)
        ids = np.column_stack((ids, chosen))
    assert len(made) == 2
    for row in ids:
        (found,) = detect_tokens(row[2:].tolist(), [TOKEN.asked]).marks
        assert found.payload == 0xBEEF


def test_words_need_a_vocabulary_and_a_stop_is_possible_at_once():
    with pytest.raises(VocabularyMissing):
        writer_for(WORD, np.random.default_rng(1))
    writer = writer_for(WORD, np.random.default_rng(1), vocabulary=Vocabulary.of(["a", " b"]))
    assert writer.next([], np.array([0.0, -np.inf])) == 0


def test_vllm_gets_the_settings_that_its_profile_reads():
    assert VllmProfile(key=5, width=2).engine_config() == {
        "algorithm": "gumbel",
        "key": 5,
        "context_width": 2,
    }
    dual = VllmProfile(key=5, alpha=0.1).engine_config()
    assert (dual["algorithm"], dual["alpha"]) == ("dual_key_gumbel", 0.1)


def test_llama_cpp_itself_calls_a_processor_like_that():
    pytest.importorskip("llama_cpp", reason="llama-cpp-python takes minutes to build and is not installed")
    from llama_cpp import LogitsProcessorList  # pyright: ignore[reportMissingImports]  # not in the locks

    ids, row = np.array([1, 2, 3]), next(rows(4)).astype(np.float32)
    assert np.isfinite(LogitsProcessorList([LlamaMark(word_writer())])(ids, row)).sum() == 1
