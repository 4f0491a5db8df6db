"""`haechi log`: look after a node's log: head, fsck, export, bundles, and who may publish."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.files import read_file, require_digest, write_file
from haechi.cli.key import passphrase
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Folder, Json, NodeUrl, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out, locale_lang
from haechi.cli.verification import fetch_bundle
from haechi.errors import BadInput
from haechi.findings import overall
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.envelope import Statement
    from haechi.statement.kinds.policy import Level

app = typer.Typer(name="log", no_args_is_help=True, help=tr("Look after a log.", "로그를 관리합니다."))


@app.command(
    "head", help=tr("Show size, root and latest checkpoint.", "크기, 루트, 최신 체크포인트를 봅니다.")
)
def head(folder: Folder = Path(), json: Json = False) -> None:
    """The durable head, read without disturbing a running node."""
    from haechi.node.config import load_config
    from haechi.node.shared import read_log

    out = Out(json)
    with read_log(folder, load_config(folder)) as store:
        now, published = store.head(), store.published()
    note = "" if published is None else published.note.decode()
    out.data({"size": now.size, "root": now.root.hex(), "checkpoint": note})
    rows = [
        (tr("entries", "항목"), str(now.size)),
        (tr("root", "루트"), now.root.hex()),
        (tr("checkpoint", "체크포인트"), _signed(note)),
    ]
    out.pairs(str(folder), rows)


def _signed(note: str) -> str:
    """How far the newest checkpoint goes, and who signed it; the signatures themselves fill screens."""
    from haechi.log.checkpoint import read_checkpoint

    if not note:
        return tr("none yet", "아직 없음")
    checkpoint, lines = read_checkpoint(note.encode())
    signers = ", ".join(f"{line.name}+{line.key_id.hex()}" for line in lines.lines)
    counted = Text("{size} entries, signed by {signers}", "항목 {size}개, 서명: {signers}")
    return counted.say(locale_lang(), size=checkpoint.size, signers=signers)


@app.command("fsck", help=tr("Recompute the whole log and compare.", "로그 전체를 다시 계산해 비교합니다."))
def fsck(folder: Folder = Path(), json: Json = False) -> None:
    """Check every tile, entry, statement and head; exit 0 when all hold."""
    from haechi.node.maintenance import run_fsck

    out = Out(json)
    with out.progress(Text("checking the log", "로그 점검 중")) as progress:
        findings = run_fsck(folder, passphrase(), progress)
    out.data([finding.as_dict(out.lang) for finding in findings])
    out.findings(findings)
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])


@app.command(
    "restore",
    help=tr(
        "Fetch what a restored log lacks from its mirrors.",
        "복원한 로그에 빠진 것을 미러에서 가져옵니다.",
    ),
)
def restore(
    peers: Annotated[
        list[str],
        typer.Option(
            "--from",
            help=tr("address of a node that mirrors it; repeat", "미러링하는 노드의 주소. 반복 가능"),
        ),
    ],
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """On a stopped node; then as fsck: exit 0 when the log is whole, 1 when its head store knows more."""
    from haechi.node.maintenance import run_fsck
    from haechi.node.restore import restore_log

    out = Out(json)
    with out.progress(Text("fetching the log", "로그 가져오는 중")) as progress:
        done = restore_log(folder, peers, passphrase(), progress)
        findings = [*done.findings, *run_fsck(folder, passphrase(), progress)]
    checks = [finding.as_dict(out.lang) for finding in findings]
    out.data({**done._asdict(), "findings": checks})
    out.findings(findings)
    out.say(
        Text(
            "{size} entries, {entries} of them fetched; {files} evidence file(s) fetched, {missing} absent",
            "항목 {size}개 중 {entries}개를 가져옴. 가져온 증거 파일 {files}개, 찾지 못한 파일 {missing}개",
        ),
        size=done.size,
        entries=done.entries,
        files=done.files,
        missing=done.missing,
    )
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])


@app.command("export", help=tr("Write the log as static tiles.", "로그를 정적 타일로 내보냅니다."))
def export(
    target: Annotated[
        str, typer.Argument(help=tr("folder or s3://bucket/prefix", "쓸 폴더 또는 s3://bucket/prefix"))
    ],
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """A C2SP tile site that any web server can serve; run again to bring it up to date."""
    from haechi.node.maintenance import run_export

    out = Out(json)
    with out.progress(Text("writing files", "파일 쓰는 중")) as progress:
        done = run_export(folder, target, lambda written: progress(written, 0))
    out.data({"folder": target, **done._asdict()})
    out.say(
        Text(
            "exported to {folder}, up to {size} entries: {written} file(s) written, {kept} kept, "
            "{removed} removed",
            "{folder}에 항목 {size}개까지 내보냄: 새로 쓴 파일 {written}개, 그대로 둔 파일 {kept}개, "
            "지운 파일 {removed}개",
        ),
        folder=target,
        **done._asdict(),
    )


@app.command(
    "bundle", help=tr("Fetch the offline bundle of a statement.", "진술의 오프라인 묶음을 받습니다.")
)
def bundle(
    what: Annotated[
        str,
        typer.Argument(
            help=tr(
                "digest of the statement, or your file of one that nodes give to few (.cose)",
                "진술의 다이제스트, 또는 노드가 소수에게만 주는 진술의 파일 (.cose)",
            )
        ),
    ],
    node: NodeUrl,
    output: Annotated[Path | None, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option("--evidence", "-e", help=tr("with a file: its evidence", "파일과 함께: 그 증거 파일")),
    ] = None,
    json: Json = False,
) -> None:
    """Everything needed to verify one statement years later, in one file."""
    out = Out(json)
    if what.endswith(".cose"):
        raw = _gathered(Path(what), node, evidence or [], out)
        target = output or Path(what).with_suffix(".haechi")
    else:
        asked = require_digest(what)
        target = output or Path(f"{asked[:16]}.haechi")
        raw = fetch_bundle(node, asked)
    write_file(target, raw)
    out.data({"file": str(target), "bytes": len(raw)})
    out.say(
        Text("written: {file} ({size} bytes)", "저장함: {file} ({size}바이트)"),
        file=str(target),
        size=len(raw),
    )


def _gathered(file: Path, node: str, evidence: list[Path], out: Out) -> bytes:
    """The bundle of a statement in a file: GREEN, RED, or one whose bytes are gone elsewhere."""
    from haechi.network.client import PeerClient
    from haechi.node.gathering import gather_bundle
    from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Statement

    statement = Statement.from_bytes(read_file(file, MAX_TRANSPARENT_BYTES, Text("statement", "진술")))
    target = io.BytesIO()
    with out.progress(Text("reading the log", "로그 읽는 중")) as progress, PeerClient(node) as client:
        gather_bundle(statement, client, target, evidence, progress)
    return target.getvalue()


@app.command(
    "allow",
    help=tr("Let an issuer publish; logs a new policy.", "발행자의 게시를 허용하는 새 정책을 기록합니다."),
)
def allow(
    issuer: Annotated[str, typer.Option("--issuer", "-i", help=tr("name of the issuer", "발행자 이름"))],
    key: Annotated[
        str, typer.Option("--key", "-k", help=tr("thumbprint of its key (64 hex)", "키 지문 (16진수 64자)"))
    ],
    kind: Annotated[
        list[str], typer.Option("--kind", help=tr("kind it may publish; repeat", "게시할 종류. 반복 가능"))
    ],
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """Grant kinds to an issuer's key. The policy is itself a statement in the log."""
    from haechi.node.maintenance import grant

    thumbprint = _thumbprint(key)
    statement = grant(folder, issuer, thumbprint, tuple(kind), passphrase())
    _granted(Out(json), statement, issuer)


@app.command(
    "revoke",
    help=tr(
        "Stop an issuer's key from publishing; logs a new policy.",
        "발행자 키의 게시를 중단하는 새 정책을 기록합니다.",
    ),
)
def revoke(
    issuer: Annotated[str, typer.Option("--issuer", "-i", help=tr("name of the issuer", "발행자 이름"))],
    key: Annotated[
        str, typer.Option("--key", "-k", help=tr("thumbprint of its key (64 hex)", "키 지문 (16진수 64자)"))
    ],
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """Take back every grant of one key. What it published before stays in the log."""
    from haechi.node.maintenance import revoke as take_back

    statement = take_back(folder, issuer, _thumbprint(key), passphrase())
    _granted(Out(json), statement, issuer)


@app.command(
    "levels",
    help=tr("Say which sharing levels the log takes.", "로그가 받을 공유 등급을 정합니다."),
)
def levels(
    taken: Annotated[
        list[str],
        typer.Argument(
            help=tr("clear, green, amber, amber+strict, red", "등급: clear, green, amber, amber+strict, red")
        ),
    ],
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """Log a new policy that takes these levels and no others."""
    from haechi.cli.restricted import level_of
    from haechi.node.maintenance import take_levels

    chosen: tuple[Level, ...] = tuple(dict.fromkeys(level_of(name).value for name in taken))
    statement = take_levels(folder, chosen, passphrase())
    out = Out(json)
    out.data({"policy": statement.digest_hex, "levels": chosen})
    out.say(
        Text("policy logged: {digest}; levels taken: {levels}", "정책 기록됨: {digest}. 받는 등급: {levels}"),
        digest=statement.digest_hex,
        levels=", ".join(chosen),
    )


@app.command(
    "erase",
    help=tr(
        "Erase a statement or a file of it; logs that, and why.",
        "진술이나 그 파일을 지우고 그 사실과 이유를 기록합니다.",
    ),
)
def erase(
    digest: Annotated[str, typer.Argument(help=tr("digest of the statement", "진술의 다이제스트"))],
    why_en: Annotated[str, typer.Option("--reason-en", help=tr("why, in English", "이유 (영어)"))] = "",
    why_ko: Annotated[str, typer.Option("--reason-ko", help=tr("why, in Korean", "이유 (한국어)"))] = "",
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file", help=tr("erase only this evidence file; repeat", "이 증거 파일만 지움. 반복 가능")
        ),
    ] = None,
    folder: Folder = Path(),
    json: Json = False,
) -> None:
    """Erase the bytes and leave the commitment; mirrors do the same when they see it."""
    from haechi.node.maintenance import erase as erase_from
    from haechi.statement.claims import Said

    if not (why_en or why_ko):
        why = Text("--reason-en or --reason-ko is needed", "--reason-en 또는 --reason-ko 가 필요함")
        raise WronglyUsed(why=why, command="haechi log erase")
    target = bytes.fromhex(require_digest(digest))
    erased = tuple(bytes.fromhex(require_digest(one)) for one in file or ()) or (target,)
    reason = Said(en=why_en or None, ko=why_ko or None)
    statement = erase_from(folder, erased, target, reason, passphrase())
    out = Out(json)
    out.data({"erasure": statement.digest_hex, "erased": [one.hex() for one in erased]})
    out.say(
        Text(
            "erased; the entry stays, and erasure {digest} says why",
            "지웠습니다. 항목은 남고, 삭제 진술 {digest}이(가) 이유를 말합니다",
        ),
        digest=statement.digest_hex,
    )


def _granted(out: Out, statement: "Statement", issuer: str) -> None:
    out.data({"policy": statement.digest_hex, "issuer": issuer})
    out.say(Text("policy logged: {digest}", "정책 기록됨: {digest}"), digest=statement.digest_hex)


def _thumbprint(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        why = Text(
            "a key is named by its thumbprint: 64 hex digits (`haechi key show`)",
            "키는 16진수 64자인 지문으로 지정합니다 (`haechi key show`)",
        )
        raise BadInput(why=why)
    return raw
