"""Everything a log stores, held against everything else it stores.

The findings name what is damaged; they repair nothing. A mirror's copy of the same tree gives back damaged
entries and statements, and tiles and digest index follow from the entries.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from operator import lt
from typing import Protocol

from haechi.errors import BadInput
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.checkpoint import check_checkpoint, read_checkpoint
from haechi.log.note import NoteKey
from haechi.log.recount import Damage, Recount, record_sum, recount
from haechi.log.runs import RUN_ENTRIES
from haechi.log.store import Auditable, Head, IndexPart, Published, StoreDamaged
from haechi.log.tiles import TileDamaged, TileTree
from haechi.words import Text

_RECORDS_AT_ONCE = 4096

declare(
    "log.fsck.storage",
    Text("The database file is sound", "데이터베이스 파일 상태"),
    {
        "sound": (
            Verdict.HOLDS,
            Text("the database finds no fault in itself", "데이터베이스에 결함이 없습니다"),
        ),
        "damaged": (
            Verdict.FAILS,
            Text("the database file is damaged: {why}", "데이터베이스 파일이 손상되었습니다: {why}"),
        ),
    },
)
declare(
    "log.fsck.entries",
    Text("The entries are intact", "항목 상태"),
    {
        "sound": (Verdict.HOLDS, Text("{size} entries can be read", "항목 {size}개를 읽을 수 있습니다")),
        "damaged": (
            Verdict.FAILS,
            Text(
                "{count} entry bundles are damaged: {first}", "항목 묶음 {count}개가 손상되었습니다: {first}"
            ),
        ),
    },
)
declare(
    "log.fsck.tiles",
    Text("The tiles follow from the entries", "타일과 항목의 일치"),
    {
        "sound": (
            Verdict.HOLDS,
            Text(
                "every tile follows from the {size} entries",
                "모든 타일이 항목 {size}개에서 다시 계산한 값과 같습니다",
            ),
        ),
        "damaged": (
            Verdict.FAILS,
            Text("{count} tiles are damaged: {first}", "타일 {count}개가 손상되었습니다: {first}"),
        ),
    },
)
declare(
    "log.fsck.root",
    Text("The head follows from the entries", "헤드와 항목의 일치"),
    {
        "agrees": (Verdict.HOLDS, Text("root {root} at size {size}", "크기 {size}, 루트 {root}")),
        "differs": (
            Verdict.FAILS,
            Text(
                "root at size {size}: expected {expected}, got {got}",
                "크기 {size}의 루트: 기대값 {expected}, 계산값 {got}",
            ),
        ),
    },
)
declare(
    "log.fsck.heads",
    Text("The stored head is in the log", "저장된 헤드와 로그의 일치"),
    {
        "agrees": (
            Verdict.HOLDS,
            Text(
                "the log contains the stored head of size {size}",
                "로그가 저장된 헤드(크기 {size})를 포함합니다",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "the log does not contain the stored head of size {size}: expected {expected}, got {got}",
                "로그가 저장된 헤드(크기 {size})를 포함하지 않습니다: 기대값 {expected}, 실제 {got}",
            ),
        ),
    },
)
declare(
    "log.fsck.checkpoint",
    Text("The published checkpoint is in the log", "게시된 체크포인트와 로그의 일치"),
    {
        "covered": (
            Verdict.HOLDS,
            Text(
                "the log contains the checkpoint of size {size}",
                "로그가 크기 {size}의 체크포인트를 포함합니다",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "the log does not contain the checkpoint of size {size}: expected {expected}, got {got}",
                "로그가 크기 {size}의 체크포인트를 포함하지 않습니다: 기대값 {expected}, 실제 {got}",
            ),
        ),
        "none": (Verdict.UNDECIDED, Text("no checkpoint was published", "게시된 체크포인트가 없습니다")),
    },
)
declare(
    "log.fsck.checkpoints",
    Text("The older checkpoints are in the log", "이전 체크포인트와 로그의 일치"),
    {
        "covered": (
            Verdict.HOLDS,
            Text(
                "the log contains the {count} older checkpoints kept, from size {oldest}; {signed} of them "
                "are signed with keys that are known here",
                "로그가 보관된 이전 체크포인트 {count}개(크기 {oldest}부터)를 포함합니다. 그중 {signed}개는 "
                "여기서 아는 키로 서명되었습니다",
            ),
        ),
        "differ": (
            Verdict.FAILS,
            Text(
                "{count} older checkpoints are damaged or not of this log: {first}",
                "이전 체크포인트 {count}개가 손상되었거나 이 로그의 것이 아닙니다: {first}",
            ),
        ),
        "unchecked": (
            Verdict.UNDECIDED,
            Text(
                "{count} older checkpoints cannot be compared while tiles are damaged: {first}",
                "타일이 손상되어 이전 체크포인트 {count}개를 비교할 수 없습니다: {first}",
            ),
        ),
    },
)
declare(
    "log.fsck.statements",
    Text("The statements match their entries", "진술과 항목의 일치"),
    {
        "match": (
            Verdict.HOLDS,
            Text(
                "{held} statements match; {missing} are withdrawn or not held here",
                "진술 {held}개가 항목과 일치합니다. 철회되었거나 이곳에 없는 진술 {missing}개",
            ),
        ),
        "differ": (
            Verdict.FAILS,
            Text(
                "{count} statements do not match their entries: {first}",
                "진술 {count}개가 항목과 일치하지 않습니다: {first}",
            ),
        ),
    },
)
declare(
    "log.fsck.index",
    Text("The digest index is complete", "다이제스트 색인 상태"),
    {
        "complete": (
            Verdict.HOLDS,
            Text("the index knows {size} entries", "색인에 항목 {size}개가 있습니다"),
        ),
        "damaged": (
            Verdict.FAILS,
            Text(
                "the index is wrong for {count} parts: {first}",
                "색인의 {count}개 부분이 잘못되었습니다: {first}",
            ),
        ),
        "unchecked": (
            Verdict.UNDECIDED,
            Text(
                "{count} parts of the index lie over damaged entries: {first}",
                "색인의 {count}개 부분은 항목이 손상되어 확인할 수 없습니다: {first}",
            ),
        ),
    },
)


class Snapshots(Protocol):
    """What `fsck` needs of a store: one unchanging view."""

    @property
    def origin(self) -> str:
        """The log's origin."""
        ...

    def snapshot(self) -> AbstractContextManager[Auditable]:
        """See Store."""
        ...


def _silent(_done: int, _total: int) -> None:
    pass


def fsck(
    store: Snapshots,
    stored: Head | None,
    keys: Sequence[NoteKey],
    progress: Callable[[int, int], None] = _silent,
) -> list[Finding]:
    """One finding for each thing checked, about one state of the log; memory does not grow with it.

    stored: the head store's head (`HeadStore.current` or `headstore.peek`), None for a mirror.
    keys: of the log's checkpoints; with none, the checkpoint's signatures are not checked.
    progress: called with entries done and in all. Raises StoreFailed when the disk does not answer.
    Beside a busy writer the journal grows until this returns.
    """
    findings: list[Finding] = []
    try:
        with store.snapshot() as view:
            faults = list(view.storage_faults())
            if faults:
                findings.append(found("log.fsck.storage.damaged", why="; ".join(faults[:3])))
            counted = recount(view, progress)
            findings += _tree(view, counted)
            findings += _heads(view, stored, counted.head)
            findings += _checkpoint(view, keys, store.origin, counted.head)
            findings += _older_checkpoints(view, keys, store.origin, counted)
            findings.append(_statements(counted))
            findings.append(_index(view, counted))
    except StoreDamaged as error:
        findings.append(found("log.fsck.storage.damaged", why=error.facts["why"]))
    if not any(finding.check == "log.fsck.storage" for finding in findings):
        findings.insert(0, found("log.fsck.storage.sound"))
    return findings


def _tree(view: Auditable, counted: Recount) -> list[Finding]:
    head = view.head()
    findings: list[Finding] = []
    for check, damage in (("log.fsck.entries", counted.entries), ("log.fsck.tiles", counted.tiles)):
        bad = damage.count > 0
        findings.append(
            found(f"{check}.damaged", **_facts(damage)) if bad else found(f"{check}.sound", size=head.size)
        )
    expected, got = head.root.hex(), counted.head.root.hex()
    if got == expected:
        return [*findings, found("log.fsck.root.agrees", size=head.size, root=got)]
    return [*findings, found("log.fsck.root.differs", size=head.size, expected=expected, got=got)]


def _heads(view: Auditable, stored: Head | None, counted: Head) -> list[Finding]:
    if stored is None:
        return []
    expected, got = stored.root.hex(), _root_at(view, stored.size, counted)
    if got == expected:
        return [found("log.fsck.heads.agrees", size=stored.size)]
    return [found("log.fsck.heads.differs", size=stored.size, expected=expected, got=got)]


def _checkpoint(view: Auditable, keys: Sequence[NoteKey], origin: str, counted: Head) -> list[Finding]:
    published = view.published()
    if published is None:
        return [found("log.fsck.checkpoint.none")]
    signed, _ = check_checkpoint(published.note, keys, origin)
    findings = [signed] if keys else []
    try:
        checkpoint, _ = read_checkpoint(published.note)
    except BadInput:
        return [signed]
    expected, got = checkpoint.root.hex(), _root_at(view, checkpoint.size, counted)
    if got == expected:
        return [*findings, found("log.fsck.checkpoint.covered", size=checkpoint.size)]
    differs = found("log.fsck.checkpoint.differs", size=checkpoint.size, expected=expected, got=got)
    return [*findings, differs]


def _older_checkpoints(
    view: Auditable, keys: Sequence[NoteKey], origin: str, counted: Recount
) -> list[Finding]:
    """One finding about every kept checkpoint but the newest; nothing where there is none."""
    older = view.checkpoints()[1:]
    damage, unchecked, signed = Damage(), Damage(), 0
    tree = TileTree(view.tree_tile)
    for kept in older:
        opened, _ = check_checkpoint(kept.note, keys, origin)
        signed += opened.verdict is Verdict.HOLDS
        # A key that was changed since is unknown here, and its checkpoints are none the worse for it.
        wrong = opened.verdict is Verdict.FAILS or kept.size > counted.head.size
        if wrong or not _says(kept, tree):
            fault = wrong or not counted.tiles.count
            (damage if fault else unchecked).add(kept.size)
    if damage.count:
        return [found("log.fsck.checkpoints.differ", **_facts(damage))]
    if unchecked.count:
        return [found("log.fsck.checkpoints.unchecked", **_facts(unchecked))]
    if not older:
        return []
    oldest = older[-1].size
    return [found("log.fsck.checkpoints.covered", count=len(older), oldest=oldest, signed=signed)]


def _says(kept: Published, tree: TileTree) -> bool:
    """Whether the note is a checkpoint of the tree at its size."""
    try:
        checkpoint, _ = read_checkpoint(kept.note)
        return (checkpoint.size, checkpoint.root) == (kept.size, tree.root(kept.size))
    except (BadInput, TileDamaged):
        return False


def _root_at(view: Auditable, size: int, counted: Head) -> str | Text:
    """The root of the first `size` entries in hex, or why there is none."""
    if size > counted.size:
        return Text(f"only {counted.size} entries", f"항목이 {counted.size}개뿐임")
    if size == counted.size:
        return counted.root.hex()
    try:
        return TileTree(view.tree_tile).root(size).hex()
    except TileDamaged as error:
        return str(error)


def _statements(counted: Recount) -> Finding:
    if counted.statements.count:
        return found("log.fsck.statements.differ", **_facts(counted.statements))
    missing = counted.head.size - counted.held
    return found("log.fsck.statements.match", held=counted.held, missing=missing)


def _index(view: Auditable, counted: Recount) -> Finding:
    size = counted.head.size
    damaged, unchecked = Damage(), Damage()
    end = 0
    for part in view.index_parts():
        name = f"{part.first}..{part.first + part.size}"
        ordered, total = _records(part)
        blocks = counted.blocks[part.first // RUN_ENTRIES : (part.first + part.size) // RUN_ENTRIES]
        known = [block for block in blocks if block is not None]
        if part.first != end or part.first + part.size > size or not ordered:
            damaged.add(name)
        elif len(known) < len(blocks):
            unchecked.add(name)
        elif total != sum(known):
            damaged.add(name)
        end = part.first + part.size
    if damaged.count:
        return found("log.fsck.index.damaged", **_facts(damaged))
    if unchecked.count:
        return found("log.fsck.index.unchecked", **_facts(unchecked))
    return found("log.fsck.index.complete", size=size)


def _records(part: IndexPart) -> tuple[bool, int]:
    """Whether the records are in order, and their sum."""
    last, ordered, total = b"", True, 0
    while records := list(islice(part.records, _RECORDS_AT_ONCE)):
        ordered = ordered and all(map(lt, [last, *records], records))
        total += record_sum(records)
        last = records[-1]
    return ordered, total


def _facts(damage: Damage) -> dict[str, object]:
    return {"count": damage.count, "first": ", ".join(damage.first)}
