"""`haechi verify`: check a bundle, statement, digest or link, and say why each check ended as it did."""

from typing import Annotated

import typer

from haechi.cli import verification
from haechi.cli.options import Json, NodeUrl, PinsFile, PolicyFile, QuorumOf, TrustFile, tr


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "verify",
        help=tr(
            "Verify a bundle, statement, digest or link; names each check, its verdict and why.",
            "묶음, 진술, 다이제스트, 링크를 검증하고 점검마다 판정과 이유를 보입니다.",
        ),
    )(verify)


def verify(
    what: Annotated[
        str,
        typer.Argument(
            help=tr(
                "file (.haechi, .cose, evidence of a fork, picture, film, sound, text), digest, or link",
                "파일(.haechi, .cose, 분기 증거, 그림, 영상, 소리, 텍스트), 다이제스트 또는 링크",
            )
        ),
    ],
    pins: PinsFile = None,
    trust: TrustFile = None,
    node: NodeUrl = "",
    policy: PolicyFile = None,
    quorum: QuorumOf = None,
    json: Json = False,
) -> None:
    """Verify with nothing but pins and a trust list; exit 0 HOLDS, 1 FAILS, 3 UNDECIDED."""
    asked = verification.Asked(what, pins, trust, node, policy, quorum, json)
    raise typer.Exit(verification.verify(asked))
