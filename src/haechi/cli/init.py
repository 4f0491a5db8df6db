"""`haechi init`: make a node: keys, settings, and a log with its first two entries."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.key import passphrase
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.words import Text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", help=tr("Make a node in a folder.", "폴더에 노드를 만듭니다."))(init)


def init(
    folder: Annotated[Path, typer.Argument(help=tr("data directory to make", "만들 데이터 디렉터리"))],
    origin: Annotated[
        str,
        typer.Option(
            "--origin", help=tr("name of the log, such as kr.example/log", "로그 이름 (예: kr.example/log)")
        ),
    ],
    issuer: Annotated[
        str, typer.Option("--issuer", help=tr("name the node signs with", "노드가 서명할 이름"))
    ],
    name_en: Annotated[str, typer.Option("--name-en", help=tr("name in English", "영어 이름"))],
    name_ko: Annotated[str, typer.Option("--name-ko", help=tr("name in Korean", "한국어 이름"))],
    country: Annotated[str, typer.Option("--country", help=tr("country (two letters)", "국가 (두 글자)"))],
    role: Annotated[
        str,
        typer.Option(
            "--role",
            help=tr(
                "government, institute, company, academia, civil_society, public_body or "
                "international_organisation",
                "government, institute, company, academia, civil_society, public_body, "
                "international_organisation 중 하나",
            ),
        ),
    ] = "institute",
    host: Annotated[
        str, typer.Option("--host", help=tr("interface to listen on", "요청을 받을 주소"))
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=tr("port to listen on", "요청을 받을 포트"))] = 8470,
    url: Annotated[
        str, typer.Option("--url", help=tr("address others reach it at", "다른 노드가 접속할 주소"))
    ] = "",
    heads: Annotated[
        Path | None,
        typer.Option(
            "--heads",
            help=tr("folder of the head store, outside every backup", "백업 밖에 둘 헤드 저장소 폴더"),
        ),
    ] = None,
    prepared: Annotated[
        Path | None,
        typer.Option(
            "--keys",
            help=tr(
                "folder with keys to use (issuer, log-ed25519, log-mldsa44, receipt); others are made",
                "사용할 키 폴더 (issuer, log-ed25519, log-mldsa44, receipt). 나머지는 새로 만듦",
            ),
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            help=tr(
                "keep the log in this PostgreSQL (a libpq connection string), for several processes to share",
                "로그를 이 PostgreSQL에 두어 여러 프로세스가 공유 (libpq 접속 문자열)",
            ),
        ),
    ] = "",
    schema: Annotated[
        str,
        typer.Option(
            "--schema",
            help=tr("schema in the database, one for each log", "데이터베이스 스키마. 로그마다 하나"),
        ),
    ] = "haechi",
    json: Json = False,
) -> None:
    """Make a node; refuses to touch a folder that holds one."""
    import socket
    import time

    from haechi.node.config import Cluster, Config, Listen, checked_config
    from haechi.node.open import create_node

    config = checked_config(
        Config(
            origin=origin,
            issuer=issuer,
            name_en=name_en,
            name_ko=name_ko,
            role=role,  # pyright: ignore[reportArgumentType]  # checked by checked_config
            country=country,
            url=url or f"http://{host}:{port}",
            head_folder="" if heads is None else str(heads.absolute()),
            listen=Listen(host=host, port=port),
            cluster=Cluster(database=database, schema=schema, name=socket.gethostname())
            if database
            else None,
        )
    )
    card = create_node(folder, config, passphrase(), int(time.time()), prepared)
    out = Out(json)
    out.data({"folder": str(folder), "origin": origin, "fingerprint": card.fingerprint(), "url": config.url})
    rows = [
        (tr("log", "로그"), origin),
        (tr("address", "주소"), config.url),
        (tr("fingerprint", "지문"), card.fingerprint()),
        *([(tr("schema in the database", "데이터베이스 스키마"), schema)] if database else []),
    ]
    out.pairs(tr("Node made: ", "노드를 만들었습니다: ") + str(folder), rows)
    out.say(
        Text(
            "Tell peers the fingerprint over a channel they trust.",
            "지문은 상대가 신뢰하는 경로로 알려 주세요.",
        )
    )
    out.say(
        Text("Start the node: haechi node --dir {folder}", "노드 시작: haechi node --dir {folder}"),
        folder=str(folder),
    )
