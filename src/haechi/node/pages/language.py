"""Which language a reader gets: the one in the address, else the best one of Accept-Language."""

import math

from haechi.words import LANGS, Lang

_LONGEST = 1000


def lang_of_path(path: str) -> Lang | None:
    """The language that the first step of a path names."""
    return _ours(path.strip("/").partition("/")[0])


def lang_of_header(accept_language: str) -> Lang:
    """The language of ours that the reader ranks highest; English when none is named (RFC 9110, 12.5.4).

    >>> lang_of_header("fr, ko-KR;q=0.8, en;q=0.5")
    'ko'
    """
    best: tuple[float, Lang] = (0.0, "en")
    for item in accept_language[:_LONGEST].split(","):
        tag, _, rest = item.partition(";")
        lang, weight = _ours(tag.strip().lower().split("-")[0]), _weight(rest)
        if lang is not None and weight > best[0]:
            best = (weight, lang)
    return best[1]


def _ours(tag: str) -> Lang | None:
    return next((lang for lang in LANGS if lang == tag), None)


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if math.isfinite(weight) else 0.0
