"""Marks at a node: look-ups by number and likeness, files looked at and forgotten, time stamps.

Only CLEAR statements that the index has checked are answered with; the book of marks is rebuilt from them.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from haechi.errors import BadInput, HaechiError, NotFound
from haechi.mark.records import Book, LogRecord, records_of
from haechi.node import looks
from haechi.node.anchors import published
from haechi.node.pages.detect import LIMIT_FILM_MIB, LIMIT_MIB
from haechi.node.pages.source import Found
from haechi.node.room import LookRoom
from haechi.node.runner import Runner
from haechi.node.texts import MOST_TEXT_BYTES, NodeTexts, asked_records, look_at, told_profiles
from haechi.node.view import View
from haechi.node.wire import BRIEF, body_of, problem, status_of, with_retry
from haechi.statement.kinds.content_mark import NAME as KIND_NAME
from haechi.words import LANGS, Lang, Text

if TYPE_CHECKING:
    from haechi.mark.credentials.authority import Authority
    from haechi.mark.examine import Means

MOST_ASKED_BYTES = 4096
MOST_BLOB_BYTES = 64 << 20
_PAGE = 500
_PAYLOAD = re.compile(r"[0-9a-f]{16}\Z")
_PDQ = re.compile(r"[0-9a-f]{64}\Z")


class MarkBook:
    """What this node's logs and mirrors say of marks. Threads may share it.

    Always true: a record is in the book once, and its checks are made anew for every answer.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._book = Book()
        self._seen: set[bytes] = set()
        self._lock = Lock()

    def by_mark(self, payload: str) -> Sequence[LogRecord]:
        """Records with this payload, checked just now."""
        with self._lock:
            self._refresh()
            found = self._book.by_mark(payload)
        return [self._checked(record) for record in found]

    def by_likeness(self, pdqs: Sequence[str]) -> Sequence[LogRecord]:
        """Records that look alike, checked just now."""
        with self._lock:
            self._refresh()
            found = self._book.by_likeness(pdqs)
        return [self._checked(record) for record in found]

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:
        """Records of exactly this file, checked just now."""
        with self._lock:
            self._refresh()
            found = self._book.by_digest(digest)
        return [self._checked(record) for record in found]

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:
        """Records of texts that share fingerprints, checked just now."""
        with self._lock:
            self._refresh()
            found = self._book.texts_like(minhash)
        return [self._checked(record) for record in found]

    def blob(self, digest: bytes) -> bytes | None:
        """A file kept beside a statement that anybody may have."""
        try:
            path = self._runner.blob(digest)
            return path.read_bytes() if path.stat().st_size <= MOST_BLOB_BYTES else None
        except (NotFound, OSError):
            return None

    def _refresh(self) -> None:
        """Take in statements that are new here, newest first, until all that the index counts are known."""
        self._runner.follow()
        index = self._runner.node.index
        count = index.counts().get(KIND_NAME)
        if count is None or count.own + count.mirrored <= len(self._seen):
            return
        before: int | None = None
        while rows := index.by_kind(KIND_NAME, _PAGE, before):
            for row in rows:
                if row.digest not in self._seen and self._take(row.digest):
                    self._seen.add(row.digest)
            before = rows[-1].serial

    def _take(self, digest: bytes) -> bool:
        try:
            statement = self._runner.statement(digest)
        except NotFound:
            return True
        facts = self._runner.node.facts
        refs = [ref.digest for ref in _evidence(statement, facts)]
        blobs = {ref: raw for ref in refs if (raw := self.blob(ref)) is not None}
        records = records_of(statement, facts, "", (), blobs)
        for record in records:
            self._book.add(record)
        # A batch whose file has not come yet is asked for again next time.
        return bool(records)

    def _checked(self, record: LogRecord) -> LogRecord:
        view = View(self._runner)
        held = view.statement(record.statement)
        if not isinstance(held, Found):
            return record
        checks = view.checks(held)
        origin = next(iter(checks), "")
        findings = [held.statement.check_signature(), *(each for some in checks.values() for each in some)]
        return record._replace(origin=origin, findings=tuple(findings))


def _evidence(statement: Any, facts: Any) -> Sequence[Any]:  # noqa: ANN401  # as `evidence_of` takes them
    from haechi.network.verify import evidence_of

    return evidence_of(statement, facts)


class Marks:
    """The routes about marks."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._book = MarkBook(runner)
        self._texts = NodeTexts(runner, self._book)
        self._room = LookRoom()
        self._authority: Authority | None = None

    def routes(self) -> list[Route]:
        """Every route, by its template."""
        return [
            Route("/marks/look", self.look, methods=["POST"]),
            Route("/marks/sound", self.look_at_sound, methods=["POST"]),
            Route("/marks/film", self.look_at_film, methods=["POST"]),
            Route("/marks/text", self.look_at_text, methods=["POST"]),
            Route("/marks/like", self.like, methods=["POST"]),
            Route("/marks/anchors", self.anchors),
            Route("/marks/profiles", self.profiles),
            Route("/marks/{payload}", self.known),
            Route("/timestamp", self.stamp, methods=["POST"]),
        ]

    async def known(self, request: Request) -> Response:
        """GET /marks/{payload}: who signed for a mark with this number."""
        payload = request.path_params["payload"]
        if not _PAYLOAD.match(payload):
            raise HTTPException(404)
        try:
            found = await run_in_threadpool(self._book.by_mark, payload)
        except HaechiError as error:
            return problem(error)
        return JSONResponse(
            _told(found), headers={"Cache-Control": BRIEF, "access-control-allow-origin": "*"}
        )

    async def like(self, request: Request) -> Response:
        """POST /marks/like: who signed for pictures or text like this, by fingerprint or digest."""
        try:
            self._runner.take_write(request.scope)
            raw = await self._body(request, MOST_ASKED_BYTES)
            found = await run_in_threadpool(asked_records, raw, self._book, self._by_pictures)
        except HaechiError as error:
            return problem(error)
        return JSONResponse(_told(found), headers={"Cache-Control": "no-store"})

    def _by_pictures(self, raw: bytes) -> Sequence[LogRecord]:
        return self._book.by_likeness(_asked(raw))

    async def profiles(self, request: Request) -> Response:  # noqa: ARG002  # as routes are called
        """GET /marks/profiles: who committed to which profile of text marks, and whom to ask."""
        try:
            told = await run_in_threadpool(told_profiles, self._texts)
        except HaechiError as error:
            return problem(error)
        return JSONResponse(told, headers={"Cache-Control": BRIEF, "access-control-allow-origin": "*"})

    async def look(self, request: Request) -> Response:
        """POST /marks/look: what a picture tells. It is looked at in memory and kept nowhere."""
        return await self._looked(request, LIMIT_MIB << 20, partial(looks.at_picture, means=self._means))

    async def look_at_sound(self, request: Request) -> Response:
        """POST /marks/sound: what a sound tells. It is looked at in memory and kept nowhere."""
        return await self._looked(request, LIMIT_MIB << 20, partial(looks.at_sound, means=self._means))

    async def look_at_film(self, request: Request) -> Response:
        """POST /marks/film: what a film tells. It is looked at in memory and kept nowhere."""
        return await self._looked(request, LIMIT_FILM_MIB << 20, partial(looks.at_film, means=self._means))

    async def look_at_text(self, request: Request) -> Response:
        """POST /marks/text: what a text tells. It is looked at in memory and kept nowhere."""
        return await self._looked(request, MOST_TEXT_BYTES, partial(look_at, texts=self._texts))

    def _means(self) -> "Means":
        """What this node reads with: the public key, its own records, the roots it believes."""
        from haechi.mark.examine import Means

        means = Means(registry=self._book)
        trust = (*means.trust, *(each.source for each in published(self._runner, self._book.blob)))
        return replace(means, trust=trust)

    async def _looked(self, request: Request, limit: int, look: Callable[..., dict[str, Any]]) -> Response:
        """The answer to one look, of which only so many run at once. look: takes the bytes and `lang`."""
        said = request.query_params.get("lang", "en")
        lang: Lang = "ko" if said == "ko" else "en"
        try:
            self._runner.take_write(request.scope)
            if said not in LANGS:
                raise BadInput(why="lang: en or ko")
            most = _declared(request, limit)
            told = await self._room.look(most, partial(self._body, request, most), partial(look, lang=lang))
        except HaechiError as error:
            body = JSONResponse(error.as_dict(lang), status_of(error), {"Cache-Control": "no-store"})
            return with_retry(body, error)
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def anchors(self, request: Request) -> Response:  # noqa: ARG002  # as Starlette calls it
        """GET /marks/anchors: statements by which institutes publish roots of content credentials."""
        try:
            found = await run_in_threadpool(published, self._runner, self._book.blob)
        except HaechiError as error:
            return problem(error)
        told = [
            {
                "statement": each.statement.hex(),
                "issuer": each.issuer,
                "origin": each.origin,
                "digest": each.digest.hex(),
            }
            for each in found
        ]
        return JSONResponse({"anchors": told}, headers={"Cache-Control": BRIEF})

    async def stamp(self, request: Request) -> Response:
        """POST /timestamp: an RFC 3161 time stamp by this node, if its operator made certificates for it."""
        from haechi.mark.credentials.timestamp import MAX_QUERY_BYTES, REPLY_TYPE, answer

        try:
            self._runner.take_write(request.scope)
            raw = await self._body(request, MAX_QUERY_BYTES)
            stamper = (await run_in_threadpool(self._certificates)).time_stamper
            now = datetime.fromtimestamp(self._runner.node.clock(), UTC)
            reply = answer(raw, stamper, now, secrets.randbits(120))
        except HaechiError as error:
            return problem(error)
        return Response(reply, media_type=REPLY_TYPE, headers={"Cache-Control": "no-store"})

    def _certificates(self) -> "Authority":
        from haechi.mark.credentials.authority import Authority

        folder = self._runner.node.folder / "credentials"
        if self._authority is None:
            if not folder.is_dir():
                raise NotFound(what_is=Text("time-stamp service", "시점 확인 서비스"), name=str(folder.name))
            self._authority = Authority.load(folder)
        return self._authority

    async def _body(self, request: Request, limit: int) -> bytes:
        return await body_of(request, limit, self._runner.node.config.limits.body_seconds)


def _declared(request: Request, limit: int) -> int:
    """The bytes that a body may have: what it says of itself, and no more than the limit."""
    said = request.headers.get("content-length", "")
    return min(int(said), limit) if said.isdecimal() and len(said) < 20 else limit


def _asked(raw: bytes) -> list[str]:
    try:
        told = msgspec.json.decode(raw, type=dict[str, list[str]])
        asked = told["pdq"]
    except (msgspec.DecodeError, KeyError) as error:
        raise BadInput(why=f"expected {{'pdq': [...]}}: {error}") from error
    if not 1 <= len(asked) <= 16 or not all(_PDQ.match(each) for each in asked):
        raise BadInput(why="1 to 16 PDQ hashes of 64 hexadecimal digits")
    return asked


def _told(records: Sequence[LogRecord]) -> dict[str, Any]:
    return {
        "marks": [
            {
                "statement": record.statement.hex(),
                "issuer": record.issuer,
                "origin": record.origin,
                "verdict": str(record.verdict),
                "provider": record.item.label.provider,
                "generator": record.item.generator,
                "source_type": record.item.source_type,
                "made": record.item.made.isoformat(),
                "media_type": record.item.media_type,
                "digest": record.item.digest.hex(),
                "proof": record.proof.to_bytes().hex() if record.proof is not None else None,
            }
            for record in records
        ]
    }
