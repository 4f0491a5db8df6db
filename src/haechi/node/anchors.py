"""Roots of content credentials that institutes publish: `document` statements with a file of certificates.

Only the node's own issuer and the issuers of pinned nodes are listened to: a company cannot make its own
credentials recognised by publishing a document about itself.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from haechi.errors import BadInput
from haechi.findings import Verdict, overall
from haechi.node.pages.source import Found
from haechi.node.runner import Runner
from haechi.node.view import View
from haechi.statement.claims import claim_of
from haechi.statement.kinds.document import Document

if TYPE_CHECKING:
    from haechi.mark.credentials.trust import TrustSource

KIND_NAME = "document"
MOST_DOCUMENTS = 500
MOST_SOURCES = 64


class Published(NamedTuple):
    """Certificates that a statement publishes. digest: of the PEM file; source: the same, to check with."""

    issuer: str
    statement: bytes
    origin: str
    digest: bytes
    source: "TrustSource"


def published(runner: Runner, blob: Callable[[bytes], bytes | None]) -> Sequence[Published]:
    """The roots that institutes publish here, from statements all of whose checks hold just now.

    blob: a file kept beside the log, by digest. Newest first; a file that is no PEM is passed over.
    """
    runner.follow()
    institutes = {runner.node.config.issuer, *(peer.card.issuer for peer in runner.peers)}
    view, found = View(runner), list[Published]()
    for row in runner.node.index.by_kind(KIND_NAME, MOST_DOCUMENTS, None):
        held = view.statement(row.digest)
        if not isinstance(held, Found) or held.statement.about.issuer not in institutes:
            continue
        found += _of(held, view, runner, blob)
        if len(found) >= MOST_SOURCES:
            break
    return found[:MOST_SOURCES]


def _of(
    held: Found, view: View, runner: Runner, blob: Callable[[bytes], bytes | None]
) -> Sequence[Published]:
    from haechi.mark.credentials.trust import ANCHOR_TYPE, AnchorsUnreadable, published_anchors

    try:
        claim = claim_of(held.statement, runner.node.facts)
    except BadInput:
        return ()
    if not isinstance(claim, Document):
        return ()
    refs = [ref for ref in claim.files if ref.media_type == ANCHOR_TYPE]
    pems = {ref.digest: pem for ref in refs if (pem := blob(ref.digest)) is not None}
    if not pems:
        return ()
    checks = view.checks(held)
    findings = [held.statement.check_signature(), *(each for some in checks.values() for each in some)]
    if overall(findings) is not Verdict.HOLDS:
        return ()
    issuer, made = held.statement.about.issuer, list[Published]()
    for digest, pem in pems.items():
        try:
            (source,) = published_anchors([(issuer, claim)], {digest: pem})
        except AnchorsUnreadable:
            continue
        made.append(Published(issuer, held.statement.digest, next(iter(checks), ""), digest, source))
    return made
