"""Reading content credentials: what they say, whether they hold, and each status in plain words."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.credentials.authority import CLAIM_SIGNING
from haechi.mark.credentials.manifest import LOG_ASSERTION, SOURCE_TYPE_BASE
from haechi.mark.credentials.statuses import CONTENT_CHANGED, SIGNER_EXPIRED, SIGNER_UNKNOWN, explain
from haechi.mark.credentials.trust import TrustSource, official_list
from haechi.mark.extra import require
from haechi.words import Text

if TYPE_CHECKING:
    import c2pa  # pyright: ignore[reportMissingTypeStubs]  # it ships none

Outcome = Literal["success", "informational", "failure"]
_USES = ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.8", CLAIM_SIGNING.dotted_string)
_SHORTEST = 32

declare(
    "mark.credential",
    Text("Content credential (C2PA)", "콘텐츠 자격 증명(C2PA)"),
    {
        "trusted": (
            Verdict.HOLDS,
            Text(
                "signed by {signer}, recognised by {by}; the file is unchanged since",
                "{signer}이(가) 서명, {by}에서 인정. 이후 파일이 바뀌지 않음",
            ),
        ),
        "unrecognised": (
            Verdict.UNDECIDED,
            Text(
                "signature and file hold; the signer {signer} is not on the lists used here",
                "서명과 파일은 맞으나 서명자 {signer}이(가) 여기서 쓰는 목록에 없음",
            ),
        ),
        "expired": (
            Verdict.UNDECIDED,
            Text(
                "the certificate of {signer} was not valid at a time that can be shown",
                "확인할 수 있는 시각에 {signer}의 인증서가 유효하지 않았음",
            ),
        ),
        "altered": (
            Verdict.FAILS,
            Text(
                "the file was changed or saved again after {signer} signed it",
                "{signer}이(가) 서명한 뒤 파일이 바뀌었거나 다시 저장됨",
            ),
        ),
        "broken": (
            Verdict.FAILS,
            Text("the credential does not hold: {why}", "자격 증명이 성립하지 않음: {why}"),
        ),
        "revoked": (
            Verdict.FAILS,
            Text("the certificate of {signer} was revoked", "{signer}의 인증서가 폐지됨"),
        ),
        "recovered": (
            Verdict.UNDECIDED,
            Text(
                "signed by {signer} for the original file, and found again by the mark: this copy differs",
                "{signer}이(가) 원본 파일에 서명했고 마크로 다시 찾았음. 이 사본은 원본과 다름",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text(
                "the file carries none; most software removes them",
                "파일에 없음. 대부분의 프로그램은 저장하면서 제거함",
            ),
        ),
        "unreadable": (
            Verdict.UNDECIDED,
            Text("there is one, and it cannot be read: {why}", "있으나 읽을 수 없음: {why}"),
        ),
        "not-checked": (
            Verdict.UNDECIDED,
            Text("not looked for: c2pa-python is not installed", "c2pa-python이 없어 찾아보지 않음"),
        ),
    },
)


class Status(NamedTuple):
    """One status of a validation, with what it means."""

    code: str
    outcome: Outcome
    text: Text


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that was found. bindings: (algorithm, value); log: the assertion that leads to the log.

    signed_at: as the time stamp says, or None; ingredients: how many earlier files it names.
    """

    signer: str
    source_type: str | None
    generator: str
    signed_at: str | None
    bindings: tuple[tuple[str, str], ...]
    log: tuple[tuple[str, str], ...]
    ingredients: int
    statuses: tuple[Status, ...]


class CredentialReading(NamedTuple):
    """The outcome, and the credential if there is one that can be read."""

    finding: Finding
    credential: Credential | None


def read_credential(
    data: bytes | Path,
    media_type: str,
    trust: Sequence[TrustSource] | None = None,
    manifest: bytes | None = None,
    *,
    bound: bool | None = None,
) -> CredentialReading:
    """What the credential in a file says, or that of `manifest` held against the file; raises ExtraMissing.

    data: the file's bytes, or where it lies.
    trust: whom to recognise, the first that does is named; None: the official list. No network is used.
    bound: for media that c2pa-python does not know, whether `manifest` was in the file and its hash is right.
    """
    best: CredentialReading | None = None
    for source in (official_list(),) if trust is None else trust or (TrustSource(Text("-", "-"), ""),):
        reading = _read_with(data, media_type, source, manifest, bound=bound)
        if best is None or reading.finding.verdict is Verdict.HOLDS:
            best = reading
        if reading.credential is None or reading.finding.code != "mark.credential.unrecognised":
            break
    if best is None:
        return CredentialReading(found("mark.credential.absent"), None)
    if manifest is not None and bound is None and best.finding.code == "mark.credential.altered":
        return best._replace(finding=found("mark.credential.recovered", **best.finding.facts))
    return best


def _read_with(
    data: bytes | Path, media_type: str, source: TrustSource, manifest: bytes | None, *, bound: bool | None
) -> CredentialReading:
    c2pa = require("c2pa")
    if (len(data) if isinstance(data, bytes) else data.stat().st_size) < _SHORTEST:
        return CredentialReading(found("mark.credential.absent"), None)
    try:
        with BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
            reader = c2pa.Reader.try_create(media_type, file, manifest, context=_context(source.pem))
            if reader is None:
                return CredentialReading(found("mark.credential.absent"), None)
            with reader:
                store = json.loads(reader.json())
    except (c2pa.C2paError, ValueError) as error:
        return CredentialReading(found("mark.credential.unreadable", why=str(error)[:200]), None)
    credential = _credential(store)
    if bound is not None:
        credential = replace(credential, statuses=_with_own_binding(credential.statuses, holds=bound))
    return CredentialReading(_judge(credential, source), credential)


@lru_cache(maxsize=32)
def _context(pem: str) -> "c2pa.Context":
    c2pa = require("c2pa")
    trust: dict[str, Any] = {"trust_config": "\n".join(_USES)}
    if pem:
        trust["trust_anchors"] = pem
    settings = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}, "trust": trust}
    return c2pa.Context(settings=c2pa.Settings.from_dict(settings))


def _judge(credential: Credential, source: TrustSource) -> Finding:
    """One finding from all statuses; failures of the content come before doubts about the signer."""
    failed = {status.code for status in credential.statuses if status.outcome == "failure"}
    good = {status.code for status in credential.statuses if status.outcome == "success"}
    signer = credential.signer
    other = failed - CONTENT_CHANGED - SIGNER_UNKNOWN - SIGNER_EXPIRED
    if {"signingCredential.revoked", "signingCredential.ocsp.revoked"} & failed:
        return found("mark.credential.revoked", signer=signer)
    if other:
        code = min(other)
        return found("mark.credential.broken", why=explain(code), status=code)
    if failed & CONTENT_CHANGED:
        return found("mark.credential.altered", signer=signer)
    if failed & SIGNER_EXPIRED:
        return found("mark.credential.expired", signer=signer)
    if "signingCredential.trusted" in good and "claimSignature.validated" in good:
        return found("mark.credential.trusted", signer=signer, by=source.name)
    return found("mark.credential.unrecognised", signer=signer)


def _credential(store: dict[str, Any]) -> Credential:
    active = _dict(_dict(store.get("manifests")).get(str(store.get("active_manifest"))))
    signature = _dict(active.get("signature_info"))
    assertions = [_dict(each) for each in _list(active.get("assertions"))]
    bindings: list[tuple[str, str]] = []
    log: tuple[tuple[str, str], ...] = ()
    source_type: str | None = None
    for assertion in assertions:
        label, data = str(assertion.get("label", "")), _dict(assertion.get("data"))
        if label.startswith("c2pa.soft-binding"):
            blocks = [_dict(each) for each in _list(data.get("blocks"))]
            bindings += [(str(data.get("alg"))[:100], str(block.get("value"))[:256]) for block in blocks[:16]]
        elif label == LOG_ASSERTION:
            log = tuple((str(name)[:64], str(value)[:256]) for name, value in list(data.items())[:16])
        elif label.startswith("c2pa.actions"):
            source_type = source_type or _source_type(data)
    makers = [_dict(each) for each in _list(active.get("claim_generator_info"))]
    generator = " ".join(str(makers[0].get(part, "")) for part in ("name", "version")) if makers else ""
    return Credential(
        signer=str(signature.get("issuer") or signature.get("common_name") or "?")[:200],
        source_type=source_type,
        generator=generator[:200],
        signed_at=str(signature["time"])[:40] if signature.get("time") else None,
        bindings=tuple(bindings),
        log=log,
        ingredients=len(_list(active.get("ingredients"))),
        statuses=tuple(_statuses(store)),
    )


def _with_own_binding(statuses: Sequence[Status], *, holds: bool) -> tuple[Status, ...]:
    """The statuses with our word on the data hash in the place of the library's."""
    outcome: Outcome = "success" if holds else "failure"
    code = "assertion.dataHash.match" if holds else "assertion.dataHash.mismatch"
    kept = [each for each in statuses if not each.code.startswith("assertion.dataHash.")]
    return (*kept, Status(code, outcome, explain(code)))


def _source_type(data: dict[str, Any]) -> str | None:
    for action in _list(data.get("actions")):
        said = _dict(action).get("digitalSourceType")
        if isinstance(said, str):
            return said.removeprefix(SOURCE_TYPE_BASE)[:80]
    return None


def _statuses(store: dict[str, Any]) -> list[Status]:
    results = _dict(_dict(store.get("validation_results")).get("activeManifest"))
    outcomes: tuple[Outcome, ...] = ("success", "informational", "failure")
    seen: dict[tuple[str, Outcome], Status] = {}
    for outcome in outcomes:
        for each in _list(results.get(outcome)):
            code = str(_dict(each).get("code", ""))[:100]
            seen[code, outcome] = Status(code, outcome, explain(code))
    return list(seen.values())


def _dict(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
