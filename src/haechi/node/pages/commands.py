"""The commands a page offers, so that nobody has to take this node's word for anything.

Addresses are put together from the node's own configuration and from hex digests only; nothing that a
stranger wrote can reach a command line that a reader may copy.
"""

from haechi.log.layout import entries_path, tile_path
from haechi.node.pages.source import Log
from haechi.node.pages.view import Pair, View

_TILE = 256


class CommandView(View, frozen=True, kw_only=True):
    """A command line and what it shows."""

    why: Pair
    line: str


class DownloadView(View, frozen=True, kw_only=True):
    """Something to take along. href: its address on this node."""

    name: Pair
    href: str
    media_type: str


def verify_command(url: str, digest: str) -> str:
    """The one command that verifies a statement from this node."""
    return f"haechi verify {url}/bundles/{digest}"


def verify_statement(url: str, digest: str) -> tuple[CommandView, ...]:
    """How to verify one statement, with Haechi and without."""
    short = digest[:16]
    return (
        CommandView(
            why=Pair("Verify from this node, right now", "이 노드에서 바로 검증"),
            line=verify_command(url, digest),
        ),
        CommandView(
            why=Pair(
                "Keep a bundle that verifies offline, years from now",
                "나중에 오프라인으로도 검증할 수 있는 번들 보관",
            ),
            line=f"curl -o {short}.haechi {url}/bundles/{digest}\nhaechi verify {short}.haechi",
        ),
        CommandView(
            why=Pair(
                "Without Haechi: the digest of the bytes is the name",
                "Haechi 없이: 바이트의 다이제스트가 곧 이름",
            ),
            line=f"curl -s {url}/statements/{digest} | sha256sum",
        ),
    )


def open_encrypted(url: str, digest: str) -> CommandView:
    """How a recipient reads what is encrypted."""
    return CommandView(
        why=Pair(
            "As a recipient: decrypt with your key, and verify",
            "받는 이라면: 자신의 키로 복호화하고 검증",
        ),
        line=f"haechi open {url}/bundles/{digest} --with KEY",
    )


def statement_downloads(digest: str, *, receipt: bool, incident: bool = False) -> tuple[DownloadView, ...]:
    """What of one statement can be taken along. incident: it may go out in the forms of responders."""
    offered = [
        DownloadView(
            name=Pair("Signed statement (.cose)", "서명된 진술 (.cose)"),
            href=f"/statements/{digest}",
            media_type="application/cose",
        ),
        DownloadView(
            name=Pair("Offline bundle (.haechi)", "오프라인 번들 (.haechi)"),
            href=f"/bundles/{digest}",
            media_type="application/vnd.haechi.bundle",
        ),
        DownloadView(
            name=Pair("Inclusion proof (tlog-proof)", "포함 증명 (tlog-proof)"),
            href=f"/proofs/{digest}",
            media_type="text/plain",
        ),
    ]
    if incident:
        offered += [
            DownloadView(
                name=Pair("STIX 2.1 bundle (JSON)", "STIX 2.1 묶음 (JSON)"),
                href=f"/incidents/{digest}.stix.json",
                media_type="application/json",
            ),
            DownloadView(
                name=Pair("MISP event (JSON)", "MISP 이벤트 (JSON)"),
                href=f"/incidents/{digest}.misp.json",
                media_type="application/json",
            ),
        ]
    if receipt:
        offered.insert(
            1,
            DownloadView(
                name=Pair("Receipt of this log (COSE)", "이 로그의 영수증 (COSE)"),
                href=f"/entries/{digest}",
                media_type="application/cose",
            ),
        )
    return tuple(offered)


def verify_log(url: str, log: Log) -> tuple[CommandView, ...]:
    """How to check a whole log: from outside, and on the node's own disk."""
    fetch = CommandView(
        why=Pair(
            "Fetch the signed checkpoint and compare it with another party's copy",
            "서명된 체크포인트를 받아 다른 기관의 사본과 비교",
        ),
        line=f"curl -s {url}{log.path}/checkpoint",
    )
    recount = CommandView(
        why=Pair(
            "On the node: recompute every hash from the stored entries",
            "노드에서: 저장된 항목으로 모든 해시를 다시 계산",
        ),
        line="haechi log fsck --dir DIR",
    )
    return (fetch, recount) if log.where == "own" else (fetch,)


def log_downloads(log: Log) -> tuple[DownloadView, ...]:
    """The checkpoint and the first tiles; an empty log has no tiles."""
    offered = [
        DownloadView(
            name=Pair("Checkpoint", "체크포인트"), href=f"{log.path}/checkpoint", media_type="text/plain"
        )
    ]
    if log.size:
        width = min(log.size, _TILE)
        for name, path in (
            (Pair("First hash tile", "첫 해시 타일"), tile_path(0, 0, width)),
            (Pair("First entry bundle", "첫 항목 묶음"), entries_path(0, width)),
        ):
            offered.append(
                DownloadView(name=name, href=f"{log.path}/{path}", media_type="application/octet-stream")
            )
    return tuple(offered)
