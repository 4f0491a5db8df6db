"""`haechi witness`: who witnesses whom, and whether a checkpoint that was kept fits what a node holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.files import read_file, write_file
from haechi.cli.key import passphrase
from haechi.cli.options import Folder, Json, NodeUrl, PinsFile, QuorumOf, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.errors import BadInput
from haechi.findings import Finding, overall
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.card import NodeCard

app = typer.Typer(
    name="witness",
    no_args_is_help=True,
    help=tr(
        "Witness other logs, and have the own one witnessed.",
        "다른 로그에 입회하고 자기 로그의 입회를 받습니다.",
    ),
)
_MAX_FILE = 256 << 20
_MAX_ANSWER = 1 << 20


@app.command(
    "keys",
    help=tr("Show the keys that this node cosigns with.", "이 노드가 공동 서명하는 키를 봅니다."),
)
def keys(folder: Folder = Path(), json: Json = False) -> None:
    """The vkeys that others write into their witness policies, and where the witness answers."""
    from haechi.network.witnesses import witness_url

    card, out = _own_card(folder), Out(json)
    prefix = witness_url(card)
    out.data({"prefix": prefix, "witness": list(card.witness_vkeys), "mirror": list(card.mirror_vkeys)})
    rows = [(tr("submission prefix", "제출 주소"), prefix)]
    rows += [(tr("witness key", "증인 키"), vkey) for vkey in card.witness_vkeys]
    rows += [(tr("mirror key", "미러 키"), vkey) for vkey in card.mirror_vkeys]
    out.pairs(card.origin, rows)


@app.command(
    "policy",
    help=tr(
        "Write a witness policy from the pinned nodes (c2sp.org/tlog-policy).",
        "고정된 노드로 증인 정책을 씁니다 (c2sp.org/tlog-policy).",
    ),
)
def policy(
    folder: Folder = Path(),
    pins: PinsFile = None,
    quorum: QuorumOf = None,
    output: Annotated[Path | None, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))] = None,
    json: Json = False,
) -> None:
    """Each pinned node, and the node itself, is one witness; two thirds and more must have cosigned."""
    from haechi.cli.mirror import pins_path
    from haechi.network.pins import Pins
    from haechi.network.witnesses import pinned_policy

    nodes = Pins.load(pins_path(folder, pins)).nodes
    own = () if pins is not None else (_own_card(folder),)
    made = pinned_policy([*own, *nodes], quorum)
    raw = made.encode()
    if output is not None:
        write_file(output, raw)
    out = Out(json)
    out.data(
        {"policy": raw.decode(), "quorum": made.asked(), "file": None if output is None else str(output)}
    )
    if output is None:
        out.say("{policy}", policy=raw.decode().rstrip())
    else:
        said = Text("written: {file}; quorum {quorum}", "저장함: {file}. 정족수 {quorum}")
        out.say(said, file=str(output), quorum=made.asked())


@app.command(
    "ask",
    help=tr(
        "Have the own log cosigned once (the node must not be running).",
        "자기 로그의 공동 서명을 한 번 요청합니다 (노드가 멈춘 상태에서).",
    ),
)
def ask(folder: Folder = Path(), json: Json = False) -> None:
    """Ask every witness that has not cosigned lately; a running node does this by itself."""
    import time

    from haechi.node.open import open_node

    runner, out = open_node(folder, clock=time.time, passphrase=passphrase()), Out(json)
    try:
        now = int(time.time())
        findings = [*runner.witnessing.ask(now), *runner.standing(runner.node.config.origin)]
    finally:
        runner.stop()
    out.data([finding.as_dict(out.lang) for finding in findings])
    out.findings(findings)
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])


@app.command(
    "compare",
    help=tr(
        "Compare a checkpoint that was kept (also in a bundle) with what a node holds.",
        "보관해 둔 체크포인트(묶음 안의 것도)를 노드가 가진 것과 비교합니다.",
    ),
)
def compare(
    file: Annotated[
        Path,
        typer.Argument(
            help=tr("checkpoint, tlog-proof or .haechi bundle", "체크포인트, tlog 증명, .haechi 묶음")
        ),
    ],
    node: NodeUrl,
    output: Annotated[
        Path | None, typer.Option("--out", "-o", help=tr("where to write evidence", "증거를 쓸 파일"))
    ] = None,
    json: Json = False,
) -> None:
    """Exit 1 when the node now holds proof that the log signed two histories; the evidence goes to --out."""
    import hashlib
    import json as js

    from haechi.network.client import PeerClient
    from haechi.network.compare import notes_in, told_finding

    notes = notes_in(read_file(file, _MAX_FILE, Text("checkpoint or bundle", "체크포인트 또는 묶음")))
    out = Out(json)
    findings: list[Finding] = []
    evidence: bytes | None = None
    with PeerClient(node) as client:
        for origin, note in notes:
            answer = client.post("/checkpoints", note, "text/plain", _MAX_ANSWER)
            findings.append(told_finding(js.loads(answer.body)))
            if findings[-1].code == "network.mirror.forked":
                name = hashlib.sha256(origin.encode()).hexdigest()
                evidence = client.fetch(f"/equivocations/{name}", _MAX_ANSWER)
    if evidence is not None and output is not None:
        write_file(output, evidence)
    out.data([finding.as_dict(out.lang) for finding in findings])
    out.findings(findings)
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])


def _own_card(folder: Path) -> "NodeCard":
    from haechi.node.config import load_config
    from haechi.node.keychain import load_keychain
    from haechi.node.open import own_card

    card = own_card(folder, load_config(folder), load_keychain(folder / "keys", passphrase()))
    if not card.witness_vkeys:
        why = Text("this node was made without witness keys", "증인 키 없이 만든 노드임")
        raise BadInput(why=why)
    return card
