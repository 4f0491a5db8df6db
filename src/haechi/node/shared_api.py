"""What listed nodes ask for: GREEN statements and their files, behind signed requests (RFC 9421)."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from haechi.errors import NotFound
from haechi.network.signed_request import Asked
from haechi.node.runner import Runner
from haechi.node.wire import digest_of, told
from haechi.words import Text

_PRIVATE = {"Cache-Control": "private, no-store"}
_MAX_DIGITS = 15


class SharedApi:
    """Always true: nothing is answered, not even that something is absent, before the gate has let one in."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._sharing = runner.sharing

    def routes(self) -> list[Route]:
        """Every route, by its template."""
        return [
            Route("/shared", told(self.listing)),
            Route("/shared/statements/{digest}", told(self.statement)),
            Route("/shared/files/{digest}", told(self.file)),
        ]

    async def listing(self, request: Request) -> Response:
        """GREEN statements of the own log above a serial."""
        await self._enter(request)
        after = request.query_params.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() and len(after) <= _MAX_DIGITS else 0
        made = await run_in_threadpool(self._sharing.listing, number)
        return Response(msgspec.json.encode(made), media_type="application/json", headers=_PRIVATE)

    async def statement(self, request: Request) -> Response:
        """The signed bytes of a GREEN statement."""
        await self._enter(request)
        raw = await run_in_threadpool(self._sharing.statement, digest_of(request))
        return Response(raw, media_type="application/scitt-statement+cose", headers=_PRIVATE)

    async def file(self, request: Request) -> Response:
        """An evidence file of a GREEN statement."""
        await self._enter(request)
        digest = digest_of(request)
        files = self._runner.node.shared.files
        if not self._runner.node.shared.wanted(digest) or not files.has(digest):
            raise NotFound(what_is=Text("shared file", "공유된 파일"), name=digest.hex())
        return FileResponse(files.path(digest), media_type="application/octet-stream", headers=_PRIVATE)

    async def _enter(self, request: Request) -> str:
        scope = request.scope
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        path = scope.get("raw_path") or scope["path"].encode()
        asked = Asked(
            request.method, path.decode("latin-1"), scope["query_string"].decode("latin-1"), headers
        )
        now = int(self._runner.node.clock())
        return await run_in_threadpool(self._sharing.admit, asked, now)  # a new list is read from the disk
