"""Geometries that logarithmic maps of the spectrum propose (lattice-1, 7.4).

In log-polar coordinates a turn and a scale are a shift; in log-log coordinates a stretch along each axis
is. One correlation by FFT then tries every one of them, adding up peaks too weak to be seen alone. The maps
are coarser than the spectrum: what they propose is looked at again by `correlate`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from haechi.mark.image.fourier import Spectra, half_plane, surface
from haechi.mark.image.hough import MIRROR
from haechi.mark.image.layout import Layout, layout_of
from haechi.mark.image.plane import Indices, Plane, Reals, as_plane, highest_around, sampled, smooth
from haechi.mark.image.spectrum import Spectrum

TURNS = 720
STEPS = 640
LOG_LOW, LOG_HIGH = float(np.log(0.012)), float(np.log(0.49))
AXIS_STEPS = 480
AXIS_LOW, AXIS_HIGH = float(np.log(0.005)), float(np.log(0.49))
TURN_SIZE = (TURNS, 2 * STEPS)
AXIS_SIZE = (2 * AXIS_STEPS, 2 * AXIS_STEPS)
STEP = (LOG_HIGH - LOG_LOW) / STEPS
AXIS_STEP = (AXIS_HIGH - AXIS_LOW) / AXIS_STEPS
BLUR = 0.7  # bins: the charts are coarser than the spectrum
LEAST_PILOTS = 9
APART = 4  # cells of a chart between two proposals
ASPECT_LIMIT = 0.35  # log of the largest squeeze looked for
SWAP = np.array([[0.0, 1.0], [1.0, 0.0]])
SYMMETRIES = (np.eye(2), MIRROR, SWAP, MIRROR @ SWAP)


class _Template(NamedTuple):
    """Pilots under one symmetry: `change` (2x2), conjugate spectra (one a chart), 1 / root of the count."""

    change: Reals
    spectra: tuple[Spectra, ...]
    share: Plane


def turned(excess: Plane, spectrum: Spectrum, layout: Layout, most: int) -> Reals:
    """(n, 2, 2): turns and scales, `most` for the pattern and `most` for its mirror image."""
    across, down = _turn_grid()
    chart = half_plane(_chart(smooth(excess, BLUR), spectrum, across, down), TURN_SIZE)
    made: list[Reals] = []
    for template in _turn_templates(layout.pilot_key):
        score = surface(chart * template.spectra[0], TURN_SIZE) * template.share
        rows, columns = _tops(as_plane(score), most)
        size, turn = np.exp(_signed(columns, TURN_SIZE[1]) * STEP), rows / TURNS * np.pi
        made.append(turns(size, turn) @ template.change)
    return np.concatenate(made)


def stretched(excess: Plane, spectrum: Spectrum, layout: Layout, most: int) -> Reals:
    """(n, 2, 2): stretches along the axes, mirrored or not, the axes swapped (a quarter turn) or not."""
    step = np.exp(AXIS_LOW + (np.arange(AXIS_STEPS) + 0.5) * AXIS_STEP)
    across, down = np.meshgrid(step, step)
    soft = smooth(excess, BLUR)
    charts = [half_plane(_chart(soft, spectrum, across, sign * down), AXIS_SIZE) for sign in (1.0, -1.0)]
    made: list[Reals] = []
    for template in _axis_templates(layout.pilot_key):
        product = charts[0] * template.spectra[0] + charts[1] * template.spectra[1]
        rows, columns = _tops(as_plane(surface(product, AXIS_SIZE) * template.share), most)
        right, low = _signed(columns, AXIS_SIZE[1]) * AXIS_STEP, _signed(rows, AXIS_SIZE[0]) * AXIS_STEP
        made.append(stretches(np.exp(right), np.exp(low)) @ template.change)
    return np.concatenate(made)


def turns(size: Reals, turn: Reals) -> Reals:
    """(n, 2, 2): each turn (radians) and scale as a matrix."""
    cos, sin = size * np.cos(turn), size * np.sin(turn)
    return np.stack([np.stack([cos, -sin], axis=1), np.stack([sin, cos], axis=1)], axis=1)


def stretches(right: Reals, down: Reals) -> Reals:
    """(n, 2, 2): each pair of factors along the axes as a matrix."""
    made = np.zeros((len(right), 2, 2))
    made[:, 0, 0], made[:, 1, 1] = right, down
    return made


@lru_cache(maxsize=1)
def _turn_grid() -> tuple[Reals, Reals]:
    turn = (np.arange(TURNS) + 0.5) / TURNS * np.pi - np.pi / 2
    radius = np.exp(LOG_LOW + (np.arange(STEPS) + 0.5) * STEP)
    return radius[None] * np.cos(turn)[:, None], radius[None] * np.sin(turn)[:, None]


@lru_cache(maxsize=8)
def _turn_templates(pilot_key: bytes) -> tuple[_Template, ...]:
    pilots = layout_of(pilot_key).pilots.frequencies()
    made: list[_Template] = []
    for change in (np.eye(2), MIRROR):
        template = pilots @ change
        column = np.rint((np.log(np.hypot(template[:, 0], template[:, 1])) - LOG_LOW) / STEP - 0.5)
        angle = np.arctan2(template[:, 1], template[:, 0])
        row = np.rint(((angle + np.pi / 2) % np.pi) / np.pi * TURNS - 0.5) % TURNS
        spectra = _points(row.astype(np.int64), column.astype(np.int64), TURN_SIZE)
        made.append(_Template(change, (spectra,), _share(spectra, (TURNS, STEPS), TURN_SIZE)))
    return tuple(made)


@lru_cache(maxsize=8)
def _axis_templates(pilot_key: bytes) -> tuple[_Template, ...]:
    pilots = layout_of(pilot_key).pilots.frequencies()
    shift = np.minimum(np.arange(AXIS_SIZE[0]), AXIS_SIZE[0] - np.arange(AXIS_SIZE[0])) * 1.0
    signed = np.where(np.arange(AXIS_SIZE[0]) < AXIS_STEPS, shift, -shift)
    near = np.abs(signed[:, None] - signed[None, :]) * AXIS_STEP <= ASPECT_LIMIT
    made: list[_Template] = []
    for change in (np.eye(2), MIRROR, SWAP, MIRROR @ SWAP):
        template = pilots @ change.T
        logs = np.rint((np.log(np.abs(template)) - AXIS_LOW) / AXIS_STEP - 0.5).astype(np.int64)
        upper = template[:, 0] * template[:, 1] > 0
        spectra = tuple(_points(logs[half, 1], logs[half, 0], AXIS_SIZE) for half in (upper, ~upper))
        share = _share(spectra[0] + spectra[1], (AXIS_STEPS, AXIS_STEPS), AXIS_SIZE)
        made.append(_Template(change, spectra, np.where(near, share, np.float32(0))))
    return tuple(made)


def _points(rows: Indices, columns: Indices, size: tuple[int, int]) -> Spectra:
    template = np.zeros(size, np.float32)
    np.add.at(template, (rows % size[0], columns % size[1]), 1.0)
    return np.conj(half_plane(template))


def _share(spectra: Spectra, chart: tuple[int, int], size: tuple[int, int]) -> Plane:
    """1 / sqrt(pilots that stay on the chart) for each shift, 0 where too few stay."""
    counts = np.rint(surface(half_plane(np.ones(chart, np.float32), size) * spectra, size))
    return np.where(counts < LEAST_PILOTS, 0.0, 1.0 / np.sqrt(np.maximum(counts, 1.0))).astype(np.float32)


def _chart(excess: Plane, spectrum: Spectrum, across: Reals, down: Reals) -> Plane:
    columns, rows = spectrum.places(np.stack([across.ravel(), down.ravel()], axis=1))
    shape = across.shape
    chart = sampled(excess, columns.reshape(shape).astype(np.float32), rows.reshape(shape).astype(np.float32))
    chart[(np.abs(across) >= 0.5) | (np.abs(down) >= 0.5)] = 0.0
    chart -= chart.mean(axis=1, keepdims=True)
    return chart / (chart.std() + np.float32(1e-9))


def _signed(index: Indices, size: int) -> Indices:
    return np.where(index < size // 2, index, index - size)


def _tops(score: Plane, most: int) -> tuple[Indices, Indices]:
    """Rows and columns of the highest local maxima; the map closes around its edges."""
    padded = np.pad(score, APART, mode="wrap")
    highest = highest_around(padded, 2 * APART + 1)[APART:-APART, APART:-APART]
    rows, columns = np.nonzero((score >= highest) & (score > 0))
    order = np.argsort(-score[rows, columns], kind="stable")[:most]
    return rows[order], columns[order]
