"""`haechi export` for one subject: reports, OSCAL results, CycloneDX, CSV, and a package to recompute."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.answers import Given, PartOf, Question, Subject, Voices, Worked, work_out
from haechi.cli.asked import Day
from haechi.cli.files import read_file, write_file
from haechi.cli.key import passphrase, resolve_key
from haechi.cli.options import Json, Keys, PinsFile, TrustFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out, locale_lang
from haechi.cli.verification import known
from haechi.findings import overall
from haechi.words import LANGS, Text

if TYPE_CHECKING:
    from haechi.answers.package import Package
    from haechi.facts import Facts
    from haechi.findings import Finding
    from haechi.network.sections import Trust
    from haechi.statement.envelope import Statement
    from haechi.statement.keys import SigningKey

_WRITTEN = Text("written: {file} ({size} bytes)", "저장함: {file} ({size}바이트)")
Output = Annotated[Path, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))]


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    for name, help_text, command in _COMMANDS:
        app.command(name, help=help_text.say(locale_lang()))(command)


def answers_csv(
    subject: Subject, output: Output, evidence: Given = None, part_of: PartOf = None, voice: Voices = None,
    pins: PinsFile = None, trust: TrustFile = None, on: Day = "", json: Json = False,
) -> None:  # fmt: skip
    """UTF-8 with a byte order mark, in the language of the process."""
    from haechi.answers import answers_csv as as_csv
    from haechi.facts import load

    out = Out(json)
    worked = _worked(out, subject, evidence, part_of, voice, (pins, on, trust))
    _written(out, [(output, as_csv(worked.answers, load(), out.lang))], worked)


def oscal_results(
    subject: Subject, output: Output, evidence: Given = None, part_of: PartOf = None, voice: Voices = None,
    pins: PinsFile = None, trust: TrustFile = None, on: Day = "", json: Json = False,
) -> None:  # fmt: skip
    """An assessment-results document."""
    from haechi.answers.oscal_results import oscal_results as results
    from haechi.facts import load

    out = Out(json)
    worked = _worked(out, subject, evidence, part_of, voice, (pins, on, trust))
    pieces = worked.engine.pieces(worked.answers)
    document = results(worked.answers, load(), pieces, datetime.now(UTC))
    _written(out, [(output, _json(document))], worked)


def cyclonedx(
    subject: Subject, output: Output, evidence: Given = None, part_of: PartOf = None, voice: Voices = None,
    pins: PinsFile = None, trust: TrustFile = None, on: Day = "", json: Json = False,
) -> None:  # fmt: skip
    """A BOM with standards and declarations."""
    from haechi.answers.cyclonedx import cyclonedx as as_bom
    from haechi.facts import load

    out = Out(json)
    worked = _worked(out, subject, evidence, part_of, voice, (pins, on, trust))
    pieces = worked.engine.pieces(worked.answers)
    document = as_bom(worked.answers, load(), pieces, datetime.now(UTC))
    _written(out, [(output, _json(document))], worked)


def report(
    form: Annotated[str, typer.Argument(help="oecd-hiroshima, kr-34, eu-annex-iv")],
    subject: Subject, output: Output, evidence: Given = None, part_of: PartOf = None, voice: Voices = None,
    pins: PinsFile = None, trust: TrustFile = None, on: Day = "", json: Json = False,
) -> None:  # fmt: skip
    """Markdown: OUT in English, and beside it the same with `.ko` before the ending in Korean."""
    from haechi.answers.skeleton import skeleton
    from haechi.answers.skeleton_forms import FORMS
    from haechi.errors import UnknownName
    from haechi.facts import load

    if form not in FORMS:
        raise UnknownName(field=Text("form", "양식"), got=form[:120], nearest=list(FORMS))
    out, facts = Out(json), load()
    worked = _worked(out, subject, evidence, part_of, voice, (pins, on, trust))
    pieces = worked.engine.pieces(worked.answers)
    korean = output.with_name(f"{output.stem}.ko{output.suffix}")
    files = [
        (path, skeleton(FORMS[form], worked.answers, facts, pieces, lang).encode())
        for path, lang in zip((output, korean), LANGS, strict=True)
    ]
    _written(out, files, worked)


def package(
    subject: Subject,
    output: Output,
    key: Annotated[str, typer.Option("--key", "-k", help=tr("name or path of the key", "키 이름 또는 경로"))],
    issuer: Annotated[str, typer.Option("--issuer", "-i", help=tr("who signs it", "서명하는 이"))],
    evidence: Given = None, part_of: PartOf = None, voice: Voices = None, pins: PinsFile = None,
    trust: TrustFile = None, on: Day = "", keys: Keys = None, json: Json = False,
) -> None:  # fmt: skip
    """One JSON file that `haechi export verify` checks with nothing but this program."""
    from haechi.answers.package import body_bytes, write_package
    from haechi.answers.package import package as made
    from haechi.statement.keyring import load_key

    out = Out(json)
    worked = _worked(out, subject, evidence, part_of, voice, (pins, on, trust))
    body = made(worked.answers, worked.files, worked.voices, worked.engine.checkers)
    signer = load_key(resolve_key(key, keys), passphrase())
    statement = _signed(signer, issuer, f"answers:{subject}", body_bytes(body))
    _written(out, [(output, write_package(statement.raw, body))], worked)


def verify(
    file: Annotated[Path, typer.Argument(help=tr("package of answers", "답 묶음 파일"))],
    pins: PinsFile = None,
    trust: TrustFile = None,
    json: Json = False,
) -> None:
    """Exit 0 when it HOLDS, 1 when something FAILS, 3 when something is UNDECIDED."""
    from haechi.answers.package import MAX_PACKAGE_BYTES, check_body, read_package
    from haechi.facts import load
    from haechi.network.verify import check_issuer
    from haechi.statement.envelope import Statement

    out, facts, reader = Out(json), load(), known(pins, trust)
    raw, body = read_package(read_file(file, MAX_PACKAGE_BYTES, Text("package", "묶음")))
    statement = Statement.from_bytes(raw)
    findings = [statement.check_signature(), check_issuer(statement, reader)]
    changed = check_body(body, statement.payload)
    findings.append(_again(body, reader, facts) if changed is None else changed)
    out.findings(findings, Text(f"{body.subject}, {body.as_of}", f"{body.subject}, {body.as_of}"))
    out.data(
        {
            "file": str(file),
            "statement": statement.digest_hex,
            "issuer": statement.about.issuer,
            "subject": body.subject,
            "checks": [finding.as_dict(out.lang) for finding in findings],
        }
    )
    raise typer.Exit(EXIT_BY_VERDICT[overall(findings)])


def _worked(
    out: Out,
    subject: str,
    evidence: Given,
    part_of: PartOf,
    voice: Voices,
    rest: tuple[Path | None, str, Path | None],
) -> Worked:
    pins, on, trust = rest
    given = (evidence or (), part_of or (), voice or ())
    return work_out(out, Question(subject, *given, pins, on, trust=trust))


def _signed(signer: "SigningKey", issuer: str, subject: str, body: bytes) -> "Statement":
    import hashlib

    from haechi.statement.envelope import About, HashEnvelope, sign_statement

    about = About(issuer=issuer, subject=subject, issued_at=int(time.time()), kind="document")
    envelope = HashEnvelope("application/json")
    return sign_statement(signer, about, hashlib.sha256(body).digest(), hash_envelope=envelope)


def _again(body: "Package", trust: "Trust", facts: "Facts") -> "Finding":
    """The answers in the body against those that follow from its files, day and voices."""
    from haechi.answers import Engine, Scope
    from haechi.answers.package import PackageMalformed, check_answers
    from haechi.cli.counted import Hearing, count_raw

    try:
        day = date.fromisoformat(body.as_of)
    except ValueError:
        raise PackageMalformed(why=Text("its day is no day", "기준일이 날짜가 아님")) from None
    engine = Engine(facts, body.checkers)
    voices = {party: frozenset(issuers) for party, issuers in body.voices.items()}
    for number, raw in enumerate(body.raw_files, 1):
        count_raw(engine, f"#{number}", raw, Hearing(trust, voices))
    return check_answers(body, engine.answers(Scope(body.subject, body.part_of), day))


def _json(document: dict[str, object]) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _written(out: Out, files: list[tuple[Path, bytes]], worked: Worked) -> None:
    """Write each file, say so, and end with the code that the evidence asks for."""
    for path, data in files:
        write_file(path, data)
        out.say(
            Text("written: {file} ({size} bytes)", "저장함: {file} ({size}바이트)"),
            file=str(path),
            size=len(data),
        )
    for each in worked.counted:
        if not each.counted:
            out.say(Text("{file}: {why}", "{file}: {why}"), file=each.file, why=each.why.say(out.lang))
    out.data(
        {
            "files": [{"file": str(path), "bytes": len(data)} for path, data in files],
            "data_version": worked.answers.data_version,
            "evidence": [each.as_dict() for each in worked.counted],
        }
    )
    raise typer.Exit(worked.code)


_COMMANDS: tuple[tuple[str, Text, Callable[..., None]], ...] = (
    (
        "answers-csv",
        Text("The answers about one subject as CSV.", "한 대상에 대한 답을 CSV로 씁니다."),
        answers_csv,
    ),
    (
        "oscal-results",
        Text(
            "The answers about one subject as OSCAL assessment-results.",
            "한 대상에 대한 답을 OSCAL 평가 결과로 씁니다.",
        ),
        oscal_results,
    ),
    (
        "cyclonedx",
        Text(
            "The answers about one subject as CycloneDX declarations.",
            "한 대상에 대한 답을 CycloneDX 선언으로 씁니다.",
        ),
        cyclonedx,
    ),
    (
        "report",
        Text(
            "A skeleton report in both languages: oecd-hiroshima, kr-34 or eu-annex-iv.",
            "두 언어로 된 뼈대 보고서: oecd-hiroshima, kr-34, eu-annex-iv.",
        ),
        report,
    ),
    (
        "package",
        Text(
            "Answers with everything needed to work them out again, signed.",
            "다시 계산하는 데 필요한 모든 것을 담은 답에 서명합니다.",
        ),
        package,
    ),
    (
        "verify",
        Text("Check a package and work its answers out again.", "답 묶음을 확인하고 답을 다시 계산합니다."),
        verify,
    ),
)
