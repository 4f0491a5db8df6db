"""Saying in the node's own log which version of the trust list it goes by."""

import hashlib
import time
from pathlib import Path

from haechi.facts import load
from haechi.log.headstore import SignerLocked
from haechi.network.blobs import BlobStore
from haechi.network.client import PeerClient
from haechi.network.trust import package
from haechi.network.trust.metadata import Verified, fingerprint
from haechi.node.config import load_config
from haechi.node.keychain import load_keychain
from haechi.node.maintenance import own_door
from haechi.node.open import open_node
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import MAX_STATEMENT_BYTES, About, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.trust_list import TrustListLogged


def log_version(folder: Path, verified: Verified, passphrase: bytes | None) -> str:
    """Log this version in the log of the node in `folder`, its files as evidence; the statement's digest.

    Works on a running node, through its own door, and on a stopped one. Raises what registration raises.
    """
    config, facts = load_config(folder), load()
    raw = package.to_bytes(verified.held)
    digest = hashlib.sha256(raw).digest()
    name = verified.trust_list.name
    claim = TrustListLogged(
        name=Said(en=name.en, ko=name.ko),
        version=verified.targets.version,
        root_version=verified.root.version,
        first_root=bytes.fromhex(fingerprint(verified.held.roots[0])),
        listed=verified.trust_list.digest(),
        package=EvidenceRef(digest=digest, size=len(raw), media_type="application/json", name="trust.json"),
    )
    about = About(
        issuer=config.issuer, subject=f"log:{config.origin}", issued_at=int(time.time()), kind="trust_list"
    )
    key = load_keychain(folder / "keys", passphrase).issuer
    statement = sign_statement(key, about, encode_claim(kind_of("trust_list"), claim, facts))
    BlobStore(folder / "blobs", max_bytes=config.limits.blob_bytes).put(digest, len(raw), [raw])
    try:
        runner = open_node(folder, clock=time.time, passphrase=passphrase)
    except SignerLocked:
        with PeerClient(own_door(config)) as client:
            client.post("/entries", statement.raw, "application/cose", MAX_STATEMENT_BYTES)
        return statement.digest_hex
    try:
        return runner.node.register(statement.raw)[0].digest_hex
    finally:
        runner.stop()
