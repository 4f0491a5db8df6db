"""The keys of a node, each with one duty: for its own log, to decrypt, and to cosign the logs of others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.errors import NotFound
from haechi.log.checkpoint import CheckpointSigner
from haechi.log.note import NoteSigner, SignatureType
from haechi.statement.keyring import key_path, load_key, load_seal_key
from haechi.statement.keys import Family, KeyMalformed, SigningKey
from haechi.statement.seal_keys import SealKey

ENCRYPTION, HTTP = "encryption", "http"
FORMER = "-former"
KEY_FAMILIES = {
    "issuer": Family.ED25519,
    "log-ed25519": Family.ED25519,
    "log-mldsa44": Family.ML_DSA_44,
    "receipt": Family.ES256,
}
# A witness says "I saw it grow", a mirror "I hold all of it": two duties, so two keys (c2sp.org/tlog-mirror).
COSIGNER_FAMILIES = {
    "witness-ed25519": Family.ED25519,
    "witness-mldsa44": Family.ML_DSA_44,
    "mirror-ed25519": Family.ED25519,
    "mirror-mldsa44": Family.ML_DSA_44,
}
_TYPES = {Family.ED25519: SignatureType.COSIGNATURE_V1, Family.ML_DSA_44: SignatureType.ML_DSA_44}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keychain:
    """issuer signs statements, the log keys checkpoints, receipt receipts, http requests to other nodes.

    former: the log keys before these, while they still sign along (Ed25519, ML-DSA-44).
    encryption opens what others encrypt to this node. http and encryption are None in a node that was
    made without them. cosigners: the keys that witness and mirror other logs, by name; an older node has
    none.
    """

    issuer: SigningKey
    log_ed25519: SigningKey
    log_mldsa44: SigningKey
    receipt: SigningKey
    http: SigningKey | None = None
    encryption: SealKey | None = None
    cosigners: Mapping[str, SigningKey] = field(default_factory=dict[str, SigningKey])
    former: tuple[SigningKey, SigningKey] | None = None

    @property
    def requests(self) -> SigningKey:
        """What signs requests to other nodes; a node without such a key uses the issuer's."""
        return self.http or self.issuer

    def checkpoint_signer(self, origin: str) -> CheckpointSigner:
        """The signer of this log's checkpoints, with both lines, and those of former keys while they last."""
        former = None if self.former is None else _pair(*self.former)
        return CheckpointSigner(origin, *_pair(self.log_ed25519, self.log_mldsa44), former)

    def witness_signers(self, origin: str) -> list[NoteSigner]:
        """What signs as the witness of the node whose log is `origin`; empty for a node without such keys."""
        return self._cosigners(origin, "witness")

    def mirror_signers(self, origin: str) -> list[NoteSigner]:
        """What signs as the mirror of the node whose log is `origin`."""
        return self._cosigners(origin, "mirror")

    def _cosigners(self, origin: str, duty: str) -> list[NoteSigner]:
        keys = [key for name, key in self.cosigners.items() if name.startswith(f"{duty}-")]
        return [
            NoteSigner(
                f"{origin}/{duty}",
                _TYPES[key.family],
                cast("Ed25519PrivateKey | MLDSA44PrivateKey", key.private),
            )
            for key in keys
        ]


def _pair(ed25519: SigningKey, mldsa44: SigningKey) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    return cast("Ed25519PrivateKey", ed25519.private), cast("MLDSA44PrivateKey", mldsa44.private)


def load_keychain(folder: Path, passphrase: bytes | None = None) -> Keychain:
    """The keys in a node's `keys` folder; raises what loading a key raises, and KeyMalformed."""
    keys = {
        name.replace("-", "_"): _load(folder, name, family, passphrase)
        for name, family in KEY_FAMILIES.items()
    }
    cosigners: dict[str, SigningKey] = {}
    for name, family in COSIGNER_FAMILIES.items():
        try:
            cosigners[name] = _load(folder, name, family, passphrase)
        except NotFound:
            continue  # made before nodes witnessed
    asking, sealing = key_path(folder, HTTP), key_path(folder, ENCRYPTION)
    return Keychain(
        **keys,
        http=_load(folder, HTTP, Family.ED25519, passphrase) if asking.exists() else None,
        encryption=load_seal_key(sealing, passphrase) if sealing.exists() else None,
        cosigners=cosigners,
        former=_former(folder, passphrase),
    )


def _former(folder: Path, passphrase: bytes | None) -> tuple[SigningKey, SigningKey] | None:
    try:
        return (
            _load(folder, f"log-ed25519{FORMER}", Family.ED25519, passphrase),
            _load(folder, f"log-mldsa44{FORMER}", Family.ML_DSA_44, passphrase),
        )
    except NotFound:
        return None


def _load(folder: Path, name: str, family: Family, passphrase: bytes | None) -> SigningKey:
    key = load_key(key_path(folder, name), passphrase)
    if key.family is not family:
        raise KeyMalformed(why=f"{name} must be an {family} key, not {key.family}")
    return key
