"""Making offline bundles: one statement, the policy that admits it, and what others said about it."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from haechi.errors import NotFound
from haechi.network.bundle import FileEntry, Item, Role, write_bundle
from haechi.network.verify import evidence_of
from haechi.node.runner import Runner
from haechi.statement.envelope import Statement

MAX_ABOUT = 64
MAX_ONLINE_FILES = 32 << 20


def write_bundle_for(
    runner: Runner, digest: bytes, target: BinaryIO, max_file_bytes: int | None = None
) -> None:
    """Write the bundle of one statement of the own log or a mirror.

    max_file_bytes: leave files out beyond this total; the bundle then says they are absent. Raises NotFound
    when the statement, or a checkpoint that covers it, is not here.
    """
    subject, origin = runner.located(digest)
    items = [_item(runner, "subject", subject, origin)]
    policy = runner.policy_of(origin)
    if policy is not None and policy.digest != digest:
        items += _if_proven(runner, "policy", policy, origin)
    statements = [subject]
    for about, about_origin in runner.about(digest, MAX_ABOUT):
        items += _if_proven(runner, "about", about, about_origin)
        statements.append(about)
        other = runner.policy_of(about_origin)
        if (
            other is not None
            and all(item.statement != other.raw for item in items)
            and about_origin != origin
        ):
            items += _if_proven(runner, "policy", other, about_origin)
    with ExitStack() as stack:
        files = list(_files(runner, statements, max_file_bytes, stack))
        write_bundle(target, _unique(items), files)


def bundle_bytes(runner: Runner, digest: bytes) -> bytes:
    """The bundle for one answer over HTTP, with files up to 32 MiB in all."""
    buffer = io.BytesIO()
    write_bundle_for(runner, digest, buffer, MAX_ONLINE_FILES)
    return buffer.getvalue()


def _item(runner: Runner, role: Role, statement: Statement, origin: str) -> Item:
    receipt = runner.own_receipt(statement, origin)
    raw = statement.raw if receipt is None else statement.with_receipts([receipt])
    return Item(role, raw, runner.proof_in(origin, statement.digest))


def _if_proven(runner: Runner, role: Role, statement: Statement, origin: str) -> list[Item]:
    """One item, or none while no checkpoint covers the entry yet."""
    try:
        return [_item(runner, role, statement, origin)]
    except NotFound:
        return []


def _unique(items: list[Item]) -> list[Item]:
    return list({item.statement: item for item in items}.values())


def _files(
    runner: Runner, statements: list[Statement], max_bytes: int | None, stack: ExitStack
) -> Iterator[tuple[FileEntry, BinaryIO]]:
    left = max_bytes
    seen: set[bytes] = set()
    for statement in statements:
        digests = [ref.digest for ref in evidence_of(statement, runner.node.facts)]
        if statement.hash_envelope is not None:
            digests.append(statement.payload)
        for digest in digests:
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
