"""`haechi facts state` and `known`: which facts a node answers with, said in its log and asked by day."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.asked import Day, day_of
from haechi.cli.files import write_file
from haechi.cli.key import passphrase
from haechi.cli.options import Folder, Json, tr
from haechi.cli.out import Out
from haechi.words import Text


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command(
        "state",
        help=tr(
            "State in the node's log which facts it answers with; the file is kept beside the statement.",
            "노드가 답에 쓰는 사실 자료를 로그에 진술하고, 그 파일을 함께 보관합니다.",
        ),
    )(state)
    app.command(
        "known",
        help=tr(
            "Which facts the node had stated by a day; --out writes them for `haechi --facts FILE ...`.",
            "그날까지 노드가 진술한 사실 자료. --out 으로 쓰면 `haechi --facts 파일 ...` 에 쓸 수 있습니다.",
        ),
    )(known)


def state(folder: Folder = Path(), json: Json = False) -> None:
    """The node may be running."""
    from haechi.facts import load
    from haechi.node.stated import state_facts

    out = Out(json)
    statement = state_facts(folder, passphrase())
    out.data({"data_version": load().version, "statement": statement.digest_hex})
    out.say(
        Text(
            "Stated: data version {version}, statement {digest}",
            "진술함: 데이터 판 {version}, 진술 {digest}",
        ),
        version=load().version,
        digest=statement.digest_hex,
    )


def known(
    folder: Folder = Path(),
    on: Day = "",
    output: Annotated[
        Path | None, typer.Option("--out", "-o", help=tr("file to write the facts to", "사실 자료를 쓸 파일"))
    ] = None,
    json: Json = False,
) -> None:
    """What was known at the end of that day."""
    from haechi.network.blobs import BlobStore
    from haechi.node.config import load_config
    from haechi.node.stated import known_at, stated_versions

    out, day = Out(json), day_of(on)
    found = known_at(folder, day)
    if output is not None:
        blobs = BlobStore(folder / "blobs", max_bytes=load_config(folder).limits.blob_bytes)
        write_file(output, blobs.path(bytes.fromhex(found.version)).read_bytes())
    every = stated_versions(folder)
    out.data(
        {
            "on": day.isoformat(),
            "data_version": found.version,
            "statement": found.statement.hex(),
            "all": [
                {"day": each.day.isoformat(), "data_version": each.version, "statement": each.statement.hex()}
                for each in every
            ],
        }
    )
    heads = (Text("stated on", "진술한 날"), Text("data version", "데이터 판"), Text("statement", "진술"))
    rows = [
        (("→ " if each == found else "  ") + each.day.isoformat(), each.version, each.statement.hex())
        for each in every
    ]
    out.table(tr("Facts that the node answered with", "노드가 답에 쓴 사실 자료"), heads, rows)
