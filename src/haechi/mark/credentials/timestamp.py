"""A time-stamp service for one node: RFC 3161 replies, from a request and a moment.

    BadInput
    └── StampRefused   a request that this service does not answer

Pure: who listens for requests, and what the clock says, is the caller's business. What a node's stamp is
worth is what the node is worth; the log's own order is the second clock.
"""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from haechi.errors import BadInput, TooLarge
from haechi.mark.credentials.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTETS,
    OID,
    SEQUENCE,
    element,
    integer,
    oid,
    read_all,
    read_one,
    sequence,
    set_of,
)
from haechi.words import Text

QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
MAX_QUERY_BYTES = 4096
POLICY = "2.25.74016353189552585999734689842538961799"  # by UUID: "as this node says in public"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": 32,
    "2.16.840.1.101.3.4.2.2": 48,
    "2.16.840.1.101.3.4.2.3": 64,
}
_SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"), element(NULL))
_ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"))
_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
_TST_INFO = oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")


class StampRefused(BadInput):
    """A time-stamp request that is not answered; facts: why."""

    code = "mark.credentials.stamp"
    what = Text("time-stamp request refused: {why}", "시점 확인 요청을 거부했습니다: {why}")
    hint = Text("ask with SHA-256, SHA-384 or SHA-512", "SHA-256, SHA-384, SHA-512로 요청하세요")


class StampQuery(NamedTuple):
    """A request as parsed. imprint: the element with hash and algorithm, as it came; nonce likewise."""

    imprint: bytes
    nonce: bytes
    wants_certificate: bool


class Stamper(NamedTuple):
    """Who stamps: the key, its certificate, and the chain above it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


def parse_query(raw: bytes) -> StampQuery:
    """The request in `raw` (RFC 3161 section 2.4.1); raises TooLarge, DerMalformed, StampRefused."""
    if len(raw) > MAX_QUERY_BYTES:
        raise TooLarge(
            what_is=Text("time-stamp request", "시점 확인 요청"), limit=MAX_QUERY_BYTES, got=len(raw)
        )
    whole = read_one(raw)
    parts = read_all(whole.body) if whole.tag == SEQUENCE else []
    if len(parts) < 2 or parts[0].raw != integer(1) or parts[1].tag != SEQUENCE:
        raise StampRefused(why="not a version 1 request")
    _check_imprint(parts[1].body)
    nonce, wants = b"", False
    for part in parts[2:]:
        if part.tag == INTEGER and len(part.body) <= 64:
            nonce = part.raw
        elif part.tag == BOOLEAN and part.body == b"\xff":
            wants = True
        elif part.tag != OID:  # any policy that is asked for is answered with ours, as the RFC allows
            raise StampRefused(why="an extension or field that this service does not know")
    return StampQuery(parts[1].raw, nonce, wants)


def _check_imprint(body: bytes) -> None:
    parts = read_all(body)
    if [part.tag for part in parts] != [SEQUENCE, OCTETS]:
        raise StampRefused(why="a message imprint is an algorithm and a hash")
    algorithm = read_all(parts[0].body)
    names = {oid(name): size for name, size in _HASHES.items()}
    size = names.get(algorithm[0].raw) if algorithm else None
    if size is None or len(parts[1].body) != size:
        raise StampRefused(why="a hash algorithm that is not taken here, or a hash of the wrong length")


def answer(raw: bytes, stamper: Stamper, now: datetime, serial: int) -> bytes:
    """The reply to the request `raw` at the moment `now`; raises what `parse_query` raises.

    serial: never the same twice for one stamper. RFC 3161 section 2.4.2.
    """
    query = parse_query(raw)
    moment = now.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
    info = sequence(
        integer(1),
        oid(POLICY),
        query.imprint,
        integer(serial),
        element(GENERALIZED_TIME, moment),
        sequence(integer(1)),  # accuracy: one second
        query.nonce,
    )
    granted = sequence(integer(0))
    return sequence(granted, _token(info, stamper, with_certificates=query.wants_certificate))


def _token(info: bytes, stamper: Stamper, *, with_certificates: bool) -> bytes:
    """A CMS SignedData around the TSTInfo (RFC 5652 section 5, RFC 5816)."""
    leaf = stamper.certificate
    attributes = (
        sequence(_CONTENT_TYPE, set_of(_TST_INFO)),
        sequence(_MESSAGE_DIGEST, set_of(element(OCTETS, hashlib.sha256(info).digest()))),
        sequence(_SIGNING_CERTIFICATE_V2, set_of(sequence(sequence(sequence(_cert_id(leaf)))))),
    )
    signed = set_of(*attributes)
    signature = stamper.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    signer = sequence(
        integer(1),
        sequence(leaf.issuer.public_bytes(), integer(leaf.serial_number)),
        _SHA256,
        element(0xA0, *sorted(attributes)),
        _ECDSA_SHA256,
        element(OCTETS, signature),
    )
    chain = (leaf, *stamper.chain) if with_certificates else ()
    certificates = element(0xA0, *(each.public_bytes(Encoding.DER) for each in chain)) if chain else b""
    content = sequence(_TST_INFO, element(0xA0, element(OCTETS, info)))
    data = sequence(integer(3), set_of(_SHA256), content, certificates, set_of(signer))
    return sequence(_SIGNED_DATA, element(0xA0, data))


def _cert_id(certificate: x509.Certificate) -> bytes:
    """ESSCertIDv2 with the default algorithm, SHA-256."""
    return element(OCTETS, hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest())
