"""How a version of the trust list comes to be: drafted by one, signed by many on their machines, published.

    Conflict
    └── NothingDrafted    there is no draft to sign or publish

Pure: bytes in, bytes out; the caller keeps the files. The same people sign the root and the list, with the
same threshold; whoever holds an online key can say which version is the newest, and nothing else.
"""

# python-tuf documents these names where they are imported from, and does not mark them as its exports.
# pyright: reportPrivateImportUsage=false

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from securesystemslib.signer import Key, Signature
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets, Timestamp

from haechi.errors import Conflict
from haechi.network.trust.errors import ForeignKey, MetadataMalformed
from haechi.network.trust.listing import FILE, TrustList
from haechi.network.trust.metadata import AnySigned, Held, Read, RoleName, Verified, read, verify
from haechi.network.trust.signers import from_tuf, signature, to_tuf
from haechi.statement.keys import PublicKey, SigningKey
from haechi.words import Text

OFFLINE: tuple[RoleName, ...] = ("root", "targets")
ONLINE: tuple[RoleName, ...] = ("snapshot", "timestamp")


class NothingDrafted(Conflict):
    """No draft is there; facts: where."""

    code = "network.trust.no-draft"
    what = Text("there is no draft in {where}", "{where}에 초안이 없습니다")
    hint = Text(
        "begin one with haechi trust create, propose or rotate",
        "haechi trust create, propose, rotate 중 하나로 초안을 시작하세요",
    )


class Signers(NamedTuple):
    """Who signs what: `threshold` of `keys` root and list, any `online` key snapshot and timestamp."""

    keys: Sequence[PublicKey]
    threshold: int
    online: Sequence[PublicKey]


class Progress(NamedTuple):
    """How far one threshold is: thumbprints of who signed, of who still may, and how many are needed."""

    role: RoleName
    by: str
    need: int
    signed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether enough have signed."""
        return len(self.signed) >= self.need


def draft_root(before: Root | None, signers: Signers, expires: datetime) -> bytes:
    """An unsigned root: the first, or the one after `before`. Raises KeyMalformed, MetadataMalformed."""
    listed: dict[str, Key] = {}
    roles: dict[str, Role] = {}
    for role in (*OFFLINE, *ONLINE):
        keys = [to_tuf(key) for key in (signers.keys if role in OFFLINE else signers.online)]
        threshold = signers.threshold if role in OFFLINE else 1
        listed.update({key.keyid: key for key in keys})
        roles[role] = _role([key.keyid for key in keys], threshold)
    version = 1 if before is None else before.version + 1
    return _checked("root", Root(version=version, expires=expires, keys=listed, roles=roles))


def draft_targets(before: Targets | None, trust_list: TrustList, expires: datetime) -> bytes:
    """Unsigned targets that vouch for this list: the first, or those after `before`."""
    targets = Targets(version=1 if before is None else before.version + 1, expires=expires)
    targets.targets = {FILE: TargetFile.from_data(FILE, trust_list.to_json(), ["sha256"])}
    return _checked("targets", targets)


def sign(role: RoleName, raw: bytes, key: SigningKey, roots: Sequence[Root]) -> bytes:
    """The same metadata with one more signature; raises ForeignKey unless a root gives this key the role.

    roots: those that count for it; for a new root the one before and itself.
    """
    keyid = to_tuf(key.public).keyid
    if not any(keyid in root.roles[role].keyids for root in roots):
        shown = key.public.thumbprint.hex()[:16]
        raise ForeignKey(role=role, need=roots[-1].roles[role].threshold, keys=shown)
    metadata = read(role, raw)
    signed = dict(metadata.signatures)
    signed[keyid] = signature(key, metadata.payload)
    return _written(metadata, signed)


def merge(role: RoleName, raw: bytes, other: bytes) -> bytes:
    """The same metadata with the signatures of both copies; raises MetadataMalformed when they differ."""
    one, two = read(role, raw), read(role, other)
    if one.payload != two.payload:
        raise MetadataMalformed(role=role, why="the two copies are not of the same draft")
    return _written(one, {**dict(two.signatures), **dict(one.signatures)})


def progress(role: RoleName, raw: bytes, roots: Sequence[Root]) -> list[Progress]:
    """How far each threshold is that this metadata must reach, the older root's first."""
    metadata = read(role, raw)
    told: list[Progress] = []
    for root in roots:
        result = root.get_verification_result(role, metadata.payload, dict(metadata.signatures))
        signed, unsigned = (
            tuple(sorted(from_tuf(key).thumbprint.hex() for key in keys.values()))
            for keys in (result.signed, result.unsigned)
        )
        told.append(Progress(role, f"root {root.version}", result.threshold, signed, unsigned))
    return told


def roots_for(role: RoleName, raw: bytes, before: Root | None, drafted: Root | None) -> list[Root]:
    """The roots whose thresholds this draft must reach: a new root's are its own and the one before's."""
    if role == "root":
        own = cast("Root", read("root", raw).signed)
        return [own] if before is None else [before, own]
    in_force = drafted or before
    return [] if in_force is None else [in_force]


class Parts(NamedTuple):
    """What a new version is made of: the chain of roots, the signed targets, and the list."""

    roots: tuple[bytes, ...]
    targets: bytes
    listed: bytes


def publish(parts: Parts, before: Verified | None, online: SigningKey, expires: datetime) -> Verified:
    """The next whole version, its snapshot and timestamp signed by an online key, all of it verified.

    Raises what `metadata.verify` raises when signatures are missing, ForeignKey when the key is not online.
    """
    root = cast("Root", read("root", parts.roots[-1]).signed)
    targets = read("targets", parts.targets).signed
    snapshot = Snapshot(version=1 if before is None else before.snapshot.version + 1, expires=expires)
    snapshot.meta = {"targets.json": MetaFile.from_data(targets.version, parts.targets, ["sha256"])}
    snapshot_raw = sign("snapshot", _checked("snapshot", snapshot), online, [root])
    timestamp = Timestamp(version=1 if before is None else before.timestamp.version + 1, expires=expires)
    timestamp.snapshot_meta = MetaFile.from_data(snapshot.version, snapshot_raw, ["sha256"])
    timestamp_raw = sign("timestamp", _checked("timestamp", timestamp), online, [root])
    return verify(
        Held(
            roots=parts.roots,
            timestamp=timestamp_raw,
            snapshot=snapshot_raw,
            targets=parts.targets,
            listed=parts.listed,
        )
    )


def _role(keyids: list[str], threshold: int) -> Role:
    if len(set(keyids)) != len(keyids):
        raise MetadataMalformed(role="root", why="a signer is named twice")
    if not 1 <= threshold <= len(keyids):
        why = f"a threshold of {threshold} and {len(keyids)} key(s)"
        raise MetadataMalformed(role="root", why=why)
    return Role(keyids, threshold)


def _checked(role: RoleName, signed: AnySigned) -> bytes:
    raw = _unsigned(signed).to_bytes()
    read(role, raw)
    return raw


def _written(metadata: Read, signatures: dict[str, Signature]) -> bytes:
    # In the order of identifiers: who signed first is nobody's business, and copies merge to the same bytes.
    written = _unsigned(metadata.signed)
    written.signatures.update(sorted(signatures.items()))
    return written.to_bytes()


def _unsigned(signed: AnySigned) -> Metadata[Root]:
    # Metadata takes one of the four at a time; which of them makes no difference to writing it.
    return Metadata(cast("Root", signed))
