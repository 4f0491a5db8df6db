"""`haechi show`: read a statement, a receipt's place or a bundle's list, without judging it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.options import Json, tr
from haechi.cli.out import Out, clean
from haechi.errors import NotFound
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.envelope import Statement


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "show",
        help=tr(
            "Read a statement or bundle (does not verify it).", "진술이나 묶음을 읽습니다 (검증하지 않음)."
        ),
    )(show)


def show(
    file: Annotated[Path, typer.Argument(help=tr("file (.cose or .haechi)", "파일 (.cose 또는 .haechi)"))],
    json: Json = False,
) -> None:
    """Show what a file says."""
    from haechi.facts import load
    from haechi.statement.jsonform import statement_json

    out = Out(json)
    statements = _statements(file)
    out.data([statement_json(statement, load()) for statement in statements])
    for statement in statements:
        _print(out, statement)


def _statements(file: Path) -> "list[Statement]":
    from haechi.network.bundle import MAGIC, read_manifest
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Statement

    try:
        with file.open("rb") as stream:
            head = stream.read(len(MAGIC))
            stream.seek(0)
            if head == MAGIC:
                return [Statement.from_bytes(item.statement) for item in read_manifest(stream).items]
            return [Statement.from_bytes(stream.read(MAX_TRANSPARENT_BYTES + 1))]
    except OSError as error:
        raise NotFound(what_is="file", name=f"{file}: {error.strerror}") from error


def _print(out: Out, statement: "Statement") -> None:
    import time

    from haechi.facts import load
    from haechi.statement.claims import Reading, claim_of, kind_of

    if out.json:
        return
    about, lang = statement.about, out.lang
    kind = kind_of(about.kind)
    claim = claim_of(statement, load())
    reading: Reading | None = None if claim is None else kind.read(claim, load())
    issued = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(about.issued_at))
    rows = [
        [tr("kind", "종류"), kind.title.say(lang)],
        [tr("issuer", "발행자"), about.issuer],
        [tr("subject", "대상"), about.subject],
        [tr("issued", "발행 시각"), f"{issued} ({tr('as the issuer says', '발행자의 주장')})"],
        [tr("sharing", "공유"), str(about.sharing)],
        [tr("key", "키"), statement.kid.hex()],
        [tr("digest", "다이제스트"), statement.digest_hex],
        [tr("receipts", "영수증"), str(len(statement.receipts))],
    ]
    if reading is None:
        rows.append(
            [
                tr("content", "내용"),
                tr("only its digest is signed: ", "다이제스트에만 서명: ") + statement.payload.hex(),
            ]
        )
    else:
        rows += [[row.label.say(lang), row.value.say(lang)] for row in reading.rows]
    sentence = kind.about.say(lang) if reading is None else reading.sentence.say(lang)
    out.table(clean(sentence), [Text("", ""), Text("", "")], rows)
