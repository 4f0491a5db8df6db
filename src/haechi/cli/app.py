"""The command line, assembled. Command modules import their rooms inside the functions, so that
`haechi verify` starts without loading a web server.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from haechi import __version__
from haechi.cli.ending import INTERRUPTED, end
from haechi.cli.options import tr
from haechi.cli.out import locale_lang
from haechi.cli.usage import is_help, speak, wrongly_used

# In the order in which the help lists them.
COMMANDS = (
    "init",
    "sign",
    "submit",
    "show",
    "open",
    "release",
    "verify",
    "mark",
    "detect",
    "answers",
    "crosswalk",
    "pledges",
    "duties",
    "gaps",
    "clocks",
    "node",
    "migrate",
    "demo",
)
GROUPS = ("key", "share", "log", "mirror", "witness", "cluster", "trust", "facts", "export", "profile")


def assemble(only: str | None = None) -> typer.Typer:
    """The command line with every command, or with `only` one of them.

    Importing all commands costs more than most of them do, so `main` assembles just what was asked for.
    """
    app = typer.Typer(
        name="haechi",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=tr(
            "Evidence about AI, made once in one country, checked and counted in every other.",
            "한 나라에서 한 번 만든 AI 증거를 모든 나라에서 확인하고 셉니다.",
        ),
        epilog=tr(
            "Exit codes: 0 done or HOLDS, 1 FAILS, 2 usage, 3 UNDECIDED, 4 bad input, 5 not found, "
            "6 refused, 7 conflict, 8 unavailable.",
            "종료 코드: 0 완료 또는 성립, 1 불성립, 2 사용법 오류, 3 미정, 4 잘못된 입력, 5 없음, 6 거부, "
            "7 충돌, 8 사용 불가.",
        ),
    )
    app.callback()(options)
    groups: list[typer.Typer] = []
    for name in COMMANDS:
        if only in (None, name):
            import_module(f"haechi.cli.{name}").register(app)
    for name in GROUPS:
        if only in (None, name):
            group: typer.Typer = import_module(f"haechi.cli.{name}").app
            app.add_typer(group)
            groups.append(group)
    speak(locale_lang(), app, *groups)
    return app


def _asked_for(arguments: Sequence[str]) -> str | None:
    """The command that the first argument names; None when it names none, or when the shell completes."""
    first = arguments[0] if arguments else ""
    completing = any(name.startswith("_HAECHI_COMPLETE") for name in os.environ)
    return first if first in (*COMMANDS, *GROUPS) and not completing else None


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"haechi {__version__}\n")
        raise typer.Exit


def options(
    version: Annotated[  # noqa: ARG001  # its callback answers
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help=tr("print the version", "버전을 출력")
        ),
    ] = False,
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts",
            envvar="HAECHI_FACTS",
            help=tr(
                "answer with the facts in this file, as `haechi facts known --out` writes it",
                "이 파일의 사실 자료로 답함 (`haechi facts known --out` 이 쓴 파일)",
            ),
        ),
    ] = None,
) -> None:
    """What may stand before a command."""
    if facts is not None:
        from haechi.facts.load import choose

        choose(facts)


def main() -> None:
    """Run the command line; errors of the tree become one line, a hint and a documented exit code."""
    end(_run)


def _run() -> object:
    try:
        return assemble(_asked_for(sys.argv[1:]))(standalone_mode=False)
    except TyperException as error:
        if is_help(error):
            sys.stderr.write(f"{error.format_message()}\n")
            return 2
        raise wrongly_used(error) from error
    except Abort:
        return INTERRUPTED
