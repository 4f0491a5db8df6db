"""Marking files on disk, one or a million: atomic, resumable, and with one statement a file or a batch.

    Conflict
    └── OverItself   the target is the source

What belongs to a marked file goes to `<file>.records/`: statement, manifest, key points. A batch writes the
item first (`item.cbor`); the statement over all of them and the proofs come at the end.
"""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol

from haechi.errors import BadInput, Conflict, HaechiError, NotFound
from haechi.facts import Facts, load
from haechi.findings import Finding
from haechi.mark.batch import Built, build_batch, decode_item, encode_item, items_file
from haechi.mark.extra import require
from haechi.mark.fanout import HERE, Spread, each_of
from haechi.mark.file_errors import FILE_BYTES
from haechi.mark.image import Payload
from haechi.mark.image.codec import MOST_FILE_BYTES, FileTooLarge
from haechi.mark.media import TEXT_TYPES, WHAT, Medium, medium_of
from haechi.mark.pipeline import produce, statement_for
from haechi.mark.said import subject_of
from haechi.mark.studio import Studio
from haechi.mark.text.files import read_bytes
from haechi.mark.text.produce import TextFile, produce_text
from haechi.mark.whole import place_whole, sync_folder, write_whole
from haechi.mark.wish import Wish
from haechi.statement.envelope import Statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.content_mark import ContentMark, MarkedItem
from haechi.words import Text

STATEMENT, ITEM, PROOF = "statement.cose", "item.cbor", "item.proof"
ITEMS_TYPE = "application/vnd.haechi.mark-items"


class OverItself(Conflict):
    """A file would be written over its source; facts: path."""

    code = "mark.bulk.over-itself"
    what = Text("{path} would be written over itself", "{path}이(가) 자기 자신을 덮어쓰게 됩니다")
    hint = Text("name another folder with --out", "--out 으로 다른 폴더를 지정하세요")


class Made(Protocol):
    """What marking a file gives, whatever its medium."""

    @property
    def payload(self) -> str:
        """The number that it is looked up by."""
        ...

    @property
    def item(self) -> MarkedItem:
        """What the statement says of it."""
        ...

    @property
    def kept(self) -> dict[str, bytes]:
        """The files to be kept beside the log, by name."""
        ...

    @property
    def left_behind(self) -> tuple[str, ...]:
        """What could not be carried over or written."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Which requirements labels were written for."""
        ...


class MadeInMemory(Made, Protocol):
    """What marking a file that fits into memory gives."""

    @property
    def data(self) -> bytes:
        """The marked file."""
        ...


class MarkedOnDisk(NamedTuple):
    """One marked file: where it and its records are, and what was made."""

    target: Path
    records: Path
    produced: Made
    statement: Statement | None


class Task(NamedTuple):
    """One file to mark."""

    source: Path
    target: Path


def quiet(share: float) -> None:
    """Tell nobody how far it is."""


class Way(NamedTuple):
    """single: a statement for each file, else only its item, for a batch; tick: is told the share of a long
    film that is done.
    """

    single: bool = True
    tick: Callable[[float], None] = quiet


ALONE = Way()


class Outcome(NamedTuple):
    """How a task ended: the item that was marked, or why not; skipped: it had been done before; left: what
    could not be carried over or written.
    """

    task: Task
    item: MarkedItem | None
    error: HaechiError | None
    skipped: bool
    left: tuple[str, ...] = ()


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file; raises NotFound, FileTooLarge."""
    return read_file(path, "image")


def read_file(path: Path, medium: Medium) -> bytes:
    """The bytes of a file of this medium; raises NotFound, FileTooLarge."""
    try:
        size = path.stat().st_size
        if size > MOST_FILE_BYTES:
            raise FileTooLarge(what_is=FILE_BYTES, limit=MOST_FILE_BYTES, got=size)
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=WHAT[medium], name=str(path)) from error


def records_folder(target: Path) -> Path:
    """Where what belongs to a marked file is kept."""
    return target.with_name(f"{target.name}.records")


def mark_one(
    source: Path,
    target: Path,
    studio: Studio,
    wish: Wish,
    now: datetime,
    way: Way = ALONE,
) -> MarkedOnDisk:
    """Mark one file. The records appear before the file, each of the two whole or not at all.

    Raises OverItself, what `produce` and its like for other media raise, NotFound, FileTooLarge and OSError.
    """
    if target.exists() and source.resolve() == target.resolve():
        raise OverItself(path=str(source))
    if medium_of(source) == "video":
        return _mark_video(Task(source, target), studio, wish, now, way)
    made = _produced(source, studio, wish, now)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder, statement = _with_records(made, target, studio, now, single=way.single)
    write_whole(target, made.data)
    return MarkedOnDisk(target, folder, made, statement)


def _mark_video(task: Task, studio: Studio, wish: Wish, now: datetime, way: Way) -> MarkedOnDisk:
    """As `mark_one`, of a film, which is never in memory whole."""
    require("haechi.mark.video.produce")
    from haechi.mark.video.produce import Order, produce_video

    source, target = task
    new = not target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name[:80]}.", dir=target.parent) as room:
            payload = Payload.fresh(studio.maker.namespace)
            order = Order(source, Path(room), source.stem[:120] or "video", wish, payload, now)
            made = produce_video(order, studio, way.tick)
            folder, statement = _with_records(made, target, studio, now, single=way.single)
            place_whole(made.path, target)
    except HaechiError:
        if new:
            with contextlib.suppress(OSError):  # somebody else's file came meanwhile
                target.parent.rmdir()
        raise
    return MarkedOnDisk(target, folder, made, statement)


def _with_records(
    made: Made, target: Path, studio: Studio, now: datetime, *, single: bool
) -> tuple[Path, Statement | None]:
    """The folder of records, put in place, and the statement if there is one."""
    statement = None
    files = dict(made.kept)
    if single:
        claim = ContentMark(item=made.item)
        statement = statement_for(claim, subject_of(made.payload), studio, load(), now)
        files[STATEMENT] = statement.raw
    else:
        files[ITEM] = encode_item(made.item)
    folder = records_folder(target)
    _write_folder(folder, files)
    return folder, statement


def _produced(source: Path, studio: Studio, wish: Wish, now: datetime) -> MadeInMemory:
    payload, medium = Payload.fresh(studio.maker.namespace), medium_of(source)
    title = source.stem[:120] or medium
    if medium == "text":
        text = TextFile(read_bytes(source), title, TEXT_TYPES[source.suffix.lower()])
        return produce_text(text, studio, wish, payload.hex, now)
    if medium == "audio":
        require("haechi.mark.audio.produce")
        from haechi.mark.audio.produce import produce_sound

        return produce_sound(read_file(source, medium), title, studio, wish, payload, now)
    return produce(read_picture(source), title, studio, wish, payload, now)


def mark_many(
    tasks: Iterable[Task],
    studio_folder: Path,
    wish: Wish,
    now: datetime,
    spread: Spread = HERE,
    way: Way = ALONE,
) -> Iterator[Outcome]:
    """Mark many files, in order; an error of one does not stop the others. Finished ones are skipped.

    With Ray every machine has to see the same files. A task is finished when its picture and its records are
    there. How far a film is, is told only where all is done in this process.
    """
    told = way if spread == HERE else way._replace(tick=quiet)
    work = partial(_attempt, studio_folder=studio_folder, wish=wish, now=now, way=told)
    for sent in each_of(work, tasks, spread):
        yield _received(sent)


class LoggedBatch(NamedTuple):
    """A batch on disk: its statement and the file of all its items."""

    statement: Path
    items: Path
    digest: bytes
    size: int


def write_batch(
    outcomes: Sequence[Outcome],
    out: Path,
    studio: Studio,
    facts: Facts,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> LoggedBatch:
    """One statement over all items, and a proof into the records of each; raises BatchEmpty, OSError."""
    done = [(each.task, each.item) for each in outcomes if each.item is not None]
    items = [item for _task, item in done]
    raw = items_file(items)
    digest = hashlib.sha256(raw).digest()
    ref = EvidenceRef(digest=digest, size=len(raw), media_type=ITEMS_TYPE, name="batch.items")
    built: Built = build_batch(items, facts, ref)
    statement = statement_for(built.claim, f"marks:{built.tree.root.hex()[:32]}", studio, facts, now)
    write_whole(out / "batch.items", raw)
    for at, ((task, _item), proof) in enumerate(zip(done, built.proofs(statement.digest), strict=True)):
        write_whole(records_folder(task.target) / PROOF, proof.to_bytes())
        progress(at + 1, len(done))
    write_whole(out / "batch.cose", statement.raw)
    return LoggedBatch(out / "batch.cose", out / "batch.items", statement.digest, built.tree.size)


class _Sent(NamedTuple):
    """An outcome between processes: an error of the tree travels as its class and its facts."""

    outcome: Outcome
    error: type[HaechiError] | None
    facts: dict[str, object]


def _attempt(task: Task, *, studio_folder: Path, wish: Wish, now: datetime, way: Way) -> _Sent:
    before = _finished(task)
    if before is not None:
        return _Sent(Outcome(task, before, None, skipped=True), None, {})
    try:
        made = mark_one(task.source, task.target, _studio(studio_folder), wish, now, way)
    except HaechiError as error:
        return _Sent(Outcome(task, None, None, skipped=False), type(error), error.facts)
    left = made.produced.left_behind
    return _Sent(Outcome(task, made.produced.item, None, skipped=False, left=left), None, {})


@lru_cache(maxsize=1)
def _studio(folder: Path) -> Studio:
    """The maker's keys, read once a process."""
    return Studio.open(folder)


def _received(sent: _Sent) -> Outcome:
    return sent.outcome if sent.error is None else sent.outcome._replace(error=sent.error(**sent.facts))


def _finished(task: Task) -> MarkedItem | None:
    """The item of a task that was finished before, if the picture is the one that was written then."""
    folder = records_folder(task.target)
    try:
        if (folder / ITEM).exists():
            item = decode_item((folder / ITEM).read_bytes(), load())
        else:
            from haechi.statement.claims import claim_of

            claim = claim_of(Statement.from_bytes((folder / STATEMENT).read_bytes()), load())
            item = claim.item if isinstance(claim, ContentMark) else None
        with task.target.open("rb") as file:
            same = item is not None and hashlib.file_digest(file, "sha256").digest() == item.digest
    except (OSError, BadInput):
        return None
    return item if same else None


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Put a folder in place with all its files; what an interrupted run left there is replaced."""
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name[:80]}.", dir=folder.parent))
    try:
        made.chmod(0o755)
        for name, data in files.items():
            write_whole(made / name, data)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        raise
    sync_folder(folder.parent)
