"""The files that a bundle holds, against the statements that rest on them. Pure: digests in, findings out."""

from collections.abc import Mapping, Sequence

from haechi.findings import Finding, found
from haechi.network.bundle import FileEntry, FileSum
from haechi.network.sections import Section
from haechi.statement.claims import WITHHELD, Claim, kind_of
from haechi.statement.envelope import Statement
from haechi.statement.evidence import EvidenceRef, check_evidence
from haechi.words import Text


def evidence_in(statement: Statement, claim: Claim | None) -> tuple[EvidenceRef, ...]:
    """The evidence files that a claim refers to; none without a claim."""
    return () if claim is None else kind_of(statement.about.kind).evidence(claim)


def _evidence_refs(sections: Sequence[Section], files: Sequence[FileEntry]) -> list[EvidenceRef]:
    """The files that the statements rest on: those named in claims, and the preimages of hash envelopes."""
    sizes = dict(files)
    refs: dict[tuple[bytes, int], EvidenceRef] = {}
    for section in sections:
        statement = section.statement
        if statement is None:
            continue
        if statement.hash_envelope is None:
            refs.update({(ref.digest, ref.size): ref for ref in evidence_in(statement, section.claim)})
            continue
        # A hash envelope signs no size; the length found is as good as the digest makes it.
        digest, size = statement.payload, sizes.get(statement.payload, 0)
        name, media_type = statement.about.subject[:255], statement.hash_envelope.content_type
        refs[digest, size] = EvidenceRef(digest=digest, size=size, media_type=media_type, name=name)
    return list(refs.values())


def check_files(
    sections: Sequence[Section], files: Sequence[FileEntry], sums: Sequence[FileSum]
) -> list[Finding]:
    """Each referred file against what the bundle holds; a file that nothing refers to is refused.

    A statement that signs only the digest of a file is told apart by whether the bundle holds the file.
    """
    held = {entry.digest: total for entry, total in zip(files, sums, strict=True)}
    refs = _evidence_refs(sections, files)
    for section in sections:
        _mark_at_hand(section, held)
    findings = [check_evidence(ref, *held.get(ref.digest, (None, 0))) for ref in refs]
    idle = held.keys() - {ref.digest for ref in refs}
    if idle:
        count = len(idle)
        why = Text(f"{count} file(s) that no statement names", f"어떤 진술도 언급하지 않는 파일 {count}개")
        findings.append(found("network.bundle.malformed", why=why))
    return findings


def _mark_at_hand(section: Section, held: Mapping[bytes, FileSum]) -> None:
    """The bundle holds the very file of which the statement signs the digest, so it is at hand."""
    statement = section.statement
    if statement is None:
        return
    total = held.get(statement.payload)
    if total is None or total.digest != statement.payload:
        return
    beside = found("statement.claim.beside", kind=statement.about.kind, digest=statement.payload.hex())
    withheld = WITHHELD[False]
    section.findings[:] = [beside if one.code == withheld else one for one in section.findings]
