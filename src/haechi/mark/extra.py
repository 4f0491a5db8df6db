"""What the extras bring, imported when it is needed.

Unavailable
└── ExtraMissing   a library of an extra is not installed
"""

import importlib
from typing import Any

from haechi.errors import Unavailable
from haechi.words import Text


class ExtraMissing(Unavailable):
    """A library of an extra is not here; facts: what_is, why, extra."""

    code = "mark.extra"
    what = Text(
        "{what_is} is not installed, and this needs it: {why}",
        "이 기능에 필요한 {what_is}이(가) 설치되어 있지 않습니다: {why}",
    )
    hint = Text(
        "install it with: pip install 'haechi[{extra}]'", "pip install 'haechi[{extra}]' 로 설치하세요"
    )


def require(name: str, extra: str = "mark") -> Any:  # noqa: ANN401  # any module
    """The module of this name, which `extra` brings; raises ExtraMissing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExtraMissing(what_is=name, why=str(error)[:160], extra=extra) from error
