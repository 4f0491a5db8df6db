"""`haechi submit`: send a signed statement to a node, keep the receipt, and send its evidence files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.options import Json, NodeUrl, PinsFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.cli.sign import write_file
from haechi.errors import BadInput, NotFound
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.client import PeerClient
    from haechi.statement.envelope import Statement


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "submit",
        help=tr(
            "Register a statement at a node; keeps the receipt in the file.",
            "노드에 진술을 등록하고 영수증을 파일에 담습니다.",
        ),
    )(submit)


def submit(
    file: Annotated[Path, typer.Argument(help=tr("signed statement (.cose)", "서명된 진술 (.cose)"))],
    node: NodeUrl = "",
    evidence: Annotated[
        list[Path] | None,
        typer.Option("--evidence", "-e", help=tr("evidence file to send along", "함께 보낼 증거 파일")),
    ] = None,
    pins: PinsFile = None,
    json: Json = False,
) -> None:
    """Register; exit 0 when durable and the receipt holds, 3 when no key is pinned to check it with."""
    from haechi.cli.verify import load_trust
    from haechi.facts import load
    from haechi.network.client import PeerClient
    from haechi.network.verify import verify_statement
    from haechi.statement.envelope import Statement

    if not node:
        raise BadInput(why="--node is missing: the address of the node to register at")
    statement = Statement.from_bytes(_read(file))
    with PeerClient(node) as client:
        answer = client.post("/entries", statement.raw, "application/cose", 64 * 1024)
        transparent = statement.with_receipts([answer.body])
        write_file(file, transparent)
        sent = _send_files(client, statement, evidence or [])
    report = verify_statement(transparent, load_trust(pins), load())
    receipt = [finding for finding in report.findings if finding.check == "log.receipt"]
    out = Out(json)
    out.data(
        {
            "digest": statement.digest_hex,
            "file": str(file),
            "evidence": sent,
            "checks": [finding.as_dict(out.lang) for finding in receipt],
        }
    )
    out.say(Text("registered: {digest}", "등록됨: {digest}"), digest=statement.digest_hex)
    out.findings(receipt)
    for name in sent:
        out.say(Text("evidence sent: {name}", "증거 보냄: {name}"), name=name)
    raise typer.Exit(EXIT_BY_VERDICT[receipt[0].verdict])


def _read(file: Path) -> bytes:
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES

    try:
        with file.open("rb") as stream:
            return stream.read(MAX_TRANSPARENT_BYTES + 1)
    except OSError as error:
        raise NotFound(what_is="file", name=f"{file}: {error.strerror}") from error


def _send_files(client: "PeerClient", statement: "Statement", files: list[Path]) -> list[str]:
    """Send each file under its digest; one that the statement does not refer to is refused here already."""
    from haechi.facts import load
    from haechi.network.verify import evidence_of
    from haechi.statement.evidence import reference

    wanted = {ref.digest for ref in evidence_of(statement, load())}
    if statement.hash_envelope is not None:
        wanted.add(statement.payload)
    sent: list[str] = []
    for file in files:
        try:
            ref = reference(file, "application/octet-stream")
        except OSError as error:
            raise NotFound(what_is="evidence file", name=f"{file}: {error.strerror}") from error
        if ref.digest not in wanted:
            raise BadInput(why=f"the statement does not refer to {file} ({ref.digest.hex()[:16]})")
        client.put_file(f"/blobs/{ref.digest.hex()}", file, "application/octet-stream")
        sent.append(file.name)
    return sent
