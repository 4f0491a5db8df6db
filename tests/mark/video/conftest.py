from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.mark.video.films import clip
from tests.mark.video.marked import Marked, marked

from haechi.mark.studio import Maker, Studio
from haechi.mark.wish import Wish

NOW = datetime(2026, 9, 20, 4, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    maker = Maker(
        issuer="film.example", provider="Film", system="Camera", version="1", country="KR", namespace=7
    )
    return Studio.create(tmp_path_factory.mktemp("films") / "s", maker, NOW, lambda size: bytes(range(size)))


@pytest.fixture(scope="session")
def source() -> bytes:
    return clip()


@pytest.fixture(scope="session")
def film(studio: Studio, source: bytes, tmp_path_factory: pytest.TempPathFactory) -> Marked:
    folder: Path = tmp_path_factory.mktemp("marked")
    return marked(studio, source, folder, Wish(countries=("KR", "EU", "CN", "US-CA"), notice=True))
