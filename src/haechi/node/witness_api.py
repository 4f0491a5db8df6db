"""The witness over HTTP: add-checkpoint and the monitoring path (c2sp.org/tlog-witness v1.0.0)."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from haechi.errors import HaechiError, NotFound
from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES
from haechi.network.add_checkpoint import MAX_ADD_BYTES, Inconsistent, LogFrozen, LogUntrusted, OldSizeDiffers
from haechi.network.witnesses import PREFIX
from haechi.node.runner import Runner
from haechi.node.wire import BRIEF, body_of, problem, status_of

SIZE_TYPE = "text/x.tlog.size"
_STATUS: dict[type[HaechiError], int] = {LogUntrusted: 403, LogFrozen: 403, Inconsistent: 422}


class WitnessApi:
    """The routes of a node's witness."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def routes(self) -> list[Route]:
        """Every route, by its template."""
        return [
            Route(f"{PREFIX}/add-checkpoint", self.add_checkpoint, methods=["POST"]),
            Route(f"{PREFIX}/{{log}}/checkpoint", self.checkpoint),
            Route("/checkpoints", self.confront, methods=["POST"]),
            Route("/equivocations/{log}", self.evidence),
        ]

    async def add_checkpoint(self, request: Request) -> Response:
        """200 with cosignature lines; 400, 403, 404, 409 with the size, 422 as the specification has them."""
        runner = self._runner
        try:
            runner.take_write(request.scope)
            body = await body_of(request, MAX_ADD_BYTES, runner.node.config.limits.body_seconds)
            now = int(runner.node.clock())
            lines = await run_in_threadpool(runner.witnessing.witness.add_checkpoint, body, now)
        except OldSizeDiffers as error:
            # No charset: the media type is compared as it stands.
            return Response(f"{error.facts['expected']}\n", 409, headers={"Content-Type": SIZE_TYPE})
        except HaechiError as error:
            response = problem(error)
            response.status_code = _STATUS.get(type(error), status_of(error))
            return response
        return PlainTextResponse(lines)

    async def confront(self, request: Request) -> Response:
        """Compare a checkpoint that somebody kept with what this node holds of that log; the finding."""
        runner = self._runner
        try:
            runner.take_write(request.scope)
            raw = await body_of(request, MAX_CHECKPOINT_BYTES, runner.node.config.limits.body_seconds)
            finding = await run_in_threadpool(runner.accusations.confront, raw)
        except HaechiError as error:
            return problem(error)
        return JSONResponse(finding.as_dict())

    async def evidence(self, request: Request) -> Response:
        """The evidence that a log signed two histories, as a file that verifies offline."""
        name = request.path_params["log"]
        try:
            raw = await run_in_threadpool(self._runner.witnessing.evidence, name)
        except NotFound as error:
            return problem(error)
        headers = {"Content-Disposition": f'attachment; filename="{name[:16]}.fork.json"'}
        return Response(raw, media_type="application/json", headers={"Cache-Control": BRIEF, **headers})

    async def checkpoint(self, request: Request) -> Response:
        """The newest checkpoint of a log that was cosigned here."""
        try:
            note = self._runner.witnessing.witness.checkpoint(request.path_params["log"])
        except NotFound as error:
            return problem(error)
        return PlainTextResponse(note, headers={"Cache-Control": BRIEF})
