"""What each country's rules ask of a marked picture, by requirement id of the facts, and whether it was done.

A layer that was written *can serve as evidence for* the requirement; nothing here says that anybody complies.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from haechi.errors import UnknownName
from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.labels.visible import Wording
from haechi.words import Text

Layer = Literal["watermark", "metadata", "credential", "visible", "notice", "kept"]
LAYERS: dict[Layer, Text] = {
    "watermark": Text("watermark", "워터마크"),
    "metadata": Text("labels in the metadata", "메타데이터 표시"),
    "credential": Text("signed credential", "서명된 자격 증명"),
    "visible": Text("visible label", "눈에 보이는 표시"),
    "notice": Text("notice in words", "문구 고지"),
    "kept": Text("earlier credentials kept", "기존 자격 증명 유지"),
}


class Duty(NamedTuple):
    """A requirement and the layers that serve it. only_for_deceptive: asked for what may be taken as real."""

    requirement: str
    needs: tuple[Layer, ...]
    only_for_deceptive: bool = False


class Country(NamedTuple):
    """A country's duties and the words of its visible label."""

    wording: Wording
    duties: tuple[Duty, ...]


COUNTRIES: dict[str, Country] = {
    "KR": Country(
        "AI 생성",
        (
            Duty("KR.31.2", ("watermark", "metadata", "notice")),
            Duty("KR.31.3", ("visible",), only_for_deceptive=True),
        ),
    ),
    "EU": Country(
        "AI GENERATED",
        (
            Duty("EU.50.2", ("watermark", "credential")),
            Duty("EU.COP50.1", ("credential", "watermark")),
            Duty("EU.COP50.2", ("kept",)),
            Duty("EU.50.4", ("visible",), only_for_deceptive=True),
        ),
    ),
    "CN": Country(
        "AI生成",
        (
            Duty("CN.LBL.5", ("metadata",)),
            Duty("CN.LBL.4", ("visible",), only_for_deceptive=True),
        ),
    ),
    "US-CA": Country(
        "AI GENERATED",
        (
            Duty("US-CA.942.lat", ("metadata", "watermark")),
            Duty("US-CA.942.man", ("visible",), only_for_deceptive=True),
        ),
    ),
}

declare(
    "mark.duty",
    Text("Labels written for a requirement", "요구사항에 맞춘 표시"),
    {
        "written": (
            Verdict.HOLDS,
            Text(
                "{requirement}: {layers}; can serve as evidence for it",
                "{requirement}: {layers}. 이 요구사항의 증거로 쓰일 수 있음",
            ),
        ),
        "optional": (
            Verdict.UNDECIDED,
            Text(
                "{requirement}: asked for content that may be taken as real; add it with --visible",
                "{requirement}: 실제로 오인할 수 있는 콘텐츠에 요구됨. --visible 로 추가",
            ),
        ),
        "missing": (
            Verdict.UNDECIDED,
            Text("{requirement}: not written: {layers}", "{requirement}: 쓰지 못함: {layers}"),
        ),
    },
)


def country_of(name: str) -> Country:
    """The duties of a country or region; raises UnknownName."""
    if name not in COUNTRIES:
        raise UnknownName(field="--for", got=name[:40], nearest=sorted(COUNTRIES))
    return COUNTRIES[name]


def duty_findings(countries: Iterable[str], done: frozenset[Layer]) -> list[Finding]:
    """For each requirement of the countries: whether the layers that serve it were written."""
    findings: list[Finding] = []
    for name in countries:
        for duty in country_of(name).duties:
            missing: list[Layer] = [layer for layer in duty.needs if layer not in done]
            if not missing:
                layers: list[Text] = [LAYERS[layer] for layer in duty.needs]
                findings.append(found("mark.duty.written", requirement=duty.requirement, layers=layers))
            elif duty.only_for_deceptive:
                findings.append(found("mark.duty.optional", requirement=duty.requirement))
            else:
                layers = [LAYERS[layer] for layer in missing]
                findings.append(found("mark.duty.missing", requirement=duty.requirement, layers=layers))
    return findings


def served(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The requirement ids for which labels were written, in order."""
    return tuple(
        str(finding.facts["requirement"]) for finding in findings if finding.code == "mark.duty.written"
    )
