"""Our readers of transformers' marks beside transformers itself; run where torch is installed.

`pip install torch transformers` into the environment: neither is in a lock of this project.
"""

from typing import Any

import numpy as np
import pytest
from benchmarks._torch_peers import KEYS, detector_of, engines, processor_of

from haechi.mark.text.profiles import KgwProfile, SynthIdProfile
from haechi.mark.text.race import Candidates

torch: Any = pytest.importorskip("torch", reason="torch is not installed, and not in the lock")
transformers: Any = pytest.importorskip("transformers", reason="transformers is not installed")
VOCABULARY = 1000


def test_bits_of_synthid_are_those_of_the_engine():
    ids = np.random.default_rng(1).integers(0, 49_152, 64)
    grams = np.array([ids[at : at + 5] for at in range(60)], dtype=np.uint64)
    theirs = processor_of(torch, transformers).compute_g_values(torch.tensor([ids.tolist()]))
    assert (SynthIdProfile(keys=KEYS).bits(grams) == theirs.numpy()[0]).all()


def test_green_tokens_are_those_of_the_engine():
    tokens = np.random.default_rng(2).integers(0, VOCABULARY, 120).tolist()
    detector = detector_of(transformers, VOCABULARY, ignore_repeated_ngrams=True)
    found = detector(torch.tensor([tokens]), return_dict=True)
    reading = KgwProfile(vocabulary=VOCABULARY).read(tokens)
    assert reading.count == int(found.num_tokens_scored[0])
    assert reading.score == int(found.num_green_tokens[0])


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("transformers SynthID-Text", SynthIdProfile(keys=KEYS)),
        ("transformers KGW, bias 2", KgwProfile(vocabulary=VOCABULARY)),
    ],
)
def test_what_the_engine_writes_is_read(name: str, profile: SynthIdProfile | KgwProfile):
    rng, engine, tokens = np.random.default_rng(3), engines(VOCABULARY)[name](3), list[int]()
    shares = np.full(20, 0.05)
    for _ in range(200):
        offered = Candidates(rng.choice(VOCABULARY, 20, replace=False), shares)
        tokens.append(engine.write(offered, tokens))
    assert profile.read(tokens).log10_p < -6
    assert engine.read(tokens) < -6
    assert profile.read(rng.permutation(tokens).tolist()).log10_p > -4
