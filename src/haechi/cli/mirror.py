"""`haechi mirror`: pin peers by fingerprint, and follow their logs."""

import io
from contextlib import redirect_stderr
from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.files import read_file
from haechi.cli.key import passphrase
from haechi.cli.options import Folder, Json, PinsFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.errors import NotFound
from haechi.findings import Finding, overall
from haechi.words import Text

app = typer.Typer(
    name="mirror", no_args_is_help=True, help=tr("Pin and mirror peers.", "피어를 고정하고 미러링합니다.")
)
_MAX_CARD = 64 * 1024


def pins_path(folder: Path, pins: Path | None) -> Path:
    """The pins file that is meant: the one named, else the one of the node in `folder`; raises NotFound."""
    from haechi.node.config import load_config
    from haechi.node.open import PINS

    if pins is not None:
        return pins
    load_config(folder)
    return folder / PINS


@app.command(
    "pin", help=tr("Pin a node whose fingerprint you were told.", "지문을 전달받은 노드를 고정합니다.")
)
def pin(
    source: Annotated[
        str, typer.Argument(help=tr("address of the node, or its card as a file", "노드 주소 또는 카드 파일"))
    ],
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", "-f", help=tr("as its operator told you", "운영자가 알려 준 지문"))
    ],
    folder: Folder = Path(),
    pins: PinsFile = None,
    json: Json = False,
) -> None:
    """Pin a node: from now on its log is mirrored and its receipts can be verified."""
    from haechi.network.card import NodeCard
    from haechi.network.client import PeerClient
    from haechi.network.pins import Pins

    path = pins_path(folder, pins)
    if source.startswith(("http://", "https://")):
        with PeerClient(source) as client:
            raw = client.fetch("/node.json", _MAX_CARD)
    else:
        raw = read_file(Path(source), _MAX_CARD, Text("node card", "노드 카드"))
    card = NodeCard.from_json(raw)
    Pins.load(path).add(card, fingerprint).save(path)
    out = Out(json)
    out.data({"origin": card.origin, "fingerprint": card.fingerprint(), "pins": str(path)})
    out.say(
        Text("pinned {origin} in {path}", "{path}에 {origin}을(를) 고정했습니다"),
        origin=card.origin,
        path=str(path),
    )


@app.command(
    "card",
    help=tr(
        "Show the node's own fingerprint; -o writes its card for peers.",
        "노드 자신의 지문을 봅니다. -o 는 상대에게 줄 카드를 저장합니다.",
    ),
)
def card_(
    folder: Folder = Path(),
    output: Annotated[Path | None, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))] = None,
    json: Json = False,
) -> None:
    """What peers pin: the fingerprint by word of mouth, the card as a file or from the running node."""
    from haechi.cli.files import write_file
    from haechi.node.config import load_config
    from haechi.node.keychain import load_keychain
    from haechi.node.open import own_card

    card = own_card(folder, load_config(folder), load_keychain(folder / "keys", passphrase()))
    if output is not None:
        write_file(output, card.to_json())
    out = Out(json)
    out.data(
        {"origin": card.origin, "fingerprint": card.fingerprint(), "file": str(output) if output else None}
    )
    out.say(Text("log          {origin}", "로그  {origin}"), origin=card.origin)
    out.say(Text("fingerprint  {print}", "지문  {print}"), print=card.fingerprint())


@app.command("unpin", help=tr("Stop trusting a node.", "노드의 고정을 풉니다."))
def unpin(
    origin: Annotated[str, typer.Argument(help=tr("name of its log", "로그 이름"))],
    folder: Folder = Path(),
    pins: PinsFile = None,
    json: Json = False,
) -> None:
    """Remove a pin; the mirrored copy stays on disk."""
    from haechi.network.pins import Pins

    path = pins_path(folder, pins)
    Pins.load(path).without(origin).save(path)
    out = Out(json)
    out.data({"origin": origin, "pins": str(path)})
    out.say(Text("no longer pinned: {origin}", "고정 해제: {origin}"), origin=origin)


@app.command("list", help=tr("List the pinned nodes.", "고정된 노드를 봅니다."))
def list_(folder: Folder = Path(), pins: PinsFile = None, json: Json = False) -> None:
    """Who is pinned, with which fingerprint."""
    from haechi.network.pins import Pins

    cards = Pins.load(pins_path(folder, pins)).nodes
    out = Out(json)
    out.data(
        [
            {"origin": c.origin, "url": c.url, "fingerprint": c.fingerprint(), "country": c.country}
            for c in cards
        ]
    )
    for card in cards:
        rows = [
            (tr("name", "이름"), Text(card.name.en, card.name.ko).say(out.lang)),
            (tr("country", "국가"), card.country),
            (tr("address", "주소"), card.url),
            (tr("fingerprint", "지문"), card.fingerprint()),
        ]
        out.pairs(card.origin, rows)
    if not cards:
        out.say(Text("no node is pinned", "고정된 노드가 없습니다"))


@app.command(
    "sync",
    help=tr(
        "Mirror the pinned nodes once (the node must not be running).",
        "고정된 노드를 한 번 미러링합니다 (노드가 멈춘 상태에서).",
    ),
)
def sync(folder: Folder = Path(), json: Json = False) -> None:
    """One round with every pinned peer: pull, verify, index, check, fetch the evidence."""
    import time

    from haechi.node.open import open_node

    runner = open_node(folder, clock=time.time, passphrase=passphrase())
    out = Out(json)
    findings: list[Finding] = []
    try:
        if not runner.node.pins.nodes:
            raise NotFound(what_is=Text("pinned node", "고정된 노드"), name=str(folder))
        for peer in runner.peers:
            with redirect_stderr(io.StringIO()):  # a node's log lines; here the findings are the answer
                runner.sync(peer, int(time.time()))
            if peer.state.last is not None:
                findings.append(peer.state.last)
                out.findings([peer.state.last], Text(peer.card.origin, peer.card.origin))
    finally:
        runner.stop()
    out.data([finding.as_dict(out.lang) for finding in findings])
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])
