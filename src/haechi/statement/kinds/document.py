"""`document`: a dated document, signed by digest. Also the kind of a bare evidence file (RFC 9995)."""

from datetime import date
from typing import Annotated

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, Kind, Name, Reading, Row, Said, titled
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._dates import require_plausible
from haechi.statement.kinds._life import EXAMPLE_TARGET, file_row, neutral, said_row
from haechi.statement.kinds._serves import Offers, Serves, check_serves, serves_rows
from haechi.words import Text


class Document(Claim, frozen=True, kw_only=True):
    """A document of the issuer. form: an evidence kind of the vocabulary, such as `document.policy`.

    serves: the requirements and commitments that it is offered as evidence for.
    """

    title: Annotated[Said, titled("Title", "제목")]
    form: Annotated[Name, titled("Form", "형식")]
    dated: Annotated[date, titled("Dated", "날짜")]
    files: Annotated[
        tuple[EvidenceRef, ...], msgspec.Meta(min_length=1, max_length=64), titled("Files", "파일")
    ]
    summary: Annotated[Said | None, titled("Summary", "요약")] = None
    serves: Offers = ()


def _check(claim: Document, facts: Facts) -> None:
    claim.title.require("document", "title")
    if claim.summary is not None:
        claim.summary.require("document", "summary")
    facts.evidence_kind(claim.form)
    require_plausible("document", "dated", claim.dated)
    check_serves("document", claim.serves, facts)


def _read(claim: Document, facts: Facts) -> Reading:
    rows = [
        said_row(Text("Title", "제목"), claim.title),
        Row(Text("Form", "형식"), facts.evidence_kind(claim.form).label),
        Row(Text("Dated", "날짜"), neutral(claim.dated.isoformat())),
    ]
    if claim.summary is not None:
        rows.append(said_row(Text("Summary", "요약"), claim.summary))
    rows += serves_rows(claim.serves, facts)
    rows += [file_row(ref, Text("File", "파일")) for ref in claim.files]
    return Reading(Text("A document, signed by digest.", "다이제스트로 서명한 문서입니다."), rows)


KIND = Kind(
    name="document",
    title=Text("Document", "문서"),
    about=Text(
        "A policy, notice, technical file or attestation, signed by the digest of its files.",
        "정책, 고지, 기술 문서, 확인서 등을 파일의 다이제스트로 서명합니다.",
    ),
    payload=Document,
    check=_check,
    read=_read,
    example=lambda: Document(
        title=Said(en="AI risk policy", ko="AI 위험 관리 정책"),
        form="document.policy",
        dated=date(2026, 3, 1),
        files=(
            EvidenceRef(digest=EXAMPLE_TARGET, size=4096, media_type="application/pdf", name="policy.pdf"),
        ),
        serves=(
            Serves(
                target="KR.34.1.1",
                whole=False,
                part=Said(
                    en="The plan, not yet its yearly review.", ko="계획이며 연간 점검은 아직 없습니다."
                ),
            ),
            Serves(target="sbp.1.6", whole=True),
        ),
    ),
    evidence=lambda claim: claim.files,
)
