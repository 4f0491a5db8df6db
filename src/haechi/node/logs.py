"""Structured logs: one JSON object a line on standard error, without payloads.

What a line may hold is a closed list of fields. There is no way to log a body, a header, a query or a key:
the function takes none of them.
"""

import json
import sys
import time
from typing import TextIO


def log_event(
    event: str,
    *,
    stream: TextIO | None = None,
    now_s: float | None = None,
    **fields: str | int | float | bool | None,
) -> None:
    """Write one line: time (RFC 3339, UTC), event, and plain fields. Longer strings are cut at 200."""
    at = time.time() if now_s is None else now_s
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"
    line: dict[str, object] = {"time": stamp, "event": event}
    for name, value in fields.items():
        line[name] = value[:200] if isinstance(value, str) else value
    target = sys.stderr if stream is None else stream
    target.write(json.dumps(line, ensure_ascii=False) + "\n")
    target.flush()
