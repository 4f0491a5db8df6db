"""Which signers of credentials are recognised: the official list as of a day, and anchors of countries.

The official C2PA lists (CC BY 4.0, C2PA conformance programme) are shipped as of 2026-08-21. They hold no
root of most countries; a country's institute publishes its own in a statement, as a `document` whose file
has the media type `application/pem-certificate-chain`, and who pins that institute recognises them.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from cryptography import x509

from haechi.errors import BadInput
from haechi.statement.claims import Claim
from haechi.statement.kinds.document import Document
from haechi.words import Text

LIST_DATE = "2026-08-21"
ANCHOR_TYPE = "application/pem-certificate-chain"
MAX_ANCHOR_BYTES = 1 << 20


class AnchorsUnreadable(BadInput):
    """Not certificates in PEM; facts: name, why."""

    code = "mark.credentials.anchors"
    what = Text("no certificates can be read in {name}: {why}", "{name}에서 인증서를 읽을 수 없습니다: {why}")
    hint = Text("give a PEM file of root certificates", "루트 인증서의 PEM 파일을 주세요")


class TrustSource(NamedTuple):
    """Anchors under one name. name: who says that they are to be recognised; pem: the certificates."""

    name: Text
    pem: str


@cache
def official_list() -> TrustSource:
    """The official lists of signers and time-stampers, as of 2026-08-21."""
    folder = files("haechi.mark.credentials").joinpath("trust")
    names = (f"c2pa-trust-list-{LIST_DATE}.pem", f"c2pa-tsa-trust-list-{LIST_DATE}.pem")
    pem = "\n".join(folder.joinpath(name).read_text("utf-8") for name in names)
    return TrustSource(Text(f"the C2PA trust list of {LIST_DATE}", f"{LIST_DATE} 기준 C2PA 신뢰 목록"), pem)


def anchors(name: Text, pem: bytes) -> TrustSource:
    """Anchors from a PEM file; raises AnchorsUnreadable."""
    if len(pem) > MAX_ANCHOR_BYTES:
        raise AnchorsUnreadable(name=name, why=f"{len(pem)} bytes")
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise AnchorsUnreadable(name=name, why=str(error)[:120]) from error
    if not found:
        raise AnchorsUnreadable(name=name, why="-")
    return TrustSource(name, pem.decode("ascii", "replace"))


def published_anchors(
    claims: Iterable[tuple[str, Claim]], blobs: Mapping[bytes, bytes]
) -> tuple[TrustSource, ...]:
    """Anchors that issuers published. claims: issuer and verified claim; blobs: evidence files by digest.

    Only documents count, and only their files of certificates that are at hand and can be read.
    """
    found: list[TrustSource] = []
    for issuer, claim in claims:
        if not isinstance(claim, Document):
            continue
        for ref in claim.files:
            pem = blobs.get(ref.digest)
            if ref.media_type == ANCHOR_TYPE and pem is not None:
                name = Text(f"a statement of {issuer}", f"{issuer}의 진술")
                found.append(anchors(name, pem))
    return tuple(found)
