"""Text marks: power on texts that real models wrote, false alarms on human text, speed, and peers' marks.

    python -m benchmarks.mark_text [--only power edited null speed peers]

The texts are kept beside the tests (`tests/mark/text/written-*.jsonl`): no model is needed. Human text:
the Debian installation guide in English and Korean (package installation-guide-amd64, or a folder with `en`
and `ko` below it that HAECHI_HUMAN_TEXT names); without it that part is not run. Peers: marks of others are
written and read here with our own bit-exact readers, and by transformers itself where torch is installed
(`_torch_peers.py`), all over one table of candidates in the place of a model: the same steps for each.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Any

import numpy as np
from benchmarks._table import Row, absent, figure, rate_against, report
from benchmarks._text_edits import EDITS
from benchmarks._torch_peers import NEEDS, engines

from haechi.mark.text import (
    Asked,
    Candidates,
    Cut,
    Marker,
    TextKey,
    TextMark,
    TokenState,
    candidates_of,
    choose,
    detect_text,
    detect_tokens,
    sample,
)
from haechi.mark.text.profiles import KgwProfile, SynthIdProfile, VllmProfile
from haechi.mark.text.profiles.vllm import uniforms
from haechi.mark.text.race import draw
from haechi.mark.text.score import law_of, sums
from haechi.mark.text.tail import log10_sum_tail
from haechi.mark.text.words import pairs_of, words_of

WRITTEN = Path(__file__).parents[1] / "tests/mark/text"
KEY = TextKey("writer", bytes(range(32)))
HUMAN = Path("/usr/share/doc/installation-guide-amd64")
POWER = -6.0
DELETED, TIMES = 0.3, 10
TESTS = 50_000
WINDOW = 200
COUNTS, TURNS = (1000, 10_000, 100_000), 8
PEER_TEXTS, PEER_TOKENS, VOCABULARY, OFFERED = 40, 200, 1000, 20


def written(kind: str, lang: str) -> list[dict[str, Any]]:
    path = WRITTEN / f"written-{lang}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [each for each in map(json.loads, lines) if each["kind"] == kind]


def kept(words: Sequence[Any], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [word for word in words if rng.random() >= DELETED]


def edits(
    texts: Sequence[dict[str, Any]], words: Callable[[dict[str, Any]], Sequence[Any]]
) -> list[list[Any]]:
    """Each text with words taken out, TIMES over: which words they are makes a difference."""
    return [kept(words(each), 1000 * turn + n) for n, each in enumerate(texts) for turn in range(TIMES)]


def share(tails: Sequence[float]) -> float:
    return float(np.mean(np.array(tails) <= POWER))


def power() -> Iterator[Row]:
    """How many marked texts of 200 tokens are recognised at 10^-6."""
    asked = [Asked(key=KEY)]
    token, word, korean = written("token", "en"), written("word", "en"), written("word", "ko")
    numbered = written("payload", "en")
    if not (token and word and korean):
        yield absent("texts that models wrote", "tests/mark/text/written-*.jsonl")
        return
    clean = [detect_tokens(each["tokens"], asked).best_log10_p for each in token]
    cut = [[*chain.from_iterable(words)] for words in edits(token, lambda each: each["words"])]
    edited = [detect_tokens(tokens, asked).best_log10_p for tokens in cut]
    deletion = f"30 % of words deleted, {TIMES} times each"
    yield figure(f"token space, clean ({len(token)} texts)", share(clean), "TPR at 1e-6", at_least=0.98)
    yield figure(f"token space, {deletion}", share(edited), "TPR at 1e-6", at_least=0.88)
    clean = [detect_text(each["text"], asked).best_log10_p for each in word]
    cut = edits(word, lambda each: each["text"].split())
    edited = [detect_text(" ".join(words), asked).best_log10_p for words in cut]
    yield figure(f"word space, clean ({len(word)} texts)", share(clean), "TPR at 1e-6", at_least=0.95)
    yield figure(f"word space, {deletion}", share(edited), "TPR at 1e-6", at_least=0.70)
    clean = [detect_text(each["text"], asked).best_log10_p for each in korean]
    yield figure(f"Korean, word space ({len(korean)} texts)", share(clean), "TPR at 1e-6", at_least=0.90)
    read = [detect_tokens(each["tokens"], [Asked(key=KEY, payload=True)]) for each in numbered]
    right = [
        bool(found.marks) and found.marks[0].payload == each["payload"]
        for found, each in zip(read, numbered, strict=True)
    ]
    yield figure(
        f"16-bit id right, clean ({len(right)} texts)", float(np.mean(right)), "share", at_least=0.95
    )


def edited() -> Iterator[Row]:
    """What is reported, at 10^-8, of texts in word space after what people do to texts."""
    for lang in ("en", "ko"):
        texts, others = written("word", lang), " ".join(human(lang)[40:]).split()
        if not texts or not others:
            yield absent(f"edits of texts, {lang}", "package installation-guide-amd64")
            continue
        for name, edit in EDITS.items():
            tails = [
                detect_text(edit(each["text"], np.random.default_rng(n), others), [Asked(key=KEY)]).marks
                for n, each in enumerate(texts)
            ]
            yield figure(
                f"{lang}, {name} ({len(texts)} texts)", float(np.mean([*map(bool, tails)])), "reported"
            )


class _Words(HTMLParser):
    """The text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def human(lang: str) -> list[str]:
    """Pieces of 200 words of human text."""
    folder = Path(os.environ.get("HAECHI_HUMAN_TEXT", HUMAN)) / lang
    words: list[str] = []
    for path in sorted(folder.rglob("*.html")) + sorted(folder.rglob("*.txt")):
        reader = _Words()
        reader.feed(path.read_text("utf-8", "replace"))
        words += " ".join(reader.parts).split()
    return [" ".join(words[at : at + WINDOW]) for at in range(0, len(words) - WINDOW, WINDOW)]


def null() -> Iterator[Row]:
    """Chances that are claimed, against how often they come true without a mark."""
    rng = np.random.default_rng(20240522)
    for lang in ("en", "ko"):
        pieces = human(lang)
        if not pieces:
            yield absent(f"human text, {lang}", "package installation-guide-amd64")
            continue
        keys_each = -(-TESTS // len(pieces))
        tails: list[float] = []
        for piece in pieces:
            pairs = pairs_of(words_of(piece))
            law = law_of(pairs)
            secrets = [rng.bytes(32) for _ in range(keys_each)]
            for score in sorted(sums(secrets, pairs).tolist(), reverse=True):
                tails.append(log10_sum_tail(score, law))
                if tails[-1] > -1.0:  # and so are all that follow
                    break
        found, tests = np.array(tails), keys_each * len(pieces)
        name = f"human {lang}, {tests:,} tests on {len(pieces)} texts"
        for digits in (2, 3, 4):
            times = float(np.sum(found <= -digits)) / tests * 10.0**digits
            spread = 3.3 * float(np.sqrt(10.0**digits / tests))
            inside = abs(times - 1.0) <= spread
            yield Row(
                name=f"{name}: P(p < 1e-{digits})",
                value=times,
                unit=f"× 1e-{digits}",
                target=f"1 ± {spread:.2g}",
                verdict="met" if inside else "missed",
            )
        yield figure(f"{name}: least log10 p", float(found.min()), "", at_least=-7.0)


def median_us(call: Callable[[], object], times: int) -> float:
    took: list[int] = []
    for _ in range(times):
        begun = perf_counter_ns()
        call()
        took.append(perf_counter_ns() - begun)
    return float(np.median(took)) / 1000.0


def speed() -> Iterator[Row]:
    """What a mark costs a token, and what a key costs a detector."""
    rng = np.random.default_rng(1)
    rows = [rng.normal(0.0, 3.0, 128_256) for _ in range(8)]
    cut = Cut(temperature=0.8, top_k=100)
    state = TokenState(Marker(TextMark(key=KEY), rng), cut)
    turn = iter(range(1 << 30))

    def plain() -> int:
        tokens, shares = candidates_of(rows[next(turn) % 8], cut)
        return int(tokens[draw(shares, rng)])

    def with_mark() -> int:
        return sample(rows[next(turn) % 8], state)

    ours, theirs = median_us(with_mark, 400), median_us(plain, 400)
    yield figure("a token over plain sampling, 128,256 logits", (ours - theirs) / 1000.0, "ms", at_most=0.3)
    pairs = pairs_of(words_of(" ".join(f"w{n} {n}" for n in range(101))))[:200]
    secrets = [rng.bytes(32) for _ in range(max(COUNTS))]
    best = dict.fromkeys(COUNTS, float("inf"))
    # In turns, and all with the same work in a turn: what else the machine does is the same for each.
    for _ in range(TURNS):
        for count in COUNTS:
            begun = process_time_ns()
            for _ in range(max(COUNTS) // count):
                sums(secrets[:count], pairs)
            best[count] = min(best[count], (process_time_ns() - begun) / 1000.0 / max(COUNTS))
    for count, took in best.items():
        yield figure(f"a key at detection, 200 contexts, {count:,} keys", took, "µs of CPU", at_most=10.0)
    ratio = best[max(COUNTS)] / best[min(COUNTS)]
    yield figure("100,000 keys beside 1,000, per key", ratio, "×", at_most=1.5)


class Table:
    """The same candidates at the same step for every scheme: 20 of 1,000, about 2.1 nats."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        weights = np.exp(-0.28 * np.arange(OFFERED))
        self.shares = weights / weights.sum()

    def step(self) -> Candidates:
        return Candidates(self.rng.choice(VOCABULARY, OFFERED, replace=False), self.shares)


Scheme = tuple[Callable[[Candidates, list[int]], int], Callable[[Sequence[int]], float]]


def gumbel(width: int, seed: int) -> Scheme:
    state = TokenState(Marker(TextMark(key=KEY), np.random.default_rng(seed)), width=width)

    def write(offered: Candidates, tokens: list[int]) -> int:
        state.tokens = tokens
        return choose(offered, state)

    return write, lambda tokens: detect_tokens(tokens, [Asked(key=KEY)], width).best_log10_p


def vllm(_seed: int) -> Scheme:
    profile = VllmProfile(key=0x1234_5678_9ABC_DEF0)

    def write(offered: Candidates, tokens: list[int]) -> int:
        context = np.array([([-1] * 4 + tokens)[-4:]] * OFFERED, dtype=np.int64)
        numbers = uniforms(
            profile.key, context.astype(np.uint64) & np.uint64(0xFFFFFFFF), offered.tokens.astype(np.uint64)
        )
        return int(offered.tokens[np.argmin(-np.log(numbers.astype(np.float64)) / offered.probabilities)])

    return write, lambda tokens: profile.read(tokens).log10_p


def synthid(seed: int) -> Scheme:
    rng = np.random.default_rng(seed)
    profile = SynthIdProfile(
        keys=tuple(int(each) for each in np.random.default_rng(9).integers(0, 1 << 62, 30))
    )

    def write(offered: Candidates, tokens: list[int]) -> int:
        before = ([0] * 4 + tokens)[-4:]
        grams = np.array([[*before, each] for each in offered.tokens.tolist()], dtype=np.uint64)
        shares = offered.probabilities
        for bits in profile.bits(grams).T:
            shares = np.maximum(shares * (1 + bits - shares @ bits), 0.0)
        return int(rng.choice(offered.tokens, p=shares / shares.sum()))

    return write, lambda tokens: profile.read(tokens).log10_p


def kgw(seed: int) -> Scheme:
    rng, profile = np.random.default_rng(seed), KgwProfile(vocabulary=VOCABULARY)

    def write(offered: Candidates, tokens: list[int]) -> int:
        before = (tokens or [0])[-1]
        green = np.array([profile.read([before, int(each)]).score for each in offered.tokens])
        shares = offered.probabilities * np.exp(2.0 * green)
        return int(rng.choice(offered.tokens, p=shares / shares.sum()))

    return write, lambda tokens: profile.read(tokens).log10_p


def peers() -> Iterator[Row]:
    """Recognised at 10^-6 after 30 % of the tokens were deleted, beside the marks of others."""
    schemes: dict[str, Callable[[int], Scheme]] = {
        "ours": lambda seed: gumbel(2, seed),
        "Gumbel, 4 tokens of context": lambda seed: gumbel(4, seed),
        "vLLM gumbel (our reader)": vllm,
        "SynthID-Text (our reader)": synthid,
        "KGW lefthash, bias 2 (our reader)": kgw,
    }
    schemes |= engines(VOCABULARY)
    recognised = {name: _recognised(make) for name, make in schemes.items()}
    for name in list(schemes)[1:]:
        for what, at in (("clean", 0), ("30 % of tokens deleted", 1)):
            ours, theirs = recognised["ours"][at], recognised[name][at]
            yield rate_against(f"table of candidates, {what}", ours, max(theirs, 1e-9), "TPR at 1e-6", name)
    if not engines(VOCABULARY):
        yield absent("transformers SynthIDText and Watermark processors", NEEDS)


def _recognised(make: Callable[[int], Scheme]) -> tuple[float, float]:
    clean: list[float] = []
    edited: list[float] = []
    for seed in range(PEER_TEXTS):
        table, tokens = Table(seed), list[int]()
        write, read = make(seed)
        for _ in range(PEER_TOKENS):
            tokens.append(write(table.step(), list(tokens)))
        rng = np.random.default_rng(seed)
        clean.append(read(tokens))
        edited.append(read([each for each in tokens if rng.random() >= DELETED]))
    return share(clean), share(edited)


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "power": power,
    "edited": edited,
    "null": null,
    "speed": speed,
    "peers": peers,
}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="these parts alone")
    given = options.parse_args()
    report("mark_text", "Text marks", [row for name in given.only for row in PARTS[name]()])


if __name__ == "__main__":
    main()
