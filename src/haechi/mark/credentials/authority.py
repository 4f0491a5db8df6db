"""The certificates of one maker: an own root, a signer of credentials and a time-stamper under it.

    BadInput
    └── AuthorityUnreadable   a folder that holds no such certificates and keys

Nobody trusts an own root by itself. It becomes trusted where a reader has it among the anchors: because a
country published it in a statement, or because the reader was given it.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from haechi.errors import BadInput
from haechi.mark.credentials.timestamp import Stamper
from haechi.words import Text

ROOT_DAYS, LEAF_DAYS = 3650, 730
CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
_NAMES = ("root", "signer", "stamper")


class AuthorityUnreadable(BadInput):
    """A folder without the certificates and keys of a maker; facts: folder, why."""

    code = "mark.credentials.authority"
    what = Text("no certificates of a maker in {folder}: {why}", "{folder}에 제작자 인증서가 없습니다: {why}")
    hint = Text("make them with `haechi mark --init`", "`haechi mark --init` 으로 만드세요")


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def secret_pem(self) -> bytes:
        """The key as PEM; secret."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@dataclass(frozen=True, slots=True)
class Authority:
    """A root with the two it vouches for."""

    root: Pair
    signer: Pair
    stamper: Pair

    def __repr__(self) -> str:
        """The name only: a key never reaches a log line."""
        return f"Authority({self.root.certificate.subject.rfc4514_string()!r})"

    @property
    def chain_pem(self) -> bytes:
        """The signer's certificate and the root, in this order."""
        return self.signer.pem + self.root.pem

    @property
    def time_stamper(self) -> Stamper:
        """Who stamps under this root."""
        return Stamper(self.stamper.key, self.stamper.certificate, (self.root.certificate,))

    def save(self, folder: Path) -> None:
        """Write certificates (for all) and keys (mode 0600) to a folder; raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _NAMES:
            pair: Pair = getattr(self, name)
            _write(folder / f"{name}.pem", pair.pem, 0o644)
            _write(folder / f"{name}.key", pair.secret_pem, 0o600)

    @classmethod
    def load(cls, folder: Path) -> "Authority":
        """The certificates and keys in a folder; raises AuthorityUnreadable."""
        try:
            return cls(*(_read(folder, name) for name in _NAMES))
        except (OSError, ValueError, TypeError) as error:
            raise AuthorityUnreadable(folder=str(folder), why=str(error)[:200]) from error


def make_authority(name: str, country: str, now: datetime) -> Authority:
    """A new root for `name` (an organisation) with its signer and time-stamper.

    country: two letters; now: with time zone, rounded down to the second.
    """
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name(name, country, f"{name} root")
    root = (
        _builder(root_name, root_name, root_key, now, ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    above = Pair(root, root_key)
    signer = _leaf(above, _name(name, country, f"{name} content credentials"), now, stamping=False)
    stamper = _leaf(above, _name(name, country, f"{name} time stamps"), now, stamping=True)
    return Authority(above, signer, stamper)


def _leaf(root: Pair, name: x509.Name, now: datetime, *, stamping: bool) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    # RFC 3161 2.3: a stamper's certificate is for stamping and nothing else, and says so critically.
    uses = (
        [ExtendedKeyUsageOID.TIME_STAMPING]
        if stamping
        else [ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING]
    )
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    certificate = (
        _builder(name, root.certificate.subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=stamping)
        .add_extension(issuer_key, critical=False)
        .sign(root.key, hashes.SHA256())
    )
    return Pair(certificate, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    start = now.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(organisation: str, country: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )


def _read(folder: Path, name: str) -> Pair:
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic curve key")
    return Pair(certificate, key)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
