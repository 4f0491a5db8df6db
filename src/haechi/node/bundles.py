"""Making offline bundles: one statement, the policy that admits it, and what others said about it."""

import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from haechi.errors import NotFound
from haechi.network.bundle import FileEntry, Item, Role, write_bundle
from haechi.network.glance import files_named
from haechi.node.keyevents import key_events_of
from haechi.node.runner import Runner
from haechi.statement.envelope import Statement
from haechi.statement.evidence import PIECE_BYTES

MAX_ABOUT = 64
MAX_ONLINE_FILES = 32 << 20
_SPOOL_BYTES = 1 << 20


class Sent(NamedTuple):
    """What is sent: how many bytes, and the bytes in pieces."""

    size: int
    pieces: Iterator[bytes]


def write_bundle_for(
    runner: Runner, digest: bytes, target: BinaryIO, max_file_bytes: int | None = None
) -> None:
    """Write the bundle of one statement of the own log or a mirror.

    max_file_bytes: leave files out beyond this total; the bundle then says they are absent. Raises NotFound
    when the statement, or a checkpoint that covers it, is not here.
    """
    subject, origin = runner.located(digest)
    items = [_item(runner, "subject", subject, origin)]
    found = [(subject, origin)]
    for about, about_origin in runner.about(digest, MAX_ABOUT):
        if about.digest != digest:
            items += _if_proven(runner, "about", about, about_origin)
            found.append((about, about_origin))
    for accusation, accuser in runner.accusations.statements(origin):
        if accusation.digest not in {statement.digest for statement, _ in found}:
            items += _if_proven(runner, "about", accusation, accuser)
            found.append((accusation, accuser))
    for policy, policy_origin in _policies(runner, found):
        items += _if_proven(runner, "policy", policy, policy_origin)
    origins = tuple(dict.fromkeys(where for _, where in found))
    handed = [item for where in origins for item in _handovers(runner, where)]
    items += handed
    for event, where in _handed_events(runner, origins):
        items += _if_proven(runner, "key", event, where)  # once more, where witnesses may have seen it
    for event, event_origin in _key_events(runner, found):
        if event.raw not in {item.statement for item in handed}:
            items += _if_proven(runner, "key", event, event_origin)
    with ExitStack() as stack:
        files = list(_files(runner, [statement for statement, _ in found], max_file_bytes, stack))
        write_bundle(target, items, files)


def bundle_pieces(runner: Runner, digest: bytes) -> Sent:
    """The bundle for one answer over HTTP: files up to 32 MiB in all, made on disk, sent in pieces."""
    spool = cast("BinaryIO", tempfile.SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115  # closed when sent
    try:
        write_bundle_for(runner, digest, spool, MAX_ONLINE_FILES)
        size = spool.tell()
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return Sent(size, _pieces(spool))


def _pieces(spool: BinaryIO) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(PIECE_BYTES):
            yield piece


def bundle_bytes(runner: Runner, digest: bytes) -> bytes:
    """The whole bundle, with files up to 32 MiB in all."""
    buffer = io.BytesIO()
    write_bundle_for(runner, digest, buffer, MAX_ONLINE_FILES)
    return buffer.getvalue()


def _item(runner: Runner, role: Role, statement: Statement, origin: str) -> Item:
    """The statement with its proof; the one that the bundle is about with a receipt to cite, too."""
    receipt = runner.own_receipt(statement, origin) if role == "subject" else None
    raw = statement.raw if receipt is None else statement.with_receipts([receipt])
    return Item(role, raw, runner.proof_in(origin, statement.digest))


def _if_proven(runner: Runner, role: Role, statement: Statement, origin: str) -> list[Item]:
    """One item, or none while no checkpoint covers the entry yet."""
    try:
        return [_item(runner, role, statement, origin)]
    except NotFound:
        return []


def _policies(runner: Runner, found: list[tuple[Statement, str]]) -> Iterator[tuple[Statement, str]]:
    """The policies that admitted these statements to their logs, each once, however many it admitted."""
    seen: set[bytes] = set()
    for statement, origin in found:
        policy = runner.policy_of(origin, runner.index_in(origin, statement.digest))
        if policy is not None and policy.digest not in seen:
            seen.add(policy.digest)
            yield policy, origin


def _handovers(runner: Runner, origin: str) -> list[Item]:
    """How a log changed its own keys, each event under the checkpoint that its proof was made for."""
    return [
        Item("key", *event.raw()) for change in runner.handovers(origin).handovers for event in change.events
    ]


def _handed_events(runner: Runner, origins: Iterable[str]) -> Iterator[tuple[Statement, str]]:
    """The same events, each once: its newest proof may be under a checkpoint that witnesses saw."""
    for origin in origins:
        for raw in dict.fromkeys(item.statement for item in _handovers(runner, origin)):
            yield Statement.from_bytes(raw), origin


def _key_events(runner: Runner, found: list[tuple[Statement, str]]) -> Iterator[tuple[Statement, str]]:
    """What became of the keys of those who speak here, each log asked once about each."""
    asked = dict.fromkeys((origin, statement.about.issuer) for statement, origin in found)
    about = {statement.digest for statement, _ in found}
    for origin, issuer in asked:
        for event, event_origin in key_events_of(runner, origin, issuer):
            if event.digest not in about:
                yield event, event_origin


def _files(
    runner: Runner, statements: list[Statement], max_bytes: int | None, stack: ExitStack
) -> Iterator[tuple[FileEntry, BinaryIO]]:
    left = max_bytes
    seen: set[bytes] = set()
    for statement in statements:
        for digest, *_ in files_named(statement, runner.node.facts):
            if digest in seen or not runner.node.blobs.has(digest):
                continue
            seen.add(digest)
            path: Path = runner.node.blobs.path(digest)
            size = path.stat().st_size
            if left is not None:
                if size > left:
                    continue
                left -= size
            yield FileEntry(digest, size), stack.enter_context(path.open("rb"))
