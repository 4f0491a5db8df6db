"""Keys of the people who sign the trust list, in TUF's form and in ours: one form and one identifier a key.

Ed25519 and P-256 are taken: what every TUF client reads, and what hardware modules hold.
"""

# securesystemslib documents these names where they are imported from, and does not mark them as its exports.
# pyright: reportPrivateImportUsage=false

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.signer import Key, Signature, SSlibKey

from haechi.statement.keys import Family, KeyMalformed, PublicKey, SigningKey
from haechi.words import Text

_NOT_TAKEN = Text(
    "a signer of the trust list has an Ed25519 or P-256 key",
    "신뢰 목록 서명자의 키는 Ed25519나 P-256이어야 함",
)


def to_tuf(key: PublicKey) -> SSlibKey:
    """The key as TUF metadata carries it; raises KeyMalformed for another family."""
    if key.family is Family.ED25519:
        return SSlibKey.from_crypto(ed25519.Ed25519PublicKey.from_public_bytes(key.raw))
    if key.family is Family.ES256:
        point = b"\x04" + key.raw
        return SSlibKey.from_crypto(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    raise KeyMalformed(why=_NOT_TAKEN)


def from_tuf(key: Key) -> PublicKey:
    """The key in metadata, checked as every key here is; raises KeyMalformed.

    Its form and its identifier must be the ones that `to_tuf` gives, so that one key cannot be listed under
    two names and count twice towards a threshold.
    """
    try:
        public = _public(key)
    except ValueError as error:
        raise KeyMalformed(why=_NOT_TAKEN) from error
    again = to_tuf(public)
    if (again.keyid, again.to_dict()) != (key.keyid, key.to_dict()):
        raise KeyMalformed(
            why=Text(
                f"key {key.keyid[:16]} is not written in its one form",
                f"키 {key.keyid[:16]}의 표기가 하나뿐인 형식과 다름",
            )
        )
    return public


def _public(key: Key) -> PublicKey:
    text = str(key.keyval.get("public", ""))
    if key.keytype == "ed25519":
        return PublicKey.from_raw(Family.ED25519, bytes.fromhex(text))
    if key.keytype == "ecdsa":
        loaded = load_pem_public_key(text.encode())
        if isinstance(loaded, ec.EllipticCurvePublicKey) and isinstance(loaded.curve, ec.SECP256R1):
            numbers = loaded.public_numbers()
            return PublicKey.from_raw(
                Family.ES256, numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
            )
    raise KeyMalformed(why=_NOT_TAKEN)


def signature(key: SigningKey, payload: bytes) -> Signature:
    """The key's signature over metadata; the key may be in a file or in a module. Raises KeyMalformed."""
    keyid = to_tuf(key.public).keyid
    return Signature(keyid, _FORMS[key.family](key.sign(payload)).hex())


def _der(signed: bytes) -> bytes:
    # TUF carries ECDSA in DER; COSE carries the two numbers bare.
    return encode_dss_signature(int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:], "big"))


_FORMS: dict[Family, Callable[[bytes], bytes]] = {Family.ED25519: bytes, Family.ES256: _der}
