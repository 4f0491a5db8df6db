"""What programs ask of a node: SCRAPI registration, C2SP tiles, statements, proofs, bundles and files."""

import base64
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from haechi.errors import NotFound
from haechi.log.layout import TilePathMalformed
from haechi.network.cosigned import CosignedHead
from haechi.network.succession import Handovers
from haechi.node.bundles import bundle_pieces
from haechi.node.openapi import document
from haechi.node.runner import Runner
from haechi.node.tilesite import TileSite, serve_tile
from haechi.node.uploads import receive_blob
from haechi.node.wire import BRIEF, IMMUTABLE, digest_of, told
from haechi.node.witness_api import WitnessApi
from haechi.statement import cbor
from haechi.words import Text

STATEMENT_TYPE = "application/scitt-statement+cose"
RECEIPT_TYPE = "application/cose"
WITNESSED, HANDOVERS = "witnessed", "handovers"
BUNDLE_TYPE = "application/vnd.haechi.bundle"


class Api:
    """The routes of one running node. Blocking work goes to threads; registration waits on futures."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._node = runner.node

    def routes(self) -> list[Route]:
        """Every route, by its template."""
        return [
            Route("/entries", self.only_post, methods=["POST"]),
            Route("/entries/{digest}", told(self.entry)),
            Route("/.well-known/scitt-keys", told(self.keys)),
            Route("/.well-known/scitt-keys/{kid}", told(self.key)),
            Route("/statements/{digest}", told(self.statement)),
            Route("/proofs/{digest}", told(self.proof)),
            Route("/bundles/{digest}", told(self.bundle)),
            Route("/blobs/{digest}", told(self.blob), methods=["GET", "PUT"]),
            Route("/node.json", told(self.card)),
            Route("/policy", told(self.policy)),
            Route("/trust/{path:path}", told(self.trust_list)),
            Route("/log/{path:path}", told(self.own_tile)),
            Route("/mirrors/{mirror}/{path:path}", told(self.mirror_tile)),
            Route("/healthz", told(self.health)),
            Route("/metrics", told(self.metrics)),
            Route("/openapi.json", told(self.description)),
            *WitnessApi(self._runner).routes(),
        ]

    async def only_post(self, _request: Request) -> Response:
        """POST /entries is answered by the door; this route is here to refuse every other method."""
        raise HTTPException(405, headers={"Allow": "POST"})

    async def entry(self, request: Request) -> Response:
        """GET /entries/{digest}: a fresh receipt."""
        receipt = await run_in_threadpool(self._node.fresh_receipt, digest_of(request))
        return Response(receipt, media_type=RECEIPT_TYPE)

    async def keys(self, _request: Request) -> Response:
        """The COSE key set that verifies this node's receipts, those of former keys too."""
        keys = self._runner.card.receipt_keys_at(None)
        told = [_with_kid(key.cose_key, key.thumbprint) for key in keys]
        return Response(cbor.encode(told), media_type="application/cbor")

    async def key(self, request: Request) -> Response:
        """One key by its kid, in hex or base64url."""
        for key in self._runner.card.receipt_keys_at(None):
            base64url = base64.urlsafe_b64encode(key.thumbprint).rstrip(b"=").decode()
            if request.path_params["kid"] in (key.thumbprint.hex(), base64url):
                kid = _with_kid_bytes(key.cose_key, key.thumbprint)
                return Response(kid, media_type="application/cbor")
        raise NotFound(what_is=Text("key", "키"), name=request.path_params["kid"][:100])

    async def trust_list(self, request: Request) -> Response:
        """A file of the trust list in use, as signed: any node can pass it on, and none can change it."""
        files = await run_in_threadpool(self._node.trusting.files)
        raw = files.get(request.path_params["path"])
        if raw is None:
            raise NotFound(what_is=Text("file of the trust list", "신뢰 목록의 파일"), name="-")
        return Response(raw, media_type="application/json")

    async def statement(self, request: Request) -> Response:
        """The signed bytes of a statement, from the own log or a mirror."""
        statement = await run_in_threadpool(self._runner.statement, digest_of(request))
        return Response(statement.raw, media_type=STATEMENT_TYPE, headers={"Cache-Control": IMMUTABLE})

    async def proof(self, request: Request) -> Response:
        """A C2SP tlog-proof."""
        proof = await run_in_threadpool(self._runner.proof, digest_of(request))
        return PlainTextResponse(proof, headers={"Cache-Control": BRIEF})

    async def bundle(self, request: Request) -> Response:
        """The offline bundle, with the files that are here and small enough to send in one answer."""
        size, pieces = await run_in_threadpool(bundle_pieces, self._runner, digest_of(request))
        headers = {
            "Content-Disposition": f'attachment; filename="{request.path_params["digest"][:16]}.haechi"',
            "Content-Length": str(size),
        }
        return StreamingResponse(pieces, media_type=BUNDLE_TYPE, headers=headers)

    async def blob(self, request: Request) -> Response:
        """An evidence file of a statement that anybody may have; PUT sends one that is asked for."""
        return await (self.put_blob(request) if request.method == "PUT" else self.get_blob(request))

    async def put_blob(self, request: Request) -> Response:
        """A file that a registered statement refers to, by digest and size; nothing else is taken."""
        self._runner.take_write(request.scope)
        await receive_blob(request, self._runner, digest_of(request))
        return Response(status_code=201)

    async def get_blob(self, request: Request) -> Response:
        """An evidence file of a statement that anybody may have."""
        path = await run_in_threadpool(self._runner.blob, digest_of(request))
        return FileResponse(
            path,
            media_type="application/octet-stream",
            headers={"Cache-Control": IMMUTABLE, "Content-Disposition": "attachment"},
        )

    async def card(self, _request: Request) -> Response:
        """Who this node says it is; to be trusted it must be pinned by its fingerprint."""
        return Response(self._runner.card.to_json(), media_type="application/json")

    async def policy(self, _request: Request) -> Response:
        """The policy statement in force: who may publish what here."""
        statement = self._node.policies.statement
        if statement is None:
            raise NotFound(what_is=Text("policy", "정책"), name=self._node.config.origin)
        return Response(statement.raw, media_type=STATEMENT_TYPE, headers={"Cache-Control": BRIEF})

    async def own_tile(self, request: Request) -> Response:
        """Checkpoint and tiles of the own log."""
        if request.path_params["path"] == WITNESSED:
            return _witnessed(self._runner.witnessing.cosigned)
        if request.path_params["path"] == HANDOVERS:
            return _handovers(self._runner.handovers(self._node.config.origin))
        return await self._tile(TileSite(self._node.store), request)

    async def mirror_tile(self, request: Request) -> Response:
        """Checkpoint and tiles of a mirrored log."""
        site = self._runner.mirror_site(request.path_params["mirror"])
        peer = self._runner.peers.of(site.store.origin)
        if request.path_params["path"] == WITNESSED:
            return _witnessed(peer.cosigned)
        if request.path_params["path"] == HANDOVERS:
            return _handovers(self._runner.handovers(site.store.origin))
        if request.path_params["path"] == "checkpoint" and (note := peer.checkpoint()) is not None:
            return PlainTextResponse(note, headers={"Cache-Control": BRIEF})
        return await self._tile(site, request)

    async def _tile(self, site: TileSite, request: Request) -> Response:
        try:
            data, media_type, fixed = await run_in_threadpool(serve_tile, site, request.path_params["path"])
        except TilePathMalformed:
            raise HTTPException(404) from None
        return Response(data, media_type=media_type, headers={"Cache-Control": IMMUTABLE if fixed else BRIEF})

    async def health(self, _request: Request) -> Response:
        """200 while the node takes statements, 503 while it stops or can't write."""
        state = self._runner.health()
        return JSONResponse(state, 200 if state["ok"] else 503)

    async def description(self, _request: Request) -> Response:
        """What is offered here, as an OpenAPI document."""
        return Response(document(), media_type="application/json", headers={"Cache-Control": BRIEF})

    async def metrics(self, _request: Request) -> Response:
        """Counters for Prometheus."""
        text = await run_in_threadpool(self._runner.metrics_text)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _witnessed(cosigned: CosignedHead) -> Response:
    """The newest checkpoint that somebody cosigned; the newest of all is at `checkpoint`."""
    held = cosigned.get()
    if held is None:
        raise NotFound(what_is=Text("cosigned checkpoint", "공동 서명된 체크포인트"), name=WITNESSED)
    return PlainTextResponse(held.note, headers={"Cache-Control": BRIEF})


def _handovers(told: Handovers) -> Response:
    """How the log changed its own keys; to be verified by whoever knew the first ones."""
    return Response(told.to_json(), media_type="application/json", headers={"Cache-Control": BRIEF})


def _with_kid(cose_key: bytes, kid: bytes) -> object:
    members = cast("dict[object, object]", cbor.decode(cose_key, where="key", max_bytes=4096))
    return {**members, 2: kid}


def _with_kid_bytes(cose_key: bytes, kid: bytes) -> bytes:
    return cbor.encode(_with_kid(cose_key, kid))
