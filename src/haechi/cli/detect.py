"""`haechi detect`: what a file tells, layer by layer, and who marked it."""

from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.looking import Reader, Report, Seen, each_seen
from haechi.cli.many import Engine, Workers, named_files, spread_over
from haechi.cli.mark import FILE
from haechi.cli.options import Json, NodeUrl, PinsFile, TrustFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.findings import VERDICT_WORDS, Verdict
from haechi.mark.media import STDIN, SUFFIXES
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.mark.fanout import Spread
    from haechi.mark.text import TextLook
    from haechi.mark.verdict import Look


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "detect",
        help=tr(
            "Look at pictures, film, sound, text: watermark, log, credential. Finds nothing: says nothing.",
            "그림, 영상, 소리, 글의 워터마크, 로그, 자격 증명을 봅니다. 못 찾아도 AI가 아니란 뜻은 아닙니다.",
        ),
    )(detect)


def detect(
    files: Annotated[
        list[Path],
        typer.Argument(
            help=tr(
                "files, folders, patterns; - reads text from standard input",
                "파일, 폴더, 패턴. - 는 표준 입력의 텍스트",
            )
        ),
    ],
    node: NodeUrl = "",
    pins: PinsFile = None,
    trust: TrustFile = None,
    records: Annotated[
        Path | None, typer.Option("--records", help=tr("folder with statements", "진술이 있는 폴더"))
    ] = None,
    keys: Annotated[
        list[Path] | None, typer.Option("--key", help=tr("mark key beside the public one", "추가 마크 키"))
    ] = None,
    anchors: Annotated[
        list[Path] | None,
        typer.Option("--anchors", help=tr("certificates to recognise (PEM)", "인정할 인증서 (PEM)")),
    ] = None,
    profiles: Annotated[
        list[Path] | None,
        typer.Option("--profile", help=tr("text mark profile, or a folder", "텍스트 마크 프로필 또는 폴더")),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            "--tokenizer",
            help=tr("tokenizer.json, for profiles that need it", "프로필에 필요한 tokenizer.json"),
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help=tr(
                "model (GGUF) that may have written a text: tells how much choice it had",
                "텍스트를 썼을 수 있는 모델(GGUF). 고를 여지가 얼마나 있었는지 말해 줌",
            ),
        ),
    ] = None,
    temperature: Annotated[
        float,
        typer.Option(
            "--temperature",
            min=0.01,
            max=100.0,
            help=tr("at which that model sampled, with --model", "--model의 모델이 쓴 샘플링 온도"),
        ),
    ] = 1.0,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            help=tr(
                "write each answer to this file (JSON Lines); what is in it is not looked at again",
                "결과를 이 파일에 기록(JSON Lines). 이미 있는 결과는 다시 보지 않음",
            ),
        ),
    ] = None,
    workers: Workers = 1,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Look; exit 0 HOLDS (mark, log and content agree), 1 FAILS, 3 UNDECIDED; the gravest of many files."""
    out = Out(json)
    files_of_keys = (tuple(keys or ()), tuple(anchors or ()), tuple(profiles or ()))
    reader = Reader(node, pins, records, *files_of_keys, tokenizer, model, trust, temperature)
    spread = spread_over(engine, workers, "haechi detect")
    paths = [STDIN] if STDIN in files else []
    given = [path for path in files if path != STDIN]
    paths += [named.path for named in named_files(given, SUFFIXES, FILE)]
    raise typer.Exit(look_at(out, paths, reader, report=report, spread=spread))


def look_at(
    out: Out,
    paths: list[Path],
    reader: Reader,
    *,
    report: Path | None = None,
    spread: "Spread | None" = None,
) -> int:
    """Look at every file and tell; the exit code: FAILS before an error before UNDECIDED before HOLDS."""
    told: list[Seen] = []
    with nullcontext() if report is None else closing(Report(report)) as kept:
        before = {} if kept is None else {path: kept.before(path) for path in paths}
        rest = [path for path in paths if before.get(path) is None]
        fresh = each_seen(rest, reader, spread)
        with out.progress(Text("looking", "살펴보는 중")) as progress:
            for seen in _in_order(paths, before, fresh):
                if seen.error is not None and len(paths) == 1:
                    raise seen.error
                if kept is not None and seen.told is None:
                    kept.add(seen, out.lang)
                _say(out, seen)
                told.append(seen)
                progress(len(told), len(paths))
    out.data([seen.as_dict(out.lang) for seen in told])
    worst = sorted((seen.code for seen in told), key=_gravity)
    return worst[0] if worst else EXIT_BY_VERDICT[Verdict.UNDECIDED]


def _in_order(
    paths: Iterable[Path], before: dict[Path, Seen | None], fresh: Iterator[Seen]
) -> Iterator[Seen]:
    for path in paths:
        yield before.get(path) or next(fresh)


def _gravity(code: int) -> int:
    order = (EXIT_BY_VERDICT[Verdict.FAILS], 4, 5, 8, 3, 0)
    return order.index(code) if code in order else 1


def _say(out: Out, seen: Seen) -> None:
    if seen.look is not None:
        _say_look(out, seen.path, seen.look)
    elif seen.error is not None:
        out.say(f"{seen.path}: {seen.error.say(out.lang)}")
    elif seen.told is not None:
        says = seen.told.get("says") or seen.told.get("error", {}).get("message", "")
        out.say(
            Text("{path} (seen before): {says}", "{path} (이미 살펴봄): {says}"),
            path=str(seen.path),
            says=str(says),
        )


def _say_look(out: Out, path: Path, look: "Look | TextLook") -> None:
    out.heading(str(path), VERDICT_WORDS[look.verdict].say(out.lang))
    out.say(f"  {look.say(out.lang)}")
    out.findings(look.layers)
    if look.record is not None:
        made = look.record.item.made.isoformat()
        out.say(
            Text("  provider {provider}, made {made}", "  제공자 {provider}, 생성 {made}"),
            provider=look.record.item.label.provider,
            made=made,
        )
        out.say(f"  {look.record.statement.hex()}")
