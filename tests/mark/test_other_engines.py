"""An engine that the user brings marks and reads in the same pipeline, under its own name."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

import numpy as np  # after the checks above
from numpy.typing import NDArray
from tests.mark.test_pipeline import PIXELS, book_of, codes, file_of, made_by, studio

from haechi.mark.credentials import anchors
from haechi.mark.examine import Means, examine
from haechi.mark.image import EngineUnfit, Payload, open_picture
from haechi.mark.pipeline import Wish
from haechi.mark.records import Book
from haechi.mark.studio import Studio
from haechi.mark.verdict import State
from haechi.words import Text

__all__ = ["studio"]  # the fixture


class Said(NamedTuple):
    payload: Payload
    log10_p: float


@dataclass(frozen=True)
class LowestBits:
    """A watermark that any recompression destroys: the payload in the lowest bits, over and over."""

    algorithm: str = "com.example.lowest-bits"
    believed: bool = True
    cuts: bool = False

    def write(self, pixels: NDArray[Any], payload: Payload) -> NDArray[Any]:
        bits = np.resize(payload.bits, pixels.size).reshape(pixels.shape)
        made = (pixels & 254) | bits.astype(pixels.dtype)
        return made[1:] if self.cuts else made

    def read(self, pixels: NDArray[Any]) -> Said | None:
        rows = (pixels.ravel() & 1)[: pixels.size // 64 * 64].reshape(-1, 64)
        if not (rows == rows[0]).all():
            return None
        return Said(
            Payload.from_bits(rows[0]), -math.log10(2) * 64 * (len(rows) - 1) if self.believed else -3.0
        )


def test_another_engine_marks_and_is_read_under_its_own_name(studio: Studio):
    engine = LowestBits()
    made = made_by(studio, file_of(PIXELS, "PNG"), Wish(engine=engine))
    assert made.item.watermark is not None
    assert (made.item.watermark.algorithm, made.item.watermark.key) == (engine.algorithm, engine.algorithm)
    assert made.psnr_db > 48
    trust = (anchors(Text("Korea", "한국"), studio.authority.root.pem),)
    look = examine(made.data, Means(trust=trust, registry=book_of(studio, made), engines=(engine,)))
    assert look.state is State.AGREE
    assert {"mark.watermark.read", "mark.binding.agrees", "mark.log.found"} <= codes(look)
    assert look.layers[0].facts["key"] == engine.algorithm
    without = examine(made.data, Means(trust=trust, registry=book_of(studio, made)))
    assert "mark.watermark.absent" in codes(without)
    doubted = Means(trust=trust, registry=book_of(studio, made), engines=(LowestBits(believed=False),))
    assert "mark.watermark.absent" in codes(examine(made.data, doubted))


def test_our_own_mark_is_read_first(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    both = LowestBits().write(open_picture(made.data).pixels, Payload(namespace=9, item=9))
    look = examine(file_of(both, "PNG"), Means(registry=Book(), engines=(LowestBits(),)))
    assert look.layers[0].facts["payload"] == made.payload


@pytest.mark.parametrize(("file_format", "engine"), [("JPEG", LowestBits()), ("PNG", LowestBits(cuts=True))])
def test_an_engine_whose_mark_does_not_hold_is_refused(studio: Studio, file_format: str, engine: LowestBits):
    with pytest.raises(EngineUnfit) as caught:
        made_by(studio, file_of(PIXELS, file_format), Wish(engine=engine))
    assert engine.algorithm in caught.value.say("ko")
