"""`haechi cluster`: several front processes for one log in a database."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.key import passphrase
from haechi.cli.options import Folder, Json, tr
from haechi.cli.out import Out
from haechi.errors import BadInput
from haechi.words import Text

app = typer.Typer(
    name="cluster",
    no_args_is_help=True,
    help=tr("Several processes, one log.", "여러 프로세스가 하나의 로그를 운영합니다."),
)


@app.command(
    "join", help=tr("Make another front process for a log.", "로그의 프런트 프로세스를 하나 더 만듭니다.")
)
def join(
    folder: Annotated[Path, typer.Argument(help=tr("folder to make", "만들 폴더"))],
    like: Annotated[
        Path, typer.Option("--like", help=tr("folder of a front of the same log", "같은 로그 프런트의 폴더"))
    ],
    heads: Annotated[
        Path,
        typer.Option(
            "--heads",
            help=tr(
                "where this front alone remembers heads, outside every backup",
                "이 프런트만 쓰는 헤드 저장소 폴더. 백업 밖에 두세요",
            ),
        ),
    ],
    port: Annotated[
        int | None, typer.Option("--port", help=tr("port to listen on", "요청을 받을 포트"))
    ] = None,
    json: Json = False,
) -> None:
    """Copy settings, keys and pins, and remember the log's head."""
    from haechi.node.cluster import join as make

    out = Out(json)
    config, head = make(folder, like, heads, port, passphrase())
    out.data({"folder": str(folder), "port": config.listen.port, "size": head.size, "root": head.root.hex()})
    rows = [
        (tr("entries", "항목"), str(head.size)),
        (tr("root", "루트"), head.root.hex()),
        (tr("port", "포트"), str(config.listen.port)),
    ]
    out.pairs(tr("Front made: ", "프런트를 만들었습니다: ") + str(folder), rows)
    out.say(
        Text(
            "Compare the size with a running front before you start this one: haechi node --dir {folder}",
            "시작하기 전에 실행 중인 프런트와 크기를 비교하세요: haechi node --dir {folder}",
        ),
        folder=str(folder),
    )


@app.command("status", help=tr("Show who decides the order now.", "지금 누가 순서를 정하는지 봅니다."))
def status(folder: Folder = Path(), json: Json = False) -> None:
    """The lease, the head and the newest checkpoint, read from the database."""
    from haechi.node.cluster import status as look

    out = Out(json)
    now = look(folder)
    out.data(now._asdict())
    rows = [
        (tr("sequencer", "시퀀서"), now.holder or tr("nobody at the moment", "현재 없음")),
        (tr("epoch", "기수"), str(now.epoch)),
        (tr("entries", "항목"), str(now.size)),
        (tr("signed up to", "서명된 크기"), str(now.signed)),
        (tr("parcels waiting", "대기 중인 꾸러미"), str(now.waiting)),
    ]
    out.pairs(str(folder), rows)


@app.command(
    "restore-witness",
    help=tr(
        "After the database was restored: tell it what the fronts have cosigned (none may be running).",
        "데이터베이스를 복원한 뒤, 프런트들이 공동 서명한 것을 알려 줍니다 (모두 멈춘 상태에서).",
    ),
)
def restore_witness(
    fronts: Annotated[list[Path], typer.Argument(help=tr("folders of the fronts", "프런트들의 폴더"))],
    every: Annotated[
        bool,
        typer.Option(
            "--every-front",
            help=tr(
                "these are all fronts that ran since the backup, each with the head folder it always had",
                "백업 이후 실행된 모든 프런트이며, 헤드 폴더도 그대로임을 확인합니다",
            ),
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Where one of them is lost, the witness could cosign a second history and not know: new keys, then."""
    from haechi.node.cluster import restore_witness as restore

    if not every:
        raise BadInput(
            why=Text(
                "only you know whether these are all fronts that ran since the backup: --every-front says so",
                "백업 이후 실행된 프런트가 이것뿐인지는 운영자만 압니다. 맞다면 --every-front 를 붙이세요",
            )
        )
    out = Out(json)
    brought = restore(fronts)
    out.data([one._asdict() for one in brought])
    for one in brought:
        out.say(
            Text("{origin}: {before} → {now} entries", "{origin}: 항목 {before}개 → {now}개"),
            **one._asdict(),
        )
    if not brought:
        out.say(Text("the database had forgotten nothing", "데이터베이스가 잊은 것이 없습니다"))
