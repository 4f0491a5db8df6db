"""The signed metadata around a trust list: read strictly, verified against a root that was given by hand.

TUF (The Update Framework 1.0.34) with python-tuf's own metadata classes. Pure: bytes and the time come in.
The order of the checks is that of the specification's client workflow (section 5); each refusal has its own
code (`errors.py`).

Beyond TUF: keys must be of a family that Haechi takes and outside small subgroups, a key's identifier must be
the one that its bytes give, and nobody counts twice towards a threshold.
"""

# python-tuf documents these names where they are imported from, and does not mark them as its exports.
# pyright: reportPrivateImportUsage=false

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar, cast

from securesystemslib.signer import Signature
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from haechi.errors import Refused, TooLarge
from haechi.network.card import read_json
from haechi.network.trust.errors import (
    ForeignKey,
    Frozen,
    MetadataMalformed,
    Mixed,
    RolledBack,
    RootDiffers,
    TooFewSigned,
)
from haechi.network.trust.listing import FILE, MAX_LIST_BYTES, TrustList, require_grown
from haechi.network.trust.signers import from_tuf
from haechi.words import Text

MAX_METADATA_BYTES = 512 * 1024
MAX_ROOTS = 256
RoleName = Literal["root", "targets", "snapshot", "timestamp"]
AnySigned = Root | Targets | Snapshot | Timestamp
_KINDS: dict[RoleName, type[AnySigned]] = {
    "root": Root,
    "targets": Targets,
    "snapshot": Snapshot,
    "timestamp": Timestamp,
}
Fetch = Callable[[str, int], bytes | None]
_S = TypeVar("_S", Root, Targets, Snapshot, Timestamp)


class Read(NamedTuple):
    """Metadata that was read and not verified: what it says, the bytes that are signed, signatures by key."""

    signed: AnySigned
    payload: bytes
    signatures: Mapping[str, Signature]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The bytes of one whole version, as signed. roots: from the one given by hand to the newest."""

    roots: tuple[bytes, ...]
    timestamp: bytes
    snapshot: bytes
    targets: bytes
    listed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One version whose signatures were all checked. expires: when the first of its parts is stale."""

    held: Held
    root: Root
    targets: Targets
    snapshot: Snapshot
    timestamp: Timestamp
    trust_list: TrustList
    expires: datetime


def fingerprint(root: bytes) -> str:
    """64 hex digits that people tell each other: SHA-256 of the root's bytes."""
    return hashlib.sha256(root).hexdigest()


def require_root(root: bytes, told: str) -> None:
    """Raise RootDiffers unless the root has the fingerprint that was told; case and spaces do not matter."""
    got = fingerprint(root)
    if "".join(told.split()).lower() != got:
        raise RootDiffers(expected=told, got=got)


def update(given: bytes, held: Held | None, fetch: Fetch, now: datetime) -> Verified:
    """The newest version that `fetch` offers, verified from the `given` root.

    held: what was verified here before, which nothing older replaces. fetch: the bytes of a file of the
    repository, at most so many of them, or None when it has none; what it raises passes through. Raises what
    `errors.py` shows, HistoryCut, and the errors of the list itself. Nothing is fetched before the given root
    was read. TUF client workflow, sections 5.3 to 5.7.
    """
    roots = _next_roots(_known_roots(given, held), fetch)
    root = _chain(roots)
    require_fresh("root", root, now)
    known = _Known.of(held, root)
    timestamp_raw = _get(fetch, "timestamp", "timestamp.json")
    timestamp = _signed("timestamp", timestamp_raw, root, Timestamp)
    known.require_timestamp(timestamp)
    require_fresh("timestamp", timestamp, now)
    meta = timestamp.snapshot_meta
    snapshot_raw = _get(fetch, "snapshot", f"{meta.version}.snapshot.json")
    snapshot = _signed_as_named("snapshot", snapshot_raw, root, meta, Snapshot)
    known.require_snapshot(snapshot)
    require_fresh("snapshot", snapshot, now)
    meta = _targets_meta(snapshot)
    targets_raw = _get(fetch, "targets", f"{meta.version}.targets.json")
    targets = _signed_as_named("targets", targets_raw, root, meta, Targets)
    require_fresh("targets", targets, now)
    listed = _get(fetch, "targets", f"targets/{_target_of(targets).hashes['sha256']}.{FILE}", MAX_LIST_BYTES)
    new = Held(
        roots=roots, timestamp=timestamp_raw, snapshot=snapshot_raw, targets=targets_raw, listed=listed
    )
    verified = _verified(new, root, timestamp, snapshot, targets)
    if held is not None:
        require_grown(TrustList.from_json(held.listed), verified.trust_list)
    return verified


def verify(held: Held) -> Verified:
    """A whole version, verified again from the first root of its chain; says nothing of how old it is.

    The first root is the one that was given by hand. Raises what `update` raises but Frozen and RolledBack.
    """
    root = _chain(held.roots)
    timestamp = _signed("timestamp", held.timestamp, root, Timestamp)
    snapshot = _signed_as_named("snapshot", held.snapshot, root, timestamp.snapshot_meta, Snapshot)
    targets = _signed_as_named("targets", held.targets, root, _targets_meta(snapshot), Targets)
    return _verified(held, root, timestamp, snapshot, targets)


def assembled(fetch: Fetch) -> Held:
    """The version that a repository offers, with its whole chain of roots; nothing of it is verified."""
    roots: list[bytes] = []
    while len(roots) < MAX_ROOTS:
        raw = fetch(f"{len(roots) + 1}.root.json", MAX_METADATA_BYTES)
        if raw is None:
            break
        roots.append(raw)
    if not roots:
        raise MetadataMalformed(role="root", why="1.root.json is not there")
    timestamp = _get(fetch, "timestamp", "timestamp.json")
    meta = _as(Timestamp, "timestamp", read("timestamp", timestamp)).snapshot_meta
    snapshot = _get(fetch, "snapshot", f"{meta.version}.snapshot.json")
    meta = _targets_meta(_as(Snapshot, "snapshot", read("snapshot", snapshot)))
    targets = _get(fetch, "targets", f"{meta.version}.targets.json")
    target = _target_of(_as(Targets, "targets", read("targets", targets)))
    listed = _get(fetch, "targets", f"targets/{target.hashes['sha256']}.{FILE}", MAX_LIST_BYTES)
    return Held(roots=tuple(roots), timestamp=timestamp, snapshot=snapshot, targets=targets, listed=listed)


def require_fresh(role: RoleName, signed: AnySigned, now: datetime) -> None:
    """Raise Frozen when the metadata is past its date at `now`."""
    if signed.is_expired(now):
        raise Frozen(role=role, expired=signed.expires.date().isoformat(), now=now.date().isoformat())


def read(role: RoleName, raw: bytes) -> Read:
    """Strictly read metadata of this role, not verified; raises TooLarge, MetadataMalformed, KeyMalformed."""
    if len(raw) > MAX_METADATA_BYTES:
        raise TooLarge(
            what_is=Text(f"{role} metadata", f"{role} 메타데이터"), limit=MAX_METADATA_BYTES, got=len(raw)
        )
    try:
        read_json(raw)  # a name given twice would show two readers two things
        metadata = Metadata[Root].from_bytes(raw)
    except (ValueError, DeserializationError) as error:
        raise MetadataMalformed(role=role, why=str(error)[:200]) from error
    signed = cast("object", metadata.signed)  # `from_bytes` looks at the bytes, not at the parameter
    if not isinstance(signed, _KINDS[role]):
        raise MetadataMalformed(role=role, why=f"it is {metadata.signed.type} metadata")
    if isinstance(signed, Root):
        _check_root_keys(signed)
    return Read(signed, metadata.signed_bytes, metadata.signatures)


def require_signed(role: RoleName, metadata: Read, root: Root) -> None:
    """Raise ForeignKey or TooFewSigned unless enough of the keys that `root` gives this role signed it."""
    result = root.get_verification_result(role, metadata.payload, dict(metadata.signatures))
    if result.verified:
        return
    need, signers = result.threshold, sorted(metadata.signatures)
    if signers and not result.signed and not set(signers) & set(result.unsigned):
        shown = ", ".join(keyid[:16] for keyid in signers) or "-"
        raise ForeignKey(role=role, need=need, keys=shown)
    missing = ", ".join(sorted(from_tuf(key).thumbprint.hex()[:16] for key in result.unsigned.values()))
    raise TooFewSigned(role=role, need=need, got=len(result.signed), missing=missing)


class _Known:
    """What was seen before, as far as keys that are still in force vouch for it.

    When the keys of the timestamp were changed, its old numbers are forgotten: otherwise a thief who once
    gave it the highest number would have stopped the list for ever (TUF section 5.3.11).
    """

    def __init__(self, timestamp: Timestamp | None, snapshot: Snapshot | None) -> None:
        self._timestamp = timestamp
        self._snapshot = snapshot

    @classmethod
    def of(cls, held: Held | None, root: Root) -> "_Known":
        """What of `held` still counts under this root."""
        if held is None:
            return cls(None, None)
        try:
            timestamp = _signed("timestamp", held.timestamp, root, Timestamp)
            return cls(timestamp, _signed("snapshot", held.snapshot, root, Snapshot))
        except Refused:
            return cls(None, None)

    def require_timestamp(self, new: Timestamp) -> None:
        """Raise RolledBack, or Mixed for two of one number."""
        old = self._timestamp
        if old is None:
            return
        _require_not_older("timestamp", new.version, old.version)
        _require_not_older("snapshot", new.snapshot_meta.version, old.snapshot_meta.version)
        if new.version == old.version and new.to_dict() != old.to_dict():
            raise Mixed(part=f"timestamp {new.version}", expected="the one seen here before", got="another")

    def require_snapshot(self, new: Snapshot) -> None:
        """Raise RolledBack when it names older targets."""
        if self._snapshot is not None:
            _require_not_older("targets", _targets_meta(new).version, _targets_meta(self._snapshot).version)


def _require_not_older(role: RoleName, got: int, seen: int) -> None:
    if got < seen:
        raise RolledBack(role=role, seen=seen, got=got)


def _known_roots(given: bytes, held: Held | None) -> tuple[bytes, ...]:
    """The chain that is known here, from the root that was given on."""
    if held is None or given not in held.roots:
        return (given,)
    return held.roots[held.roots.index(given) :]


def _next_roots(known: tuple[bytes, ...], fetch: Fetch) -> tuple[bytes, ...]:
    """The chain with every newer root that is offered. TUF section 5.3.3 to 5.3.8."""
    roots = known
    root = _chain(roots)
    while len(roots) < MAX_ROOTS:
        raw = fetch(f"{root.version + 1}.root.json", MAX_METADATA_BYTES)
        if raw is None:
            return roots
        root = _next_root(root, raw)
        roots = (*roots, raw)
    raise TooLarge(what_is=Text("chain of roots", "루트 사슬"), limit=MAX_ROOTS, got=len(roots) + 1)


def _chain(roots: tuple[bytes, ...]) -> Root:
    """The newest root, each signed by enough keys of the one before and of its own. Raises as `update`."""
    root = _as(Root, "root", read("root", roots[0]))
    require_signed("root", read("root", roots[0]), root)
    for raw in roots[1:]:
        root = _next_root(root, raw)
    return root


def _next_root(before: Root, raw: bytes) -> Root:
    metadata = read("root", raw)
    root = _as(Root, "root", metadata)
    if root.version <= before.version:
        raise RolledBack(role="root", seen=before.version, got=root.version)
    if root.version != before.version + 1:
        raise Mixed(part="root", expected=before.version + 1, got=root.version)
    require_signed("root", metadata, before)
    require_signed("root", metadata, root)
    return root


def _signed(role: RoleName, raw: bytes, root: Root, kind: type[_S]) -> _S:
    metadata = read(role, raw)
    require_signed(role, metadata, root)
    return _as(kind, role, metadata)


def _as(kind: type[_S], role: RoleName, metadata: Read) -> _S:
    if not isinstance(metadata.signed, kind):
        raise MetadataMalformed(role=role, why=f"it is {metadata.signed.type} metadata")
    return metadata.signed


def _signed_as_named(role: RoleName, raw: bytes, root: Root, meta: MetaFile, kind: type[_S]) -> _S:
    """Metadata that is just the one which the metadata above it names: size, digest and version."""
    got = hashlib.sha256(raw).hexdigest()
    expected = (meta.hashes or {}).get("sha256")
    if expected is None:
        raise MetadataMalformed(role=role, why="it is named without its SHA-256")
    if expected != got or meta.length != len(raw):
        raise Mixed(part=f"{role} metadata", expected=expected[:16], got=got[:16])
    signed = _signed(role, raw, root, kind)
    if signed.version != meta.version:
        raise Mixed(part=f"{role} version", expected=meta.version, got=signed.version)
    return signed


def _targets_meta(snapshot: Snapshot) -> MetaFile:
    meta = snapshot.meta.get("targets.json")
    if meta is None or len(snapshot.meta) != 1:
        raise MetadataMalformed(role="snapshot", why="it names targets.json and nothing else")
    return meta


def _target_of(targets: Targets) -> TargetFile:
    """The one file that the targets vouch for; nobody is given the right to vouch for more."""
    target = targets.targets.get(FILE)
    if target is None or len(targets.targets) != 1 or targets.delegations is not None:
        raise MetadataMalformed(role="targets", why=f"it vouches for {FILE} and nothing else")
    if "sha256" not in target.hashes:
        raise MetadataMalformed(role="targets", why=f"{FILE} is named without its SHA-256")
    return target


def _verified(held: Held, root: Root, timestamp: Timestamp, snapshot: Snapshot, targets: Targets) -> Verified:
    target = _target_of(targets)
    got = hashlib.sha256(held.listed).hexdigest()
    if got != target.hashes["sha256"] or len(held.listed) != target.length:
        raise Mixed(part=FILE, expected=target.hashes["sha256"][:16], got=got[:16])
    return Verified(
        held=held,
        root=root,
        targets=targets,
        snapshot=snapshot,
        timestamp=timestamp,
        trust_list=TrustList.from_json(held.listed),
        expires=min(part.expires for part in (root, targets, snapshot, timestamp)),
    )


def _get(fetch: Fetch, role: RoleName, name: str, limit: int = MAX_METADATA_BYTES) -> bytes:
    raw = fetch(name, limit)
    if raw is None:
        raise MetadataMalformed(role=role, why=f"{name} is not there")
    if len(raw) > limit:
        raise TooLarge(what_is=name, limit=limit, got=len(raw))
    return raw


def _check_root_keys(root: Root) -> None:
    """Every key in its one form, every role with keys that are there and a threshold that they can reach."""
    for key in root.keys.values():
        from_tuf(key)
    for name in _KINDS:
        role = root.roles.get(name)
        if role is None or not 1 <= role.threshold <= len(role.keyids):
            raise MetadataMalformed(role="root", why=f"the role {name} has no threshold that it can reach")
        if not set(role.keyids) <= root.keys.keys():
            raise MetadataMalformed(role="root", why=f"the role {name} names a key that is not there")
