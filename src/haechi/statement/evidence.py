"""References to evidence files: their digest is signed, their bytes may be of any size.

Files are hashed as a stream in pieces of 1 MiB, so memory stays flat whatever the size (RFC 9995).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec

from haechi.findings import Finding, Verdict, declare, found
from haechi.words import Text

PIECE_BYTES = 1 << 20

declare(
    "evidence.digest",
    Text("Evidence file is the one that was signed", "증거 파일이 서명된 그 파일임"),
    {
        "matches": (
            Verdict.HOLDS,
            Text("{name}: {size} bytes, digest as signed", "{name}: {size}바이트, 서명된 다이제스트와 같음"),
        ),
        "differs": (
            Verdict.FAILS,
            Text("{name}: expected {expected}, got {got}", "{name}: 기대값 {expected}, 실제 {got}"),
        ),
        "wrong-size": (
            Verdict.FAILS,
            Text(
                "{name}: expected {expected} bytes, got {got}",
                "{name}: 기대값 {expected}바이트, 실제 {got}바이트",
            ),
        ),
        "absent": (Verdict.UNDECIDED, Text("{name}: the file is not at hand", "{name}: 파일이 여기에 없음")),
    },
)


declare(
    "evidence.figure",
    Text("Figure recomputed from the evidence", "증거에서 다시 계산한 수치"),
    {
        "reproduced": (
            Verdict.HOLDS,
            Text(
                "{got} {unit} [{low}, {high}] from {items} items, as stated",
                "{items}개 항목에서 {got} {unit} [{low}, {high}], 진술과 같음",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "stated {claimed} {unit}, recomputed {got} {unit}",
                "진술 {claimed} {unit}, 다시 계산한 값 {got} {unit}",
            ),
        ),
    },
)


class EvidenceRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file that a claim rests on. digest: SHA-256, 32 bytes; size: bytes; name: a file name, no path.

    The media type and the name end up in HTTP headers and on disks of readers, hence their narrow forms.
    """

    digest: Annotated[
        bytes,
        msgspec.Meta(
            min_length=32,
            max_length=32,
            title="SHA-256 of the file",
            extra_json_schema={"x-title-ko": "파일의 SHA-256"},
        ),
    ]
    size: Annotated[
        int,
        msgspec.Meta(
            ge=0, lt=1 << 53, title="Size in bytes", extra_json_schema={"x-title-ko": "크기(바이트)"}
        ),
    ]
    media_type: Annotated[
        str,
        msgspec.Meta(
            min_length=3,
            max_length=128,
            pattern=r"^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*"
            r"(; ?[a-z0-9-]+=[A-Za-z0-9._-]+)*(?![\s\S])",
            title="Media type",
            extra_json_schema={"x-title-ko": "미디어 타입"},
        ),
    ]
    name: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=255,
            pattern=r"^(?!\.{1,2}(?![\s\S]))(?![\s\S]*[/\\\n])",
            title="File name",
            extra_json_schema={"x-title-ko": "파일 이름"},
        ),
    ]


def hash_stream(stream: BinaryIO, progress: Callable[[int], None] | None = None) -> tuple[bytes, int]:
    """SHA-256 and size of what `stream` still holds; `progress` hears the bytes read so far."""
    sha, size = hashlib.sha256(), 0
    while piece := stream.read(PIECE_BYTES):
        sha.update(piece)
        size += len(piece)
        if progress is not None:
            progress(size)
    return sha.digest(), size


def reference(path: Path, media_type: str, progress: Callable[[int], None] | None = None) -> EvidenceRef:
    """A reference to the file at `path`; raises OSError when it can't be read."""
    with path.open("rb") as stream:
        digest, size = hash_stream(stream, progress)
    return EvidenceRef(digest=digest, size=size, media_type=media_type, name=path.name)


def check_evidence(ref: EvidenceRef, digest: bytes | None, size: int = 0) -> Finding:
    """Whether a file with `digest` and `size` is the one referred to; None: the file is not at hand."""
    if digest is None:
        return found("evidence.digest.absent", name=ref.name)
    if digest != ref.digest:
        return found("evidence.digest.differs", name=ref.name, expected=ref.digest.hex(), got=digest.hex())
    if size != ref.size:
        return found("evidence.digest.wrong-size", name=ref.name, expected=ref.size, got=size)
    return found("evidence.digest.matches", name=ref.name, size=size)
