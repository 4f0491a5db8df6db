"""Counters, gauges and histograms in the Prometheus text format (version 0.0.4).

Labels come from closed sets (route templates, status codes), never from what a client sent, so the
number of series is bounded and no content can leak into them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from threading import Lock

Labels = tuple[tuple[str, str], ...]
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """All series of one node. Gauges are functions, read when somebody asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._help: dict[str, tuple[str, str]] = {}
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._buckets: dict[str, dict[Labels, list[int]]] = defaultdict(dict)
        self._sums: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._gauges: dict[str, Callable[[], Mapping[Labels, float]]] = {}

    def counter(self, name: str, text: str) -> None:
        """Declare a counter; its name ends in `_total`."""
        self._help[name] = ("counter", text)

    def histogram(self, name: str, text: str) -> None:
        """Declare a histogram of seconds."""
        self._help[name] = ("histogram", text)

    def gauge(self, name: str, text: str, read: Callable[[], Mapping[Labels, float]]) -> None:
        """Declare a gauge that `read` supplies on demand."""
        self._help[name] = ("gauge", text)
        self._gauges[name] = read

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a declared counter."""
        with self._lock:
            self._counts[name][tuple(sorted(labels.items()))] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record one duration in a declared histogram."""
        key: Labels = tuple(sorted(labels.items()))
        with self._lock:
            buckets = self._buckets[name].setdefault(key, [0] * (len(SECONDS) + 1))
            slot = next((i for i, bound in enumerate(SECONDS) if seconds <= bound), len(SECONDS))
            buckets[slot] += 1
            self._sums[name][key] += seconds

    def text(self) -> str:
        """Every series as Prometheus reads it."""
        lines: list[str] = []
        for name, (kind, text) in self._help.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            lines += self._series(name, kind)
        return "\n".join(lines) + "\n"

    def _series(self, name: str, kind: str) -> Iterable[str]:
        if kind == "gauge":
            values = self._gauges[name]()
            return [f"{name}{_braces(key)} {_number(value)}" for key, value in values.items()]
        with self._lock:
            if kind == "counter":
                return [f"{name}{_braces(key)} {_number(n)}" for key, n in self._counts[name].items()]
            lines: list[str] = []
            for key, buckets in self._buckets[name].items():
                total = 0
                for bound, n in zip((*map(str, SECONDS), "+Inf"), buckets, strict=True):
                    total += n
                    lines.append(f"{name}_bucket{_braces((*key, ('le', bound)))} {total}")
                lines.append(f"{name}_sum{_braces(key)} {_number(self._sums[name][key])}")
                lines.append(f"{name}_count{_braces(key)} {total}")
            return lines


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return "{" + inside + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:g}" if value != int(value) else str(int(value))
