"""Whatever happens between nodes: honest logs are never accused, liars leave proof, quorums see one history.

A failing run prints its seed; HAECHI_WORLD_SEED=<seed> replays just that run.
"""

import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from tests.network.world import PeerLog, bodies
from tests.world.federation import Door, Site, World

from haechi.findings import Verdict
from haechi.log.checkpoint import read_checkpoint
from haechi.log.merkle import check_consistency
from haechi.log.quorum import WitnessPolicy, check_quorum, policy_of_nodes
from haechi.log.store import Head
from haechi.log.tiles import TileTree
from haechi.network.asking import WitnessAsker
from haechi.network.memory import signed_head

NAMES = ("kr", "uk", "sg", "jp")
KEY_EVENTS = ("rotate", "revoke", "steal", "thief")
EVENTS = ("grow", "grow", "partition", "lie", "skew", "late", "restore", *KEY_EVENTS, "steal", "thief")
SHM = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # evidence is synced; memory is faster
SEEDS = (
    st.just(int(os.environ["HAECHI_WORLD_SEED"]))
    if "HAECHI_WORLD_SEED" in os.environ
    else st.integers(0, 2**32)
)


def policy_of(world: World) -> WitnessPolicy:
    return policy_of_nodes(((name, site.witness.keys, "") for name, site in world.sites.items()), None)


def live(world: World) -> set[str]:
    """A history drawn from the seed; the names of those that signed two histories."""
    rng, liars = world.rng, set[str]()
    for _ in range(rng.randint(3, 7)):
        name = rng.choice(NAMES)
        site = world.sites[name]
        what = rng.choice(EVENTS)
        if what in KEY_EVENTS:
            happen_to_keys(world, name, what)
        elif what == "grow":
            for at, branch in enumerate(site.branches):
                branch.grow(bodies(branch.size, rng.randint(1, 9), f"{name}{at}"), shared=False)
        elif what == "partition":
            with world.partition(set(rng.sample(NAMES, rng.randint(1, 3)))):
                world.run(1)
        elif what == "late":
            with world.partition({name}):
                world.run(1)
        elif what == "skew":
            site.skew_s = rng.choice((-86400, -60, 60, 86400))
        elif not liars or name in liars:  # at most one of four may lie: that is what the quorum withstands
            liars.add(name)
            # With the keys of today nobody signs what lies before they began.
            begun = max(2, site.turning.until)
            keep = site.branches[0].size if what == "lie" else rng.randint(begun, site.branches[0].size)
            twin = site.branches[0].fork(keep)
            site.branches[0].grow(bodies(site.branches[0].size, 3, f"{name}0"), shared=False)
            twin.grow(
                bodies(keep, site.branches[0].size - keep + rng.randint(0, 4), f"{name} twin"), shared=False
            )
            site.branches = [site.branches[0], twin]
            for other in NAMES:
                world.view[name, other] = rng.randint(0, 1)
        world.run(1)
    return liars


def happen_to_keys(world: World, name: str, what: str) -> None:
    site = world.sites[name]
    if what == "steal":
        site.turning.steal()
    elif what == "thief":
        rob(world, name)
    elif len(site.branches) == 1:
        overlap = world.rng.random() < 0.5
        site.turning.change(site.branches[0], revoke=what == "revoke", overlap=overlap)


def rob(world: World, name: str) -> None:
    """A thief of a log's former keys goes on with a history of his own, for those who heard of the change."""
    rng, site = world.rng, world.sites[name]
    if not site.turning.is_thief_out or len(site.branches) > 1:
        return
    honest = site.branches[0]
    twin = honest.fork(rng.randint(2, honest.size))
    twin.signer = site.turning.stolen or twin.signer
    twin.grow(bodies(twin.size, honest.size - twin.size + rng.randint(1, 5), f"{name} thief"), shared=False)
    deceived = [one for one in NAMES if one != name and world.sites[one].has_heard(site)]
    for other in deceived:
        world.robbed[name, other] = twin
        assert not asked(world, world.sites[other], twin), "a witness cosigned a thief's history"
    world.run(2)
    for other in deceived:
        assert world.sites[other].stores[site.origin].head() in history(honest), (name, other)
        del world.robbed[name, other]


def asked(world: World, site: Site, log: PeerLog) -> object:
    """The lines that a witness gives for a history."""
    tree = TileTree(lambda level, n, width: log.tiles[level, n][: width * 32])
    asker = WitnessAsker(site.name, site.witness.keys, Door(world, site.name, site))
    return asker.ask(signed_head(log.note), tree.consistency).lines


def history(log: PeerLog) -> set[Head]:
    """Every head that a log had."""
    tree = TileTree(lambda level, n, width: log.tiles[level, n][: width * 32])
    return {Head(size, tree.root(size)) for size in range(log.size + 1)}


@settings(max_examples=8, deadline=None, print_blob=True)
@given(SEEDS)
def test_the_invariants_hold_whatever_happens(seed: int):
    note(f"HAECHI_WORLD_SEED={seed}")
    with tempfile.TemporaryDirectory(dir=SHM) as folder:
        world = World(seed, Path(folder), NAMES)
        liars = live(world)
        world.run(4)
        honest_logs_are_never_accused(world, liars)
        two_histories_seen_leave_proof_everywhere(world, liars)
        no_two_quorums_saw_different_histories(world)
        honest_logs_are_witnessed(world, liars)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SEEDS)
def test_the_invariants_hold_in_many_more_worlds(seed: int):
    test_the_invariants_hold_whatever_happens.hypothesis.inner_test(seed)  # pyright: ignore[reportFunctionMemberAccess]


def honest_logs_are_never_accused(world: World, liars: set[str]) -> None:
    accused = {fork.origin for site in world.sites.values() for fork in site.evidence()}
    assert accused <= {world.sites[name].origin for name in liars}


def two_histories_seen_leave_proof_everywhere(world: World, liars: set[str]) -> None:
    for liar in liars:
        seen = {world.view.get((liar, name), 0) for name in NAMES if name != liar}
        if len(seen) < 2:
            continue  # nobody was shown the other one: there is nothing to see
        origin = world.sites[liar].origin
        for name in NAMES:
            if name == liar:
                continue
            proofs = [fork for fork in world.sites[name].evidence() if fork.origin == origin]
            assert any(fork.check(fork.own_keys()).verdict is Verdict.FAILS for fork in proofs), (liar, name)


def no_two_quorums_saw_different_histories(world: World) -> None:
    policy = policy_of(world)
    for site in world.sites.values():
        witnessed = []
        for held in site.cosigned.values():
            head, lines = read_checkpoint(held.note)
            if check_quorum(lines, head, policy, world.now)[0].code == "log.quorum.met":
                witnessed.append(held.head)
        witnessed.sort()
        for small, large in pairwise(witnessed):
            proofs = []
            for branch in site.branches:
                if branch.size >= large.size > small.size:
                    tree = TileTree(lambda level, n, width, tiles=branch.tiles: tiles[level, n][: width * 32])
                    path = tree.consistency(small.size, large.size)
                    proofs.append(check_consistency(small.size, large.size, path, small.root, large.root))
            assert any(proof.verdict is Verdict.HOLDS for proof in proofs), (site.name, small, large)


def honest_logs_are_witnessed(world: World, liars: set[str]) -> None:
    """Once links are back, by all honest witnesses whose clock is not ahead of everybody's."""
    policy = policy_of(world)
    late = {name for name, site in world.sites.items() if site.skew_s > 300}
    for name, site in world.sites.items():
        if name in liars or len(late | liars) > 1:
            continue
        head = site.branches[0]
        held = site.cosigned[head.edge.root()]
        checkpoint, lines = read_checkpoint(held.note)
        assert check_quorum(lines, checkpoint, policy, world.now)[0].code == "log.quorum.met", name


@pytest.mark.parametrize("seed", range(3))
def test_a_thief_of_former_keys_gains_nothing_whatever_happened_before(seed: int):
    """The story that chance tells seldom: stolen, changed, heard of, used."""
    with tempfile.TemporaryDirectory(dir=SHM) as folder:
        world = World(seed, Path(folder), NAMES)
        site = world.sites["kr"]
        world.run(1)
        for turn in range(3):
            site.turning.steal()
            site.branches[0].grow(bodies(site.branches[0].size, 3, "kr0"), shared=False)
            if turn == 1:
                with world.partition({"sg"}):
                    site.turning.change(site.branches[0], revoke=False, overlap=False)
                    world.run(1)
            else:
                site.turning.change(site.branches[0], revoke=turn == 2, overlap=turn == 0)
            world.run(2)
            assert all(one.has_heard(site) for one in world.sites.values())
            rob(world, "kr")
        site.branches[0].grow(bodies(site.branches[0].size, 3, "kr0"), shared=False)
        world.run(2)
        assert all(
            one.stores[site.origin].head().size == site.branches[0].size for one in others(world, "kr")
        )
        honest_logs_are_never_accused(world, set())
        honest_logs_are_witnessed(world, set())
        no_two_quorums_saw_different_histories(world)


def others(world: World, name: str) -> list[Site]:
    return [site for site in world.sites.values() if site.name != name]


def test_the_same_seed_gives_the_same_world(tmp_path: Path):
    sizes = []
    for at in range(2):
        world = World(7, tmp_path / str(at), NAMES)
        live(world)
        sizes.append([[branch.size for branch in site.branches] for site in world.sites.values()])
    assert sizes[0] == sizes[1]
