"""Pictures for the image benchmarks: photographs from packages, and graphics drawn here by seed.

Nothing third-party is kept in the repository. Photographs come from two Debian packages and one wheel:

    apt-get install mate-backgrounds plasma-workspace-wallpapers     (or unpack them under HAECHI_PICTURES)
    pip install scikit-image

HAECHI_PICTURES is the folder that holds `backgrounds/` and `wallpapers/`; without it /usr/share. What is not
there is left out, and the table says how many pictures it stands on. `TUNED` was looked at while the engine
was made; `HELD_OUT` was not, and is what figures should be quoted from.
"""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = NDArray[np.uint8]

ROOT = Path(os.environ.get("HAECHI_PICTURES", "/usr/share"))
WORDS = tuple(
    "evidence about models made once in one country checked and counted in every other 2024".split()  # noqa: SIM905 - reads as the sentence it is
)


class Picture(NamedTuple):
    """A named picture: `kind` is photo, graphic, text, flat, dark or noisy; `load` gives 8-bit RGB."""

    name: str
    kind: str
    load: Callable[[], Pixels]


def research() -> list[Picture]:
    """The 20 photographs of the design study (looked at while tuning)."""
    mate = (
        "Aqua Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood YellowFlower"
    )
    plasma = "Autumn BytheWater ColorfulCups FallenLeaf Path"
    made = [_mate(f"nature/{name}.jpg", "photo") for name in mate.split()]
    made += [_plasma(name, "photo") for name in plasma.split()]
    made += [_skimage(name, "photo") for name in ("coffee.png", "astronaut.png", "motorcycle_left.png")]
    return _here(made)


def tuned() -> list[Picture]:
    """Graphics looked at while tuning: one of each drawn kind."""
    return [
        Picture(f"{name}-{seed}", kind, _drawn(draw, seed)) for seed in (1,) for name, kind, draw in DRAWN
    ]


def held_out() -> list[Picture]:
    """Pictures never looked at while tuning: other photographs, wallpapers, and other seeds of the drawn."""
    made = [_plasma(name, "photo") for name in ["ColdRipple", "EveningGlow", "Kite", "OneStandsOut", "Grey"]]
    made += [_plasma(name, "photo") for name in ["summer_1am", "DarkestHour", "Canopee"]]
    made += [_plasma(name, "photo") for name in ["Cluster", "Elarun", "Volna"]]
    made += [
        _plasma(name, "graphic")
        for name in ("Flow", "Opal", "Shell", "SafeLanding", "PastelHills", "Next", "Kokkini")
    ]
    made += [
        _mate(f"abstract/{name}", "graphic") for name in ["Gulp.png", "Flow.png", "Waves.png", "Spring.png"]
    ]
    made += [_mate(f"abstract/{name}", "graphic") for name in ("Silk.png", "Elephants.jpg")]
    made += [_mate(f"desktop/{name}", "flat") for name in ["Stripes.png", "MATE-Stripes-Light.png"]]
    made += [_mate(f"desktop/{name}", "flat") for name in ("GreenTraditional.jpg", "Float-into-MATE.png")]
    made += [_skimage(name, "photo") for name in ("chelsea.png", "rocket.jpg", "hubble_deep_field.jpg")]
    made += [_skimage(name, "photo") for name in ("retina.jpg", "ihc.png", "camera.png", "moon.png")]
    made += [_skimage(name, "noisy") for name in ("brick.png", "grass.png", "gravel.png")]
    drawn = [Picture(f"{n}-{seed}", kind, _drawn(draw, seed)) for seed in (11, 12) for n, kind, draw in DRAWN]
    return _here(made) + drawn


def small() -> list[Picture]:
    """Pictures of 256 to 741 pixels a side: photographs as they are, and other seeds of the drawn, shrunk."""
    names = ("coffee.png", "astronaut.png", "motorcycle_left.png", "chelsea.png", "rocket.jpg", "camera.png")
    made = [_skimage(name, "photo") for name in names]
    made += [_skimage(name, "photo") for name in ("moon.png", "ihc.png")]
    made += [_skimage(name, "noisy") for name in ("brick.png", "grass.png", "gravel.png")]
    drawn = [
        Picture(f"{name}-{longest}", kind, _shrunk(_drawn(draw, 21), longest))
        for longest in (480, 700)
        for name, kind, draw in DRAWN
    ]
    return _here(made) + drawn


def _shrunk(load: Callable[[], Pixels], longest: int) -> Callable[[], Pixels]:
    return lambda: at_long_side(load(), longest)


def at_long_side(pixels: Pixels, longest: int) -> Pixels:
    """The picture with its long side at most `longest`, by Lanczos."""
    image = Image.fromarray(pixels)
    share = longest / max(image.size)
    if share >= 1.0:
        return pixels
    size = (round(image.width * share), round(image.height * share))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def _here(pictures: list[Picture | None]) -> list[Picture]:
    return [picture for picture in pictures if picture is not None]


def _file(path: Path, name: str, kind: str) -> Picture | None:
    if not path.is_file():
        return None
    return Picture(name, kind, lambda: np.asarray(Image.open(path).convert("RGB")).copy())


def _mate(name: str, kind: str) -> Picture | None:
    return _file(ROOT / "backgrounds/mate" / name, f"mate/{Path(name).stem}", kind)


def _plasma(name: str, kind: str) -> Picture | None:
    folder = ROOT / "wallpapers" / name / "contents/images"
    found = sorted(folder.glob("2560x1600.*")) or sorted(folder.glob("*x*.*"))
    return _file(found[0], f"plasma/{name}", kind) if found else None


def _skimage(name: str, kind: str) -> Picture | None:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        return None
    return _file(Path(spec.origin).parent / "data" / name, f"skimage/{Path(name).stem}", kind)


def _drawn(draw: Callable[[np.random.Generator], Image.Image], seed: int) -> Callable[[], Pixels]:
    return lambda: np.asarray(draw(np.random.default_rng(seed)).convert("RGB")).copy()


def _colour(rng: np.random.Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _sentence(rng: np.random.Generator, count: int) -> str:
    return " ".join(str(word) for word in rng.choice(WORDS, count))


def _lines(rng: np.random.Generator, width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    for _ in range(int(rng.integers(6, 14))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        yield x, y, x + int(rng.integers(30, width // 2)), y + int(rng.integers(30, height // 2))


def slide(rng: np.random.Generator) -> Image.Image:
    """A white slide: a title, a few bullets, a bar chart."""
    image = Image.new("RGB", (1280, 720), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 18), fill=_colour(rng, 0, 160))
    draw.text((60, 60), _sentence(rng, 4), fill=(20, 20, 30), font=ImageFont.load_default(54))
    for row in range(5):
        draw.text(
            (90, 190 + 70 * row), "• " + _sentence(rng, 5), fill=(40, 40, 40), font=ImageFont.load_default(28)
        )
    colour = _colour(rng, 30, 200)
    for bar in range(5):
        top = int(rng.integers(250, 560))
        draw.rectangle((880 + 70 * bar, top, 925 + 70 * bar, 620), fill=colour)
    return image


def screenshot(rng: np.random.Generator) -> Image.Image:
    """A window full of small text beside a coloured side bar."""
    image = Image.new("RGB", (1366, 768), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1366, 40), fill=(60, 63, 70))
    draw.rectangle((0, 40, 260, 768), fill=_colour(rng, 200, 245))
    font = ImageFont.load_default(15)
    for row in range(26):
        draw.text((20, 60 + 27 * row), _sentence(rng, 2), fill=(70, 70, 90), font=font)
        draw.text(
            (290, 60 + 27 * row), _sentence(rng, int(rng.integers(8, 17))), fill=(25, 25, 25), font=font
        )
    return image


def drawing(rng: np.random.Generator) -> Image.Image:
    """Flat colours with black outlines, as in a comic."""
    image = Image.new("RGB", (1024, 1024), _colour(rng, 150, 250))
    draw = ImageDraw.Draw(image)
    for left, top, right, bottom in _lines(rng, 1024, 1024):
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((left, top, right, bottom), fill=_colour(rng, 40, 250), outline=(10, 10, 10), width=5)
    return image


def poster(rng: np.random.Generator) -> Image.Image:
    """Two flat colours and one huge word."""
    image = Image.new("RGB", (900, 1200), _colour(rng, 20, 235))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 1200), (900, 500), (900, 1200)], fill=_colour(rng, 20, 235))
    word = str(rng.choice(WORDS[:10])).upper()
    draw.text((60, 420), word, fill=_colour(rng, 0, 255), font=ImageFont.load_default(150))
    return image


def sky(rng: np.random.Generator) -> Image.Image:
    """A smooth gradient with soft clouds."""
    rows = np.linspace(0, 1, 768)[:, None, None]
    top, low = np.array(_colour(rng, 40, 150)), np.array(_colour(rng, 150, 250))
    base = np.repeat(top * (1 - rows) + low * rows, 1152, axis=1)
    cloud = Image.fromarray(rng.integers(0, 256, (24, 36), dtype=np.uint8)).resize((1152, 768), Image.BICUBIC)
    soft = np.asarray(cloud.filter(ImageFilter.GaussianBlur(20)), np.float64)[..., None] - 128
    return Image.fromarray(np.clip(base + 0.35 * soft, 0, 255).astype(np.uint8))


def dark(rng: np.random.Generator) -> Image.Image:
    """Night: nearly black, a few glows and a little sensor noise."""
    image = Image.new("RGB", (1024, 683), (8, 9, 14))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y, r = int(rng.integers(0, 1024)), int(rng.integers(300, 683)), int(rng.integers(2, 14))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=_colour(rng, 90, 255))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(5)), np.float64)
    return Image.fromarray(np.clip(soft + rng.normal(0, 1.5, soft.shape), 0, 255).astype(np.uint8))


def noisy(rng: np.random.Generator) -> Image.Image:
    """Shapes under strong sensor noise."""
    clean = np.asarray(drawing(rng).resize((960, 960)), np.float64)
    return Image.fromarray(np.clip(clean + rng.normal(0, 22, clean.shape), 0, 255).astype(np.uint8))


def render(rng: np.random.Generator) -> Image.Image:
    """Smooth shaded balls on a gradient: what a 3-D renderer or an image generator makes."""
    rows, columns = np.mgrid[0:1024, 0:1024] / 1024.0
    pixels = np.stack([60 + 120 * rows, 80 + 90 * columns, 150 - 60 * rows], axis=-1)
    for _ in range(7):
        x, y, r = rng.random(), rng.random(), rng.uniform(0.06, 0.2)
        inside = np.hypot(columns - x, rows - y) < r
        light = np.clip(1.2 - np.hypot(columns - x + r / 3, rows - y + r / 3) / r, 0.1, 1.2)
        pixels[inside] = (light[..., None] * np.array(_colour(rng, 60, 255)))[inside]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


DRAWN: tuple[tuple[str, str, Callable[[np.random.Generator], Image.Image]], ...] = (
    ("slide", "text", slide),
    ("screenshot", "text", screenshot),
    ("drawing", "graphic", drawing),
    ("poster", "flat", poster),
    ("sky", "flat", sky),
    ("dark", "dark", dark),
    ("noisy", "noisy", noisy),
    ("render", "graphic", render),
)
