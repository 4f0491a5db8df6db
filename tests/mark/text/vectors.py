"""The published vectors of haechi-text-1, made from the program: python -m tests.mark.text.vectors > FILE."""

import json
import sys

from tests.mark.text.toy import KEY, OTHER, human_words, mark_of, write_tokens, write_words

from haechi.mark.text import SIGNPOST_KEY, Asked, detect_text, detect_tokens
from haechi.mark.text.frame import frame_of
from haechi.mark.text.novelty import steps_of, weight_of
from haechi.mark.text.payload import value
from haechi.mark.text.prf import blocks, item_of_text, keyed
from haechi.mark.text.prints import minhash_of
from haechi.mark.text.profiles import (
    HaechiProfile,
    KgwProfile,
    Profile,
    SynthIdProfile,
    TextSealProfile,
    VllmProfile,
)
from haechi.mark.text.tail import log10_sum_tail
from haechi.mark.text.tokens import token_pairs
from haechi.mark.text.words import context_of, item_text, normalised, words_of

_TEXTS = (
    "The quick brown fox can't jump 3.5 m.",
    "워터마크는 글을 읽는 사람의 눈에 보이지 않습니다.",
    "東京タワーは1958年に完成した。",
    "Straße ﬁnden ΟΔΟΣ İstanbul",
    "한글 e\u0301",
    "snake_case AI안전 v2 x²",
    "wa\u200bter\ufeff\u00admark \u0422he \u0440\u0430ge ＦＵＬＬ ｶﾅ 한\u200d글",
    "😀 \U0001d400\U0001d401c-d 👩\u200d🚀 ﬁne end\U00010400\U00010401 가\x85나\x1c다 \U00020000字",
)
_ROSES = ("a rose is a rose is a rose", "the end")
_LAWS = (
    (1.0, {1.0: 1}),
    (400.0, {1.0: 200}),
    (5.0, {0.6: 9}),
    (3.0, {1.0: 1, 0.6: 1, 0.3: 1}),
    (150.0, {1.0: 60, 0.6: 44, 0.3: 27}),
    (400.0, {1.0: 60, 0.6: 44, 0.3: 27}),
    (30.0, {1.0: 60, 0.6: 44, 0.3: 27}),
    (230.0, {0.9: 120, 0.1: 120}),
    (7000.0, {1.0: 3000, 0.6: 2000, 0.3: 1000}),
)
_TOKENS = ([7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 2], [5] * 14)
_PROFILES: tuple[Profile, ...] = (
    HaechiProfile(name="company.example", secret=bytes(range(32)), salt=bytes(16), signpost=0xABC),
    HaechiProfile(
        name="글", secret=bytes(range(32)), space="token", width=4, payload=True, tokenizer="00" * 32
    ),
    VllmProfile(key=0x0123_4567_89AB_CDEF, alpha=0.1),
    SynthIdProfile(keys=(654, 400, 836)),
    KgwProfile(vocabulary=49_152),
    TextSealProfile(key=42, second_key=43, alpha=0.1),
)
_MANIFESTS = (b"", b"manifest", bytes(range(256)))


def vectors() -> dict[str, object]:
    """Everything a second detector is checked with."""
    context = context_of(["brown", "fox"])
    parts = [
        {
            "secret": key.secret.hex(),
            "item": item,
            "value": value,
            "r": _keyed(key.secret, context, item, value),
        }
        for key, item, value in ((KEY, "can", 0), (KEY, "can", 16), (OTHER, "워", 1))
    ]
    return {
        "signpost_secret": SIGNPOST_KEY.secret.hex(),
        "context": {"words": ["brown", "fox"], "block": context.hex()},
        "keyed": parts,
        "symbols": [
            {"number": number, "symbols": _symbols(number)} for number in (0, 1, 0x10, 0xBEEF, 0xFFFF)
        ],
        "tokens": [_token_contexts(tokens) for tokens in _TOKENS],
        "token_texts": [_detected_tokens(payload) for payload in (None, 0xBEEF)],
        "minhash": [{"text": text, "minhash": (minhash_of(text) or b"").hex()} for text in _TEXTS],
        "profiles": [{"file": each.to_bytes().decode(), "digest": each.digest.hex()} for each in _PROFILES],
        "frames": [{"manifest": each.hex(), "utf8": frame_of(each).encode().hex()} for each in _MANIFESTS],
        "weights": [
            {"words": words, "weights": [*map(weight_of, steps_of(words.split()))]} for words in _ROSES
        ],
        "tails": [[s, [*law], [*law.values()], log10_sum_tail(s, law)] for s, law in _LAWS],
        "words": [
            {"text": text, "normalised": normalised(text), "words": _words(text), "places": _places(text)}
            for text in _TEXTS
        ],
        "texts": [_detected(*each) for each in _marked()],
    }


def _keyed(secret: bytes, context: bytes, item: str, value: int) -> str:
    items = blocks([item_of_text(item).to_bytes(8, "little") + bytes(8)])[:, 0]
    return keyed(secret, blocks([context]), items, value).tobytes().hex()


def _places(text: str) -> list[list[int]]:
    """Code points from and to, of the text as it was given."""
    return [[word.start, word.end] for word in words_of(text)]


def _words(text: str) -> list[list[str]]:
    return [[word.text, item_text(word.text)] for word in words_of(text)]


def _symbols(number: int) -> str:
    return "".join(f"{value(number, bytes((*bytes(14), at, 0))) - 1:x}" for at in range(16))


def _token_contexts(tokens: list[int]) -> dict[str, object]:
    pairs = [[pair.word, pair.context.hex(), pair.weight] for pair in token_pairs(tokens)]
    return {"tokens": tokens, "width": 2, "contexts": pairs}


def _detected_tokens(payload: int | None) -> dict[str, object]:
    tokens = write_tokens(mark_of() if payload is None else mark_of(payload=payload), 220, seed=7)
    found = detect_tokens(tokens, [Asked(key=KEY, payload=payload is not None)])
    mark = found.marks[0]
    told = {"tokens": tokens, "secret": KEY.secret.hex(), "count": found.count, "payload": mark.payload}
    return {**told, "score": round(mark.score, 9), "log10_p": round(mark.log10_p, 6)}


def _marked() -> list[tuple[str, str, bool]]:
    mixed = f"{human_words(150, 1)} {write_words(mark_of(), 200, seed=2)} {human_words(150, 3)}"
    return [
        ("plain", write_words(mark_of(), 220), False),
        ("Korean", write_words(mark_of(), 220, lang="ko"), False),
        ("payload beef", write_words(mark_of(payload=0xBEEF), 260, seed=4), True),
        ("signpost abc", write_words(mark_of(signpost=0xABC), 600, seed=5), False),
        ("mixed", mixed, False),
        ("unmarked", human_words(220, 6), False),
    ]


def _detected(name: str, text: str, payload: bool) -> dict[str, object]:  # noqa: FBT001
    found = detect_text(text, [Asked(key=KEY, payload=payload)])
    return {
        "name": name,
        "text": text,
        "secret": KEY.secret.hex(),
        "payload": payload,
        "count": found.count,
        "log10_p": round(found.best_log10_p, 6),
        "marks": [
            {"payload": mark.payload, "stretches": [[part.start, part.end] for part in mark.stretches]}
            for mark in found.marks
        ],
        "signpost": None if found.signpost is None else found.signpost.number,
    }


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
