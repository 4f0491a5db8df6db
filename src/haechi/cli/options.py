"""Options that several commands share, with their help in both languages."""

from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.out import locale_lang
from haechi.words import Text


def tr(en: str, ko: str) -> str:
    """The help text in the language of this process."""
    return Text(en, ko).say(locale_lang())


Json = Annotated[bool, typer.Option("--json", help=tr("answer as JSON", "JSON으로 답함"))]
Folder = Annotated[
    Path,
    typer.Option(
        "--dir", "-d", envvar="HAECHI_DIR", help=tr("data directory of the node", "노드의 데이터 디렉터리")
    ),
]
Keys = Annotated[
    Path | None, typer.Option("--keys", envvar="HAECHI_KEYS", help=tr("folder with keys", "키 폴더"))
]
NodeUrl = Annotated[
    str, typer.Option("--node", "-n", envvar="HAECHI_NODE", help=tr("address of a node", "노드 주소"))
]
PinsFile = Annotated[
    Path | None,
    typer.Option(
        "--pins", envvar="HAECHI_PINS", help=tr("file of pinned keys", "고정된 키 파일 (pins.json)")
    ),
]
TrustFile = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        envvar="HAECHI_TRUST",
        help=tr("file of the trust list, or the folder of a node", "신뢰 목록 파일 또는 노드 폴더"),
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        envvar="HAECHI_POLICY",
        help=tr(
            "witness policy (c2sp.org/tlog-policy) to be met", "충족해야 할 증인 정책 (c2sp.org/tlog-policy)"
        ),
    ),
]
QuorumOf = Annotated[
    int | None,
    typer.Option(
        "--quorum",
        min=1,
        help=tr("how many pinned nodes must have witnessed", "입회해야 하는 고정된 노드의 수"),
    ),
]
