"""`haechi detect`: what a picture tells, layer by layer, and who marked it."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haechi.cli.files import read_file
from haechi.cli.mark import SUFFIXES
from haechi.cli.options import Json, NodeUrl, PinsFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out, exit_code
from haechi.errors import HaechiError
from haechi.findings import VERDICT_WORDS, Verdict
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.mark.examine import Means
    from haechi.mark.verdict import Look

_MAX_ANCHORS = 1 << 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "detect",
        help=tr(
            "Look at pictures: watermark, log, content, credential, label. Finds nothing: says nothing.",
            "그림의 워터마크, 로그, 콘텐츠, 자격 증명, 라벨을 봅니다. 못 찾아도 AI가 아니라는 뜻은 아닙니다.",
        ),
    )(detect)


def detect(
    files: Annotated[
        list[Path], typer.Argument(help=tr("pictures, or folders of them", "그림 또는 그림 폴더"))
    ],
    node: NodeUrl = "",
    pins: PinsFile = None,
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
    json: Json = False,
) -> None:
    """Look; exit 0 HOLDS (mark, log and content agree), 1 FAILS, 3 UNDECIDED; the gravest of many files."""
    out = Out(json)
    with ExitStack() as stack:
        means = means_of(stack, node, pins, records, keys or [], anchors or [])
        raise typer.Exit(look_at(out, list(_pictures(files)), means))


def means_of(
    stack: ExitStack,
    node: str,
    pins: Path | None,
    records: Path | None,
    keys: list[Path],
    anchors: list[Path],
) -> "Means":
    """What the options give a reader; a node's connection lives as long as the stack."""
    from haechi.cli.verify import load_trust
    from haechi.facts import load
    from haechi.mark.extra import require

    require("haechi.mark.bulk")
    from haechi.mark import credentials
    from haechi.mark.examine import Means
    from haechi.mark.image import PUBLIC_KEY
    from haechi.mark.records import Nowhere, read_folder
    from haechi.mark.studio import load_mark_key

    trust = [credentials.official_list()]
    for path in anchors:
        pem = read_file(path, _MAX_ANCHORS, Text("certificates", "인증서"))
        trust.append(credentials.anchors(Text(path.name, path.name), pem))
    own = (PUBLIC_KEY, *(load_mark_key(path) for path in keys))
    if node:
        from haechi.cli.marks_at import NodeRegistry
        from haechi.network.client import PeerClient

        client = stack.enter_context(PeerClient(node))
        return Means(own, tuple(trust), NodeRegistry(client, load_trust(pins), load()))
    registry = Nowhere() if records is None else read_folder(records, load())
    return Means(own, tuple(trust), registry)


def look_at(out: Out, files: list[Path], means: "Means") -> int:
    """Look at every file and tell; the exit code: FAILS before an error before UNDECIDED before HOLDS."""
    from haechi.mark.bulk import read_picture
    from haechi.mark.examine import examine

    told: list[dict[str, Any]] = []
    codes: list[int] = []
    with out.progress(Text("looking", "살펴보는 중")) as progress:
        for at, path in enumerate(files):
            try:
                look = examine(read_picture(path), means)
            except HaechiError as error:
                if len(files) == 1:
                    raise
                told.append({"file": str(path), "error": error.as_dict(out.lang)})
                out.say(f"{path}: {error.say(out.lang)}")
                codes.append(exit_code(error))
            else:
                told.append({"file": str(path), **look.as_dict(out.lang)})
                _say(out, path, look)
                codes.append(EXIT_BY_VERDICT[look.verdict])
            progress(at + 1, len(files))
    out.data(told)
    worst = sorted(codes, key=_gravity)
    return worst[0] if worst else EXIT_BY_VERDICT[Verdict.UNDECIDED]


def _gravity(code: int) -> int:
    order = (EXIT_BY_VERDICT[Verdict.FAILS], 4, 5, 8, 3, 0)
    return order.index(code) if code in order else 1


def _say(out: Out, path: Path, look: "Look") -> None:
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


def _pictures(files: list[Path]) -> Iterable[Path]:
    for given in files:
        if given.is_dir():
            yield from (path for path in sorted(given.rglob("*")) if path.suffix.lower() in SUFFIXES)
        else:
            yield given
