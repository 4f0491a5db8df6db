"""Picture files as pixels and back: JPEG, PNG, WebP, TIFF, AVIF, within bounds (the shell around Pillow).

What a file claims is checked before any pixel is decoded, and what the decoder says about a broken file
becomes one clear error. The format is what the bytes are, whatever the name says.
"""

import struct
import warnings
from io import BytesIO
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from haechi.mark.file_errors import FILE_BYTES, MediaTooLarge, MediaUnfit, MediaUnreadable
from haechi.mark.image.segments import Carried, carry_jpeg, carry_png
from haechi.words import Text

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
MOST_FILE_BYTES = 512 << 20
MOST_PIXELS = 110_000_000
MOST_SIDE = 65_000
_PIXELS = Text("pixels", "픽셀")
LOSSY_QUALITY = 92  # where a format does not tell the quality it was made with

_BROKEN = (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError)
_BROKEN_TOO = (struct.error, Image.DecompressionBombError, cv2.error, MemoryError, ZeroDivisionError)
_KEPT_TIFF_TAGS = (270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 700, 33432, 33723, 34377, 34665)
_MODES = {"L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "CMYK": "CMYK", "1": "L", "I;16": "I;16"}


class FileUnreadable(MediaUnreadable, medium="image"):
    """Not a picture file we can read; facts: why."""

    code: ClassVar[str] = "mark.file.unreadable"
    hint = Text(
        "give a whole JPEG, PNG, WebP, TIFF or AVIF file; nothing was written",
        "온전한 JPEG, PNG, WebP, TIFF, AVIF 파일을 주세요. 기록된 것은 없습니다",
    )


class FileTooLarge(MediaTooLarge):
    """Bytes or pixels beyond the bounds; facts: what_is, limit, got."""

    code: ClassVar[str] = "mark.file.too-large"
    hint = Text("nothing was decoded; make the picture smaller", "디코딩하지 않았습니다. 그림을 줄이세요")


class FileUnfit(MediaUnfit, medium="image"):
    """A readable file of a kind that cannot be marked without loss; facts: why."""

    code: ClassVar[str] = "mark.file.unfit"
    hint = Text(
        "convert it first, for example to a 16-bit PNG or a single frame",
        "16비트 PNG나 한 장짜리 그림 등으로 먼저 변환하세요",
    )


class Opened(NamedTuple):
    """A decoded file. `pixels` as `embed` wants them; `mode` is Pillow's word for what the file holds."""

    pixels: NDArray[Any]
    file_format: str
    mode: str
    source: bytes


def open_picture(source: bytes) -> Opened:
    """The pixels of a picture file; raises FileUnreadable, FileTooLarge and FileUnfit.

    CMYK comes as RGB without the black plate. Palettes are resolved to RGB or RGBA.
    """
    if len(source) > MOST_FILE_BYTES:
        raise FileTooLarge(what_is=FILE_BYTES, limit=MOST_FILE_BYTES, got=len(source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bombs are refused by our own bound, below
            with Image.open(BytesIO(source), formats=FORMATS) as image:
                _check_claims(image)
                return _decoded(image, source)
    except Image.DecompressionBombError as error:  # Pillow's own bound, passed before ours is asked
        raise FileTooLarge(what_is=_PIXELS, limit=MOST_PIXELS, got=str(error)) from error
    except (*_BROKEN, *_BROKEN_TOO) as error:
        raise FileUnreadable(why=_reason(error)) from error


def encode_picture(opened: Opened, pixels: NDArray[Any]) -> Carried:
    """A file like the one opened, with other pixels of the same shape; raises FileUnfit.

    JPEG keeps its quantisation tables and subsampling, WebP stays lossless if it was, TIFF keeps its
    compression.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _encoded(opened, pixels)
    except (*_BROKEN, *_BROKEN_TOO) as error:
        raise FileUnfit(why=_reason(error)) from error


def _check_claims(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise FileTooLarge(what_is=_PIXELS, limit=MOST_PIXELS, got=width * height)
    if max(width, height) > MOST_SIDE:
        raise FileTooLarge(
            what_is=Text("pixels on a side", "한 변의 픽셀"), limit=MOST_SIDE, got=max(width, height)
        )
    if getattr(image, "n_frames", 1) > 1:
        raise FileUnfit(why="it holds several frames")


def _decoded(image: Image.Image, source: bytes) -> Opened:
    file_format = str(image.format)
    if file_format == "PNG" and source[24] == 16 and image.mode in {"RGB", "RGBA"}:  # bit depth in IHDR
        deep = cv2.imdecode(np.frombuffer(source, np.uint8), cv2.IMREAD_UNCHANGED)
        if deep is None:
            raise FileUnreadable(why="the PNG data is broken")
        swap = cv2.COLOR_BGRA2RGBA if deep.shape[2] == 4 else cv2.COLOR_BGR2RGB
        return Opened(np.asarray(cv2.cvtColor(deep, swap)), file_format, image.mode, source)
    mode = image.mode
    if mode == "P":
        mode = "RGBA" if "transparency" in image.info else "RGB"
    elif mode.startswith("I;16"):
        mode = "I;16"
    if mode not in _MODES:
        raise FileUnfit(why=f"pixels of kind {mode}")
    image.load()
    mode = _MODES[mode]
    plain = image if mode in {image.mode, "I;16"} else image.convert(mode)
    pixels = np.asarray(plain).copy()
    if mode == "CMYK":
        pixels = 255 - pixels[..., :3]
    if mode == "I;16":
        pixels = pixels.astype(np.uint16)
    return Opened(pixels, file_format, mode, source)


def _encoded(opened: Opened, pixels: NDArray[Any]) -> Carried:
    out = BytesIO()
    if opened.file_format == "PNG" and pixels.dtype == np.uint16 and pixels.ndim == 3:
        swap = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
        done, data = cv2.imencode(".png", cv2.cvtColor(pixels, swap))
        if not done:
            raise FileUnfit(why="PNG encoding failed")
        return carry_png(opened.source, data.tobytes())
    with Image.open(BytesIO(opened.source), formats=FORMATS) as original:
        image = _as_image(opened, original, pixels)
        match opened.file_format:
            case "JPEG":
                sampling = JpegImagePlugin.get_sampling(original)
                tables = getattr(original, "quantization", None)
                image.save(out, "JPEG", qtables=tables, subsampling=sampling, optimize=True)
                return carry_jpeg(opened.source, out.getvalue())
            case "PNG":
                image.save(out, "PNG")
                return carry_png(opened.source, out.getvalue())
            case "TIFF":
                tags = getattr(original, "tag_v2", {})
                kept = {tag: tags[tag] for tag in _KEPT_TIFF_TAGS if tag in tags}
                packing = original.info.get("compression", "raw")
                packing = "tiff_lzw" if packing == "jpeg" else packing
                profile = original.info.get("icc_profile")
                image.save(out, "TIFF", tiffinfo=kept, compression=packing, icc_profile=profile)
                return Carried(out.getvalue(), ())
            case _:
                return _with_info(opened, original, image)


def _with_info(opened: Opened, original: Image.Image, image: Image.Image) -> Carried:
    """WebP and AVIF, whose metadata goes through Pillow as whole blocks."""
    out = BytesIO()
    names = ("exif", "icc_profile", "xmp")
    known = {name: original.info[name] for name in names if original.info.get(name)}
    lossless = opened.file_format == "WEBP" and b"VP8L" in opened.source[:4096]
    if lossless:
        image.save(out, "WEBP", lossless=True, exact=True, **known)
    else:
        image.save(out, opened.file_format, quality=LOSSY_QUALITY, **known)
    manifest = b"jumb" in opened.source and b"c2pa" in opened.source
    return Carried(out.getvalue(), ("c2pa",) if manifest else ())


def _as_image(opened: Opened, original: Image.Image, pixels: NDArray[Any]) -> Image.Image:
    if opened.mode != "CMYK":
        return Image.fromarray(pixels)
    inks = np.asarray(original).copy()
    inks[..., :3] = 255 - pixels
    return Image.fromarray(inks, "CMYK")


def _reason(error: BaseException) -> str:
    said = str(error) or type(error).__name__
    return "not a picture of a known format" if "cannot identify" in said else said[:200]
