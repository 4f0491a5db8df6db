"""Words for wrong usage and the frame of the help, in both languages.

Typer writes its own sentences in English only, so they are said again here.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

from haechi.cli.misuse import WronglyUsed
from haechi.words import Lang, Text

_Help = Callable[[Any], str]


class Command(TyperCommand):
    """A command whose help speaks the language of the process."""

    lang: Lang = "en"

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401  # the context's class is private to Typer
        """The help page."""
        return _help(self.get_params(ctx), self.lang, lambda: super(Command, self).get_help(ctx))


class Group(TyperGroup):
    """A group of commands whose help speaks the language of the process."""

    lang: Lang = "en"

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401  # as above
        """The help page."""
        return _help(self.get_params(ctx), self.lang, lambda: super(Group, self).get_help(ctx))


_FRAME = (
    (r"\AUsage: ", "사용법: "),
    (r"(?m)^Arguments:$", "인자:"),
    (r"(?m)^Options:$", "옵션:"),
    (r"(?m)^Commands:$", "명령:"),
    (r"\[OPTIONS\]", "[옵션]"),
    (r"COMMAND \[ARGS\]\.\.\.", "명령 [인자]..."),
    (r"([\[;]\s*)required\]", r"\1필수]"),
    (r"([\[;]\s*)default:", r"\1기본값:"),
    (r"([\[;]\s*)env\s+var:", r"\1환경 변수:"),
)
_OPTIONS = {
    "Show this message and exit.": "이 도움말을 보입니다.",
    "Install completion for the current shell.": "지금 쓰는 셸에 자동 완성을 설치합니다.",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "자동 완성 스크립트를 출력합니다. 복사하거나 고쳐 쓸 수 있습니다."
    ),
}


def _help(params: Iterable[object], lang: Lang, english: Callable[[], str]) -> str:
    if lang == "en":
        return english()
    for param in params:
        if isinstance(param, TyperOption) and param.help in _OPTIONS:
            param.help = _OPTIONS[param.help]
    page = english()
    for pattern, korean in _FRAME:
        page = re.sub(pattern, korean, page)
    return page


def speak(lang: Lang, *apps: typer.Typer) -> None:
    """Have the help of these commands and groups in `lang`."""
    Command.lang = Group.lang = lang
    for app in apps:
        app.info.cls = Group
        for command in app.registered_commands:
            command.cls = Command


def wrongly_used(error: TyperException) -> WronglyUsed:
    """What Typer found wrong with the command line, in our words."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "haechi")
    return WronglyUsed(why=_why(error), command=command)


def is_help(error: TyperException) -> bool:
    """Whether the error only stands for "nothing was asked: here is the help"."""
    return type(error).__name__ == "NoArgsIsHelpError"


def _why(error: TyperException) -> Text:
    name, message = type(error).__name__, error.format_message()
    param = _name_of(getattr(error, "param", None))
    if name == "MissingParameter" and param:
        return Text(f"{param} is missing", f"{param}이(가) 없습니다")
    if name == "BadParameter" and param:
        return Text(f"{param}: {error.message}", f"{param} 값이 올바르지 않습니다: {error.message}")
    if name == "NoSuchOption":
        option = cast("str", getattr(error, "option_name", ""))
        near = ", ".join(sorted(cast("Iterable[str]", getattr(error, "possibilities", None) or ())))
        if not near:
            return Text(f"no option {option}", f"{option} 옵션은 없습니다")
        return Text(
            f"no option {option} (similar: {near})", f"{option} 옵션은 없습니다 (비슷한 옵션: {near})"
        )
    unknown = re.match(r"No such command '(.*?)'\.", message, re.DOTALL)
    if unknown:
        return Text(message.rstrip("."), f"{unknown[1]} 명령은 없습니다")
    if message == "Missing command.":
        return Text("a command is missing", "명령이 없습니다")
    if message.startswith("Got unexpected extra argument"):
        extra = message.partition("(s) ")[2]
        return Text(f"too many arguments {extra}", f"인자가 너무 많습니다 {extra}")
    return Text(message, message)


def _name_of(param: object) -> str:
    if isinstance(param, TyperOption):
        return max(param.opts, key=len)
    return (param.name or "").upper() if isinstance(param, TyperArgument) else ""
