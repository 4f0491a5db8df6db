"""Peers that need torch: SynthID-Text and green lists by transformers itself, and resemble-perth for sounds.

None is in a lock of this project: torch alone has 200 MB to 2 GB. `pip install torch transformers` and
`pip install resemble-perth` into .venv-bench bring them, and the benchmarks then run them over the same
candidates and the same clips as every other scheme.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.mark.text.race import Candidates
from haechi.mark.text.tail import log10_binomial_tail

NEEDS = "pip install torch transformers (into .venv-bench)"
NEEDS_SOUND = "pip install torch resemble-perth (into .venv-bench)"
KEYS = tuple(int(each) for each in np.random.default_rng(9).integers(0, 1 << 62, 30))
NGRAM, TABLE = 5, 1 << 16
_LEAST_P = 1e-300


class Engine(NamedTuple):
    """`write(offered, tokens)` gives the next token of one text, `read(tokens)` log10 p."""

    write: Callable[[Candidates, list[int]], int]
    read: Callable[[Sequence[int]], float]


def engines(vocabulary: int) -> dict[str, Callable[[int], Engine]]:
    """What makes each engine for one text, from a seed; empty where torch or transformers is missing."""
    if find_spec("torch") is None or find_spec("transformers") is None:
        return {}
    torch, library = import_module("torch"), import_module("transformers")
    return {
        "transformers SynthID-Text": lambda seed: _synthid(torch, library, seed, vocabulary),
        "transformers KGW, bias 2": lambda seed: _kgw(torch, library, seed, vocabulary),
    }


def processor_of(torch: Any, library: Any, keys: Sequence[int] = KEYS) -> Any:  # noqa: ANN401 - untyped
    """The engine's SynthID processor, fresh for one text."""
    return library.SynthIDTextWatermarkLogitsProcessor(
        ngram_len=NGRAM,
        keys=list(keys),
        sampling_table_size=TABLE,
        sampling_table_seed=0,
        context_history_size=1024,
        device=torch.device("cpu"),
    )


def detector_of(library: Any, vocabulary: int, **options: bool) -> Any:  # noqa: ANN401 - untyped
    """The engine's detector of green lists, with its defaults."""
    # A first token that begins a text is left out; none here does, so its id lies outside (and is warned of).
    model = library.PretrainedConfig(vocab_size=vocabulary, bos_token_id=vocabulary)
    settings = library.WatermarkingConfig(greenlist_ratio=0.25, bias=2.0, seeding_scheme="lefthash")
    return library.WatermarkDetector(model, "cpu", settings, **options)


def _synthid(torch: Any, library: Any, seed: int, vocabulary: int) -> Engine:  # noqa: ANN401 - as above
    processor, reader = processor_of(torch, library), processor_of(torch, library)

    def read(tokens: Sequence[int]) -> float:
        ids = torch.tensor([list(tokens)])
        bits = reader.compute_g_values(ids).numpy()[0]
        # It has no p-value for the mean: this is the exact tail of the ones that its own mask lets count.
        kept = reader.compute_context_repetition_mask(ids).numpy()[0].astype(bool)
        return log10_binomial_tail(int(bits[kept].sum()), int(kept.sum()) * len(KEYS), 0.5)

    return Engine(_writer(torch, processor, seed, vocabulary), read)


def _kgw(torch: Any, library: Any, seed: int, vocabulary: int) -> Engine:  # noqa: ANN401 - as above
    processor = library.WatermarkLogitsProcessor(vocab_size=vocabulary, device="cpu", bias=2.0)
    detector = detector_of(library, vocabulary)

    def read(tokens: Sequence[int]) -> float:
        found = detector(torch.tensor([list(tokens)]), return_dict=True)
        return float(np.log10(max(float(found.p_value[0]), _LEAST_P)))

    return Engine(_writer(torch, processor, seed, vocabulary), read)


def _writer(
    torch: Any,  # noqa: ANN401 - as above
    processor: Any,  # noqa: ANN401 - as above
    seed: int,
    vocabulary: int,
) -> Callable[[Candidates, list[int]], int]:
    rng = np.random.default_rng(seed)

    def write(offered: Candidates, tokens: list[int]) -> int:
        logits: NDArray[np.float32] = np.full((1, vocabulary), -np.inf, dtype=np.float32)
        logits[0, offered.tokens] = np.log(offered.probabilities)
        tilted = processor(torch.tensor([tokens or [0]]), torch.from_numpy(logits))
        shares = torch.softmax(tilted.double(), dim=-1).numpy()[0]
        return int(rng.choice(vocabulary, p=shares / shares.sum()))

    return write


class Sounds(NamedTuple):
    """`write(samples, rate)` marks a sound; `read(samples, rate)` says how sure it is of a mark, 0 to 1."""

    write: Callable[[NDArray[np.float64], int], NDArray[np.float64]]
    read: Callable[[NDArray[np.float64], int], float]


def perth() -> Sounds | None:
    """resemble-perth with the weights of its wheel, or None where it or torch is missing."""
    if find_spec("torch") is None or find_spec("perth") is None:
        return None
    if find_spec("pkg_resources") is None:
        # It asks setuptools for the place of its files, in a way that newer ones no longer have.
        old: Any = ModuleType("pkg_resources")
        old.resource_filename = lambda package, name: str(
            Path(import_module(package).__file__ or "").parent / name
        )
        sys.modules["pkg_resources"] = old
    made: Any = import_module(
        "perth.perth_net.perth_net_implicit.perth_watermarker"
    ).PerthImplicitWatermarker()

    def write(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
        marked = np.asarray(made.apply_watermark(samples.astype(np.float32), sample_rate=rate), np.float64)
        return np.resize(marked, len(samples)) if len(marked) < len(samples) else marked[: len(samples)]

    def read(samples: NDArray[np.float64], rate: int) -> float:
        return float(np.mean(made.get_watermark(samples.astype(np.float32), sample_rate=rate, round=False)))

    return Sounds(write, read)
