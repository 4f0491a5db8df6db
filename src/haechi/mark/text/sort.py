"""Whether a text is one that a mark can be expected in: long enough, and words rather than code."""

import re

CODE_SHARE = 0.3
_CODE_END = re.compile(r"[{};,()\[\]>=\\:]\s*\Z")
_CODE_SIGN = re.compile(
    r"([A-Za-z0-9_]\(|==|!=|->|=>|::|\+=|</|/>|&&|\|\||^\s*(#include|import|def|class|return|let|const|var)\b)"
)
_FENCE = re.compile(r"^\s*(```|~~~)")
_MOST_LINES = 20_000
_LOOKED = 400
_LETTERS_TO_A_SIGN = 80
"""A paragraph that is one long line may have a bracket or an equals sign in it, and is no code."""


def code_share(text: str) -> float:
    r"""The share of lines that look like a program's, 0 to 1; empty lines do not count.

    >>> code_share("def f(x):\n    return x == 1\n") > CODE_SHARE > code_share("One line of words.\n")
    True
    """
    code = lines = 0
    inside = False
    for line in text.splitlines()[:_MOST_LINES]:
        if _FENCE.match(line):
            inside = not inside
            continue
        if not line.strip():
            continue
        lines += 1
        # A line of prose may end with a comma or carry one sign; code does both, or stands in a fence.
        code += inside or _has_signs(line[:_LOOKED]) or _CODE_END.search(line[-40:]) is not None
    return code / lines if lines else 0.0


def _has_signs(line: str) -> bool:
    return len(_CODE_SIGN.findall(line)) * _LETTERS_TO_A_SIGN >= max(len(line), 1)
