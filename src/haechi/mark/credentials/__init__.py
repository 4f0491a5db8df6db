"""Content credentials (C2PA) of a maker: certificates, time stamps, signing, reading, and whom to recognise.

Signing and reading need the extra `mark` (c2pa-python), which is imported when they are called.
"""

from haechi.mark.credentials.authority import Authority, AuthorityUnreadable, make_authority
from haechi.mark.credentials.manifest import (
    MANIFEST_TYPE,
    MEDIA_TYPES,
    Credentialed,
    CredentialRefused,
    Provenance,
    ToSign,
    sign_beside,
    sign_credential,
    sign_file,
)
from haechi.mark.credentials.reading import Credential, CredentialReading, Status, read_credential
from haechi.mark.credentials.statuses import STATUSES, explain
from haechi.mark.credentials.timestamp import QUERY_TYPE, REPLY_TYPE, Stamper, StampRefused, answer
from haechi.mark.credentials.trust import (
    ANCHOR_TYPE,
    AnchorsUnreadable,
    TrustSource,
    anchors,
    official_list,
    published_anchors,
)

__all__ = [
    "ANCHOR_TYPE",
    "MANIFEST_TYPE",
    "MEDIA_TYPES",
    "QUERY_TYPE",
    "REPLY_TYPE",
    "STATUSES",
    "AnchorsUnreadable",
    "Authority",
    "AuthorityUnreadable",
    "Credential",
    "CredentialReading",
    "CredentialRefused",
    "Credentialed",
    "Provenance",
    "StampRefused",
    "Stamper",
    "Status",
    "ToSign",
    "TrustSource",
    "anchors",
    "answer",
    "explain",
    "make_authority",
    "official_list",
    "published_anchors",
    "read_credential",
    "sign_beside",
    "sign_credential",
    "sign_file",
]
