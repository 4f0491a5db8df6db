"""A real S3-speaking server (SeaweedFS) as a process, for tests."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from haechi.cli.processes import free_ports
from haechi.errors import Unavailable
from haechi.log.objects import Objects

ACCESS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
PATIENCE_S = 90.0


@contextmanager
def bucket_server(folder: Path) -> Iterator[str]:
    """The endpoint of a server that keeps its files in `folder`; killed at the end."""
    who = {"accessKey": ACCESS["AWS_ACCESS_KEY_ID"], "secretKey": ACCESS["AWS_SECRET_ACCESS_KEY"]}
    actions = ["Admin", "Read", "Write", "List"]
    settings = folder / "s3.json"
    settings.write_text(
        json.dumps({"identities": [{"name": "test", "credentials": [who], "actions": actions}]})
    )
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    ports = dict(zip((*names, "filer.port", "filer.port.grpc"), free_ports(8), strict=True))
    command = [str(Path(sys.executable).parent / "weed"), "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    command += ["-ip.bind=127.0.0.1", f"-s3.config={settings}", "-s3.port.iceberg=0", "-volume.max=20"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(ports["s3.port"], process)
        yield f"http://127.0.0.1:{ports['s3.port']}"
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the server takes an object."""
    until_s = time.monotonic() + PATIENCE_S
    ready = Objects("ready", "", f"http://127.0.0.1:{port}")
    while time.monotonic() < until_s and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            ready.replace("ready", b"1")
        except (OSError, Unavailable):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the S3 server did not come up")
