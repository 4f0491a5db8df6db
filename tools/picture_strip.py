"""Makes the picture strip of the detector page: what a mark looks like and what it survives.

    .venv/bin/python tools/picture_strip.py

Original, marked, difference twenty times, as found, altered, and where the altered one carries the mark.
"""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from haechi.cli.demo_mark import decoded, encoded, fitted, scene, shown
from haechi.mark.image import PUBLIC_KEY, Payload, detect, embed, presence

TARGET = Path(__file__).parent.parent / "src/haechi/node/pages/static/picture-strip.webp"


def main() -> None:
    """Write the strip, and say how large it is."""
    original = scene(np.random.default_rng(20240522))
    marked = embed(original, Payload(namespace=7, item=2024), psnr_db=42.0).pixels
    height, width = marked.shape[:2]
    cut = marked[height // 12 : -height // 16, width // 10 : -width // 14]
    size = (round(cut.shape[1] * 0.72), round(cut.shape[0] * 0.72))
    small = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    found = decoded(encoded(small, "JPEG", quality=70))
    if not detect(found).marks:
        raise SystemExit("the copy lost its mark: the caption would be wrong")
    altered = marked.copy()
    place = (slice(height // 3, height // 2), slice(width // 4, width // 2))
    altered[place] = scene(np.random.default_rng(11))[place]
    where = shown(presence(altered, detect(altered).marks[0], PUBLIC_KEY).rows)
    difference = (marked.astype(np.int16) - original.astype(np.int16)) * 20 + 128
    parts = [original, marked, np.clip(difference, 0, 255).astype(np.uint8), found, altered, where]
    out = BytesIO()
    rows = [np.hstack([fitted(part) for part in parts[first : first + 3]]) for first in (0, 3)]
    Image.fromarray(np.vstack(rows)).save(out, "WEBP", quality=80, method=6)
    TARGET.write_bytes(out.getvalue())
    print(f"{TARGET.name}: {len(out.getvalue())} bytes")


if __name__ == "__main__":
    main()
