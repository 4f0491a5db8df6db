"""Counters, gauges and request histograms in the Prometheus text format (version 0.0.4).

Labels come from closed sets (route templates, status codes), never from what a client sent, so the
number of series is bounded and no content can leak into them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock

Labels = tuple[tuple[str, str], ...]
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """All series of one node. Gauges are functions, read when somebody asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._help: dict[str, tuple[str, str]] = {}
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._gauges: dict[str, Callable[[], Mapping[Labels, float]]] = {}

    def counter(self, name: str, text: str) -> None:
        """Declare a counter; its name ends in `_total`."""
        self._help[name] = ("counter", text)

    def gauge(self, name: str, text: str, read: Callable[[], Mapping[Labels, float]]) -> None:
        """Declare a gauge that `read` supplies on demand."""
        self._help[name] = ("gauge", text)
        self._gauges[name] = read

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a declared counter."""
        with self._lock:
            self._counts[name][tuple(sorted(labels.items()))] += by

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
            counts = dict(self._counts[name])
        return [f"{name}{_braces(key)} {_number(n)}" for key, n in counts.items()]


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return "{" + inside + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:g}" if value != int(value) else str(int(value))


class RequestMetrics:
    """Requests by route, method and status, and their durations by route: two series families, one lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, list[float]] = {}  # a slot for each bound, one above them, then the sum

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request. route and method come from closed sets, so the series are bounded."""
        slot = bisect_left(SECONDS, seconds)
        with self._lock:
            key = (route, method, status)
            self._counts[key] = self._counts.get(key, 0) + 1
            times = self._times.get(route)
            if times is None:
                times = self._times[route] = [0.0] * (len(SECONDS) + 2)
            times[slot] += 1
            times[-1] += seconds

    def text(self) -> str:
        """Both families as Prometheus reads them."""
        with self._lock:
            counts, times = dict(self._counts), {route: list(slots) for route, slots in self._times.items()}
        lines = [
            "# HELP haechi_requests_total HTTP requests by route, method and status.",
            "# TYPE haechi_requests_total counter",
        ]
        for (route, method, status), count in counts.items():
            labels = (("method", method), ("route", route), ("status", str(status)))
            lines.append(f"haechi_requests_total{_braces(labels)} {count}")
        lines += [
            "# HELP haechi_request_seconds Time to answer by route.",
            "# TYPE haechi_request_seconds histogram",
        ]
        for route, slots in times.items():
            lines += _histogram("haechi_request_seconds", (("route", route),), slots)
        return "\n".join(lines) + "\n"


def _histogram(name: str, labels: Labels, slots: Sequence[float]) -> list[str]:
    total, lines = 0.0, list[str]()
    for bound, count in zip((*map(str, SECONDS), "+Inf"), slots[:-1], strict=True):
        total += count
        lines.append(f"{name}_bucket{_braces((*labels, ('le', bound)))} {_number(total)}")
    lines.append(f"{name}_sum{_braces(labels)} {_number(slots[-1])}")
    lines.append(f"{name}_count{_braces(labels)} {_number(total)}")
    return lines
