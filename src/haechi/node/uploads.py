"""Taking evidence files in: only what a registered statement asks for, streamed, whole or not at all."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from haechi.errors import BadInput, NotFound, TooLarge
from haechi.network.blobs import BlobStore
from haechi.node.runner import Runner
from haechi.node.wire import BodySlow
from haechi.statement.evidence import PIECE_BYTES
from haechi.statement.sealed import MAX_SEALED_BYTES, read_sealed
from haechi.words import Text

_MIN_BYTES_PER_S = 64 * 1024
_SPOOL_BYTES = 1 << 20


async def receive_blob(request: Request, runner: Runner, digest: bytes) -> None:
    """Store the body if a statement that anybody may have refers to it; digest and size must be as signed.

    Raises NotFound when nothing refers to it, UploadsFull, TooLarge, BodySlow, BadInput for other bytes, and
    SealMalformed when it should be encrypted and is not: that file would be served to anybody.
    """
    wanted = await run_in_threadpool(runner.wanted_blob, digest)
    if wanted is None:
        raise NotFound(
            what_is=Text("statement that refers to this file", "이 파일을 언급하는 진술"), name=digest.hex()
        )
    limit = runner.node.config.limits.blob_bytes
    if wanted.encrypted:
        limit = min(limit, MAX_SEALED_BYTES)
    if wanted.size is not None and wanted.size > limit:
        raise TooLarge(what_is=Text("evidence file", "증거 파일"), limit=limit, got=wanted.size)
    store = runner.node.shared.files if wanted.shared else runner.node.blobs
    if store.has(digest):
        return
    folder = store.folder
    most = limit if wanted.size is None else wanted.size
    with (
        runner.upload_room.take(2 * most),  # here, and then in the store
        tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES, dir=str(folder)) as spool,
    ):
        grace_s = runner.node.config.limits.body_seconds
        size = await _receive(request, spool, wanted.size, limit, grace_s)
        if wanted.encrypted:
            await run_in_threadpool(_require_encrypted, cast("BinaryIO", spool))
        spool.seek(0)
        await run_in_threadpool(_keep, store, digest, size, cast("BinaryIO", spool))


async def _receive(
    request: Request,
    spool: "tempfile.SpooledTemporaryFile[bytes]",
    size: int | None,
    limit: int,
    grace_s: float,
) -> int:
    """Copy the body, exactly `size` bytes if that was signed, at no less than 64 KiB/s after a grace time."""
    most = limit if size is None else size
    got = 0
    limit_s = grace_s + most / _MIN_BYTES_PER_S
    try:
        async with asyncio.timeout(limit_s):
            async for piece in request.stream():
                got += len(piece)
                if got > most:
                    raise TooLarge(what_is=Text("evidence file", "증거 파일"), limit=most, got=got)
                await run_in_threadpool(spool.write, piece)
    except TimeoutError:
        raise BodySlow(limit_s=round(limit_s)) from None
    except ClientDisconnect:
        raise BadInput(why="the client went away before the file was complete") from None
    if size is not None and got != size:
        raise BadInput(why=f"the file has {got} bytes, the statement says {size}")
    return got


def _require_encrypted(spool: BinaryIO) -> None:
    spool.seek(0)
    read_sealed(spool.read())


def _keep(store: BlobStore, digest: bytes, size: int, spool: BinaryIO) -> Path:
    return store.put(digest, size, _pieces(spool))


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece
