"""Two plots as plain SVG, written by hand: bars by group, and survival curves on a logarithmic axis."""

import math
from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#1565c0", "#c62828", "#ef6c00", "#6a1b9a", "#2e7d32")
STYLE = "font-family='sans-serif' font-size='12'"


def bars(title: str, shares: Mapping[str, Mapping[str, float]]) -> str:
    """Horizontal bars of shares (0 to 1): one row for each name of the first group, one bar a group."""
    names = list(next(iter(shares.values())))
    row = 6 + 9 * len(shares)
    height = 70 + row * len(names) + 16 * len(shares)
    parts = [_text(10, 22, title, "bold")]
    for at, engine in enumerate(shares):
        parts.append(f"<rect x='10' y='{34 + 16 * at}' width='10' height='10' fill='{COLOURS[at % 5]}'/>")
        parts.append(_text(26, 43 + 16 * at, engine))
    top = 44 + 16 * len(shares)
    for index, name in enumerate(names):
        parts.append(_text(10, top + row * index + 12, name))
        for at, by_name in enumerate(shares.values()):
            width = 500 * by_name.get(name, 0.0)
            place = top + row * index + 3 + 9 * at
            parts.append(
                f"<rect x='190' y='{place}' width='{width:.1f}' height='8' fill='{COLOURS[at % 5]}'/>"
            )
    return _svg(720, height, parts)


def survival(title: str, curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """P(statistic >= z) against z for each named curve; probabilities below 1e-9 are cut."""
    points = [point for curve in curves.values() for point in curve]
    low, high = min(z for z, _ in points), max(z for z, _ in points)
    parts = [_text(10, 22, title, "bold")]
    for decade in range(10):
        level = 50 + 30 * decade
        parts.append(f"<line x1='60' x2='700' y1='{level}' y2='{level}' stroke='#ddd'/>")
        parts.append(_text(10, level + 4, f"1e-{decade}"))
    for at, (name, curve) in enumerate(curves.items()):
        path = " ".join(
            f"{60 + 640 * (z - low) / (high - low):.1f},{50 - 30 * math.log10(p):.1f}"
            for z, p in curve
            if 1e-9 <= p <= 1
        )
        parts.append(f"<polyline points='{path}' fill='none' stroke='{COLOURS[at % 5]}' stroke-width='2'/>")
        parts.append(_text(80 + 160 * at, 350, name))
        parts.append(f"<rect x='{64 + 160 * at}' y='341' width='10' height='10' fill='{COLOURS[at % 5]}'/>")
    parts.append(_text(600, 350, f"z {low:.1f} … {high:.1f}"))
    return _svg(720, 365, parts)


def _text(x: float, y: float, words: str, weight: str = "normal") -> str:
    return f"<text x='{x}' y='{y}' {STYLE} font-weight='{weight}'>{escape(words)}</text>"


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'>"
    return "\n".join([head, "<rect width='100%' height='100%' fill='white'/>", *parts, "</svg>", ""])
