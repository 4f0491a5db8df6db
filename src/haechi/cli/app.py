"""The command line, assembled. Command modules import their rooms inside the functions, so that
`haechi verify` starts without loading a web server.
"""

import io
import sys
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from haechi import __version__
from haechi.cli import (
    crosswalk,
    demo,
    duties,
    export,
    facts,
    init,
    key,
    log,
    mirror,
    node,
    pledges,
    show,
    sign,
    submit,
    verify,
)
from haechi.cli.options import tr
from haechi.cli.out import Out, locale_lang
from haechi.cli.usage import is_help, speak, wrongly_used
from haechi.errors import HaechiError, Unavailable
from haechi.words import Text

INTERRUPTED = 130

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
        "Exit codes: 0 done or HOLDS, 1 FAILS, 2 usage, 3 UNDECIDED, 4 bad input, 5 not found, 6 refused, "
        "7 conflict, 8 unavailable.",
        "종료 코드: 0 완료 또는 성립, 1 불성립, 2 사용법 오류, 3 미정, 4 잘못된 입력, 5 없음, 6 거부, "
        "7 충돌, 8 사용 불가.",
    ),
)
for command in (init, sign, submit, show, verify, crosswalk, pledges, duties, node, demo):
    command.register(app)
for group in (key, log, mirror, facts, export):
    app.add_typer(group.app)
speak(locale_lang(), app, key.app, log.app, mirror.app, facts.app, export.app)


class SystemRefused(Unavailable):
    """The operating system did not do what a command needs; facts: what_is, why."""

    code = "cli.system"
    hint = Text(
        "check the path, its permissions and the free space",
        "경로와 권한, 남은 공간을 확인하세요",
    )


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"haechi {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # its callback answers
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help=tr("print the version", "버전을 출력")
        ),
    ] = False,
) -> None:
    """What may stand before a command."""


def main() -> None:
    """Run the command line; errors of the tree become one line, a hint and a documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its number, not a crash.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(Out(json="--json" in sys.argv)))


def _run(out: Out) -> int:
    try:
        done = app(standalone_mode=False)
        sys.stdout.flush()
    except HaechiError as error:
        return out.error(error)
    except TyperException as error:
        if is_help(error):
            sys.stderr.write(f"{error.format_message()}\n")
            return 2
        return out.error(wrongly_used(error))
    except BrokenPipeError:
        # The reader of our output went away; nothing is left to say to it.
        sys.stderr.close()
        return 1
    except OSError as error:
        return out.error(
            SystemRefused(what_is=error.filename or Text("the system", "시스템"), why=error.strerror)
        )
    except (Abort, KeyboardInterrupt):
        return INTERRUPTED
    return done if isinstance(done, int) else 0
