"""`haechi export incident-stix` and `incident-misp`: one incident statement for others' programs.

What does not verify is not exported. Its sharing level goes along, and nothing is exported that the reader
could not read: encrypted content needs the reader's own key, and RED content leaves in no form.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from haechi.cli.files import write_file
from haechi.cli.key import passphrase, resolve_key
from haechi.cli.open import Read, open_it, read_one, releases_in, take_opened
from haechi.cli.options import Json, Keys, NodeUrl, PinsFile, TrustFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.cli.verification import asked_for, known, show_report
from haechi.findings import Finding, Verdict, overall
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.answers.incident import Ended, Incident
    from haechi.statement.claims import Claim
    from haechi.statement.envelope import Statement
    from haechi.statement.seal_keys import SealKey

What = Annotated[
    str,
    typer.Argument(
        help=tr("incident statement: file, digest or link", "사고 진술: 파일, 다이제스트 또는 링크")
    ),
]
Output = Annotated[Path, typer.Option("--out", "-o", help=tr("file to write", "쓸 파일"))]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", "-w", help=tr("name or path of your encryption key; repeat", "암호화 키. 반복 가능")
    ),
]
ContentFile = Annotated[
    Path | None,
    typer.Option("--content", help=tr("its .sealed or .kept file", "진술의 .sealed 또는 .kept 파일")),
]
ReleaseFile = Annotated[
    Path | None,
    typer.Option("--release", help=tr("its issuer's release (.cose)", "발행자의 공개 진술 (.cose)")),
]
# Whether a statement still stands does not keep it here: what ended it is told with it.
_STANDING = "network.standing"


class _Options(NamedTuple):
    """How to read it: own keys, files that belong to it, whom to trust, which node to ask."""

    own: "list[SealKey]"
    content: Path | None
    release: Path | None
    pins: Path | None
    trust: Path | None
    node: str


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command(
        "incident-stix",
        help=tr("One incident statement as a STIX 2.1 bundle.", "사고 진술 하나를 STIX 2.1 묶음으로 씁니다."),
    )(incident_stix)
    app.command(
        "incident-misp",
        help=tr("One incident statement as a MISP event.", "사고 진술 하나를 MISP 이벤트로 씁니다."),
    )(incident_misp)


def incident_stix(
    what: What, output: Output, key: With = None, content: ContentFile = None, release: ReleaseFile = None,
    pins: PinsFile = None, trust: TrustFile = None, node: NodeUrl = "", keys: Keys = None, json: Json = False,
) -> None:  # fmt: skip
    """The same statement gives the same bundle. Exit 1 or 3, nothing written, where it does not verify."""
    from haechi.answers.stix import stix_bundle

    _export(
        Out(json), what, _Options(_own(key, keys), content, release, pins, trust, node), output, stix_bundle
    )


def incident_misp(
    what: What, output: Output, key: With = None, content: ContentFile = None, release: ReleaseFile = None,
    pins: PinsFile = None, trust: TrustFile = None, node: NodeUrl = "", keys: Keys = None, json: Json = False,
) -> None:  # fmt: skip
    """The same statement gives the same event. Exit 1 or 3, nothing written, where it does not verify."""
    from haechi.answers.misp import misp_event

    _export(
        Out(json), what, _Options(_own(key, keys), content, release, pins, trust, node), output, misp_event
    )


def _own(names: list[str] | None, keys: Path | None) -> "list[SealKey]":
    from haechi.statement.keyring import load_seal_key

    return [load_seal_key(resolve_key(name, keys), passphrase()) for name in names or []]


def _export(
    out: Out, what: str, options: _Options, output: Path, form: "Callable[[Incident], dict[str, object]]"
) -> None:
    import msgspec

    from haechi.network.durable import write_durably
    from haechi.statement.header import Sharing

    read = read_one(what, known(options.pins, options.trust), options.node)
    incident = _incident(read, options)
    if incident is None:
        show_report(out, read.report)
        out.say(Text("Nothing was written.", "쓴 것은 없습니다."))
        raise typer.Exit(EXIT_BY_VERDICT[_verdict(read)])
    incident = replace(incident, url=_url(what, options.node))
    data = msgspec.json.format(msgspec.json.encode(form(incident)), indent=2) + b"\n"
    if incident.level is Sharing.CLEAR:
        write_file(output, data)
    else:
        write_durably(output, data)  # readable by its owner only
    out.data(
        {
            "file": str(output),
            "bytes": len(data),
            "statement": incident.statement.digest_hex,
            "tlp": str(incident.level),
            "ended": None if incident.ended is None else incident.ended.how,
            "disputes": len(incident.disputes),
        }
    )
    out.say(
        Text("written: {file} ({size} bytes, TLP:{tlp})", "저장함: {file} ({size}바이트, TLP:{tlp})"),
        file=str(output),
        size=len(data),
        tlp=str(incident.level),
    )
    standing = _standing(read)
    if standing is not None and standing.verdict is not Verdict.HOLDS:
        out.findings([standing])


def _verdict(read: Read) -> Verdict:
    """Of the checks on the statement itself; what was said of it later does not keep it from being told."""
    return overall([each for each in read.report.sections[0].findings if each.check != _STANDING])


def _standing(read: Read) -> "Finding | None":
    return next((each for each in read.report.sections[0].findings if each.check == _STANDING), None)


def _incident(read: Read, options: _Options) -> "Incident | None":
    """The incident as the report has it, opened where it is closed; None where a check does not hold."""
    from haechi.answers.incident import disputes_of, incident_of, require_leaves
    from haechi.facts import load
    from haechi.network.released import widened
    from haechi.statement.header import Sharing
    from haechi.statement.sharing import readable_claim

    first = read.report.sections[0]
    statement, claim, releases = first.statement, first.claim, releases_in(read, options.release)
    if statement is None:
        return None
    release = widened(statement, releases, options.own)
    level = statement.about.sharing if release is None else release.about.sharing
    require_leaves(statement, level)
    if statement.about.sharing not in (Sharing.CLEAR, Sharing.GREEN):
        opened = open_it(statement, read, options.content, releases, options.own)
        take_opened(read, statement, opened)
        claim = readable_claim(statement, opened, load())
    if _verdict(read) is not Verdict.HOLDS:
        return None
    return replace(
        incident_of(statement, claim, level),
        widened_at=None if release is None else release.about.issued_at,
        origin=first.origin,
        index=first.index,
        ended=_ended(read),
        disputes=disputes_of(statement, _sound(read)),
    )


def _ended(read: Read) -> "Ended | None":
    """What its issuer did to it, by the check that weighed who may."""
    from haechi.answers.incident import Ended

    standing = _standing(read)
    how = "" if standing is None else standing.code.removeprefix(f"{_STANDING}.")
    if standing is None or how not in ("withdrawn", "superseded"):
        return None
    by = str(standing.facts["by"])
    others = [each.statement for each in read.report.sections[1:] if each.statement is not None]
    one = next(other for other in others if other.digest_hex.startswith(by))
    return Ended(how, one.digest, one.about.issued_at)


def _sound(read: Read) -> "list[tuple[Statement, Claim | None]]":
    """What came with it and holds: a stranger's objection is no fact to pass on."""
    return [
        (each.statement, each.claim)
        for each in read.report.sections[1:]
        if each.statement is not None and each.verdict is Verdict.HOLDS
    ]


def _url(what: str, node: str) -> str | None:
    asked = asked_for(what, node)
    return None if asked is None else f"{asked.node.rstrip('/')}/statements/{asked.digest}"
