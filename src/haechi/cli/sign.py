"""`haechi sign`: make a signed statement from a payload file."""

import mimetypes
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from haechi.cli.files import FileAbsent, FileRefused, read_file, write_file
from haechi.cli.key import passphrase, resolve_key
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, Keys, PinsFile, TrustFile, tr
from haechi.cli.out import Out
from haechi.cli.restricted import (
    Made,
    find_recipients,
    fresh_subject,
    level_of,
    sign_restricted,
    write_beside,
)
from haechi.errors import BadInput, TooLarge
from haechi.misfit import misfit_of
from haechi.words import Text, system_reason

if TYPE_CHECKING:
    from haechi.statement.envelope import About, Statement
    from haechi.statement.evidence import EvidenceRef
    from haechi.statement.keys import SigningKey
    from haechi.statement.seal_keys import Recipient

_MAX_PAYLOAD_BYTES = 1 << 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sign", help=tr("Sign a statement.", "진술에 서명합니다."))(sign)


def sign(
    kind: Annotated[
        str, typer.Argument(help=tr("kind of statement; 'kinds' lists them", "진술 종류. 'kinds'는 목록"))
    ],
    payload: Annotated[
        Path | None,
        typer.Argument(
            help=tr("payload as JSON ('-' reads it from the input)", "JSON 내용 ('-'는 표준 입력)")
        ),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", "-k", help=tr("name or path of the key", "키 이름 또는 경로"))
    ] = "",
    issuer: Annotated[str, typer.Option("--issuer", "-i", help=tr("who says it", "발행자"))] = "",
    subject: Annotated[str, typer.Option("--subject", "-s", help=tr("what it is about", "대상"))] = "",
    level: Annotated[
        str,
        typer.Option(
            "--level",
            "--sharing",
            help=tr(
                "who may have it: clear, green, amber, amber+strict, red",
                "공유 등급: clear, green, amber, amber+strict, red",
            ),
        ),
    ] = "clear",
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help=tr(
                "recipient of AMBER content: x25519:… or a pinned or listed node; repeat",
                "AMBER 내용을 받을 곳: x25519:… 또는 고정되거나 목록에 있는 노드. 반복 가능",
            ),
        ),
    ] = None,
    pins: PinsFile = None,
    trust: TrustFile = None,
    output: Annotated[Path | None, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help=tr("sign this file's digest instead (RFC 9995)", "이 파일의 다이제스트에 서명 (RFC 9995)"),
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help=tr("print the kind's JSON Schema", "JSON 스키마 출력"))
    ] = False,
    example: Annotated[
        bool, typer.Option("--example", help=tr("print an example payload", "예시 내용 출력"))
    ] = False,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Sign a statement: a payload of its kind, or the digest of a file."""
    from haechi.statement.claims import kind_of

    out = Out(json)
    if kind == "kinds":
        _list_kinds(out)
        return
    known = kind_of(kind)
    if schema or example:
        from haechi.statement.jsonform import claim_json, json_schema

        Out(json=True).data(json_schema(known) if schema else claim_json(known.example()))
        return
    about = _about(kind, issuer, subject, level)
    if not key:
        raise WronglyUsed(why=Text("--key is missing", "--key 가 없음"), command="haechi sign")
    if (file is None) == (payload is None):
        why = Text(
            "give a payload file, or --file to sign a file's digest (one of the two)",
            "내용 파일이나, 파일의 다이제스트에 서명하는 --file 중 하나를 주어야 함",
        )
        raise WronglyUsed(why=why, command="haechi sign")
    from haechi.statement.keyring import load_key

    signer = load_key(resolve_key(key, keys), passphrase())
    made = _make(signer, about, file, payload, find_recipients(to or [], pins, trust))
    statement = made.statement
    target = output or Path(f"{statement.digest_hex[:16]}.cose")
    write_file(target, statement.raw)
    told = {"digest": statement.digest_hex, "file": str(target), "bytes": len(statement.raw), "kind": kind}
    out.data({**told, **write_beside(out, made, target)})
    out.say(
        Text("signed: {file} ({size} bytes)", "서명함: {file} ({size}바이트)"),
        file=str(target),
        size=len(statement.raw),
    )
    out.say(Text("digest {digest}", "다이제스트 {digest}"), digest=statement.digest_hex)


def fill_evidence(value: object, folder: Path) -> object:
    """Replace each `{"file": PATH}` by a reference with the file's digest and size.

    PATH is relative to the payload file. An optional "media_type" is kept, else guessed from the name.
    """
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        name = members.get("file")
        if isinstance(name, str) and members.keys() <= {"file", "media_type"}:
            return _reference(folder / name, members.get("media_type"))
        return {field: fill_evidence(item, folder) for field, item in members.items()}
    if isinstance(value, list):
        return [fill_evidence(item, folder) for item in cast("list[object]", value)]
    return value


def _reference(path: Path, media_type: object) -> dict[str, object]:
    import msgspec

    chosen = media_type if isinstance(media_type, str) else _media_type(path)
    return msgspec.to_builtins(refer_to(path, chosen), builtin_types=(bytes,))


def refer_to(path: Path, media_type: str) -> "EvidenceRef":
    """A reference to an evidence file; raises FileAbsent, FileRefused."""
    from haechi.statement.evidence import reference

    try:
        return reference(path, media_type)
    except FileNotFoundError:
        raise FileAbsent(what_is=Text("evidence file", "증거 파일"), name=str(path)) from None
    except OSError as error:
        raise FileRefused(what_is=str(path), why=system_reason(error)) from error


def _media_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _about(kind: str, issuer: str, subject: str, level: str) -> "About":
    from haechi.statement.envelope import About, Sharing

    sharing = level_of(level)
    if sharing not in (Sharing.CLEAR, Sharing.GREEN):
        subject = subject or fresh_subject()
    if not issuer or not subject:
        why = Text("--issuer and --subject are needed", "--issuer 와 --subject 가 필요함")
        raise WronglyUsed(why=why, command="haechi sign")
    return About(issuer=issuer, subject=subject, issued_at=int(time.time()), kind=kind, sharing=sharing)


def _make(
    signer: "SigningKey", about: "About", file: Path | None, payload: Path | None, to: "list[Recipient]"
) -> Made:
    """The statement in the form of its level."""
    from haechi.statement.envelope import Sharing, content_type_of, sign_statement
    from haechi.statement.parcel import Parcel
    from haechi.statement.sealed import MAX_SEALED_BYTES

    if about.sharing in (Sharing.CLEAR, Sharing.GREEN):
        if to:
            why = Text("--to is for AMBER content only", "--to 는 AMBER 내용에만 씀")
            raise WronglyUsed(why=why, command="haechi sign")
        if file is not None:
            return Made(_sign_file(signer, about, file))
        return Made(sign_statement(signer, about, _claim_bytes(about.kind, payload)))
    if file is None:
        parcel = Parcel(content_type_of(about.kind), "", _claim_bytes(about.kind, payload))
    else:
        body = read_file(file, MAX_SEALED_BYTES, Text("file", "파일"))
        parcel = Parcel(_media_type(file), file.name, body)
    return sign_restricted(signer, about, parcel, to)


def _claim_bytes(kind: str, payload: Path | None) -> bytes:
    from haechi.facts import load
    from haechi.statement.claims import convert_claim, encode_claim, kind_of
    from haechi.statement.jsonform import from_json

    known, facts = kind_of(kind), load()
    given = None if payload is None or str(payload) == "-" else payload
    value = from_json(fill_evidence(_read_json(given), Path() if given is None else given.parent))
    return encode_claim(known, convert_claim(known, value, facts), facts)


def _sign_file(signer: "SigningKey", about: "About", file: Path) -> "Statement":
    from haechi.statement.envelope import HashEnvelope, sign_statement

    ref = refer_to(file, _media_type(file))
    return sign_statement(signer, about, ref.digest, hash_envelope=HashEnvelope(ref.media_type))


def _read_json(payload: Path | None) -> object:
    """The payload as strict JSON, from a file or from standard input."""
    from haechi.network.card import read_json

    what = Text("payload", "내용")
    if payload is None:
        raw = sys.stdin.buffer.read(_MAX_PAYLOAD_BYTES + 1)
        if len(raw) > _MAX_PAYLOAD_BYTES:
            raise TooLarge(what_is=what, limit=_MAX_PAYLOAD_BYTES, got=len(raw))
    else:
        raw = read_file(payload, _MAX_PAYLOAD_BYTES, what)
    try:
        return read_json(raw)
    except ValueError as error:
        name = "-" if payload is None else str(payload)
        why = misfit_of(error)
        said = Text(f"{name} is not JSON: {why.en}", f"{name}: JSON이 아님 ({why.ko})")
        raise BadInput(why=said) from error


def _list_kinds(out: Out) -> None:
    from haechi.statement.claims import kind_names, kind_of

    kinds = [kind_of(name) for name in kind_names()]
    out.data(
        [{"kind": kind.name, "title": kind.title._asdict(), "about": kind.about._asdict()} for kind in kinds]
    )
    out.table(
        tr("Kinds of statement", "진술 종류"),
        [Text("kind", "종류"), Text("title", "이름"), Text("what it says", "설명")],
        [[kind.name, kind.title.say(out.lang), kind.about.say(out.lang)] for kind in kinds],
    )
