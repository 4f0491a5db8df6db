"""`content_mark`: content was marked as made by AI, one item or a batch of a million as one Merkle root."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Name, Reading, Row, titled
from haechi.statement.claims import Kind as KindOf
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._dates import Moment, require_plausible
from haechi.statement.kinds._life import EXAMPLE_TARGET, file_row, neutral
from haechi.words import Text

NAME = "content_mark"
MOST_IN_BATCH = 1 << 24

SourceType = Literal[
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "compositeSynthetic",
]
SOURCE_TYPES: dict[SourceType, Text] = {
    "trainedAlgorithmicMedia": Text("made by a trained AI model", "학습된 AI 모델로 생성"),
    "compositeWithTrainedAlgorithmicMedia": Text(
        "a composite with parts made by a trained AI model", "학습된 AI 모델이 만든 부분이 들어간 합성물"
    ),
    "algorithmicMedia": Text("made by an algorithm without training data", "학습 없는 알고리즘으로 생성"),
    "algorithmicallyEnhanced": Text("enhanced by an algorithm", "알고리즘으로 보정"),
    "compositeSynthetic": Text("a composite with synthetic parts", "합성 요소가 들어간 합성물"),
}

MediaType = Annotated[
    str,
    msgspec.Meta(
        min_length=3,
        max_length=128,
        pattern=r"^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(?![\s\S])",
    ),
]
MOST_FURTHER_MARKS = 8
MOST_FRAMES = 64
Hex = Annotated[str, msgspec.Meta(min_length=2, max_length=128, pattern=r"^([0-9a-f]{2})+(?![\s\S])")]
MINHASH_BYTES = 512
MinHash = Annotated[bytes, msgspec.Meta(min_length=MINHASH_BYTES, max_length=MINHASH_BYTES)]
PdqHex = Annotated[str, msgspec.Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}(?![\s\S])")]


class Watermark(Claim, frozen=True, kw_only=True):
    """What is in the content itself.

    payload: what the mark says in hexadecimal, of an image mark the issuer's namespace (4 digits) and the
    item (12); a mark that only says whose it is has none. key: an id that commits to the mark key without
    giving it away; profile: the digest of everything that reading needs, as a `mark_profile` committed to it.
    """

    payload: Annotated[Hex | None, titled("Payload", "마크 값")] = None
    algorithm: Annotated[Name, titled("Algorithm", "알고리즘")]
    spec: Annotated[Name, titled("Specification", "규격")]
    key: Annotated[Name, titled("Key id", "키 식별자")]
    profile: Annotated[Digest | None, titled("Mark profile", "마크 프로필")] = None


class Fingerprints(Claim, frozen=True, kw_only=True):
    """What the content looks like, sounds like or says, for copies without mark and metadata.

    pdq: 256 bits; iscc: the ISCC code of the medium (ISO 24138); orb: the key point signature, kept beside
    the log; minhash: of a text, 128 numbers of 32 bits; frames: PDQ hashes of frames spread over a film, each
    once; kept: other fingerprints, as a file beside the log.
    """

    pdq: Annotated[PdqHex | None, titled("PDQ hash", "PDQ 해시")] = None
    iscc: Annotated[Name | None, titled("ISCC code", "ISCC 코드")] = None
    orb: Annotated[EvidenceRef | None, titled("Key point signature", "특징점 서명")] = None
    minhash: Annotated[MinHash | None, titled("MinHash of a text", "텍스트 MinHash")] = None
    kept: Annotated[EvidenceRef | None, titled("Other fingerprints", "그 밖의 지문")] = None
    frames: Annotated[
        tuple[PdqHex, ...], msgspec.Meta(max_length=MOST_FRAMES), titled("PDQ of frames", "프레임 PDQ")
    ] = ()


class Label(Claim, frozen=True, kw_only=True):
    """The record that all labels are made from.

    id: unique for the provider; producer: a registered code (China); serves: requirement ids of the facts
    for which labels were written.
    """

    provider: Annotated[Name, titled("Provider", "제공자")]
    id: Annotated[Name, titled("Content id", "콘텐츠 식별자")]
    producer: Annotated[Name | None, titled("Producer code", "생산자 코드")] = None
    serves: Annotated[
        tuple[Name, ...], msgspec.Meta(max_length=64), titled("Written for requirements", "대응 요구사항")
    ] = ()


class Extent(Claim, frozen=True, kw_only=True):
    """How much content there is, in the unit its mark is counted in. word: words of haechi-text-1; token: of
    the tokenizer that the profile names; millisecond: of sound or film.
    """

    amount: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53), titled("Amount", "양")]
    unit: Annotated[Literal["word", "token", "millisecond"], titled("Unit", "단위")]


class MarkedItem(Claim, frozen=True, kw_only=True):
    """One marked file. digest and size: of the file as it left the maker, with all labels in it.

    generator: the AI system and its version; made: when; credential: its C2PA manifest, kept beside the log;
    further: marks of other kinds in the same file, such as that of the sound track beside that of the frames.
    """

    media_type: Annotated[MediaType, titled("Media type", "미디어 타입")]
    digest: Annotated[Digest, titled("SHA-256 of the marked file", "마크된 파일의 SHA-256")]
    size: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53), titled("Size in bytes", "크기(바이트)")]
    source_type: Annotated[SourceType, titled("Digital source type", "디지털 출처 유형")]
    generator: Annotated[Name, titled("Generator", "생성 시스템")]
    made: Annotated[Moment, titled("Made", "생성 시각")]
    label: Annotated[Label, titled("Label record", "표시 기록")]
    watermark: Annotated[Watermark | None, titled("Watermark", "워터마크")] = None
    fingerprints: Annotated[Fingerprints | None, titled("Fingerprints", "지문")] = None
    credential: Annotated[EvidenceRef | None, titled("Content credential", "콘텐츠 자격 증명")] = None
    extent: Annotated[Extent | None, titled("Extent", "분량")] = None
    further: Annotated[
        tuple[Watermark, ...],
        msgspec.Meta(max_length=MOST_FURTHER_MARKS),
        titled("Further marks", "추가 마크"),
    ] = ()

    @property
    def marks(self) -> tuple[Watermark, ...]:
        """Every mark in the file, the main one first."""
        return self.further if self.watermark is None else (self.watermark, *self.further)


class Batch(Claim, frozen=True, kw_only=True):
    """Many items as the root of a Merkle tree (RFC 9162) over their deterministic CBOR, in order.

    items: the file of all items, one CBOR map after the other, kept beside the log; without it each item is
    shown with a proof of its own.
    """

    root: Annotated[Digest, titled("Merkle root", "머클 루트")]
    size: Annotated[int, msgspec.Meta(ge=1, le=MOST_IN_BATCH), titled("Items", "항목 수")]
    first: Annotated[Moment, titled("First made", "첫 생성 시각")]
    last: Annotated[Moment, titled("Last made", "마지막 생성 시각")]
    items: Annotated[EvidenceRef | None, titled("File of all items", "전체 항목 파일")] = None


class ContentMark(Claim, frozen=True, kw_only=True):
    """Exactly one of `item` and `batch`."""

    item: Annotated[MarkedItem | None, titled("Item", "항목")] = None
    batch: Annotated[Batch | None, titled("Batch", "묶음")] = None


def _check(claim: ContentMark, facts: Facts) -> None:
    if (claim.item is None) == (claim.batch is None):
        raise _wrong("either one item or a batch", "항목 하나와 묶음 중 정확히 하나여야 함")
    if claim.item is not None:
        check_item(claim.item, facts)
    if claim.batch is not None:
        require_plausible(NAME, "batch.first", claim.batch.first)
        require_plausible(NAME, "batch.last", claim.batch.last)
        if claim.batch.last < claim.batch.first:
            raise _wrong("the batch ends before it begins", "묶음의 끝이 시작보다 앞섬")


def check_item(item: MarkedItem, facts: Facts) -> None:
    """Raise ClaimMalformed or UnknownName for an item that no statement or batch may hold."""
    require_plausible(NAME, "made", item.made)
    if item.watermark is None and item.fingerprints is None and item.credential is None:
        raise _wrong("neither watermark, fingerprint nor credential", "워터마크, 지문, 자격 증명이 모두 없음")
    if len(set(item.marks)) != len(item.marks):
        raise _wrong("a mark is listed twice", "같은 마크가 두 번 있음")
    if item.watermark is None and item.further:
        raise _wrong("further marks without a first one", "첫 마크 없이 추가 마크가 있음")
    frames = () if item.fingerprints is None else item.fingerprints.frames
    if len(set(frames)) != len(frames):
        raise _wrong("a frame is listed twice", "같은 프레임이 두 번 있음")
    if len(set(item.label.serves)) != len(item.label.serves):
        raise _wrong("a requirement is listed twice", "같은 요구사항이 두 번 있음")
    for name in item.label.serves:
        facts.requirement(name)


def _wrong(en: str, ko: str) -> ClaimMalformed:
    return ClaimMalformed(kind=NAME, why=Text(en, ko))


def _evidence(claim: ContentMark) -> tuple[EvidenceRef, ...]:
    """The files beside the log; one that serves twice is named once."""
    refs: list[EvidenceRef | None] = []
    if claim.item is not None:
        refs.append(claim.item.credential)
        if claim.item.fingerprints is not None:
            refs += [claim.item.fingerprints.orb, claim.item.fingerprints.kept]
    if claim.batch is not None:
        refs.append(claim.batch.items)
    return tuple({ref.digest: ref for ref in refs if ref is not None}.values())


def _read(claim: ContentMark, facts: Facts) -> Reading:
    if claim.batch is not None:
        return _read_batch(claim.batch)
    if claim.item is not None:
        return _read_item(claim.item, facts)
    return Reading(Text("Content was marked.", "콘텐츠에 표시를 넣었습니다."))


def _read_batch(batch: Batch) -> Reading:
    rows = [
        Row(Text("Items", "항목 수"), neutral(f"{batch.size:,}")),
        Row(Text("Merkle root", "머클 루트"), neutral(batch.root.hex())),
        Row(Text("Made from", "생성 시작"), _moment(batch.first)),
        Row(Text("Made until", "생성 끝"), _moment(batch.last)),
    ]
    if batch.items is not None:
        rows.append(file_row(batch.items, Text("All items", "전체 항목")))
    return Reading(
        Text(
            f"{batch.size:,} items of content were marked; each has a proof of its own.",
            f"콘텐츠 {batch.size:,}건에 표시를 넣었으며, 건마다 증명이 따로 있습니다.",
        ),
        rows,
    )


def _read_item(item: MarkedItem, facts: Facts) -> Reading:
    source = SOURCE_TYPES[item.source_type]
    rows = [
        Row(Text("Source", "출처 유형"), source),
        Row(Text("Provider", "제공자"), neutral(item.label.provider)),
        Row(Text("Generator", "생성 시스템"), neutral(item.generator)),
        Row(Text("Made", "생성 시각"), _moment(item.made)),
        Row(Text("Content id", "콘텐츠 식별자"), neutral(item.label.id)),
        Row(Text("File", "파일"), neutral(f"{item.media_type}, {item.size:,} B, {item.digest.hex()}")),
    ]
    if item.extent is not None:
        rows.append(Row(Text("Extent", "분량"), _extent(item.extent)))
    rows += [row for mark in item.marks for row in _mark_rows(mark)]
    if item.fingerprints is not None:
        rows += _print_rows(item.fingerprints)
    if item.credential is not None:
        rows.append(file_row(item.credential, Text("Content credential", "콘텐츠 자격 증명")))
    for name in item.label.serves:
        label = facts.requirement(name).label
        rows.append(
            Row(
                Text("Labels written for", "표시 대상 요구사항"),
                Text(f"{name}: {label.en}", f"{name}: {label.ko}"),
            )
        )
    return Reading(
        Text(
            f"One item of content was marked: {source.en}.",
            f"콘텐츠 한 건에 표시를 넣었습니다: {source.ko}.",
        ),
        rows,
    )


def _mark_rows(mark: Watermark) -> list[Row]:
    shown = f"{mark.payload or '–'} ({mark.algorithm}, {mark.spec}, key {mark.key})"
    rows = [Row(Text("Watermark", "워터마크"), neutral(shown))]
    if mark.profile is not None:
        rows.append(Row(Text("Mark profile", "마크 프로필"), neutral(mark.profile.hex())))
    return rows


def _print_rows(prints: Fingerprints) -> list[Row]:
    rows: list[Row] = []
    if prints.pdq is not None:
        rows.append(Row(Text("PDQ hash", "PDQ 해시"), neutral(prints.pdq)))
    if prints.iscc is not None:
        rows.append(Row(Text("ISCC code", "ISCC 코드"), neutral(prints.iscc)))
    if prints.minhash is not None:
        rows.append(Row(Text("MinHash (text)", "텍스트 MinHash"), neutral(f"{prints.minhash[:16].hex()}…")))
    if prints.frames:
        shown = f"{len(prints.frames)} × PDQ, {prints.frames[0][:16]}…"
        rows.append(Row(Text("Frames of a film", "영상 프레임"), neutral(shown)))
    if prints.orb is not None:
        rows.append(file_row(prints.orb, Text("Key point signature", "특징점 서명")))
    if prints.kept is not None:
        rows.append(file_row(prints.kept, Text("Other fingerprints", "그 밖의 지문")))
    return rows


def _extent(extent: Extent) -> Text:
    if extent.unit == "millisecond":
        return neutral(f"{extent.amount / 1000:,.1f} s")
    unit = {"word": Text("words", "단어"), "token": Text("tokens", "토큰")}[extent.unit]
    return Text(f"{extent.amount:,} {unit.en}", f"{extent.amount:,} {unit.ko}")


def _moment(at: datetime) -> Text:
    return neutral(at.isoformat(timespec="seconds"))


def _example() -> ContentMark:
    return ContentMark(
        item=MarkedItem(
            media_type="image/png",
            digest=EXAMPLE_TARGET,
            size=812_345,
            source_type="trainedAlgorithmicMedia",
            generator="Example Studio 2.1",
            made=datetime(2026, 9, 20, 4, 30, tzinfo=UTC),
            label=Label(
                provider="Example Company",
                id="0007000000000001",
                serves=("EU.COP50.1", "KR.31.2"),
            ),
            watermark=Watermark(
                payload="0007000000000001",
                algorithm="org.haechi.lattice.1",
                spec="haechi-lattice-1",
                key="3f1c2a7788aa0011",
            ),
            fingerprints=Fingerprints(pdq="f0" * 32, iscc="ISCC:EEAYBQ2C3ZSRIPV2"),
            credential=EvidenceRef(
                digest=EXAMPLE_TARGET, size=3_920, media_type="application/c2pa", name="manifest.c2pa"
            ),
        )
    )


KIND = KindOf(
    name=NAME,
    title=Text("Content mark", "콘텐츠 표시"),
    about=Text(
        "Content made by AI was marked: watermark, credential, fingerprint and label of one item, or the "
        "Merkle root of a batch of items.",
        "AI로 만든 콘텐츠에 표시를 넣었음을 밝힙니다. 한 건의 워터마크·자격 증명·지문·라벨 또는 여러 건의 "
        "머클 루트를 담습니다.",
    ),
    payload=ContentMark,
    check=_check,
    read=_read,
    example=_example,
    evidence=_evidence,
)
