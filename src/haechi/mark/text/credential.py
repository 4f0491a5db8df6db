"""A C2PA credential in a text: signed by c2pa-python, bound and framed here, because it knows no text.

No time stamp is in it: a stamp covers the signature, and that is renewed when the frame is bound. The log
has the time.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from haechi.findings import found
from haechi.mark.credentials import (
    Authority,
    CredentialReading,
    Provenance,
    TrustSource,
    read_credential,
    sign_beside,
)
from haechi.mark.text.frame import Framed, FrameMalformed, with_frame, without_frame
from haechi.mark.text.rebind import binding_of, rebound

MEDIA_TYPE = "text/plain"


class CredentialedText(NamedTuple):
    """A text with its credential in it, and the manifest alone, to be kept by its digest."""

    text: str
    manifest: bytes


def sign_text(text: str, says: Provenance, authority: Authority) -> CredentialedText:
    """The text, in NFC, with a signed manifest at its end.

    Raises FrameMalformed, CredentialRefused, ExtraMissing.
    """
    plain = unicodedata.normalize("NFC", text)
    raw = plain.encode()
    manifest = rebound(sign_beside(raw, MEDIA_TYPE, says, authority), raw, _signer(authority))
    return CredentialedText(with_frame(plain, manifest), manifest)


def read_text_credential(text: str, trust: Sequence[TrustSource] | None = None) -> CredentialReading:
    """What the credential in a text says, and whether the text is the one that was signed.

    trust: as for `read_credential`. Raises ExtraMissing.
    """
    try:
        framed = without_frame(text)
    except FrameMalformed as error:
        return CredentialReading(found("mark.credential.unreadable", why=error.facts["why"]), None)
    if framed is None:
        return CredentialReading(found("mark.credential.absent"), None)
    raw = text.encode()
    return read_credential(raw, MEDIA_TYPE, trust, framed.manifest, bound=_bound(raw, framed))


def _bound(raw: bytes, framed: Framed) -> bool:
    """Whether the manifest is bound to this text, and to the place where its frame stands."""
    binding = binding_of(framed.manifest)
    if binding is None or (binding.start, binding.length) != (framed.start, framed.length):
        return False
    rest = raw[: binding.start] + raw[binding.start + binding.length :]
    return hashlib.sha256(rest).digest() == binding.digest


def _signer(authority: Authority) -> Callable[[bytes], bytes]:
    key = authority.signer.key

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign
