"""`haechi migrate`: move a node's log from its own file into a PostgreSQL database."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.key import passphrase
from haechi.cli.options import Folder, Json, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.findings import overall
from haechi.words import Text


def register(app: typer.Typer) -> None:
    """Add the command."""
    text = tr("Move a node's log into PostgreSQL.", "노드의 로그를 PostgreSQL로 옮깁니다.")
    app.command("migrate", help=text)(migrate)


def migrate(
    database: Annotated[
        str,
        typer.Option(
            "--database",
            envvar="HAECHI_DATABASE",
            help=tr(
                "libpq connection string; give passwords in ~/.pgpass",
                "libpq 연결 문자열. 비밀번호는 ~/.pgpass 에 두세요",
            ),
        ),
    ],
    schema: Annotated[
        str, typer.Option("--schema", help=tr("schema in the database", "데이터베이스의 스키마"))
    ] = "haechi",
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """Check, copy, check again, close the old log for good, change the settings."""
    from haechi.node.cluster import migrate as move
    from haechi.node.config import Cluster, checked_config

    out = Out(json)
    cluster = checked_config(Cluster(database=database, schema=schema))
    with out.progress(Text("copying and checking", "복사하고 점검하는 중")) as progress:
        head, findings = move(folder, cluster, passphrase(), progress)
    out.data(
        {
            "size": head.size,
            "root": head.root.hex(),
            "findings": [finding.as_dict(out.lang) for finding in findings],
        }
    )
    out.findings(findings)
    out.say(
        Text(
            "moved: {size} entries, root {root}. The old log can be read and signs nothing any more.",
            "옮김: 항목 {size}개, 루트 {root}. 옛 로그는 읽을 수만 있고 더 이상 서명하지 않습니다.",
        ),
        size=head.size,
        root=head.root.hex(),
    )
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])
