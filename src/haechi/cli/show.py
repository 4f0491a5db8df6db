"""`haechi show`: read a statement or the statements of a bundle, without judging them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.files import FileAbsent, FileRefused, read_file
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import BadInput
from haechi.words import Text, system_reason

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
    out = Out(json)
    statements = read_statements(file)
    if json:
        out.data([_as_json(statement, out) for statement in statements])
        return
    for statement in statements:
        _print(out, statement)
    out.say(
        Text(
            "Not verified: `haechi verify {file}` checks who signed it and which logs hold it.",
            "검증하지 않았습니다. 누가 서명했고 어느 로그에 있는지는 `haechi verify {file}` 로 확인하세요.",
        ),
        file=str(file),
    )


def read_statements(file: Path) -> "list[Statement]":
    """The statement in a file, or those of a bundle; raises what reading raises."""
    from haechi.network.bundle import MAGIC, read_manifest
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Statement

    what = Text("file", "파일")
    try:
        with file.open("rb") as stream:
            if stream.read(len(MAGIC)) == MAGIC:
                stream.seek(0)
                return [Statement.from_bytes(item.statement) for item in read_manifest(stream).items]
    except FileNotFoundError:
        raise FileAbsent(what_is=what, name=str(file)) from None
    except OSError as error:
        raise FileRefused(what_is=str(file), why=system_reason(error)) from error
    return [Statement.from_bytes(read_file(file, MAX_TRANSPARENT_BYTES, what))]


def _as_json(statement: "Statement", out: Out) -> dict[str, object]:
    from haechi.facts import load
    from haechi.statement.jsonform import statement_json

    try:
        return statement_json(statement, load())
    except BadInput as error:  # a claim that is not of its kind: what is known of the statement, and why
        kind, issuer = statement.about.kind, statement.about.issuer
        return {
            "digest": statement.digest_hex,
            "kind": kind,
            "issuer": issuer,
            "error": error.as_dict(out.lang),
        }


def _print(out: Out, statement: "Statement") -> None:
    import time

    from haechi.facts import load
    from haechi.statement.claims import Reading, UnknownKind, claim_of, kind_of

    about, lang = statement.about, out.lang
    reading: Reading | None = None
    title, sentence, content = about.kind, "", ""
    try:
        kind = kind_of(about.kind)
        title, sentence = kind.title.say(lang), kind.about.say(lang)
        claim = claim_of(statement, load())
        reading = None if claim is None else kind.read(claim, load())
        content = tr("only its digest is signed: ", "다이제스트에만 서명: ") + statement.payload.hex()
    except UnknownKind:
        content = tr("of a kind that this version does not know", "이 판이 알지 못하는 종류")
    except BadInput as error:
        content = error.say(lang)
    issued = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(about.issued_at))
    rows = [
        (tr("kind", "종류"), title),
        (tr("issuer", "발행자"), about.issuer),
        (tr("subject", "대상"), about.subject),
        (tr("issued", "발행 시각"), f"{issued} ({tr('as the issuer says', '발행자의 주장')})"),
        (tr("sharing", "공유"), str(about.sharing)),
        (tr("key", "키"), statement.kid.hex()),
        (tr("digest", "다이제스트"), statement.digest_hex),
        (tr("receipts", "영수증"), str(len(statement.receipts))),
    ]
    if reading is None:
        rows.append((tr("content", "내용"), content))
    else:
        sentence = reading.sentence.say(lang)
        rows += [(row.label.say(lang), row.value.say(lang)) for row in reading.rows]
    out.pairs(sentence or title, rows)
    out.say("")
