"""The page of one statement: what it says, what holds, where it is logged, what others say about it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import ClassVar, Literal, NamedTuple

from haechi.errors import NotFound
from haechi.findings import Finding, Verdict, overall
from haechi.network.released import open_by_release
from haechi.network.standing import what_became
from haechi.node.pages.clock_view import ClockView, clocks_of
from haechi.node.pages.commands import (
    CommandView,
    DownloadView,
    open_encrypted,
    statement_downloads,
    verify_statement,
)
from haechi.node.pages.incident_files import NotPassedOn, file_of, passed_on
from haechi.node.pages.line import StatementLine, lines_of, open_to_all, statement_line
from haechi.node.pages.reading import ReadingView, SignedFile, content_of
from haechi.node.pages.source import Found, Sealed, Source, Withheld
from haechi.node.pages.view import FindingView, Page, PlaceView, View, finding_view, frame, place_view
from haechi.statement.claims import Claim, examine_claim
from haechi.statement.envelope import ENCRYPTED, Statement, check_format
from haechi.statement.sharing import Content, check_inner_claim, readable_claim
from haechi.words import Text

LATER_LIMIT = 200


class StatementNotHere(NotFound):
    """No log of this node has it; facts: name (hex digest), named_by (statements here that name it)."""

    code = "page.statement-not-here"
    what = Text(
        "no statement with this digest is in this node: {name}",
        "이 노드에는 이 다이제스트의 진술이 없습니다: {name}",
    )
    hint = Text(
        "look at the node that gave you the digest; this node knows only its own log and those it mirrors",
        "다이제스트를 받은 노드에서 확인하세요. 이 노드는 자신의 로그와 미러링하는 로그만 알고 있습니다",
    )


class ChecksView(View, frozen=True, kw_only=True):
    """What was checked about one thing: the statement itself, or its place in the log `origin`."""

    origin: str | None
    findings: tuple[FindingView, ...]


class Tally(View, frozen=True, kw_only=True):
    """How many checks ended in which verdict."""

    total: int
    holds: int
    fails: int
    undecided: int


class FileView(View, frozen=True, kw_only=True):
    """A file that the statement rests on. size: bytes, None when not signed; href: None when not here."""

    name: str
    digest: str
    size: int | None
    media_type: str
    href: str | None


class LaterView(View, frozen=True, kw_only=True):
    """A later statement that names this one. role: what it names it as; same_issuer: said by the same one."""

    line: StatementLine
    reading: ReadingView | None
    role: Literal["target", "file"]
    same_issuer: bool


class StatementPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.statement/1"):
    """One statement. encrypted: only named recipients can read it; released: its issuer
    shared it with everybody later; size: bytes as signed.

    verdict: over all checks; later: oldest first.
    """

    template: ClassVar[str] = "statement.html"

    line: StatementLine
    sharing: str
    encrypted: bool
    released: bool
    size: int
    key: str
    family: str | None
    reading: ReadingView | None
    verdict: Verdict
    tally: Tally
    checks: tuple[ChecksView, ...]
    files: tuple[FileView, ...]
    clocks: tuple[ClockView, ...]
    later: tuple[LaterView, ...]
    later_complete: bool
    downloads: tuple[DownloadView, ...]
    commands: tuple[CommandView, ...]


class SealedPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.sealed/1"):
    """An entry whose content is not shown: digest, places, why, and what is said of it in the open."""

    template: ClassVar[str] = "sealed.html"

    digest: str
    why: Withheld
    places: tuple[PlaceView, ...]
    later: tuple[StatementLine, ...]


def statement_page(source: Source, digest: bytes, now: int) -> StatementPage | SealedPage:
    """The page of the statement with this digest; raises StatementNotHere."""
    entry = source.statement(digest)
    later = source.about(digest, LATER_LIMIT)
    if entry is None:
        raise StatementNotHere(name=digest.hex(), named_by=[line.digest for line in lines_of(later, now)])
    entry = open_to_all(entry)
    if isinstance(entry, Sealed):
        return _sealed(source, entry, lines_of(later, now), now)
    return _open(source, entry, later, now)


def _sealed(source: Source, entry: Sealed, later: tuple[StatementLine, ...], now: int) -> SealedPage:
    shared = frame(source, now)
    return SealedPage(
        node=shared.node,
        path=f"statement/{entry.digest.hex()}",
        made=shared.made,
        facts_version=shared.facts_version,
        digest=entry.digest.hex(),
        why=entry.why,
        places=tuple(place_view(place) for place in entry.places),
        later=later,
    )


def _open(source: Source, found: Found, later: Sequence[Found], now: int) -> StatementPage:
    shared, statement, facts = frame(source, now), found.statement, source.facts()
    checked = _checked(source, found, later)
    content = content_of(statement, facts, checked.inner)
    every, digest = checked.every, statement.digest_hex
    stands = _stands(found, later)
    incident = passed_on(source, found, checked.claim, every, later)
    said_later = tuple(
        _later(other, found, source, now) for other in later if isinstance(open_to_all(other), Found)
    )
    return StatementPage(
        node=shared.node,
        path=f"statement/{digest}",
        made=shared.made,
        facts_version=shared.facts_version,
        line=statement_line(found, now),
        sharing=str(statement.about.sharing),
        encrypted=statement.about.sharing in ENCRYPTED,
        released=found.released or checked.opened,
        size=len(statement.raw),
        key=statement.kid.hex(),
        family=None if statement.key is None else str(statement.key.family),
        reading=content.reading,
        verdict=overall([*every, stands]),
        tally=_tally([*every, stands]),
        checks=(
            _checks(None, [*checked.itself, stands]),
            *(_checks(origin, there) for origin, there in checked.by_origin.items()),
        ),
        files=tuple(_file(file, source) for file in content.files),
        clocks=clocks_of(statement, facts, now),
        later=said_later,
        later_complete=len(later) < LATER_LIMIT,
        downloads=statement_downloads(
            digest, receipt=any(place.receipt for place in found.places), incident=incident is not None
        ),
        commands=_commands(shared.node.url, found),
    )


class _Checked(NamedTuple):
    """What was checked. opened: by a key that its issuer gave to everybody; inner: what it then says."""

    itself: list[Finding]
    by_origin: Mapping[str, Sequence[Finding]]
    opened: bool
    inner: Claim | None
    claim: Claim | None

    @property
    def every(self) -> list[Finding]:
        """All checks, of the statement and of its places."""
        return [*self.itself, *chain.from_iterable(self.by_origin.values())]


def _checked(source: Source, found: Found, later: Sequence[Found]) -> _Checked:
    statement, facts = found.statement, source.facts()
    opened = _released(statement, later)
    inner = None if opened is None else readable_claim(statement, opened, facts)
    well_formed, claim = examine_claim(statement, facts)
    said = [well_formed] if opened is None else [opened.finding]
    said += [] if opened is None else check_inner_claim(statement, opened, facts)
    itself = [check_format(statement.raw)[0], statement.check_signature(), *said]
    return _Checked(itself, source.checks(found), opened is not None, inner, inner or claim)


def _stands(found: Found, later: Sequence[Found]) -> Finding:
    """What later statements did to it, as `haechi verify` says it of a bundle."""
    standing = found.standing
    if standing.withdrawn_by is not None:
        return what_became("withdrawn", standing.withdrawn_by.hex()[:16])
    if standing.superseded_by is not None:
        return what_became("superseded", standing.superseded_by.hex()[:16])
    for other in later:
        if other.statement.about.kind == "dispute" and standing.disputed:
            return what_became("disputed", other.statement.about.issuer)
    return what_became("current")


def incident_file(source: Source, digest: bytes, form: str) -> bytes:
    """The incident with this digest in one of `FORMS`; raises StatementNotHere, NotPassedOn."""
    entry = source.statement(digest)
    if entry is None:
        raise StatementNotHere(name=digest.hex(), named_by=[])
    entry, later = open_to_all(entry), source.about(digest, LATER_LIMIT)
    incident = None
    if isinstance(entry, Found):
        checked = _checked(source, entry, later)
        incident = passed_on(source, entry, checked.claim, checked.every, later)
    if incident is None:
        raise NotPassedOn(name=digest.hex()[:16])
    return file_of(incident, form)


def _released(statement: Statement, later: Sequence[Found]) -> Content | None:
    """The content of an encrypted claim whose key its issuer gave to everybody."""
    if not statement.is_encrypted:
        return None
    among = [other.statement for other in later if isinstance(open_to_all(other), Found)]
    return open_by_release(statement, None, among, ())


def _commands(url: str, found: Found) -> tuple[CommandView, ...]:
    digest = found.statement.digest_hex
    verify = verify_statement(url, digest)
    return (open_encrypted(url, digest), *verify) if found.statement.about.sharing in ENCRYPTED else verify


def _tally(findings: Sequence[Finding]) -> Tally:
    ended = Counter(finding.verdict for finding in findings)
    return Tally(
        total=len(findings),
        holds=ended[Verdict.HOLDS],
        fails=ended[Verdict.FAILS],
        undecided=ended[Verdict.UNDECIDED],
    )


def _checks(origin: str | None, findings: Iterable[Finding]) -> ChecksView:
    return ChecksView(origin=origin, findings=tuple(finding_view(finding) for finding in findings))


def _file(file: SignedFile, source: Source) -> FileView:
    digest = file.digest.hex()
    return FileView(
        name=file.name,
        digest=digest,
        size=file.size,
        media_type=file.media_type,
        href=f"/blobs/{digest}" if source.has_blob(file.digest) else None,
    )


def _later(other: Found, found: Found, source: Source, now: int) -> LaterView:
    content = content_of(other.statement, source.facts())
    return LaterView(
        line=statement_line(other, now),
        reading=content.reading,
        role="target" if found.statement.digest in content.targets else "file",
        same_issuer=other.statement.about.issuer == found.statement.about.issuer,
    )
