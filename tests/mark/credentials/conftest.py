"""Certificates and small pictures of every format, made once."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from haechi.mark.credentials import Authority, Provenance, make_authority

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
SAYS = Provenance(
    title="harbour",
    system="Example Studio",
    version="2.1",
    source_type="trainedAlgorithmicMedia",
    bindings=(("org.haechi.lattice.1", "0007000000000001"),),
    log=(("issuer", "company.example"), ("subject", "mark:0007000000000001")),
    watermarked=True,
)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return make_authority("Example Company", "KR", datetime.now(UTC) - timedelta(minutes=5))


def picture(media_type: str, seed: int = 1) -> bytes:
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    pixels = numpy.random.default_rng(seed).integers(0, 255, (96, 128, 3), dtype="uint8")
    out = BytesIO()
    image.fromarray(pixels).save(out, FORMATS[media_type])
    return out.getvalue()
