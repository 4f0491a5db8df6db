"""The command line, assembled. Command modules import their rooms inside the functions, so that
`haechi verify` starts without loading a web server.
"""

import sys

import typer

from haechi.cli import demo, init, key, log, mirror, node, show, sign, submit, verify
from haechi.cli.options import tr
from haechi.cli.out import Out
from haechi.errors import HaechiError

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
        "종료 코드: 0 완료 또는 성립, 1 불성립, 2 사용법 오류, 3 미정, 4 잘못된 입력, 5 없음, 6 거부, 7 충돌, 8 사용 불가.",
    ),
)
for command in (init, sign, submit, show, verify, node, demo):
    command.register(app)
for group in (key, log, mirror):
    app.add_typer(group.app)


def main() -> None:
    """Run the command line; errors of the tree become one line, a hint and a documented exit code."""
    try:
        app()
    except HaechiError as error:
        sys.exit(Out(json="--json" in sys.argv).error(error))
    except BrokenPipeError:
        # The reader of our output went away; nothing is left to say to it.
        sys.stderr.close()
        sys.exit(1)
