"""`haechi node`: run the node of a folder."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.key import passphrase
from haechi.cli.options import Folder, tr


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("node", help=tr("Run a node until it is stopped.", "노드를 실행합니다."))(node)


def node(
    folder: Folder = Path(),
    port: Annotated[
        int | None, typer.Option("--port", help=tr("another port than configured", "설정과 다른 포트"))
    ] = None,
) -> None:
    """Serve the log, the mirrors and the pages; logs go to standard error as JSON lines."""
    import time

    from haechi.node.open import open_node
    from haechi.node.server import serve

    serve(open_node(folder, clock=time.time, passphrase=passphrase(), port=port))
