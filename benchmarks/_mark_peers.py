"""Other image watermarks, each behind the same two calls. A peer that cannot be imported is left out.

rivaGan imports torch (several gigabytes) to reshape its arrays, while its two networks run in onnxruntime.
Where torch is not installed, `Arrays` stands in for the seven calls that it makes.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from types import ModuleType
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Bits = list[int]


class Peer(NamedTuple):
    """`bits` of payload; `write(pixels, payload)`; `read(pixels)` gives bits, or nothing when it fails."""

    name: str
    bits: int
    write: Callable[[Pixels, Bits], Pixels]
    read: Callable[[Pixels], Bits]


# Figures of engines that cannot be had without their weights: quoted, from their own documents, not measured.
QUOTED = (
    ("TrustMark Q", "100 raw bits, PSNR 43-45 dB, crops to about 80 % of the area (its FAQ and CONFIG)"),
    ("Pixel Seal", "256 bits, adversarially trained (its model card)"),
    ("InvisMark", "100 to 256 bits, PSNR about 51 dB, bit accuracy > 97 % (its paper)"),
)


class Arrays:
    """A NumPy array under the names that rivaGan calls on a tensor; the arithmetic is the same."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def __truediv__(self, other: float) -> "Arrays":
        return Arrays(self.values / np.float32(other))

    def __sub__(self, other: float) -> "Arrays":
        return Arrays(self.values - np.float32(other))

    def __add__(self, other: float) -> "Arrays":
        return Arrays(self.values + np.float32(other))

    def __mul__(self, other: float) -> "Arrays":
        return Arrays(self.values * np.float32(other))

    def __getitem__(self, at: Any) -> "Arrays":  # noqa: ANN401 - any index
        return Arrays(self.values[at])

    def permute(self, *axes: int) -> "Arrays":
        """The axes in another order."""
        return Arrays(np.transpose(self.values, axes))

    def unsqueeze(self, at: int) -> "Arrays":
        """One more axis."""
        return Arrays(np.expand_dims(self.values, at))

    def detach(self) -> "Arrays":
        """Itself: nothing is recorded."""
        return self

    cpu = detach

    def numpy(self) -> NDArray[Any]:
        """The array, in the order that onnxruntime wants."""
        return np.ascontiguousarray(self.values)


def _without_torch() -> None:
    if find_spec("torch") is None and "torch" not in sys.modules:
        module: Any = ModuleType("torch")
        module.from_numpy = Arrays
        module.clamp = lambda array, min, max: Arrays(np.clip(array.values, min, max))  # noqa: A006 - its names
        sys.modules["torch"] = module


def peers() -> Iterator[Peer]:
    """The peers installed here."""
    _without_torch()
    with contextlib.suppress(ImportError, OSError):
        module = import_module("imwatermark")
        yield _invisible(module, "dwtDct", 64)
        yield _invisible(module, "dwtDctSvd", 64)
        with contextlib.suppress(ImportError, RuntimeError, OSError):
            module.WatermarkEncoder.loadModel()
            module.WatermarkDecoder.loadModel()
            yield _invisible(module, "rivaGan", 32)
    with contextlib.suppress(ImportError, OSError):
        yield _blind(import_module("blind_watermark"))


def _invisible(module: Any, method: str, bits: int) -> Peer:  # noqa: ANN401 - an untyped package
    def write(pixels: Pixels, payload: Bits) -> Pixels:
        encoder = module.WatermarkEncoder()
        encoder.set_watermark("bits", payload)
        made = encoder.encode(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), method)
        return np.asarray(cv2.cvtColor(np.asarray(made), cv2.COLOR_BGR2RGB), np.uint8)

    def read(pixels: Pixels) -> Bits:
        decoder = module.WatermarkDecoder("bits", bits)
        found = decoder.decode(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), method)
        return [int(bit) for bit in found]

    return Peer(f"invisible-watermark {method}", bits, write, read)


def _blind(module: Any) -> Peer:  # noqa: ANN401 - an untyped package
    def engine() -> Any:  # noqa: ANN401 - as above
        with contextlib.redirect_stdout(StringIO()):
            return module.WaterMark(password_img=1, password_wm=1)

    def write(pixels: Pixels, payload: Bits) -> Pixels:
        mark = engine()
        mark.read_img(img=cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        mark.read_wm([bool(bit) for bit in payload], mode="bit")
        made = np.clip(np.rint(mark.embed()), 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(made, cv2.COLOR_BGR2RGB), np.uint8)

    def read(pixels: Pixels) -> Bits:
        picture = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        found = engine().extract(embed_img=picture, wm_shape=(64,), mode="bit")
        return [int(bit > 0.5) for bit in np.asarray(found).ravel()]

    return Peer("blind-watermark", 64, write, read)
