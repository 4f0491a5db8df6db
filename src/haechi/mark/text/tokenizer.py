"""A tokenizer for profiles of other engines, from its `tokenizer.json` (needs the package `tokenizers`).

The file decides which numbers a text becomes, so a profile names it by its SHA-256.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

from haechi.errors import BadInput, NotFound, TooLarge
from haechi.mark.extra import require
from haechi.mark.text.tokens import Tokens
from haechi.words import Text

MOST_TOKENIZER_BYTES = 64 << 20
_WHAT = Text("tokenizer", "토크나이저")
_GGUF = b"GGUF"


class TokenizerUnreadable(BadInput):
    """A file that the library does not take; facts: why."""

    code = "mark.text.tokenizer"
    what = Text("not a tokenizer that can be used: {why}", "쓸 수 있는 토크나이저가 아닙니다: {why}")
    hint = Text(
        "take the tokenizer.json that belongs to the model", "모델에 딸린 tokenizer.json 을 그대로 쓰세요"
    )


class Tokenizer(NamedTuple):
    """digest: SHA-256 of the file, hexadecimal; tokenize: from text to tokens, without special ones."""

    digest: str
    tokenize: Callable[[str], Tokens]


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a file; raises NotFound, TooLarge, TokenizerUnreadable, ExtraMissing."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_TOKENIZER_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=_WHAT, name=str(path)) from error
    if raw.startswith(_GGUF):
        raise TokenizerUnreadable(
            why=Text("it is a GGUF model: pass it as --model", "GGUF 모델입니다. --model 로 넘기세요")
        )
    if len(raw) > MOST_TOKENIZER_BYTES:
        raise TooLarge(what_is=_WHAT, limit=MOST_TOKENIZER_BYTES, got=len(raw))
    try:
        told: Any = json.loads(raw)
        known = isinstance(told, dict) and isinstance(cast("dict[str, Any]", told).get("model"), dict)
    except (ValueError, RecursionError) as error:
        raise TokenizerUnreadable(why=str(error)[:200]) from error
    if not known:
        raise TokenizerUnreadable(why=Text("it names no model", "모델이 적혀 있지 않음"))
    made: Any = require("tokenizers", "tokenizers").Tokenizer.from_str(raw.decode("utf-8"))

    def tokenize(text: str) -> Tokens:
        encoded = made.encode(text, add_special_tokens=False)
        return Tokens(list(encoded.ids), list(encoded.offsets))

    return Tokenizer(hashlib.sha256(raw).hexdigest(), tokenize)
