"""The page of a log: its checkpoint, its keys and its entries, for the node's own log and for each mirror."""

from typing import ClassVar

from haechi.errors import NotFound
from haechi.node.pages.commands import CommandView, DownloadView, log_downloads, verify_log
from haechi.node.pages.line import SealedLine, StatementLine, entry_line
from haechi.node.pages.links import query
from haechi.node.pages.source import Found, Log, Sealed, Source
from haechi.node.pages.view import LogView, Page, View, frame, log_view
from haechi.words import Text

PAGE_SIZE = 50


class LogNotHere(NotFound):
    """The log is neither this node's own nor mirrored; facts: name (the origin asked for)."""

    code = "page.log-not-here"
    what = Text("this node has no log of this name: {name}", "이 노드에는 이 이름의 로그가 없습니다: {name}")
    hint = Text(
        "the peers page lists every log that is mirrored here",
        "피어 페이지에서 이 노드가 미러링하는 로그를 확인하세요",
    )


class EntryView(View, frozen=True, kw_only=True):
    """One entry of this log; the line is sealed where the content is not shown."""

    index: int
    digest: str
    line: StatementLine | None
    sealed: SealedLine | None


class LogPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.log/1"):
    """A log. entries: newest first; older: the `before` of the next page, None on the last one."""

    template: ClassVar[str] = "log.html"

    log: LogView | None
    entries: tuple[EntryView, ...]
    before: int | None
    older: int | None
    downloads: tuple[DownloadView, ...]
    commands: tuple[CommandView, ...]


def log_page(source: Source, origin: str | None, before: int | None, now: int) -> LogPage:
    """The page of the node's own log or of the mirror of `origin`; raises LogNotHere.

    before: only entries with a smaller index are listed; None begins at the end of the log.
    """
    shared, log = frame(source, now), source.log(origin)
    if log is None and origin is not None:
        raise LogNotHere(name=origin)
    listed = () if log is None else _entries(source, log, before, now)
    return LogPage(
        node=shared.node,
        path="log",
        query=query(origin=origin, before=before),
        made=shared.made,
        facts_version=shared.facts_version,
        log=None if log is None else log_view(log, now),
        entries=listed,
        before=before,
        older=listed[-1].index if listed and listed[-1].index > 0 else None,
        downloads=() if log is None else log_downloads(log),
        commands=() if log is None else verify_log(shared.node.url, log),
    )


def _entries(source: Source, log: Log, before: int | None, now: int) -> tuple[EntryView, ...]:
    entries = source.entries(log.origin, before, PAGE_SIZE)
    return tuple(_entry(entry, log.origin, now) for entry in entries)


def _entry(entry: Found | Sealed, origin: str, now: int) -> EntryView:
    index = next(place.index for place in entry.places if place.origin == origin)
    line = entry_line(entry, now)
    if isinstance(line, SealedLine):
        return EntryView(index=index, digest=line.digest, line=None, sealed=line)
    return EntryView(index=index, digest=line.digest, line=line, sealed=None)
