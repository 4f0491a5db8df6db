"""A node that is opened for one thing at a time: made, spoken for, and its bundles verified."""

import io
from pathlib import Path

from tests.cli.ran import haechi

from haechi.facts import load
from haechi.network.pins import Pins
from haechi.network.verify import Report, verify_bundle
from haechi.node.bundles import bundle_bytes
from haechi.node.open import open_node
from haechi.node.runner import Runner
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.keys import SigningKey

WHY = ("yearly change", "해마다 교체")
FACTS = load()


def made(folder: Path) -> Path:
    """A new node of Korea, with its head store beside its folder."""
    told = ("--origin", "kr.example/log", "--issuer", "kr.example", "--name-en", "K", "--name-ko", "한국")
    assert haechi("init", folder, *told, "--country", "KR", "--heads", folder.parent / "heads").code == 0
    return folder


def opened(folder: Path) -> Runner:
    return open_node(folder, clock=lambda: 1_790_000_000)


def pinned(folder: Path) -> Pins:
    runner = opened(folder)
    runner.stop()
    return Pins().add(runner.card, runner.card.fingerprint())


def say(folder: Path, subject: str, key: SigningKey | None = None) -> Statement:
    runner = opened(folder)
    try:
        kind = kind_of("document")
        about = About(issuer="kr.example", subject=subject, issued_at=1, kind="document")
        raw = sign_statement(
            key or runner.node.keys.issuer, about, encode_claim(kind, kind.example(), FACTS)
        ).raw
        return runner.node.register(raw)[0]
    finally:
        runner.stop()


def verified(folder: Path, statement: Statement, pins: Pins) -> Report:
    runner = opened(folder)
    try:
        raw = bundle_bytes(runner, statement.digest)
    finally:
        runner.stop()
    return verify_bundle(io.BytesIO(raw), pins, FACTS)
