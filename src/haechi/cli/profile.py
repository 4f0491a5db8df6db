"""`haechi profile`: what reading a text mark needs, kept as a file, and committed to in the log."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haechi.cli.files import FileRefused
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.words import Text, system_reason

if TYPE_CHECKING:
    from haechi.mark.text.profiles import Profile

_File = Annotated[Path, typer.Argument(help=tr("profile file", "프로필 파일"))]


app = typer.Typer(
    name="profile",
    no_args_is_help=True,
    help=tr("Profiles of text marks: make, show, commit.", "텍스트 마크 프로필: 만들기, 보기, 확정."),
)


@app.command(help=tr("Make a profile with a key of its own.", "새 키로 프로필을 만듭니다."))
def new(
    out_file: _File,
    name: Annotated[str, typer.Option("--name", help=tr("whose key it is", "키의 이름"))],
    payload: Annotated[
        bool, typer.Option("--payload", help=tr("marks carry 16 bits", "마크에 16비트를 담음"))
    ] = False,
    signpost: Annotated[
        int | None,
        typer.Option("--signpost", min=0, max=4095, help=tr("number of the service", "서비스 번호")),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            "--tokenizer",
            help=tr(
                "marks in token space, read with this tokenizer.json (or GGUF model)",
                "토큰 공간의 마크. 이 tokenizer.json(또는 GGUF 모델)으로 읽음",
            ),
        ),
    ] = None,
    engine: Annotated[
        Path | None,
        typer.Option("--from", help=tr("another engine's settings (JSON)", "다른 엔진의 설정(JSON)")),
    ] = None,
    json: Json = False,
) -> None:
    """Make a profile; exit 0. An existing file is never written over."""
    from haechi.mark.extra import require

    require("haechi.mark.text")
    from msgspec.structs import replace

    from haechi.mark.text.profiles import HaechiProfile, load_profile

    if engine is None:
        made: Profile = replace(HaechiProfile.fresh(name, os.urandom), payload=payload, signpost=signpost)
        if tokenizer is not None:
            made = replace(made, space="token", tokenizer=_digest_of(tokenizer))
    else:
        made = replace(load_profile(engine), salt=os.urandom(16))
    try:
        out_file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        why = Text(f"{out_file} is there already", f"{out_file}이(가) 이미 있음")
        raise WronglyUsed(why=why, command="haechi profile new") from None
    out_file.write_bytes(made.to_bytes() + b"\n")
    _tell(Out(json), out_file, made)


def _digest_of(path: Path) -> str:
    """SHA-256 of a tokenizer's file; models are large, so it is read in pieces."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(what_is=str(path), why=system_reason(error)) from error


@app.command(help=tr("What a profile says, without its key.", "프로필 내용을 키 없이 보입니다."))
def show(file: _File, json: Json = False) -> None:
    """Show a profile; the key is never shown."""
    from haechi.mark.extra import require

    require("haechi.mark.text")
    from haechi.mark.text.profiles import load_profile

    _tell(Out(json), file, load_profile(file))


@app.command(
    help=tr(
        "Sign a statement that commits to a profile, ready for `haechi submit`.",
        "프로필을 확정하는 진술에 서명합니다. `haechi submit`으로 보내세요.",
    )
)
def commit(
    file: _File,
    studio: Annotated[
        Path,
        typer.Option(
            "--studio",
            "-s",
            envvar="HAECHI_STUDIO",
            help=tr("folder with the maker's keys", "제작자 키 폴더"),
        ),
    ] = Path("studio"),
    out_file: Annotated[
        Path, typer.Option("--out", "-o", help=tr("file for the statement", "진술을 쓸 파일"))
    ] = Path("profile.cose"),
    service: Annotated[
        str | None, typer.Option("--service", help=tr("where to ask for a detection", "탐지를 문의할 주소"))
    ] = None,
    publish: Annotated[
        bool,
        typer.Option(
            "--publish",
            help=tr(
                "name the file itself: everybody can read and forge", "파일까지 공개: 누구나 읽고 위조 가능"
            ),
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Commit; exit 0. The statement is written, and nothing is sent."""
    from haechi.mark.extra import require

    require("haechi.mark.bulk")
    from haechi.facts import load
    from haechi.mark.studio import Studio
    from haechi.mark.text.commit import commitment
    from haechi.mark.text.profiles import load_profile

    profile = load_profile(file)
    statement = commitment(
        profile, Studio.open(studio), load(), datetime.now(UTC), service=service, publish=publish
    )
    out_file.write_bytes(statement.raw)
    out = Out(json)
    told: dict[str, Any] = {
        "statement": str(out_file),
        "digest": statement.digest_hex,
        "commitment": profile.digest.hex(),
        "published": publish,
    }
    out.data(told)
    out.say(
        Text("committed to {commitment}: {path}", "{commitment} 확정: {path}"),
        commitment=profile.digest.hex(),
        path=str(out_file),
    )


def _tell(out: Out, path: Path, profile: "Profile") -> None:
    from msgspec import to_builtins

    hidden = {"secret", "key", "keys", "second_key", "hashing_key", "salt"}
    told = {name: value for name, value in to_builtins(profile).items() if name not in hidden}
    told |= {"engine": profile.engine, "commitment": profile.digest.hex(), "file": str(path)}
    out.data(told)
    for name, value in told.items():
        if value not in (None, ""):
            out.say(f"{name}: {value}")
