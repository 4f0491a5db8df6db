"""The bundle of a statement that its holder has and no node gives away: GREEN, RED, or erased elsewhere.

The log has its digest only. So the statement comes from the holder's file, and from a node with the log or a
mirror of it what else a reader needs: the proof of the entry, the policies in force, what became of keys, and
what was said about it. The node is not believed: whoever verifies the bundle checks all of it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple

from haechi.errors import BadInput, NotFound
from haechi.facts import Facts, load
from haechi.log.checkpoint import read_checkpoint
from haechi.log.proof import MAX_PROOF_BYTES, TlogProof
from haechi.log.tiles import TILE_WIDTH
from haechi.network.answer import PeerLacks
from haechi.network.bundle import MAX_ITEMS, FileEntry, Item, Role, write_bundle
from haechi.network.card import MAX_CARD_BYTES, NodeCard
from haechi.network.glance import files_named
from haechi.network.source import Source, Transport
from haechi.network.succession import Handovers
from haechi.node.peers import mirror_name
from haechi.statement.claims import Claim, examine_claim
from haechi.statement.envelope import Statement
from haechi.statement.kinds.confirm import Confirm
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.key_event import KeyEvent
from haechi.statement.kinds.policy import Policy
from haechi.statement.kinds.release import Release
from haechi.statement.kinds.supersede import Supersede
from haechi.statement.kinds.withdraw import Withdraw
from haechi.words import Text

_MAX_ABOUT = 64


def _silent(_done: int, _total: int) -> None:
    pass


class _Told(NamedTuple):
    """A public statement of the log, and where it stands."""

    at: int
    statement: Statement
    claim: Claim


def gather_bundle(
    statement: Statement,
    node: Transport,
    target: BinaryIO,
    files: Sequence[Path] = (),
    progress: Callable[[int, int], None] = _silent,
) -> None:
    """Write the bundle of this statement, proven by `node`, with the evidence files that it names.

    progress: entries read, entries in all; every public statement of the log is read once. Raises NotFound
    where the node does not know the entry, BadInput for a file that the statement does not name, BadCopy and
    what the client raises.
    """
    facts = load()
    named = _named_files(statement, files, facts)
    raw = _proof(node, statement.digest)
    proof = TlogProof.parse(raw)
    origin, size = _head(proof)
    source = _source(node, origin)
    told = list(_statements(source, size, facts, progress))
    about = [one for one in told if _speaks_of(one.claim, statement.digest)][-_MAX_ABOUT:]
    places = [proof.index, *(one.at for one in about)]
    owners = {statement.about.issuer, *(one.statement.about.issuer for one in about), *_operator(told)}
    events = [one for one in told if isinstance(one.claim, KeyEvent) and one.claim.owner in owners]
    subject = statement.with_receipts(statement.receipts) if statement.receipts else statement.raw
    items = [Item("subject", subject, raw)]
    items += [_item(node, "about", one) for one in about]
    items += [_item(node, "policy", one) for one in _policies(told, places)]
    handed = Handovers.from_json(source.handovers()).handovers
    items += [Item("key", *event.raw()) for change in handed for event in change.events]
    items += [_item(node, "key", one) for one in events]
    with ExitStack() as stack:
        streams = [(entry, stack.enter_context(path.open("rb"))) for entry, path in named]
        write_bundle(target, items[:MAX_ITEMS], streams)


def _named_files(statement: Statement, files: Sequence[Path], facts: Facts) -> list[tuple[FileEntry, Path]]:
    wanted = {file.digest for file in files_named(statement, facts)}
    named: list[tuple[FileEntry, Path]] = []
    for path in files:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
        if digest not in wanted:
            why = Text(f"the statement does not refer to {path}", f"진술이 {path} 파일을 언급하지 않음")
            raise BadInput(why=why)
        named.append((FileEntry(digest, path.stat().st_size), path))
    return named


def _proof(node: Transport, digest: bytes) -> bytes:
    try:
        return node.fetch(f"/proofs/{digest.hex()}", MAX_PROOF_BYTES)
    except PeerLacks:
        raise NotFound(what_is=Text("entry", "항목"), name=digest.hex()) from None


def _head(proof: TlogProof) -> tuple[str, int]:
    head, _ = read_checkpoint(proof.checkpoint)
    return head.origin, head.size


def _source(node: Transport, origin: str) -> Source:
    own = NodeCard.from_json(node.fetch("/node.json", MAX_CARD_BYTES)).origin == origin
    return Source("node", node, own=own, prefix="log" if own else f"mirrors/{mirror_name(origin)}")


def _statements(
    source: Source, size: int, facts: Facts, progress: Callable[[int, int], None]
) -> Iterator[_Told]:
    """What the log says in the open that may bear upon another statement, in its order."""
    for n in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
        first = n * TILE_WIDTH
        for index, entry in enumerate(source.bundle(n, min(TILE_WIDTH, size - first)).entries, first):
            told = None if entry.statement is None else _read(index, entry.statement, facts)
            if told is not None:
                yield told
        progress(min(first + TILE_WIDTH, size), size)


def _read(index: int, raw: bytes, facts: Facts) -> _Told | None:
    try:
        statement = Statement.from_bytes(raw)
    except BadInput:
        return None
    claim = examine_claim(statement, facts)[1]
    return None if claim is None else _Told(index, statement, claim)


def _speaks_of(claim: Claim, digest: bytes) -> bool:
    if isinstance(claim, Supersede):
        return digest in (claim.old, claim.new)
    return isinstance(claim, Withdraw | Dispute | Confirm | Release) and claim.target == digest


def _operator(told: Sequence[_Told]) -> set[str]:
    """Who signed the log's first policy: nobody else's policy counts."""
    first = next((one for one in told if isinstance(one.claim, Policy)), None)
    return set() if first is None else {first.statement.about.issuer}


def _policies(told: Sequence[_Told], places: Sequence[int]) -> list[_Told]:
    """The policy in force at each of these places, each once."""
    operator = _operator(told)
    held = [one for one in told if isinstance(one.claim, Policy) and one.statement.about.issuer in operator]
    chosen = {before[-1].at: before[-1] for at in places if (before := [p for p in held if p.at < at])}
    return [chosen[at] for at in sorted(chosen)]


def _item(node: Transport, role: Role, told: _Told) -> Item:
    return Item(role, told.statement.raw, _proof(node, told.statement.digest))
