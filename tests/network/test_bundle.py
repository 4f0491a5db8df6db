"""A bundle says exactly what its bytes say: one form, bounded work, and no byte that nothing binds."""

import hashlib
import io
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.network.parties import COMPANY, FACTS, FILE, Case, bundle, document, evidence, pins, sign

from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.network.bundle import (
    MAGIC,
    MAX_FILES,
    MAX_ITEMS,
    MAX_MANIFEST_BYTES,
    BundleMalformed,
    FileEntry,
    Item,
    read_manifest,
    sum_files,
    write_bundle,
)
from haechi.network.verify import verify_bundle
from haechi.statement import cbor

ITEM = Item("subject", b"statement", b"proof")
SUBJECT = list(ITEM)
ENTRY = [hashlib.sha256(FILE).digest(), len(FILE)]


def packed(manifest: object, tail: bytes = b"") -> bytes:
    body = cbor.encode(manifest)
    return MAGIC + struct.pack(">I", len(body)) + body + tail


def manifest(items: object, files: object = ()) -> bytes:
    return packed({"items": items, "files": list(files) if isinstance(files, tuple) else files})


def read(raw: bytes) -> None:
    stream = io.BytesIO(raw)
    sum_files(stream, read_manifest(stream))


@given(
    st.lists(st.tuples(st.sampled_from(["policy", "about"]), st.binary(max_size=80), st.binary(max_size=80))),
    st.lists(st.binary(max_size=300), unique=True, max_size=4),
)
def test_what_was_written_is_read(others: list[tuple[str, bytes, bytes]], files: list[bytes]):
    items = [Item("subject", b"a", b"b"), *(Item(*each) for each in others)]  # type: ignore[arg-type]
    stream = io.BytesIO(bundle(items, *files))
    parsed = read_manifest(stream)
    assert parsed.items == tuple(items)
    assert [entry.digest for entry in parsed.files] == [hashlib.sha256(data).digest() for data in files]
    sums = sum_files(stream, parsed)
    assert [tuple(each) for each in sums] == [tuple(entry) for entry in parsed.files]


GOOD = manifest([SUBJECT], [ENTRY]) + FILE
BAD: dict[str, bytes] = {
    "empty": b"",
    "another-mark": b"haechi.bundle/2\n" + GOOD[16:],
    "mark-only": MAGIC,
    "length-cut": MAGIC + b"\x00\x00",
    "length-zero": MAGIC + bytes(4),
    "length-huge": MAGIC + b"\xff" * 4 + GOOD[20:],
    "length-one-more": MAGIC + struct.pack(">I", len(GOOD) - 20 - len(FILE) + 1) + GOOD[20:],
    "length-one-less": MAGIC + struct.pack(">I", len(GOOD) - 20 - len(FILE) - 1) + GOOD[20:],
    "not-a-map": packed([SUBJECT]),
    "no-files": packed({"items": [SUBJECT]}),
    "one-name-more": packed({"items": [SUBJECT], "files": [], "note": 1}),
    "items-not-a-list": packed({"items": {}, "files": []}),
    "no-item": manifest([]),
    "no-subject": manifest([["about", b"", b""]]),
    "two-subjects": manifest([SUBJECT, SUBJECT]),
    "subject-last": manifest([["about", b"", b""], SUBJECT]),
    "another-role": manifest([SUBJECT, ["witness", b"", b""]]),
    "role-a-number": manifest([SUBJECT, [1, b"", b""]]),
    "item-too-short": manifest([["subject", b""]]),
    "statement-a-text": manifest([["subject", "x", b""]]),
    "statement-too-large": manifest([["subject", bytes(128 * 1024 + 1), b""]]),
    "proof-too-large": manifest([["subject", b"", bytes(192 * 1024 + 1)]]),
    "items-too-many": manifest([SUBJECT, *([["about", b"", b""]] * MAX_ITEMS)]),
    "files-too-many": manifest([SUBJECT], [[n.to_bytes(32), 0] for n in range(MAX_FILES + 1)]),
    "file-twice": manifest([SUBJECT], [ENTRY, ENTRY]) + FILE + FILE,
    "digest-short": manifest([SUBJECT], [[bytes(31), 0]]),
    "size-negative": manifest([SUBJECT], [[bytes(32), -1]]),
    "size-true": manifest([SUBJECT], [[bytes(32), True]]),
    "size-a-text": manifest([SUBJECT], [[bytes(32), "0"]]),
    "byte-after": GOOD + b"\x00",
    "map-keys-unsorted": MAGIC + b"\x00\x00\x00\x0f" + b"\xa2\x65items\x80\x65files\x80",
    "tag": MAGIC + b"\x00\x00\x00\x02" + b"\xc1\x00",
    "deep": MAGIC + struct.pack(">I", 5000) + b"\x81" * 5000,
    "string-beyond-end": MAGIC + b"\x00\x00\x00\x09" + b"\x5b\xff" + b"\xff" * 7,
    "array-of-2-to-the-40": MAGIC + b"\x00\x00\x00\x09" + b"\x9b\x00\x00\x01\x00\x00\x00\x00\x00",
}


def test_the_accepted_case():
    read(GOOD)


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_one_fault_is_refused(raw: bytes):
    with pytest.raises(BadInput):
        read(raw)
    report = verify_bundle(io.BytesIO(raw), pins(), FACTS)
    assert [finding.code for finding in report.findings] == ["network.bundle.malformed"]
    assert all(finding.say(lang) for finding in report.findings for lang in ("en", "ko"))


def test_a_bundle_cut_anywhere_is_refused():
    for at in range(len(GOOD)):
        with pytest.raises(BadInput):
            read(GOOD[:at])


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**64 - 1)
    | st.binary(max_size=8)
    | st.text("abé", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["items", "files", "x"]), inner)
    ),
    max_leaves=12,
)


@given(plain)
def test_any_plain_value_as_manifest_is_read_or_refused(value: object):
    try:
        read_manifest(io.BytesIO(packed(value)))
    except BundleMalformed:
        return
    assert isinstance(value, dict)


@given(st.binary(max_size=200))
def test_any_bytes_as_manifest_are_read_or_refused(body: bytes):
    report = verify_bundle(io.BytesIO(MAGIC + struct.pack(">I", len(body)) + body), pins(), FACTS)
    assert report.verdict is Verdict.FAILS


class Zeros(io.RawIOBase):
    """A stream of zero bytes that is stored nowhere."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        handed = min(size, self.left)
        self.left -= handed
        return bytes(handed)


class Sink(io.RawIOBase):
    """Counts what is written to it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        return len(data)


@pytest.fixture
def peak_bytes() -> Iterator[Callable[[], int]]:
    """The most memory that was in use since the test began, as far as Python knows."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_a_large_file_is_written_in_bounded_memory(peak_bytes: Callable[[], int]):
    sink, size = Sink(), 48 << 20
    write_bundle(
        cast("BinaryIO", sink), [ITEM], [(FileEntry(bytes(32), size), cast("BinaryIO", Zeros(size)))]
    )
    assert sink.size > size
    assert peak_bytes() < 8 << 20


def test_a_large_sparse_file_is_verified_in_bounded_memory(tmp_path: Path, peak_bytes: Callable[[], int]):
    size = 24 << 20
    sha = hashlib.sha256()
    for _ in range(24):
        sha.update(bytes(1 << 20))
    case = Case()
    large = msgspec.structs.replace(evidence(), digest=sha.digest(), size=size)
    statement = sign(case.company_key, COMPANY, document(large), "document")
    case.korea.log(statement)
    items = [case.korea.item("subject", statement), case.korea.item("policy", case.policy)]
    path = tmp_path / "large.haechi"
    with path.open("wb") as target:
        write_bundle(target, items, [(FileEntry(sha.digest(), size), io.BytesIO())])
        target.flush()
        target.truncate(path.stat().st_size + size)
    with path.open("rb") as source:
        assert verify_bundle(source, pins(case.korea), FACTS).verdict is Verdict.HOLDS
    assert peak_bytes() < 8 << 20


def test_the_manifest_is_bounded_before_it_is_read(tmp_path: Path, peak_bytes: Callable[[], int]):
    path = tmp_path / "huge.haechi"
    with path.open("wb") as file:
        file.write(MAGIC + struct.pack(">I", MAX_MANIFEST_BYTES + 1))
        file.truncate(1 << 30)
    with path.open("rb") as file, pytest.raises(BundleMalformed):
        read_manifest(file)
    assert peak_bytes() < 1 << 20


def test_a_huge_declared_size_ends_with_the_bytes_there_are(tmp_path: Path, peak_bytes: Callable[[], int]):
    path = tmp_path / "sparse.haechi"
    with path.open("wb") as file:
        file.write(manifest([SUBJECT], [[bytes(32), 2**53]]))
        file.flush()
        file.truncate(path.stat().st_size + (16 << 20))
    with path.open("rb") as file:
        parsed = read_manifest(file)
        with pytest.raises(BundleMalformed, match="early"):
            sum_files(file, parsed)
    assert peak_bytes() < 8 << 20
