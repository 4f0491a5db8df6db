"""The time-stamp service answers as RFC 3161 says: OpenSSL agrees, and so does a credential."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.mark.credentials.conftest import SAYS, picture

from haechi.errors import BadInput
from haechi.mark.credentials import (
    REPLY_TYPE,
    Authority,
    StampRefused,
    anchors,
    answer,
    read_credential,
    sign_credential,
)
from haechi.words import Text

NOW = datetime.now(UTC)
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def run(*words: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", "ts", *map(str, words)], capture_output=True, check=False)


@pytest.fixture
def query(tmp_path: Path) -> bytes:
    data = tmp_path / "data"
    data.write_bytes(b"what was there at that time")
    run("-query", "-data", data, "-sha256", "-cert", "-out", tmp_path / "query")
    return (tmp_path / "query").read_bytes()


@openssl
def test_openssl_verifies_the_reply(tmp_path: Path, query: bytes, authority: Authority):
    (tmp_path / "reply").write_bytes(answer(query, authority.time_stamper, NOW, 7))
    (tmp_path / "root").write_bytes(authority.root.pem)
    told = run(
        "-verify", "-in", tmp_path / "reply", "-queryfile", tmp_path / "query", "-CAfile", tmp_path / "root"
    )
    assert told.returncode == 0, told.stderr
    shown = run("-reply", "-in", tmp_path / "reply", "-text").stdout.decode()
    assert "Status: Granted" in shown
    assert "0x07" in shown


@openssl
def test_openssl_refuses_the_reply_to_other_data(tmp_path: Path, query: bytes, authority: Authority):
    (tmp_path / "reply").write_bytes(answer(query, authority.time_stamper, NOW, 7))
    (tmp_path / "root").write_bytes(authority.root.pem)
    (tmp_path / "data").write_bytes(b"something else")
    told = run("-verify", "-in", tmp_path / "reply", "-data", tmp_path / "data", "-CAfile", tmp_path / "root")
    assert told.returncode != 0


@openssl
def test_any_cut_or_flipped_head_of_a_query_is_refused_in_words(query: bytes, authority: Authority):
    answer(query, authority.time_stamper, NOW, 1)
    for cut in range(0, len(query), 3):
        with pytest.raises(BadInput):
            answer(query[:cut], authority.time_stamper, NOW, 1)
    with pytest.raises(BadInput):
        answer(query + b"\x00", authority.time_stamper, NOW, 1)
    with pytest.raises(BadInput):
        answer(bytes(5000), authority.time_stamper, NOW, 1)


@openssl
def test_a_weak_hash_is_refused(tmp_path: Path, query: bytes, authority: Authority):
    run("-query", "-data", tmp_path / "data", "-sha1", "-out", tmp_path / "weak")
    with pytest.raises(StampRefused):
        answer((tmp_path / "weak").read_bytes(), authority.time_stamper, NOW, 1)


@pytest.fixture
def service(authority: Authority) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["content-length"]))
            reply = answer(raw, authority.time_stamper, datetime.now(UTC), 9)
            self.send_response(200)
            self.send_header("content-type", REPLY_TYPE)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object):  # noqa: A002  # as the base class names it
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_credential_carries_the_stamp(service: str, authority: Authority):
    pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
    signed = sign_credential(picture("image/png"), "image/png", SAYS, authority, stamp_url=service)
    reading = read_credential(signed.data, "image/png", [anchors(Text("own", "자체"), authority.root.pem)])
    assert reading.finding.code == "mark.credential.trusted"
    assert reading.credential is not None
    assert reading.credential.signed_at is not None
    codes = {status.code for status in reading.credential.statuses}
    assert {"timeStamp.validated", "timeStamp.trusted"} <= codes
