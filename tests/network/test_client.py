"""What a peer may do to our HTTP client: nothing worse than an error in time."""

import hashlib
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.network.scripted import Script, answers, ok, read_request, scripted

from haechi.errors import BadInput
from haechi.network.client import (
    Limits,
    PeerClient,
    PeerLacks,
    PeerMisbehaved,
    PeerRefused,
    PeerUnavailable,
)
from haechi.statement import cbor

QUICK = Limits(stall_s=0.3, total_s=0.8, attempts=1, backoff_s=0.01)
PATIENT = Limits(stall_s=2, total_s=5, attempts=3, backoff_s=0.01)


def fetch(script: Script, max_bytes: int = 1000, limits: Limits = QUICK) -> bytes:
    with scripted(script) as server, PeerClient(server.url, limits) as client:
        return client.fetch("thing", max_bytes)


def test_an_honest_answer_arrives() -> None:
    assert fetch(answers(ok(b"hello"))) == b"hello"


def test_an_empty_answer_arrives() -> None:
    assert fetch(answers(ok(b""))) == b""


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
    ],
    ids=["chunked", "http-1.0", "until-close"],
)
def test_every_honest_way_to_send_a_body_is_taken(raw: bytes) -> None:
    assert fetch(answers(raw)) == b"abcde"


def test_the_request_is_plain_and_asks_for_no_compression() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(ok(b""))

    with scripted(script) as server, PeerClient(server.url + "/mirrors/aa/", QUICK) as client:
        client.fetch("/checkpoint", 10)
    assert seen[0].startswith(b"GET /mirrors/aa/checkpoint HTTP/1.1\r\n")
    assert b"Accept-Encoding: identity\r\n" in seen[0]


def test_one_connection_serves_many_requests() -> None:
    def script(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(ok(b"x"))

    with scripted(script) as server, PeerClient(server.url, QUICK) as client:
        assert [client.fetch("a", 1) for _ in range(5)] == [b"x"] * 5
        assert server.connections == 1


def test_a_kept_connection_that_the_peer_closed_is_replaced() -> None:
    with scripted(answers(ok(b"x"))) as server, PeerClient(server.url, QUICK) as client:
        for _ in range(3):
            assert client.fetch("a", 1) == b"x"
            time.sleep(0.02)
        assert server.connections == 3


def test_what_a_kept_connection_swallowed_is_asked_again_on_a_new_one() -> None:
    """A peer may close an idle connection in the moment in which the next request is written to it."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(ok(b"x"))
        read_request(connection)  # and not a byte in answer

    with scripted(script) as server, PeerClient(server.url, QUICK) as client:
        for _ in range(2):
            with client.stream("a", 1) as pieces:
                assert b"".join(pieces) == b"x"
        assert server.connections == 2


def test_what_is_sent_once_is_not_sent_again_on_a_new_connection() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(ok(b"x"))
        read_request(connection)

    with scripted(script) as server, PeerClient(server.url, QUICK) as client:
        client.fetch("a", 1)
        with pytest.raises(PeerUnavailable):
            client.post("entries", b"statement", "application/cose")
        assert server.connections == 1


def test_a_body_of_exactly_the_bound_is_taken_and_one_byte_more_is_not() -> None:
    assert fetch(answers(ok(bytes(1000))), 1000) == bytes(1000)
    with pytest.raises(PeerMisbehaved, match="more than 999 bytes"):
        fetch(answers(ok(bytes(1000))), 999)


def test_an_endless_body_is_cut_off() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(65536))

    with pytest.raises(PeerMisbehaved, match="more than 100000 bytes"):
        fetch(script, 100_000)


GARBAGE = {
    "not-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "bad-status": b"HTTP/1.1 two OK\r\n\r\n",
    "chunk-size-minus-one": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc",
    "chunk-size-huge": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\nabc",
    "chunk-over-its-size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
    "endless-trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: 1\r\n" * 200,
    "too-many-headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    "long-header": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n",
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
    "strange-status": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_misbehaviour(raw: bytes) -> None:
    with pytest.raises(PeerMisbehaved):
        fetch(answers(raw))


CUT = {
    "nothing": b"",
    "half-a-status": b"HTTP/1.1 2",
    "short-body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    "short-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    "no-last-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
}


@pytest.mark.parametrize("raw", CUT.values(), ids=CUT)
def test_closing_early_is_never_taken_for_the_end(raw: bytes) -> None:
    with pytest.raises((PeerUnavailable, PeerMisbehaved)):
        fetch(answers(raw))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_not_now_is_unavailable(status: int) -> None:
    with pytest.raises(PeerUnavailable, match=str(status)):
        fetch(answers(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()))


def test_not_now_is_said_with_the_reason_that_the_peer_gave() -> None:
    body = b'{"message": "the disk of the log is full"}'
    head = b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(PeerUnavailable, match="503, the disk of the log is full") as said:
        fetch(answers(head + body))
    assert "HTTP 상태 503" in said.value.say("ko")


@pytest.mark.parametrize("status", [404, 410])
def test_what_the_peer_has_not_is_not_found(status: int) -> None:
    with pytest.raises(PeerLacks):
        fetch(answers(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()))


def _refusal(body: bytes, content_type: str) -> bytes:
    head = f"HTTP/1.1 403 Forbidden\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"code":"x","message":"no grant","hint":"ask"}', "no grant - ask"),
        (cbor.encode({-1: "no grant", -2: "ask"}), "no grant - ask"),
        (b'{"message":"\\u001b[2J red \\u202e"}', "[2J red"),
        (b"<html>", "Forbidden"),
        (b"{" * 3000, "Forbidden"),
        (bytes(9000), "Forbidden"),
    ],
    ids=["json", "cbor", "control-codes", "html", "deep", "oversized"],
)
def test_a_refusal_brings_the_peers_reason_made_plain(body: bytes, why: str) -> None:
    with pytest.raises(PeerRefused) as refusal:
        fetch(answers(_refusal(body, "x/y")))
    assert refusal.value.facts["why"] == why
    assert refusal.value.facts["status"] == 403


def test_silence_ends_after_the_stall_time() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    begun = time.monotonic()
    with pytest.raises(PeerUnavailable):
        fetch(script)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b""], ids=["body", "head"]
)
def test_dripping_ends_at_the_deadline_though_bytes_keep_coming(head: bytes) -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        for _ in range(50):
            connection.sendall(b"H")
            time.sleep(0.1)

    begun = time.monotonic()
    with pytest.raises(PeerUnavailable, match="deadline|timed out"):
        fetch(script)
    assert time.monotonic() - begun < 2


def test_endless_interim_responses_end_at_the_deadline() -> None:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)

    with pytest.raises(PeerUnavailable):
        fetch(script)


def test_a_redirect_within_the_host_is_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /log/thing\r\nContent-Length: 0\r\n\r\n"
    with scripted(answers(moved), answers(ok(b"there"))) as server, PeerClient(server.url, QUICK) as client:
        assert client.fetch("thing", 10) == b"there"


AWAY = [
    "http://127.0.0.1:1/x",
    "https://127.0.0.1/x",
    "//other.example/x",
    "http://[::1",
    "file:///etc/passwd",
    "a b",
]


@pytest.mark.parametrize("location", AWAY)
def test_a_redirect_away_is_refused(location: str) -> None:
    raw = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(PeerMisbehaved, match="elsewhere"):
        fetch(answers(raw))


def test_redirects_without_end_are_refused() -> None:
    with pytest.raises(PeerMisbehaved, match="redirects"):
        fetch(answers(b"HTTP/1.1 302 Found\r\nLocation: /thing\r\nContent-Length: 0\r\n\r\n"))


def test_another_media_type_is_refused() -> None:
    page, data = (
        ok(b"{}", f"Content-Type: {one}") for one in ("text/html", "Application/JSON; charset=utf-8")
    )
    with scripted(answers(page), answers(data)) as server, PeerClient(server.url, QUICK) as client:
        with pytest.raises(PeerMisbehaved, match="application/json"):
            client.fetch("a", 10, "application/json")
        assert client.fetch("a", 10, "application/json") == b"{}"


def test_a_get_is_asked_again_while_the_peer_is_unavailable() -> None:
    cut, busy = answers(b""), answers(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
    with scripted(cut, busy, answers(ok(b"at last"))) as server, PeerClient(server.url, PATIENT) as client:
        assert client.fetch("a", 10) == b"at last"
        assert server.connections == 3


def test_a_busy_peer_is_asked_again_when_it_said_so() -> None:
    slept: list[float] = []
    busy = answers(b"HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
    limits = Limits(total_s=60, attempts=1)
    with (
        scripted(*[busy] * 4, answers(ok(b"at last"))) as server,
        PeerClient(server.url, limits, sleep=slept.append) as client,
    ):
        assert client.fetch("a", 10) == b"at last"
    assert slept == [1, 1, 1, 1]


def test_a_peer_that_is_busy_beyond_the_deadline_is_unavailable() -> None:
    busy = answers(b"HTTP/1.1 503 X\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(PeerUnavailable):
        fetch(busy, limits=PATIENT)


def test_a_get_is_not_asked_again_when_the_peer_misbehaves() -> None:
    with scripted(answers(b"garbage\r\n\r\n")) as server:
        with pytest.raises(PeerMisbehaved):
            PeerClient(server.url, PATIENT).fetch("a", 10)
        assert server.connections == 1


def test_a_post_is_sent_once() -> None:
    with scripted(answers(b"")) as server:
        with pytest.raises(PeerUnavailable):
            PeerClient(server.url, PATIENT).post("entries", b"x", "application/cose")
        assert server.connections == 1


@pytest.mark.parametrize("status", ["201 Created", "303 See Other"])
def test_a_post_brings_status_location_and_body(status: str) -> None:
    head = f"HTTP/1.1 {status}\r\nLocation: /entries/ab\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n"
    raw = head.encode() + b"ok"
    with scripted(answers(raw)) as server, PeerClient(server.url, QUICK) as client:
        answer = client.post("entries", b"x", "application/cose")
    assert answer == (int(status[:3]), "a/b", "/entries/ab", b"ok")


def test_a_file_is_sent_from_disk_with_its_length(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000
    (tmp_path / "file").write_bytes(data)
    got: list[bytes] = []

    def script(connection: socket.socket) -> None:
        raw = read_request(connection)
        while len(raw.partition(b"\r\n\r\n")[2]) < len(data):
            raw += connection.recv(65536)
        got.append(raw)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with scripted(script) as server, PeerClient(server.url, PATIENT) as client:
        assert client.put_file("blobs/x", tmp_path / "file").status == 204
    head, _, body = got[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(data)}".encode() in head
    assert hashlib.sha256(body).digest() == hashlib.sha256(data).digest()


def test_an_upload_that_is_refused_midway_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(8 << 20))

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(_refusal(b'{"message":"nobody refers to it"}', "application/json"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with scripted(script) as server, pytest.raises(PeerRefused, match="nobody refers to it"):
        PeerClient(server.url, PATIENT).put_file("blobs/x", tmp_path / "file")


def test_a_stream_comes_in_pieces_and_ends_in_bounds() -> None:
    data = bytes(300_000)
    with scripted(answers(ok(data))) as server, PeerClient(server.url, QUICK) as client:
        with client.stream("b", len(data)) as pieces:
            sizes = [len(piece) for piece in pieces]
        assert sum(sizes) == len(data)
        assert max(sizes) <= 65536
        with client.stream("b", 500_000) as pieces:
            next(pieces)
        with pytest.raises(PeerMisbehaved), client.stream("b", len(data) - 1) as pieces:
            list(pieces)


def _certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "tls.pem"
    path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return path


def _over_tls(pem: Path, script: Script) -> Script:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def wrapped(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            script(secure)

    return wrapped


def test_tls_is_spoken_with_servers_whose_certificate_is_trusted(tmp_path: Path) -> None:
    pem = _certificate(tmp_path)
    with scripted(_over_tls(pem, answers(ok(b"secret")))) as server:
        url = server.url.replace("http:", "https:")
        trusting = ssl.create_default_context(cafile=str(pem))
        with PeerClient(url, PATIENT, tls=trusting) as client:
            assert client.fetch("a", 10) == b"secret"
        with PeerClient(url, PATIENT) as client, pytest.raises(PeerMisbehaved, match="certificate"):
            client.fetch("a", 10)
        assert server.connections == 2


def test_a_server_that_speaks_no_tls_is_not_believed_without() -> None:
    with scripted(answers(ok(b"plain"))) as server:
        url = server.url.replace("http:", "https:")
        with PeerClient(url, QUICK) as client, pytest.raises(PeerUnavailable):
            client.fetch("a", 10)


def test_nobody_listening_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PeerUnavailable):
        PeerClient(f"http://127.0.0.1:{port}", QUICK).fetch("a", 1)


BAD_URLS = [
    "ftp://a",
    "http://",
    "a.example",
    "http://u:p@a",
    "http://a?x=1",
    "http://a#f",
    "http://a:99999",
    "http://[::1",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_only_plain_addresses_are_taken(url: str) -> None:
    with pytest.raises(BadInput):
        PeerClient(url)


@pytest.mark.parametrize("path", ["a b", "a\r\nHost: evil", "é"])
def test_only_plain_paths_are_asked_for(path: str) -> None:
    with pytest.raises(BadInput, match="not a path"):
        PeerClient("http://127.0.0.1:1").fetch(path, 1)
