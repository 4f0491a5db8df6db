"""`haechi demo`: one statement crosses a border, on three real processes, step by step in plain words."""

import shutil
import signal
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.options import Json, tr
from haechi.cli.out import Out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo",
        help=tr(
            "Show one statement crossing a border, on this machine.",
            "진술 하나가 국경을 넘는 과정을 이 컴퓨터에서 보여 줍니다.",
        ),
    )(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help=tr("end when the steps are done", "단계가 끝나면 종료"))
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--keep", help=tr("folder to keep everything in", "결과를 남길 폴더"))
    ] = None,
    json: Json = False,
) -> None:
    """Run every step; exit 0 only if every step held. Without --once the pages stay up until Ctrl-C."""
    from haechi.cli.demo_steps import Demonstration

    root = Path(tempfile.mkdtemp(prefix="haechi-demo-")) if folder is None else folder
    root.mkdir(parents=True, exist_ok=True)
    show = Demonstration(root.absolute(), Out(json))
    for signum in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: the nodes are stopped, nothing is left behind
        signal.signal(signum, signal.default_int_handler)
    try:
        held = show.run(stay=not once)
    finally:
        show.close()
        if folder is None:
            shutil.rmtree(root, ignore_errors=True)
    raise typer.Exit(0 if held else 1)
