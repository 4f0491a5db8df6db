"""`haechi verify`: check a bundle, a statement, a digest or a link, and say why each check ended as it did."""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from haechi.cli.options import Json, NodeUrl, PinsFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.errors import BadInput, NotFound
from haechi.findings import VERDICT_WORDS
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.pins import Pins
    from haechi.network.verify import Report

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})\Z")
_MAX_DOWNLOAD = 64 << 20


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
                "file (.haechi, .cose), digest, or link to a statement",
                "파일(.haechi, .cose), 다이제스트 또는 링크",
            )
        ),
    ],
    pins: PinsFile = None,
    node: NodeUrl = "",
    json: Json = False,
) -> None:
    """Verify with nothing but what is pinned; exit 0 HOLDS, 1 FAILS, 3 UNDECIDED."""
    out = Out(json)
    trust = load_trust(pins)
    report = _verify(what, trust, node)
    _show(out, report)
    raise typer.Exit(EXIT_BY_VERDICT[report.verdict])


def _verify(what: str, trust: "Pins", node: str) -> "Report":
    from haechi.facts import load
    from haechi.network.bundle import MAGIC
    from haechi.network.verify import verify_bundle, verify_statement

    digest = _DIGEST.match(what)
    if digest is not None or what.startswith(("http://", "https://")):
        raw = _download(what if digest is None else f"{node.rstrip('/')}/bundles/{digest[1]}")
        return verify_bundle(io.BytesIO(raw), trust, load())
    path = Path(what)
    try:
        source: BinaryIO = path.open("rb")
    except OSError as error:
        raise NotFound(what_is="file", name=f"{what}: {error.strerror}") from error
    with source:
        if source.read(len(MAGIC)) == MAGIC:
            source.seek(0)
            return verify_bundle(source, trust, load())
        source.seek(0)
        from haechi.statement.envelope import MAX_TRANSPARENT_BYTES

        return verify_statement(source.read(MAX_TRANSPARENT_BYTES + 1), trust, load())


def _download(url: str) -> bytes:
    """The bundle behind a link; a link to a statement, its page or its entry leads to its bundle."""
    from haechi.network.client import PeerClient

    if url.startswith("/"):
        raise BadInput(why="a digest needs --node: the address of a node that has it")
    found = re.match(r"(https?://[^/]+)/.*?([0-9a-f]{64})(?:\.[a-z]+)?/?\Z", url)
    if found is None:
        raise BadInput(why=f"the link does not name a statement: {url[:200]}")
    with PeerClient(found[1]) as client:
        return client.fetch(f"/bundles/{found[2]}", _MAX_DOWNLOAD)


def load_trust(path: Path | None) -> "Pins":
    """The pins in a file; none without a file. A file that is named and missing is an error."""
    from haechi.network.pins import Pins

    if path is None:
        return Pins()
    if not path.exists():
        raise NotFound(what_is="pins", name=str(path))
    return Pins.load(path)


def _show(out: Out, report: "Report") -> None:
    lang = out.lang
    out.data(
        {
            "verdict": str(report.verdict),
            "sections": [
                {
                    "title": section.title.say(lang),
                    "digest": section.digest.hex() if section.digest else None,
                    "verdict": str(section.verdict),
                    "checks": [finding.as_dict(lang) for finding in section.findings],
                }
                for section in report.sections
            ],
        }
    )
    for section in report.sections:
        statement = section.statement
        if statement is not None:
            out.say(
                Text("{title}: {kind} by {issuer}", "{title}: {issuer}의 {kind}"),
                title=section.title.say(lang),
                kind=_kind_title(statement.about.kind, out),
                issuer=statement.about.issuer,
            )
            out.say(f"  {statement.digest_hex}")
        else:
            out.say(section.title)
        out.findings(section.findings)
    out.say(Text("Verdict: {word}", "판정: {word}"), word=VERDICT_WORDS[report.verdict].say(lang))


def _kind_title(kind: str, out: Out) -> str:
    from haechi.statement.claims import UnknownKind, kind_of

    try:
        return kind_of(kind).title.say(out.lang)
    except UnknownKind:
        return kind
