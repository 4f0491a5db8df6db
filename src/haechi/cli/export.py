"""`haechi export`: answers, requirements and relations in the forms of other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli import export_incident, export_subject
from haechi.cli.files import write_file
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import BadInput
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.facts import Facts

app = typer.Typer(
    name="export",
    no_args_is_help=True,
    help=tr(
        "Write answers, incidents, requirements and relations for other programs.",
        "답, 사고, 요구사항, 관계를 다른 프로그램용으로 씁니다.",
    ),
)
export_subject.register(app)
export_incident.register(app)
Output = Annotated[Path, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))]


class MappingUnsound(BadInput):
    """The OSCAL mapping did not pass the checks of this project; facts: why."""

    code = "cli.oscal"
    what = Text("the mapping is not sound: {why}", "매핑이 올바르지 않습니다: {why}")
    hint = Text("correct the relation named; nothing was written", "지적된 관계를 고치세요. 쓴 것은 없습니다")


@app.command(
    "crosswalk-csv",
    help=tr(
        "Every judged relation in both directions, as CSV for spreadsheets.",
        "판단된 모든 관계를 양방향으로, 스프레드시트용 CSV로 씁니다.",
    ),
)
def crosswalk_csv(output: Output, json: Json = False) -> None:
    """UTF-8 with a byte order mark, in the language of the process."""
    from haechi.answers import crosswalk_csv as as_csv
    from haechi.facts import load

    out, facts = Out(json), load()
    _write(out, facts, output, as_csv(facts, out.lang))


@app.command(
    "oscal-catalog",
    help=tr(
        "The requirements of one regime as OSCAL 1.2.1.", "한 규제 체계의 요구사항을 OSCAL 1.2.1로 씁니다."
    ),
)
def oscal_catalog(
    regime: Annotated[str, typer.Argument(help=tr("regime, such as reg.KR", "규제 체계. 예: reg.KR"))],
    output: Output,
    json: Json = False,
) -> None:
    """A catalog; its metadata name the data version."""
    from datetime import UTC, datetime

    from haechi.answers import oscal_catalog as catalog
    from haechi.facts import load

    facts = load()
    document = catalog(facts, facts.resolve("regime", regime), datetime.now(UTC))
    _write(Out(json), facts, output, _json(document))


@app.command(
    "oscal-mapping",
    help=tr(
        "The judged relations between two regimes as OSCAL 1.2.1, with what was not judged.",
        "두 규제 체계 사이의 판단된 관계와 판단되지 않은 것을 OSCAL 1.2.1로 씁니다.",
    ),
)
def oscal_mapping(
    source: Annotated[
        str, typer.Argument(help=tr("regime that the evidence is from", "증거가 나온 규제 체계"))
    ],
    target: Annotated[
        str, typer.Argument(help=tr("regime that it is brought to", "증거를 가져갈 규제 체계"))
    ],
    output: Output,
    json: Json = False,
) -> None:
    """A mapping-collection that was checked against both catalogs before it is written."""
    from datetime import UTC, datetime

    from haechi.answers import check_oscal
    from haechi.answers import oscal_catalog as catalog
    from haechi.answers import oscal_mapping as mapping
    from haechi.facts import load

    facts, out, now = load(), Out(json), datetime.now(UTC)
    ends = [facts.resolve("regime", each) for each in (source, target)]
    document = mapping(facts, ends[0], ends[1], now)
    # One regime to itself has one catalog.
    wrong = check_oscal(document, [catalog(facts, each, now) for each in dict.fromkeys(ends)])
    if wrong:
        raise MappingUnsound(
            why=Text(*("; ".join(each.say(lang) for each in wrong) for lang in ("en", "ko")))
        )
    _write(out, facts, output, _json(document))


@app.command(
    "ciso-framework",
    help=tr(
        "The requirements of one regime as a CISO Assistant library.",
        "한 규제 체계의 요구사항을 CISO Assistant 라이브러리로 씁니다.",
    ),
)
def ciso_framework(
    regime: Annotated[str, typer.Argument(help=tr("regime, such as reg.KR", "규제 체계. 예: reg.KR"))],
    output: Output,
    json: Json = False,
) -> None:
    """YAML; Korean stands beside the English as translations."""
    from haechi.answers.ciso import ciso_framework as framework
    from haechi.facts import load

    facts = load()
    _write(Out(json), facts, output, framework(facts, facts.resolve("regime", regime)).encode())


@app.command(
    "ciso-mapping",
    help=tr(
        "The judged relations between two regimes as a CISO Assistant library.",
        "두 규제 체계 사이의 판단된 관계를 CISO Assistant 라이브러리로 씁니다.",
    ),
)
def ciso_mapping(
    source: Annotated[
        str, typer.Argument(help=tr("regime that the evidence is from", "증거가 나온 규제 체계"))
    ],
    target: Annotated[
        str, typer.Argument(help=tr("regime that it is brought to", "증거를 가져갈 규제 체계"))
    ],
    output: Output,
    json: Json = False,
) -> None:
    """YAML; it names both frameworks as what it needs."""
    from haechi.answers.ciso import ciso_mapping as mapping
    from haechi.facts import load

    facts = load()
    ends = [facts.resolve("regime", each) for each in (source, target)]
    _write(Out(json), facts, output, mapping(facts, *ends).encode())


def _json(document: dict[str, object]) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _write(out: Out, facts: "Facts", path: Path, data: bytes) -> None:
    write_file(path, data)
    out.data({"file": str(path), "bytes": len(data), "data_version": facts.version})
    out.say(
        Text(
            "written: {file} ({size} bytes, data version {version})",
            "저장함: {file} ({size}바이트, 데이터 판 {version})",
        ),
        file=str(path),
        size=len(data),
        version=facts.version[:16],
    )
