"""`haechi share`: GREEN statements that this node keeps, its own and what others share with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.files import require_digest, write_file
from haechi.cli.options import Folder, Json, tr
from haechi.cli.out import Out
from haechi.errors import NotFound
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.shared import SharedShelf

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
    files: Annotated[
        Path | None, typer.Option("--files", help=tr("folder for its evidence files", "증거 파일을 쓸 폴더"))
    ] = None,
    json: Json = False,
) -> None:
    """The signed bytes, for `haechi show` and `haechi log bundle`, and the files that came along."""
    from haechi.node.config import load_config
    from haechi.node.shared import open_shelf

    config = load_config(folder)
    asked = require_digest(digest)
    shelf = open_shelf(folder, config)
    try:
        row = shelf.get(bytes.fromhex(asked))
        if row is None:
            raise NotFound(what_is=Text("shared statement", "공유된 진술"), name=asked)
        target = output or Path(f"{asked[:16]}.cose")
        write_file(target, row.raw)
        written = [] if files is None else list(_write_files(shelf, row.raw, files))
    finally:
        shelf.close()
    out = Out(json)
    out.data({"file": str(target), "digest": asked, "log": row.origin, "evidence": written})
    for name in (str(target), *written):
        out.say(Text("written: {file}", "저장함: {file}"), file=name)


def _write_files(shelf: "SharedShelf", raw: bytes, folder: Path) -> Iterator[str]:
    """The evidence files that are here, named by their digests: names in a statement are a stranger's."""
    from haechi.facts import load
    from haechi.network.glance import files_named
    from haechi.statement.envelope import Statement

    wanted = {file.digest for file in files_named(Statement.from_bytes(raw), load())}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for digest in sorted(wanted):
        if shelf.files.has(digest):
            path = folder / digest.hex()
            write_file(path, shelf.files.path(digest).read_bytes())
            yield str(path)
