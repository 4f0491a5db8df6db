"""`haechi release`: sign that more may have what an earlier statement kept to a few."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.files import read_file, write_file
from haechi.cli.key import passphrase, resolve_key
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, Keys, PinsFile, TrustFile, tr
from haechi.cli.out import Out
from haechi.cli.restricted import find_recipients, level_of, sign_restricted
from haechi.errors import BadInput
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.envelope import Statement
    from haechi.statement.kinds.release import Release
    from haechi.statement.seal_keys import SealKey


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "release",
        help=tr(
            "Sign that more may have a restricted statement of yours.",
            "자신의 제한된 진술을 더 넓게 공유한다고 서명합니다.",
        ),
    )(release)


def release(
    file: Annotated[Path, typer.Argument(help=tr("your statement (.cose)", "자신의 진술 (.cose)"))],
    level: Annotated[str, typer.Option("--level", help=tr("its new level", "새 등급"))],
    key: Annotated[str, typer.Option("--key", "-k", help=tr("the key that signed it", "서명했던 키"))],
    own: Annotated[
        list[str] | None,
        typer.Option("--with", "-w", help=tr("your encryption key that opens it", "여는 데 쓸 암호화 키")),
    ] = None,
    content: Annotated[
        Path | None,
        typer.Option("--content", help=tr("its .sealed or .kept file", "진술의 .sealed 또는 .kept 파일")),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help=tr("new recipient (AMBER); repeat", "새 받는 이 (AMBER). 반복 가능")),
    ] = None,
    why_en: Annotated[str, typer.Option("--reason-en", help=tr("why, in English", "이유 (영어)"))] = "",
    why_ko: Annotated[str, typer.Option("--reason-ko", help=tr("why, in Korean", "이유 (한국어)"))] = "",
    output: Annotated[Path | None, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))] = None,
    pins: PinsFile = None,
    trust: TrustFile = None,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """A `release` statement, signed at the new level; nothing narrows."""
    from haechi.facts import load
    from haechi.statement.claims import Said, encode_claim, kind_of
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, About, Sharing, Statement, sign_statement
    from haechi.statement.keyring import load_key, load_seal_key
    from haechi.statement.parcel import Parcel
    from haechi.statement.sharing import require_wider

    target = Statement.from_bytes(read_file(file, MAX_TRANSPARENT_BYTES, Text("statement", "진술")))
    new = level_of(level)
    recipients = find_recipients(to or [], pins, trust)
    if not (recipients and new is target.about.sharing):  # the same level for more recipients widens too
        require_wider(target.about.sharing, new)
    signer = load_key(resolve_key(key, keys), passphrase())
    if signer.public.thumbprint != target.kid:
        raise BadInput(why=Text("only the key that signed it releases it", "서명했던 키로만 공개할 수 있음"))
    opening = [load_seal_key(resolve_key(name, keys), passphrase()) for name in own or []]
    reason = Said(en=why_en or None, ko=why_ko or None) if why_en or why_ko else None
    claim = _claim(target, new.value, content, opening, reason)
    about = About(
        issuer=target.about.issuer,
        subject=target.about.subject,
        issued_at=int(time.time()),
        kind="release",
        sharing=new,
    )
    payload = encode_claim(kind_of("release"), claim, load())
    if new in (Sharing.CLEAR, Sharing.GREEN):
        statement = sign_statement(signer, about, payload)
    else:
        statement = sign_restricted(signer, about, Parcel("", "", payload), recipients).statement
    where = output or Path(f"{statement.digest_hex[:16]}.cose")
    write_file(where, statement.raw)
    out = Out(json)
    out.data(
        {"digest": statement.digest_hex, "file": str(where), "level": new.value, "target": target.digest_hex}
    )
    out.say(
        Text(
            "signed: {file}; submit it, and nobody can take it back",
            "서명함: {file}. 등록하면 되돌릴 수 없습니다",
        ),
        file=str(where),
    )


def _claim(
    target: "Statement", level: str, content: Path | None, own: "list[SealKey]", reason: object
) -> "Release":
    """What everybody whom the new level lets have it needs to read it."""
    import msgspec

    from haechi.statement.envelope import ENCRYPTED, Sharing
    from haechi.statement.evidence import reference
    from haechi.statement.kinds.release import Release
    from haechi.statement.parcel import PARCEL_TYPE
    from haechi.statement.sealed import MAX_SEALED_BYTES
    from haechi.statement.sharing import open_content

    given = {"target": target.digest, "level": level, "reason": reason}
    if target.about.sharing in ENCRYPTED:
        if not own:
            why = Text("--with is missing: your key that opens it", "--with 가 없음: 여는 데 쓸 자신의 키")
            raise WronglyUsed(why=why, command="haechi release")
        raw = None if content is None else read_file(content, MAX_SEALED_BYTES, Text("content", "내용"))
        given["content_key"] = open_content(target, raw, own).key
    elif target.about.sharing is Sharing.RED:
        if content is None:
            why = Text("--content is missing: the kept file", "--content 가 없음: 보관 파일")
            raise WronglyUsed(why=why, command="haechi release")
        open_content(target, read_file(content, MAX_SEALED_BYTES, Text("content", "내용")), ())
        given |= {"signed": target.raw, "file": reference(content, PARCEL_TYPE)}
    return msgspec.convert(given, Release, from_attributes=True)
