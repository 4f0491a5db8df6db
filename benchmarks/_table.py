"""Figures of one benchmark as rows: measured, compared with a target or a peer, shown and saved.

A row states what was measured, here and in this run; peers are measured in the same run on the same machine,
so ratios say more than absolute figures do. `report` prints the rows and writes them to
benchmarks/results/<name>.json.
"""

import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

NUMBERS = {"ours", "target", "peer's", "ratio"}
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: `value` is ours, `peer_value` the peer's, both in `unit`; a ratio above 1 is our lead."""

    name: str
    value: float | None = None
    unit: str = ""
    target: str = ""
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    verdict: str = ""  # "met", "missed", "not installed", or empty when there is no target


def figure(
    name: str, value: float, unit: str, *, at_most: float | None = None, at_least: float | None = None
) -> Row:
    """A figure of ours, with a bound it must keep or without."""
    if at_most is not None:
        return Row(
            name=name, value=value, unit=unit, target=f"≤ {at_most:g}", verdict=_word(value <= at_most)
        )
    if at_least is not None:
        return Row(
            name=name, value=value, unit=unit, target=f"≥ {at_least:g}", verdict=_word(value >= at_least)
        )
    return Row(name=name, value=value, unit=unit)


def against(
    name: str, ours: float, theirs: float, unit: str, peer: str, *, at_least: float | None = None
) -> Row:
    """Our time or size beside a peer's (less is better); `at_least` is the lead we ask for."""
    row = Row(name=name, value=ours, unit=unit, peer=peer, peer_value=theirs, ratio=theirs / ours)
    return _judged(row, at_least)


def rate_against(
    name: str, ours: float, theirs: float, unit: str, peer: str, *, at_least: float | None = None
) -> Row:
    """Our rate beside a peer's (more is better); `at_least` is the lead we ask for."""
    row = Row(name=name, value=ours, unit=unit, peer=peer, peer_value=theirs, ratio=ours / theirs)
    return _judged(row, at_least)


def absent(name: str, peer: str) -> Row:
    """The row of a peer that is not installed here: nothing was measured, nothing is claimed."""
    return Row(name=name, peer=peer, verdict="not installed")


def peer_name(distribution: str, how: str = "") -> str | None:
    """Name, version and use of an installed peer for a row; None when it is not installed."""
    try:
        return f"{distribution} {version(distribution)} {how}".strip()
    except PackageNotFoundError:
        return None


class Timed(NamedTuple):
    """Typical time of one call in microseconds, and what the calls returned."""

    us: float
    results: list[Any]


def timed(call: Callable[..., Any], arguments: Iterable[Sequence[Any]], tries: int = 3) -> Timed:
    """Call for each argument list `tries` times; the quickest try counts, then the median over the lists.

    Other work on the machine can only add to a try, so the quickest is nearest to the cost itself.
    """
    times: list[int] = []
    results: list[Any] = []
    for each in arguments:
        made = [_once(call, each) for _ in range(tries)]
        times.append(min(took for took, _ in made))
        results.append(made[-1][1])
    return Timed(median(times) / 1000, results)


def _once(call: Callable[..., Any], arguments: Sequence[Any]) -> tuple[int, Any]:
    begun = perf_counter_ns()
    result = call(*arguments)
    return perf_counter_ns() - begun, result


def report(name: str, title: str, rows: Sequence[Row]) -> None:
    """Print the rows as a table and save them to benchmarks/results/<name>.json."""
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    table = Table(title=title, caption=load)
    for heading in ("what", "ours", "unit", "target", "peer", "peer's", "ratio", "verdict"):
        table.add_column(heading, justify="right" if heading in NUMBERS else "left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{_number(row.ratio)}×"
        style = {"met": "green", "missed": "bold red"}.get(row.verdict, "dim")
        table.add_row(
            row.name,
            _number(row.value),
            row.unit,
            row.target,
            row.peer,
            _number(row.peer_value),
            ratio,
            f"[{style}]{row.verdict}[/]" if row.verdict else "",
        )
    Console(width=None if Console().is_terminal else 160).print(table)
    RESULTS.mkdir(exist_ok=True)
    saved = {
        "name": name,
        "machine": load,
        "processor": platform.processor(),
        "rows": [asdict(row) for row in rows],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n")


def _judged(row: Row, at_least: float | None) -> Row:
    if at_least is None or row.ratio is None:
        return row
    return replace(row, target=f"≥ {at_least:g}×", verdict=_word(row.ratio >= at_least))


def _word(met: bool) -> str:  # noqa: FBT001 - a yes or no turned into its word
    return "met" if met else "missed"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 1 else f"{value:.3g}"
