"""`haechi share`: GREEN statements that this node keeps, its own and what others share with it."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.files import require_digest, write_file
from haechi.cli.options import Folder, Json, tr
from haechi.cli.out import Out
from haechi.errors import NotFound
from haechi.words import Text

app = typer.Typer(
    name="share",
    no_args_is_help=True,
    help=tr("Read what nodes share with each other (GREEN).", "노드끼리 공유하는 진술(GREEN)을 봅니다."),
)


@app.command("list", help=tr("List the GREEN statements kept here.", "이곳의 GREEN 진술을 봅니다."))
def list_(folder: Folder = Path(), json: Json = False) -> None:
    """Every GREEN statement, own and fetched, oldest first."""
    from haechi.node.config import load_config
    from haechi.node.shared import open_shelf
    from haechi.statement.envelope import Statement

    # The settings say that there is no node here, rather than nothing shared.
    shelf = open_shelf(folder, load_config(folder))
    try:
        held = [(row.origin, Statement.from_bytes(row.raw)) for row in shelf.all()]
    finally:
        shelf.close()
    out = Out(json)
    told = [
        {
            "digest": one.digest_hex,
            "log": origin,
            "kind": one.about.kind,
            "issuer": one.about.issuer,
            "subject": one.about.subject,
        }
        for origin, one in held
    ]
    out.data(told)
    if not told:
        out.say(Text("nothing is shared here", "공유된 것이 없습니다"))
    for row in told:
        out.pairs(
            row["digest"],
            [
                (tr("log", "로그"), row["log"]),
                (tr("kind", "종류"), row["kind"]),
                (tr("issuer", "발행자"), row["issuer"]),
                (tr("subject", "대상"), row["subject"]),
            ],
        )


@app.command("get", help=tr("Write a GREEN statement to a file.", "GREEN 진술을 파일로 저장합니다."))
def get(
    digest: Annotated[str, typer.Argument(help=tr("digest of the statement", "진술의 다이제스트"))],
    folder: Folder = Path(),
    output: Annotated[Path | None, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))] = None,
    json: Json = False,
) -> None:
    """The signed bytes, for `haechi show` and `haechi verify`."""
    from haechi.node.config import load_config
    from haechi.node.shared import open_shelf

    config = load_config(folder)
    asked = require_digest(digest)
    shelf = open_shelf(folder, config)
    try:
        row = shelf.get(bytes.fromhex(asked))
    finally:
        shelf.close()
    if row is None:
        raise NotFound(what_is=Text("shared statement", "공유된 진술"), name=asked)
    target = output or Path(f"{asked[:16]}.cose")
    write_file(target, row.raw)
    out = Out(json)
    out.data({"file": str(target), "digest": asked, "log": row.origin})
    out.say(Text("written: {file}", "저장함: {file}"), file=str(target))
