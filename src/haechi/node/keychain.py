"""The keys of a node, each with one duty (design: keys never share a duty)."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.log.checkpoint import CheckpointSigner
from haechi.statement.keyring import key_path, load_key, load_seal_key
from haechi.statement.keys import Family, KeyMalformed, SigningKey
from haechi.statement.seal_keys import SealKey

ENCRYPTION = "encryption"
KEY_FAMILIES = {
    "issuer": Family.ED25519,
    "log-ed25519": Family.ED25519,
    "log-mldsa44": Family.ML_DSA_44,
    "receipt": Family.ES256,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keychain:
    """issuer signs the node's statements and requests, the log keys its checkpoints, receipt its receipts.

    encryption opens what others encrypt to this node; None in a node that was made without one.
    """

    issuer: SigningKey
    log_ed25519: SigningKey
    log_mldsa44: SigningKey
    receipt: SigningKey
    encryption: SealKey | None = None

    def checkpoint_signer(self, origin: str) -> CheckpointSigner:
        """The signer of this log's checkpoints, with both lines."""
        return CheckpointSigner(
            origin,
            cast("Ed25519PrivateKey", self.log_ed25519.private),
            cast("MLDSA44PrivateKey", self.log_mldsa44.private),
        )


def load_keychain(folder: Path, passphrase: bytes | None = None) -> Keychain:
    """The keys in a node's `keys` folder; raises what loading a key raises, and KeyMalformed."""
    keys: dict[str, SigningKey] = {}
    for name, family in KEY_FAMILIES.items():
        key = load_key(key_path(folder, name), passphrase)
        if key.family is not family:
            raise KeyMalformed(why=f"{name} must be an {family} key, not {key.family}")
        keys[name.replace("-", "_")] = key
    sealing = key_path(folder, ENCRYPTION)
    return Keychain(**keys, encryption=load_seal_key(sealing, passphrase) if sealing.exists() else None)
