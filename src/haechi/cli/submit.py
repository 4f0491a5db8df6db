"""`haechi submit`: send a signed statement to a node, keep the receipt, and send its evidence files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.files import read_file, write_file
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, NodeUrl, PinsFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.cli.sign import refer_to
from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.findings import Finding
    from haechi.network.pins import Pins
    from haechi.statement.envelope import Statement

_MAX_RECEIPT_BYTES = 64 * 1024
Files = dict[str, Path]


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
    from haechi.cli.verification import load_trust
    from haechi.network.client import PeerClient
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Statement

    if not node:
        why = Text("--node is missing: where to register", "--node 가 없음: 등록할 노드의 주소")
        raise WronglyUsed(why=why, command="haechi submit")
    statement = Statement.from_bytes(read_file(file, MAX_TRANSPARENT_BYTES, Text("statement", "진술")))
    trust = load_trust(pins)
    files = _wanted_files(statement, evidence or [])
    out = Out(json)
    with PeerClient(node) as client:
        receipt = client.post("/entries", statement.raw, "application/cose", _MAX_RECEIPT_BYTES).body
        finding = _check(receipt, statement, trust)
        if finding.verdict is not Verdict.FAILS:
            write_file(file, _with_receipt(statement, receipt))
            out.say(Text("registered: {digest}", "등록됨: {digest}"), digest=statement.digest_hex)
        out.findings([finding])
        for digest, path in files.items():
            client.put_file(f"/blobs/{digest}", path, "application/octet-stream")
            out.say(Text("evidence sent: {name}", "증거 보냄: {name}"), name=path.name)
    sent = [path.name for path in files.values()]
    checks = [finding.as_dict(out.lang)]
    out.data({"digest": statement.digest_hex, "file": str(file), "evidence": sent, "checks": checks})
    raise typer.Exit(EXIT_BY_VERDICT[finding.verdict])


def _wanted_files(statement: "Statement", files: list[Path]) -> Files:
    """Each file by its digest, before anything is sent; one the statement does not refer to is refused."""
    from haechi.facts import load
    from haechi.network.verify import evidence_of
    from haechi.statement.header import Sharing

    if files and statement.about.sharing is Sharing.RED:
        why = Text(
            "RED content is sent nowhere; leave --evidence out",
            "RED 내용은 보내지 않음. --evidence 를 빼세요",
        )
        raise BadInput(why=why)
    wanted = {ref.digest for ref in evidence_of(statement, load())}
    if statement.hash_envelope is not None:
        wanted.add(statement.payload)
    found: Files = {}
    for file in files:
        digest = refer_to(file, "application/octet-stream").digest
        if digest not in wanted:
            shown = digest.hex()[:16]
            why = Text(
                f"the statement does not refer to {file} ({shown})",
                f"진술이 {file} 파일을 언급하지 않음 ({shown})",
            )
            raise BadInput(why=why)
        found[digest.hex()] = file
    return found


def _check(receipt: bytes, statement: "Statement", trust: "Pins") -> "Finding":
    """What the node answered, before it is kept."""
    from haechi.network.verify import check_log_receipt

    return check_log_receipt(receipt, statement, trust)


def _with_receipt(statement: "Statement", receipt: bytes) -> bytes:
    """The statement with its new receipt, and those of other logs that it had."""
    from haechi.log.receipt import Receipt
    from haechi.statement.envelope import MAX_RECEIPTS

    origin = Receipt.from_bytes(receipt).origin
    others: list[bytes] = []
    for old in statement.receipts:
        try:
            same = Receipt.from_bytes(old).origin == origin
        except BadInput:
            same = True  # not a receipt at all
        if not same:
            others.append(old)
    return statement.with_receipts([*others[-(MAX_RECEIPTS - 1) :], receipt])
