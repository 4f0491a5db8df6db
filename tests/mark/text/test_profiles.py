"""Other engines' marks are read bit for bit, and the p-values of their texts can be relied on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haechi.errors import BadInput, TooLarge
from haechi.mark.text.profiles import ENGINES as ENGINES_KNOWN
from haechi.mark.text.profiles import (
    HaechiProfile,
    KgwProfile,
    Profile,
    ProfileUnfit,
    SynthIdProfile,
    TextSealProfile,
    VllmProfile,
    profile_from,
)
from haechi.mark.text.profiles.profile import MAX_TOKENS
from haechi.mark.text.profiles.textseal import uniforms as textseal_uniforms
from haechi.mark.text.profiles.vllm import uniforms, words32

ENGINES: dict[str, Any] = json.loads(Path(__file__).with_name("engines.json").read_text())
KEYS = tuple(ENGINES["synthid"]["keys"])
VOCABULARY = 1000


def rows(contexts: list[list[int]]) -> np.ndarray:
    return np.array(contexts, dtype=np.int64).astype(np.uint64) & np.uint64(0xFFFFFFFF)


@pytest.mark.parametrize("case", ENGINES["vllm"], ids=lambda case: f"{len(case['contexts'][0])} tokens")
def test_vllm_words_are_the_engines(case: dict[str, Any]):
    tokens = np.array(case["tokens"], dtype=np.uint64)
    assert words32(case["key"], rows(case["contexts"]), tokens).tolist() == case["words"]


def test_synthid_bits_are_the_engines():
    tokens = ENGINES["synthid"]["tokens"]
    grams = np.array([tokens[at : at + 5] for at in range(len(tokens) - 4)], dtype=np.uint64)
    bits = SynthIdProfile(keys=KEYS).bits(grams)
    assert ["".join(map(str, row)) for row in bits.tolist()] == ENGINES["synthid"]["bits"]


def test_kgw_green_lists_are_the_engines():
    profile = KgwProfile(vocabulary=ENGINES["kgw"]["vocabulary"])
    for before, green in ENGINES["kgw"]["green"].items():
        for token in range(VOCABULARY):
            expected = 1.0 if token in green else 0.0
            assert profile.read([int(before), token]).score == expected, (before, token)


def vllm_text(profile: VllmProfile, count: int, seed: int) -> list[int]:
    """Token ids as the engine would choose them from random candidates."""
    rng, tokens = np.random.default_rng(seed), list[int]()
    for _ in range(count):
        context = rows([([-1] * profile.width + tokens)[-profile.width :]] * 40)
        candidates = rng.choice(VOCABULARY, 40, replace=False).astype(np.uint64)
        numbers = uniforms(profile.key, context, candidates).astype(np.float64)
        weights = 1.0 / np.arange(1.0, 41.0)
        tokens.append(int(candidates[np.argmin(-np.log(numbers) / weights)]))
    return tokens


def synthid_text(profile: SynthIdProfile, count: int, seed: int) -> list[int]:
    """Token ids drawn after one round of the tournament for each key, from ten candidates."""
    rng, tokens = np.random.default_rng(seed), [1, 2, 3, 4]
    for _ in range(count):
        candidates = rng.choice(VOCABULARY, 10, replace=False)
        grams = np.array([[*tokens[-4:], each] for each in candidates], dtype=np.uint64)
        shares = np.full(10, 0.1)
        for bits in profile.bits(grams).T:
            shares = shares * (1 + bits - shares @ bits)
        tokens.append(int(rng.choice(candidates, p=shares / shares.sum())))
    return tokens


def kgw_text(profile: KgwProfile, count: int, seed: int) -> list[int]:
    """Token ids of which most are green."""
    rng, tokens = np.random.default_rng(seed), [5]
    for _ in range(count):
        offered = [int(each) for each in rng.integers(0, VOCABULARY, 4)]
        green = [each for each in offered if profile.read([tokens[-1], each]).score]
        tokens.append((green or offered)[0])
    return tokens


VLLM = VllmProfile(key=0x1234_5678_9ABC_DEF0)
SYNTHID = SynthIdProfile(keys=KEYS)
KGW = KgwProfile(vocabulary=VOCABULARY)
OWN = HaechiProfile(name="own", secret=bytes(range(32)), salt=b"s" * 16)


@pytest.mark.parametrize(
    ("profile", "marked", "wrong"),
    [
        (VLLM, vllm_text(VLLM, 150, 1), VllmProfile(key=7)),
        (SYNTHID, synthid_text(SYNTHID, 150, 2), SynthIdProfile(keys=tuple(key + 1 for key in KEYS))),
        (KGW, kgw_text(KGW, 150, 3), KgwProfile(vocabulary=VOCABULARY, hashing_key=17)),
    ],
    ids=["vllm", "synthid", "kgw"],
)
def test_an_engines_text_is_found_under_its_profile_and_no_other(
    profile: Profile, marked: list[int], wrong: Profile
):
    assert profile.read(marked).log10_p < -12
    assert wrong.read(marked).log10_p > -5


@pytest.mark.parametrize(
    "profile", [VLLM, VllmProfile(key=3, alpha=0.1), SYNTHID, KGW], ids=lambda p: p.engine
)
def test_unmarked_ids_are_no_evidence_however_often_they_repeat(profile: Profile):
    rng = np.random.default_rng(4)
    text = rng.integers(0, VOCABULARY, 60).tolist()
    assert profile.read(text).log10_p > -6
    assert profile.read(text * 30).log10_p > -6
    assert profile.read([]).log10_p == 0.0


def test_a_profile_is_committed_to_by_a_digest_that_changes_with_every_setting():
    profiles = [
        VLLM, VllmProfile(key=VLLM.key + 1), VllmProfile(key=VLLM.key, width=2),
        VllmProfile(key=VLLM.key, salt=b"x" * 16), VllmProfile(key=VLLM.key, tokenizer="00"), SYNTHID, KGW,
    ]  # fmt: skip
    assert len({profile.digest for profile in profiles}) == len(profiles)
    assert VllmProfile(key=VLLM.key).digest == VLLM.digest


@pytest.mark.parametrize(
    "make",
    [
        lambda: VllmProfile(key=1 << 64),
        lambda: VllmProfile(key=1, width=0),
        lambda: VllmProfile(key=1, alpha=1.5),
        lambda: SynthIdProfile(keys=()),
        lambda: SynthIdProfile(keys=(1,), table_size=1 << 40),
        lambda: KgwProfile(vocabulary=1 << 40),
        lambda: KgwProfile(vocabulary=10, ratio=1.0),
        lambda: KGW.read([VOCABULARY, 1]),
        lambda: VLLM.read([-1]),
        lambda: VLLM.read([1 << 40]),
    ],
)
def test_settings_and_ids_out_of_range_are_refused(make: Callable[[], object]):
    with pytest.raises(ProfileUnfit):
        make()


def test_a_text_without_end_is_refused_before_work():
    with pytest.raises(TooLarge) as caught:
        VLLM.read(range(MAX_TOKENS + 1))
    assert isinstance(caught.value, BadInput)


def test_textseal_numbers_are_the_engines():
    # Worked out by hand from the published formula, with whole numbers that do not wrap.
    window, token, key = (3, 5), 7, 2
    mixed = (3 * 10000019 + 5 * 10000247 + 100000007 * token + 500001713 * key) * 15485863 * 40499
    wrapped = (mixed + (1 << 63)) % (1 << 64) - (1 << 63)
    expected = ((wrapped ^ (wrapped >> 13)) % 8191) / 8191
    assert textseal_uniforms(key, np.array([[*window, token]]))[0] == pytest.approx(expected, abs=0)


def textseal_text(profile: TextSealProfile, count: int, seed: int) -> list[int]:
    """Token ids as the engine would choose them from random candidates."""
    rng, tokens = np.random.default_rng(seed), [1, 2]
    for _ in range(count):
        offered = rng.choice(VOCABULARY, 40, replace=False)
        grams = np.array([[*tokens[-2:], each] for each in offered])
        with np.errstate(divide="ignore"):
            times = -np.log(textseal_uniforms(profile.key, grams)) * np.arange(1.0, 41.0)
        tokens.append(int(offered[np.argmin(times)]))
    return tokens


def test_textseal_text_is_found_with_one_key_and_with_two():
    profile = TextSealProfile(key=42)
    tokens = textseal_text(profile, 150, 5)
    assert profile.read(tokens).log10_p < -12
    assert TextSealProfile(key=42, second_key=43, alpha=0.1).read(tokens).log10_p < -12
    assert TextSealProfile(key=41).read(tokens).log10_p > -5
    assert profile.read([1, 2]).log10_p == 0.0


@pytest.mark.parametrize("engine", sorted(ENGINES_KNOWN))
def test_a_profile_survives_its_file_and_its_digest_with_it(engine: str):
    examples = {each.engine: each for each in (VLLM, SYNTHID, KGW, TextSealProfile(key=1), OWN)}
    profile = examples[engine]
    again = profile_from(profile.to_bytes())
    assert (again, again.digest) == (profile, profile.digest)
    loose = json.dumps(json.loads(profile.to_bytes()), indent=2).encode()
    assert profile_from(loose).digest == profile.digest


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"{}", b"null", b'{"engine": "x"}', b"{" * 5000, b"x" * 70_000,
        b'{"engine": "haechi-text-1", "name": "a"}',
        b'{"engine": "haechi-text-1", "name": "a", "secret": "AAAA"}',
        b'{"engine": "textseal-gumbel", "key": 1, "unknown": 2}',
        b'{"engine": "textseal-gumbel", "key": "one"}',
    ],
)  # fmt: skip
def test_files_that_are_no_profile_are_refused(raw: bytes):
    with pytest.raises(ProfileUnfit):
        profile_from(raw)
