"""`haechi open`: read restricted content with one's own key, and verify the statement that carries it."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from haechi.cli.files import FileAbsent, read_file, write_file
from haechi.cli.key import passphrase, resolve_key
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, Keys, NodeUrl, PinsFile, PolicyFile, QuorumOf, TrustFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.cli.verification import (
    asked_for,
    fetch_bundle,
    listed_trust,
    load_list,
    load_trust,
    quorum_of,
    show_report,
)
from haechi.errors import BadInput
from haechi.words import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haechi.network.verify import Quorum, Report, Trust
    from haechi.statement.envelope import Statement
    from haechi.statement.seal_keys import SealKey
    from haechi.statement.sharing import Content


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "open",
        help=tr(
            "Decrypt a statement with your key, then verify it.",
            "자신의 키로 진술을 복호화한 뒤 검증합니다.",
        ),
    )(open_statement)


class Read(NamedTuple):
    """A statement under its checks. file: its encrypted file, where the bundle brought it along."""

    report: "Report"
    file: bytes | None


def open_statement(
    what: Annotated[
        str,
        typer.Argument(
            help=tr("file (.cose, .haechi), digest or link", "파일(.cose, .haechi), 다이제스트 또는 링크")
        ),
    ],
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--with", "-w", help=tr("name or path of your encryption key; repeat", "암호화 키. 반복 가능")
        ),
    ] = None,
    content: Annotated[
        Path | None,
        typer.Option("--content", help=tr("its .sealed or .kept file", "진술의 .sealed 또는 .kept 파일")),
    ] = None,
    release: Annotated[
        Path | None,
        typer.Option("--release", help=tr("its issuer's release (.cose)", "발행자의 공개 진술 (.cose)")),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--out", "-o", help=tr("file to write the content to", "내용을 쓸 파일"))
    ] = None,
    pins: PinsFile = None,
    trust: TrustFile = None,
    node: NodeUrl = "",
    policy: PolicyFile = None,
    quorum: QuorumOf = None,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Open, then verify; exit 0 HOLDS, 1 FAILS, 3 UNDECIDED, 6 when the key does not open it."""
    from haechi.statement.keyring import load_seal_key

    out = Out(json)
    pinned, listed = load_trust(pins), load_list(trust)
    asked = quorum_of(pinned, listed, policy, quorum)
    read = read_one(what, listed_trust(pinned, listed), node, asked)
    statement = read.report.sections[0].statement
    if statement is None:
        show_report(out, read.report)
        raise typer.Exit(EXIT_BY_VERDICT[read.report.verdict])
    own = [load_seal_key(resolve_key(name, keys), passphrase()) for name in key or []]
    opened = open_it(statement, read, content, releases_in(read, release), own)
    take_opened(read, statement, opened)
    if not json:
        show_report(out, read.report)
    _give(out, statement, opened, output, read.report)
    raise typer.Exit(EXIT_BY_VERDICT[read.report.verdict])


_NOT_READ = ("statement.claim.encrypted", "statement.claim.withheld", "statement.claim.beside")


def read_one(what: str, trust: "Trust", node: str, quorum: "Quorum | None" = None) -> Read:
    """The statement that a file, digest or link names, under its checks; quorum: see `verify_bundle`."""
    from haechi.facts import load
    from haechi.network.bundle import MAGIC, file_in
    from haechi.network.verify import verify_bundle, verify_statement
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES
    from haechi.statement.sealed import MAX_SEALED_BYTES

    asked = asked_for(what, node)
    digest = None if asked is None else bytes.fromhex(asked.digest)
    if asked is not None:
        raw = fetch_bundle(asked.node, asked.digest)
    else:
        raw = _bytes_of(what, 2 * MAX_SEALED_BYTES)
    if not raw.startswith(MAGIC):
        return Read(verify_statement(raw[: MAX_TRANSPARENT_BYTES + 1], trust, load()), None)
    report = verify_bundle(io.BytesIO(raw), trust, load(), digest, quorum)
    statement = report.sections[0].statement
    file = None if statement is None else file_in(io.BytesIO(raw), statement.payload, MAX_SEALED_BYTES)
    return Read(report, file)


def _bytes_of(what: str, limit: int) -> bytes:
    try:
        return read_file(Path(what), limit, Text("file", "파일"))
    except ValueError:  # a name that no file can have
        raise FileAbsent(what_is=Text("file", "파일"), name=what[:200]) from None


def open_it(
    statement: "Statement",
    read: Read,
    content: Path | None,
    releases: "Sequence[Statement]",
    own: "list[SealKey]",
) -> "Content":
    """Its restricted content, by own keys or a release; raises what opening raises, BadInput if open."""
    from haechi.network.released import open_by_release
    from haechi.statement.envelope import ENCRYPTED, Sharing
    from haechi.statement.sealed import MAX_SEALED_BYTES
    from haechi.statement.sharing import open_content

    level = statement.about.sharing
    if level in (Sharing.CLEAR, Sharing.GREEN):
        why = Text(f"a {level} statement is not closed", f"{level} 진술은 닫혀 있지 않음")
        raise BadInput(why=why)
    file = read.file if content is None else read_file(content, MAX_SEALED_BYTES, Text("content", "내용"))
    if level in ENCRYPTED:
        released = open_by_release(statement, file, releases, own)
        if released is not None:
            return released
        if not own:
            why = Text("--with is missing: your encryption key", "--with 가 없음: 자신의 암호화 키")
            raise WronglyUsed(why=why, command="haechi open")
    return open_content(statement, file, own)


def releases_in(read: Read, release: Path | None) -> "list[Statement]":
    """The release that a file holds, and every other statement that came with the one that is read."""
    given = [] if release is None else [_statement_in(release)]
    return [*given, *(one.statement for one in read.report.sections[1:] if one.statement is not None)]


def _statement_in(path: Path) -> "Statement":
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Statement

    return Statement.from_bytes(read_file(path, MAX_TRANSPARENT_BYTES, Text("release", "공개 진술")))


def take_opened(read: Read, statement: "Statement", opened: "Content") -> None:
    """Put into the report that it was opened, and whether what was inside is a claim of its kind."""
    from haechi.facts import load
    from haechi.statement.sharing import check_inner_claim

    findings = read.report.sections[0].findings
    kept = [finding for finding in findings if finding.code not in _NOT_READ]
    findings[:] = [*kept, opened.finding, *check_inner_claim(statement, opened, load())]


def _give(out: Out, statement: "Statement", opened: "Content", output: Path | None, report: "Report") -> None:
    """The content to a file if one is named, else a claim on the screen."""
    from haechi.facts import load
    from haechi.findings import Verdict
    from haechi.statement.claims import kind_of
    from haechi.statement.jsonform import claim_json
    from haechi.statement.sharing import readable_claim

    good = opened.finding.verdict is Verdict.HOLDS
    claim = readable_claim(statement, opened, load()) if good else None
    if output is not None and good:
        write_file(output, opened.parcel.body)
        out.say(
            Text("written: {file} ({size} bytes, {type})", "저장함: {file} ({size}바이트, {type})"),
            file=str(output),
            size=len(opened.parcel.body),
            type=opened.parcel.media_type,
        )
    elif claim is not None:
        reading = kind_of(statement.about.kind).read(claim, load())
        rows = [(row.label.say(out.lang), row.value.say(out.lang)) for row in reading.rows]
        out.pairs(reading.sentence.say(out.lang), rows)
    elif good:
        out.say(
            Text("content: {name} ({type}); --out writes it", "내용: {name} ({type}). --out 으로 저장"),
            name=opened.parcel.name,
            type=opened.parcel.media_type,
        )
    out.data(
        {
            "verdict": str(report.verdict),
            "digest": statement.digest_hex,
            "name": opened.parcel.name,
            "media_type": opened.parcel.media_type,
            "bytes": len(opened.parcel.body),
            "claim": None if claim is None else claim_json(claim),
            "file": None if output is None or not good else str(output),
            "checks": [finding.as_dict(out.lang) for finding in report.findings],
        }
    )
