"""`haechi mark`: mark files with every layer, each with its own statement or all as one batch."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.many import Engine, Workers, named_files, spread_over
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.mark.media import SUFFIXES
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.mark.bulk import LoggedBatch, Outcome, Task
    from haechi.mark.fanout import Spread
    from haechi.mark.labels import Layer
    from haechi.mark.wish import Wish

FILE = Text("file", "파일")
SHOWN = 20
FINE = 1000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "mark",
        help=tr(
            "Mark AI-made pictures, film, sound, text: label, watermark, credential, fingerprint, statement.",
            "AI로 만든 그림, 영상, 소리, 텍스트에 라벨, 워터마크, 자격 증명, 지문을 넣고 진술을 만듭니다.",
        ),
    )(mark)


def mark(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help=tr("files, folders, patterns", "파일, 폴더, 패턴")),
    ] = None,
    studio: Annotated[
        Path,
        typer.Option(
            "--studio",
            "-s",
            envvar="HAECHI_STUDIO",
            help=tr("folder with the maker's keys", "제작자 키 폴더"),
        ),
    ] = Path("studio"),
    out_folder: Annotated[
        Path, typer.Option("--out", "-o", help=tr("folder for the marked files", "결과 폴더"))
    ] = Path("marked"),
    countries: Annotated[
        str,
        typer.Option(
            "--for", help=tr("whose labels: KR, EU, CN, US-CA", "표시를 따를 곳: KR, EU, CN, US-CA")
        ),
    ] = "",
    visible: Annotated[
        bool,
        typer.Option("--visible", help=tr("a label people see, read or hear", "보이거나 들리는 표시를 넣음")),
    ] = False,
    notice: Annotated[
        bool,
        typer.Option("--notice", help=tr("the service tells its users in words", "서비스가 문구로 고지함")),
    ] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help=tr("one statement for all files", "전체에 진술 하나"))
    ] = False,
    psnr: Annotated[
        float | None, typer.Option("--psnr", help=tr("strength of the mark, in dB", "마크 강도(dB)"))
    ] = None,
    stamp: Annotated[
        str | None, typer.Option("--stamp", help=tr("RFC 3161 service", "RFC 3161 서비스 주소"))
    ] = None,
    workers: Workers = 1,
    engine: Engine = "local",
    init: Annotated[
        bool, typer.Option("--init", help=tr("make the maker's keys first", "제작자 키를 먼저 만듦"))
    ] = False,
    issuer: Annotated[str, typer.Option("--issuer", help=tr("with --init", "--init 과 함께"))] = "",
    provider: Annotated[str, typer.Option("--provider", help=tr("with --init", "--init 과 함께"))] = "",
    system: Annotated[str, typer.Option("--system", help=tr("with --init", "--init 과 함께"))] = "",
    system_version: Annotated[
        str, typer.Option("--system-version", help=tr("with --init", "--init 과 함께"))
    ] = "1",
    country: Annotated[str, typer.Option("--country", help=tr("with --init", "--init 과 함께"))] = "KR",
    producer: Annotated[
        str | None, typer.Option("--producer", help=tr("producer code (China)", "생산자 코드(중국)"))
    ] = None,
    secret: Annotated[
        bool, typer.Option("--secret-key", help=tr("marks only you can read", "자신만 읽는 마크"))
    ] = False,
    json: Json = False,
) -> None:
    """Mark; exit 0 when every file was marked, else the code of the first error."""
    from haechi.mark.extra import require
    from haechi.mark.studio import Maker, Studio, namespace_of

    require("haechi.mark.bulk")
    from haechi.mark.wish import Wish

    out = Out(json)
    if init:
        if not (issuer and provider and system):
            _wrong(
                "--init needs --issuer, --provider and --system",
                "--init 에는 --issuer, --provider, --system 이 필요함",
            )
        maker = Maker(
            issuer=issuer,
            provider=provider,
            system=system,
            version=system_version,
            country=country,
            namespace=namespace_of(issuer),
            producer=producer,
            public=not secret,
        )
        Studio.create(studio, maker, datetime.now(UTC), os.urandom)
        out.say(Text("made: {folder}", "만듦: {folder}"), folder=str(studio))
        if not files:
            out.data({"studio": str(studio), "namespace": maker.namespace})
            return
    if not files:
        _wrong("no files", "파일이 없음")
    spread = spread_over(engine, workers, "haechi mark")
    asked = tuple(name.strip() for name in countries.split(",") if name.strip())
    wish = Wish(countries=asked, visible=visible, notice=notice, psnr_db=psnr, stamp_url=stamp)
    tasks = list(_tasks(files or [], out_folder))
    outcomes = _run(out, tasks, studio, wish, spread=spread, single=not batch)
    logged = _close(out, outcomes, out_folder, studio) if batch else None
    _tell(out, outcomes, wish, logged)


def _wrong(en: str, ko: str) -> None:
    raise WronglyUsed(why=Text(en, ko), command="haechi mark")


def _tasks(files: list[Path], out_folder: Path) -> "Iterator[Task]":
    from haechi.mark.bulk import Task

    seen: set[Path] = set()
    for path, inner in named_files(files, SUFFIXES, FILE):
        if out_folder in path.parents and path not in files:
            continue
        target = out_folder / inner
        if target in seen:
            _wrong(f"two files would become {target}", f"두 파일이 같은 이름이 됨: {target}")
        seen.add(target)
        yield Task(path, target)


def _run(
    out: Out,
    tasks: "list[Task]",
    studio: Path,
    wish: "Wish",
    *,
    spread: "Spread",
    single: bool,
) -> "list[Outcome]":
    from haechi.mark.bulk import Way, mark_many

    now = datetime.now(UTC)
    outcomes: list[Outcome] = []
    with out.progress(Text("marking", "표시하는 중")) as progress:

        def tick(share: float) -> None:
            progress(round(FINE * (len(outcomes) + share)), FINE * len(tasks))

        for outcome in mark_many(tasks, studio.absolute(), wish, now, spread, Way(single, tick)):
            outcomes.append(outcome)
            tick(0.0)
    return outcomes


def _close(out: Out, outcomes: "list[Outcome]", folder: Path, studio: Path) -> "LoggedBatch":
    from haechi.facts import load
    from haechi.mark.bulk import write_batch
    from haechi.mark.studio import Studio

    with out.progress(Text("proofs", "증명")) as progress:
        return write_batch(outcomes, folder, Studio.open(studio), load(), datetime.now(UTC), progress)


def _tell(out: Out, outcomes: "list[Outcome]", wish: "Wish", logged: "LoggedBatch | None") -> None:
    from haechi.cli.out import exit_code
    from haechi.mark.bulk import records_folder
    from haechi.mark.labels import duty_findings

    failed = [outcome for outcome in outcomes if outcome.error is not None]
    duties = duty_findings(wish.countries, _done(outcomes, wish))
    out.data(
        {
            "files": [
                {
                    "source": str(each.task.source),
                    "target": None if each.item is None else str(each.task.target),
                    "records": None if each.item is None else str(records_folder(each.task.target)),
                    "payload": _payload(each),
                    "skipped": each.skipped,
                    "left_out": list(each.left),
                    "error": None if each.error is None else each.error.as_dict(out.lang),
                }
                for each in outcomes
            ],
            "requirements": [finding.as_dict(out.lang) for finding in duties],
            "batch": None if logged is None else {"statement": str(logged.statement), "items": logged.size},
        }
    )
    for each in outcomes[:SHOWN]:
        if each.item is not None:
            again = Text(" (was done)", " (이미 완료)").say(out.lang) if each.skipped else ""
            out.say(f"{each.task.target}  {_payload(each)}{again}")
            if each.left:
                out.say(Text("    left out: {what}", "    빠진 것: {what}"), what=list(each.left))
    if len(outcomes) > SHOWN:
        out.say(Text("… {n} files in all", "… 모두 {n}개"), n=len(outcomes))
    if logged is not None:
        out.say(
            Text("one statement for {n} items: {path}", "{n}건에 진술 하나: {path}"),
            n=logged.size,
            path=str(logged.statement),
        )
    out.findings(duties)
    for each in failed[:SHOWN]:
        if each.error is not None:
            out.say(
                Text("not marked: {path}: {why}", "표시하지 못함: {path}: {why}"),
                path=str(each.task.source),
                why=each.error.say(out.lang),
            )
    if failed and failed[0].error is not None:
        raise typer.Exit(exit_code(failed[0].error))


def _done(outcomes: "list[Outcome]", wish: "Wish") -> "frozenset[Layer]":
    """The layers that every marked file has."""
    from haechi.mark.media import medium_of

    items = [(medium_of(each.task.source), each.item) for each in outcomes if each.item is not None]
    done: set[Layer] = {"credential", "kept"}
    if all(item.watermark is not None for _medium, item in items):
        done.add("watermark")
    if all(medium != "text" for medium, _item in items):
        done.add("metadata")
    asked: tuple[tuple[Layer, bool], ...] = (("visible", wish.visible), ("notice", wish.notice))
    done.update(name for name, wanted in asked if wanted)
    return frozenset(done)


def _payload(outcome: "Outcome") -> str | None:
    """The number that a look-up finds the file by: of its mark, else of its label."""
    if outcome.item is None:
        return None
    mark = outcome.item.watermark
    return outcome.item.label.id if mark is None or mark.payload is None else mark.payload
