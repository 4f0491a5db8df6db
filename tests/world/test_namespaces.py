"""Real processes on real links that are cut: each side goes on, says what it lacks, and all meet again."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.parties import FACTS
from tests.node.house import numbered
from tests.world.namespaces import Net, Site, wait_until, why_not

from haechi.findings import Verdict
from haechi.network.pins import Pins
from haechi.network.verify import Quorum, Report, verify_bundle
from haechi.network.witnesses import pinned_policy
from haechi.statement.envelope import Statement

pytestmark = [pytest.mark.slow, pytest.mark.e2e]
DAY_AND_MORE_S = 25 * 3600


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    if reason := why_not():
        pytest.skip(reason)
    made = Net(tmp_path, "kr", "uk", "sg")
    try:
        yield made
    finally:
        made.close()


def say(site: Site, number: int) -> Statement:
    """A statement of the company that the node acknowledged."""
    statement = numbered(number)
    answer = site.ask(lambda client: client.post("/entries", statement.raw, "application/cose"))
    assert answer.status == 201
    return statement


def sizes(site: Site) -> dict[str, int]:
    """Entries by log, as the node holds them: its own and its mirrors."""
    peers = {each["origin"]: each["size"] for each in site.json("/en/peers.json")["peers"]}
    return {**peers, site.card.origin: site.json("/en/log.json")["log"]["size"]}


def converged(net: Net) -> bool:
    """Whether all nodes hold the same logs, each witnessed to its end as its own node shows it."""
    first, *others = [sizes(site) for site in net.sites.values()]
    alike = all(other == first for other in others)
    return alike and all("log.quorum.met" in site.witnessing(site) for site in net.sites.values())


def everybody_meets(net: Net) -> None:
    wait_until(lambda: converged(net), "they do not converge")
    roots = {
        name: {other.card.origin: root_at(site, other) for other in net.sites.values()}
        for name, site in net.sites.items()
    }
    assert len({tuple(sorted(each.items())) for each in roots.values()}) == 1
    for site in net.sites.values():
        metrics = site.ask(lambda client: client.fetch("/metrics", 1 << 20)).decode()
        assert "haechi_forked{" in metrics
        assert not [
            line for line in metrics.splitlines() if line.startswith("haechi_forked") and line[-1] != "0"
        ]


def root_at(site: Site, other: Site) -> str:
    return site.json(f"/en/log.json?origin={other.card.origin}")["log"]["root"]


def verified(net: Net, site: Site, statement: Statement) -> Report:
    """What a reader who pinned all three and asks for two witnesses makes of the site's bundle."""
    pins = Pins()
    for each in net.sites.values():
        pins = pins.add(each.card, each.card.fingerprint())
    policy = pinned_policy([each.card for each in net.sites.values()], 2)
    raw = site.ask(lambda client: client.fetch(f"/bundles/{statement.digest_hex}", 1 << 20))
    return verify_bundle(io.BytesIO(raw), pins, FACTS, None, Quorum(policy, int(time.time())))


def test_a_node_that_is_cut_off_goes_on_says_so_and_comes_back(net: Net) -> None:
    kr, uk, sg = net.sites["kr"], net.sites["uk"], net.sites["sg"]
    for number, site in enumerate((kr, uk, sg), 1):
        say(site, number)
    everybody_meets(net)
    net.cut_off("uk")
    here, there = say(kr, 4), say(uk, 5)  # publishing waits for nobody
    wait_until(lambda: verdict(verified(net, kr, here)) == "log.quorum.met", "two of three do not cosign")
    alone = verified(net, uk, there)
    assert verdict(alone) == "log.quorum.unwitnessed"
    assert alone.verdict is Verdict.UNDECIDED
    wait_until(lambda: "log.quorum.unwitnessed" in uk.witnessing(uk), "it does not say what it lacks")
    assert sizes(sg)[uk.card.origin] < sizes(uk)[uk.card.origin]
    net.connect("uk")
    everybody_meets(net)
    assert verdict(verified(net, uk, there)) == "log.quorum.met"


def verdict(report: Report) -> str:
    return next(each.code for each in report.sections[0].findings if each.check == "log.quorum")


def test_two_that_do_not_reach_each_other_are_witnessed_by_the_third(net: Net) -> None:
    kr, uk = net.sites["kr"], net.sites["uk"]
    everybody_meets(net)
    net.part("kr", "uk")
    here, there = say(kr, 1), say(uk, 2)
    for site, said in ((kr, here), (uk, there)):
        wait_until(
            lambda site=site, said=said: verdict(verified(net, site, said)) == "log.quorum.met",
            f"{site.name} is not witnessed",
        )
    assert sizes(kr)[uk.card.origin] < sizes(uk)[uk.card.origin]
    net.part("kr", "uk", off=False)
    everybody_meets(net)


def test_a_log_that_no_witness_saw_for_a_day_is_shown_as_stale(net: Net) -> None:
    kr, uk = net.sites["kr"], net.sites["uk"]
    everybody_meets(net)
    assert "log.fresh.recent" in uk.witnessing(kr)
    net.cut_off("uk")
    uk.stop()
    uk.start(late_s=DAY_AND_MORE_S)  # as if it had been cut off since yesterday
    wait_until(lambda: "log.fresh.stale" in uk.witnessing(kr), "what is a day old is not shown as stale")
    uk.stop()
    uk.start()
    net.connect("uk")
    everybody_meets(net)
    assert "log.fresh.recent" in uk.witnessing(kr)
