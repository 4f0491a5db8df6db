"""Words for wrong usage and the frame of the help, in both languages.

BadInput
└── WronglyUsed       the command line itself is wrong; exit code 2

Typer writes its own sentences in English only, so they are said again here.
"""

import re
from typing import cast

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from haechi.errors import BadInput
from haechi.words import Lang, Text


class WronglyUsed(BadInput):
    """A command, option or argument is missing, unknown or wrong; facts: why, command."""

    code = "cli.usage"
    what = Text("wrong usage: {why}", "사용법이 틀렸습니다: {why}")
    hint = Text("see `{command} --help`", "`{command} --help` 를 보세요")


_FRAME = (
    (r"\AUsage: ", "사용법: "),
    (r"^Arguments:$", "인자:"),
    (r"^Options:$", "옵션:"),
    (r"^Commands:$", "명령:"),
    (r"\[OPTIONS\]", "[옵션]"),
    (r"COMMAND \[ARGS\]\.\.\.", "명령 [인자]..."),
    (r"(?<=[\[;])(\s*)required\]", r"\1필수]"),
    (r"(?<=[\[;])(\s*)default:", r"\1기본값:"),
    (r"(?<=[\[;])(\s*)env\s+var:", r"\1환경 변수:"),
)
_OPTIONS = {
    "Show this message and exit.": "이 도움말을 보입니다.",
    "Install completion for the current shell.": "지금 쓰는 셸에 자동 완성을 설치합니다.",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "자동 완성 스크립트를 출력합니다. 복사하거나 고쳐 쓸 수 있습니다."
    ),
}
_NO_COMMAND = re.compile(r"No such command '(.*)'\.", re.DOTALL)


class Command(TyperCommand):
    """A command whose help speaks the language of the process."""

    def get_help(self, ctx: object) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]  # its context is private to Typer
        """The help page."""
        return _help(self, ctx, super().get_help)


class Group(TyperGroup):
    """A group of commands whose help speaks the language of the process."""

    def get_help(self, ctx: object) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
        """The help page."""
        return _help(self, ctx, super().get_help)
