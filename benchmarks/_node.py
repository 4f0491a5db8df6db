"""The node that benchmarks load."""

import time
from pathlib import Path

from haechi.cli.processes import free_ports
from haechi.network.card import NodeCard
from haechi.node.config import Config, Limits, Listen
from haechi.node.open import create_node


def make_node(folder: Path, *, examiner: bool = True) -> NodeCard:
    """A node without rate limits, which are not what is measured here.

    examiner: whether many statements at once are examined in a process of its own, as by default.
    """
    port = free_ports(1)[0]
    config = Config(
        origin="bench.example/log",
        issuer="node.bench.example",
        name_en="Benchmark",
        name_ko="성능 측정",
        role="academia",
        country="KR",
        url=f"http://127.0.0.1:{port}",
        head_folder=str(folder.parent / "heads"),
        listen=Listen(port=port),
        limits=Limits(
            writes_per_s=1e9, write_burst=10**9, reads_per_s=1e9, read_burst=10**9, examiner=examiner
        ),
    )
    return create_node(folder, config, None, int(time.time()))
