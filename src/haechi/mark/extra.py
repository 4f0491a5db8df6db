"""What the extra `mark` brings, imported when it is needed.

Unavailable
└── ExtraMissing   a library of the extra is not installed
"""

import importlib
from typing import Any

from haechi.errors import Unavailable
from haechi.words import Text


class ExtraMissing(Unavailable):
    """A library of the extra is not here; facts: what_is, why."""

    code = "mark.extra"
    what = Text(
        "{what_is} is not installed, and this needs it: {why}",
        "이 기능에 필요한 {what_is}이(가) 설치되어 있지 않습니다: {why}",
    )
    hint = Text("install it with: pip install 'haechi[mark]'", "pip install 'haechi[mark]' 로 설치하세요")


def require(name: str) -> Any:  # noqa: ANN401  # any module
    """The module of this name; raises ExtraMissing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExtraMissing(what_is=name, why=str(error)[:160]) from error
