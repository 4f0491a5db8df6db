"""What surrounds every request: rates, metrics, readiness, and logs that hold no content."""

import errno
import json
import re
import shutil
from collections.abc import Callable
from types import SimpleNamespace

import msgspec
import pytest
from tests.network.parties import COMPANY, FACTS, document, evidence, sign
from tests.node.house import FREE, KEY, Ask, House, in_a_file_only, numbered

from haechi.node.api import Api
from haechi.node.clients import Clients
from haechi.node.limits import MAX_CLIENTS, RateLimit, TooMany
from haechi.node.pages.routes import make_routes
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, sign_statement

# Rates


def test_a_client_gets_its_burst_and_then_its_rate():
    limit = RateLimit(rate_per_s=2, burst=3)
    for _ in range(3):
        limit.take("a", 0.0)
    with pytest.raises(TooMany) as refused:
        limit.take("a", 0.0)
    assert refused.value.facts["retry_s"] == 1
    limit.take("a", 0.5)
    with pytest.raises(TooMany):
        limit.take("a", 0.5)
    limit.take("b", 0.5)


def test_tokens_never_grow_beyond_the_burst():
    limit = RateLimit(rate_per_s=100, burst=2)
    limit.take("a", 0.0)
    limit.take("a", 1e6)
    limit.take("a", 1e6)
    with pytest.raises(TooMany):
        limit.take("a", 1e6)


def test_clients_are_remembered_in_bounded_memory_and_newcomers_are_let_in():
    limit = RateLimit(rate_per_s=0.001, burst=1)
    for number in range(MAX_CLIENTS + 100):
        limit.take(f"2001:db8::{number:x}", 0.0)
    assert len(limit._buckets) == MAX_CLIENTS


def client(address: str, *forwarded: str, proxies: tuple[str, ...] = ()) -> str:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Clients(proxies).of({"type": "http", "client": (address, 1), "headers": headers})


def test_an_ipv6_network_is_one_client_and_two_ipv4_addresses_are_two():
    assert client("2001:db8:1:2::1") == client("2001:db8:1:2:ffff::9") != client("2001:db8:1:3::1")
    assert client("fe80::1%eth0") == client("fe80::2%eth0")
    assert client("192.0.2.1") != client("192.0.2.2")
    assert client("not:an:address") == "not:an:address"
    assert Clients(()).of({"type": "http", "client": None}) == "?"


def test_a_named_proxy_and_nobody_else_says_who_is_behind_it():
    proxy, inner = "127.0.0.1", "10.0.0.7"
    assert client(proxy, "192.0.2.1", proxies=(proxy,)) == "192.0.2.1"
    assert client(proxy, "192.0.2.1") == proxy, "no proxy was named"
    assert client("192.0.2.9", "192.0.2.1", proxies=(proxy,)) == "192.0.2.9", "not from the proxy"
    assert client(proxy, "203.0.113.5, 192.0.2.1", proxies=(proxy,)) == "192.0.2.1", "the rest is hearsay"
    assert client(proxy, "192.0.2.1, 10.0.0.7", proxies=(proxy, inner)) == "192.0.2.1"
    assert client(proxy, "203.0.113.5", "192.0.2.1", proxies=(proxy,)) == "192.0.2.1", "two header lines"
    assert client(proxy, "192.0.2.1, nonsense", proxies=(proxy,)) == proxy
    assert client(proxy, proxies=(proxy,)) == proxy
    assert client(proxy, "2001:db8:1:2::1", proxies=(proxy,)) == "2001:db8:1:2::/64"


def test_writes_beyond_the_rate_are_told_when_to_come_back(make_house: Callable[..., House]):
    house = make_house(limits=msgspec.structs.replace(FREE, writes_per_s=0.5, write_burst=2))
    asks = [Ask("POST", "/entries", (numbered(n).raw,)) for n in range(4)]
    answers = house.ask_all([*asks, asks[0]._replace(client="192.0.2.9")])
    assert [answer.status for answer in answers] == [201, 201, 429, 429, 201]
    refused = answers[3]
    assert refused.problem[0] == "node.too-many"
    assert int(refused.headers["retry-after"]) in (1, 2)
    put = house.ask("PUT", f"/blobs/{evidence().digest.hex()}", b"x")
    assert (put.status, put.problem[0]) == (429, "node.too-many")


def test_reads_beyond_the_rate_are_refused_on_the_api_and_on_pages(make_house: Callable[..., House]):
    house = make_house(limits=msgspec.structs.replace(FREE, reads_per_s=0.5, read_burst=1))
    assert house.ask("GET", "/log/checkpoint").status == 200
    api, page = house.ask("GET", "/node.json"), house.ask("GET", "/ko/")
    assert (api.status, page.status) == (429, 429)
    assert api.problem[0] == "node.too-many"
    assert "text/html" in page.headers["content-type"]
    assert int(page.headers["retry-after"]) >= 1
    assert {house.ask("GET", path).status for path in ("/healthz", "/metrics")} == {200}
    assert house.register(numbered(0)).status == 201


def test_an_ipv4_address_within_ipv6_is_that_address():
    named = ("127.0.0.1", "::ffff:10.0.0.9")
    first = client("127.0.0.1", "::ffff:203.0.113.9, ::ffff:10.0.0.9", proxies=named)
    second = client("127.0.0.1", "::ffff:203.0.113.8", proxies=named)
    assert (first, second) == ("203.0.113.9", "203.0.113.8")


# Addresses


@pytest.mark.parametrize("path", ["/en/peers/", "/entries/", "/healthz/"])
def test_nobody_is_sent_to_a_host_that_the_client_named(house: House, path: str):
    answer = house.ask("GET", path, host="elsewhere.example")
    assert answer.status == 404
    assert "location" not in answer.headers


# Metrics

SERIES = re.compile(
    r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|\+Inf)'
)


def series(text: str) -> list[tuple[str, dict[str, str], float]]:
    """Every sample of a Prometheus text (version 0.0.4), after checking its form."""
    samples: list[tuple[str, dict[str, str], float]] = []
    kinds: dict[str, str] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds
            kinds[name] = kind
            continue
        if line.startswith("# HELP "):
            assert len(line.split(" ")) > 3
            continue
        found = SERIES.fullmatch(line)
        assert found, line
        labels = dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', found[2] or ""))
        family = re.sub(r"_(bucket|sum|count)$", "", found[1])
        assert found[1] in kinds or kinds.get(family) == "histogram", line
        samples.append((found[1], labels, float(found[3])))
    assert len({(name, *labels.items()) for name, labels, _ in samples}) == len(samples)
    return samples


def test_metrics_are_prometheus_text(house: House):
    house.register(numbered(0))
    answer = house.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    names = {name for name, _, _ in series(answer.body.decode())}
    assert {"haechi_requests_total", "haechi_log_entries", "haechi_request_seconds_bucket"} <= names


def test_buckets_of_a_histogram_grow_up_to_its_count(house: House):
    house.ask("GET", "/log/checkpoint")
    samples = series(house.ask("GET", "/metrics").body.decode())
    buckets = [
        (labels["le"], value)
        for name, labels, value in samples
        if name == "haechi_request_seconds_bucket" and labels["route"] == "/log/{path:path}"
    ]
    count = [
        value
        for name, labels, value in samples
        if name == "haechi_request_seconds_count" and labels["route"] == "/log/{path:path}"
    ]
    values = [value for _, value in buckets]
    assert values == sorted(values)
    assert buckets[-1] == ("+Inf", count[0])


def test_labels_come_from_closed_sets_whatever_clients_send(house: House):
    planted = "planted-label"
    for method in ("GET", "POST", "BREW", planted.upper()):
        for path in (
            "/entries",
            f"/{planted}",
            f"/statements/{planted}",
            f"/en/issuer/{planted}",
            "/entries/x/y",
        ):
            house.ask(method, path, b"x", user_agent=planted)
    text = house.ask("GET", "/metrics").body.decode()
    assert planted not in text.lower()
    pages = make_routes(lambda: house._do, lambda: 0)  # type: ignore[arg-type,return-value]
    templates = {route.path for route in [*Api(house.runner).routes(), *pages]}
    samples = series(text)
    assert {labels["route"] for _, labels, _ in samples if "route" in labels} <= templates | {"unmatched"}
    assert {labels["method"] for _, labels, _ in samples if "method" in labels} <= {
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "other",
    }
    assert all(
        re.fullmatch("[1-5][0-9]{2}", labels["status"]) for _, labels, _ in samples if "status" in labels
    )


def test_what_was_asked_is_counted_by_route(house: House):
    def count() -> float:
        samples = series(house.ask("GET", "/metrics").body.decode())
        return sum(
            value
            for name, labels, value in samples
            if name == "haechi_requests_total" and labels["route"] == "/entries" and labels["status"] == "201"
        )

    before = count()
    house.register(numbered(1))
    house.register(numbered(2))
    assert count() == before + 2


# Readiness


def test_a_node_is_ready_while_it_takes_statements(make_house: Callable[..., House]):
    house = make_house()
    answer = house.ask("GET", "/healthz")
    state = json.loads(answer.body)
    assert (answer.status, state["ok"], state["size"]) == (200, True, house.size)
    house.node.stopping = True
    answer = house.ask("GET", "/healthz")
    assert (answer.status, json.loads(answer.body)["ok"]) == (503, False)
    refused = house.register(numbered(0))
    assert (refused.status, refused.problem[0]) == (503, "node.stopping")
    assert int(refused.headers["retry-after"]) >= 1
    assert house.ask("GET", "/log/checkpoint").status == 200


def test_a_node_whose_writer_has_ended_is_not_ready(make_house: Callable[..., House]):
    house = make_house()
    house.node.sequencer.close()
    assert house.ask("GET", "/healthz").status == 503
    refused = house.register(numbered(0))
    assert (refused.status, refused.problem[0]) == (503, "log.stopped")


# Logs


def test_logs_hold_nothing_of_what_was_sent(house: House, capfd: pytest.CaptureFixture[str]):
    words = {place: f"planted{place}" for place in ("payload", "subject", "header", "query", "path", "body")}
    claim = msgspec.structs.replace(document(evidence()), title=Said(en=words["payload"]))
    good = sign(KEY, COMPANY, claim, "document", words["subject"])
    foreign = sign_statement(
        KEY,
        About(issuer=words["subject"], subject=words["subject"], issued_at=1, kind="document"),
        encode_claim(kind_of("document"), claim, FACTS),
    )
    headers = tuple((name, words["header"]) for name in ("authorization", "cookie", "user-agent"))

    def ask(method: str, path: str, body: bytes = b"") -> None:
        house.ask_all([Ask(method, path, (body,), headers)])

    for body in (good.raw, foreign.raw, words["body"].encode(), b"\xd2" + words["body"].encode()):
        ask("POST", f"/entries?token={words['query']}", body)
    for path in (f"/statements/{words['path']}", f"/en/issuer/{words['path']}", f"/{words['path']}"):
        ask("GET", f"{path}?q={words['query']}")
    ask("PUT", f"/blobs/{good.digest_hex}", words["body"].encode())
    house.node.stopping = True
    try:
        ask("POST", "/entries", good.raw)  # a 503 is logged
    finally:
        house.node.stopping = False
    written = capfd.readouterr()
    lines = [json.loads(line) for line in written.err.splitlines()]
    assert any(line["event"] == "request.failed" and line["status"] == 503 for line in lines)
    for secret in (*words.values(), good.payload.hex(), KEY.public.raw.hex(), good.digest_hex):
        assert secret not in written.out + written.err


@in_a_file_only("its log is on this disk")
@pytest.mark.parametrize("free", [0, None])
def test_a_node_without_room_or_without_its_disk_is_not_ready(
    make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch, free: int | None
):
    house = make_house()

    def usage(_path: object) -> SimpleNamespace:
        if free is None:
            raise OSError(errno.EIO, "it does not answer")
        return SimpleNamespace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    answer = house.ask("GET", "/healthz")
    assert (answer.status, json.loads(answer.body)["ok"]) == (503, False)
    monkeypatch.undo()
    assert house.ask("GET", "/healthz").status == 200
