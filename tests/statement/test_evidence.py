"""Evidence of any size is hashed as a stream; a file is the signed one or it is not."""

import hashlib
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.statement.make import FACTS, about, key

from haechi.findings import Verdict
from haechi.statement.claims import check_claim
from haechi.statement.envelope import HashEnvelope, Statement, sign_statement
from haechi.statement.evidence import PIECE_BYTES, EvidenceRef, check_evidence, hash_stream, reference

MIB = 1 << 20


@given(st.binary(max_size=200), st.integers(1, 50))
def test_a_stream_is_hashed_whatever_its_pieces(data: bytes, piece: int):
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(piece, size or piece))

    assert hash_stream(Slow(data)) == (hashlib.sha256(data).digest(), len(data))


def test_a_large_file_is_hashed_in_little_memory(tmp_path: Path):
    """64 MiB, signed by digest as RFC 9995 has it."""
    path = tmp_path / "evidence.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
        file.seek(33 * MIB)
        file.write(b"a byte in the middle")
    heard: list[int] = []
    tracemalloc.start()
    ref = reference(path, "application/octet-stream", heard.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MIB
    assert (ref.size, ref.name, heard[-1], len(heard)) == (64 * MIB, "evidence.bin", 64 * MIB, 64)
    signed = sign_statement(
        key(), about("document"), ref.digest, hash_envelope=HashEnvelope("application/octet-stream")
    )
    read = Statement.from_bytes(signed.raw)
    assert read.payload == ref.digest
    assert len(read.raw) < 400
    assert read.check_signature().verdict is Verdict.HOLDS
    assert check_claim(read, FACTS).verdict is Verdict.UNDECIDED


def test_the_signed_file_is_told_from_others():
    ref = EvidenceRef(digest=hashlib.sha256(b"data").digest(), size=4, media_type="text/csv", name="a.csv")
    other = hashlib.sha256(b"date").digest()
    assert check_evidence(ref, ref.digest, 4).code == "evidence.digest.matches"
    assert check_evidence(ref, other, 4).code == "evidence.digest.differs"
    assert check_evidence(ref, ref.digest, 5).code == "evidence.digest.wrong-size"
    assert check_evidence(ref, None).code == "evidence.digest.absent"
    assert check_evidence(ref, None).verdict is Verdict.UNDECIDED
    for finding in (check_evidence(ref, ref.digest, 5), check_evidence(ref, other, 4)):
        assert finding.verdict is Verdict.FAILS
        assert finding.say("en") != finding.say("ko")


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path):
    with pytest.raises(OSError, match="none"):
        reference(tmp_path / "none", "text/csv")
    assert PIECE_BYTES == MIB
