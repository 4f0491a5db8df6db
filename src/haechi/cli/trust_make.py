"""The verbs of `haechi trust` that make a list: draft, sign on a machine of your own, merge, publish.

A repository is a folder: published files that any web server can serve, and `draft/` with what is being
agreed on. The folder may travel on a stick; copies with different signatures merge.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from haechi.cli.files import read_file
from haechi.cli.key import passphrase, resolve_key
from haechi.cli.options import Json, Keys, tr
from haechi.cli.out import Out, locale_lang
from haechi.cli.trust_list import add, end
from haechi.errors import BadInput
from haechi.words import Text

if TYPE_CHECKING:
    from tuf.api.metadata import Root  # pyright: ignore[reportPrivateImportUsage]  # documented there

    from haechi.network.trust.ceremony import Progress, Signers
    from haechi.network.trust.listing import TrustList
    from haechi.network.trust.metadata import RoleName, Verified
    from haechi.statement.keys import PublicKey, SigningKey

DRAFT = "draft"
_MAX_BYTES = 16 << 20
_Repository = Annotated[Path, typer.Argument(help=tr("folder of the repository", "저장소 폴더"))]
_List = Annotated[
    Path, typer.Option("--list", help=tr("the list as JSON (see the how-to)", "목록 JSON 파일"))
]
_Signer = Annotated[
    list[str],
    typer.Option(
        "--signer",
        help=tr(
            "public key of a signer (COSE key in hex, or a key file); repeat",
            "서명자의 공개 키 (COSE 키 16진수 또는 키 파일). 반복",
        ),
    ),
]
_Online = Annotated[
    list[str],
    typer.Option(
        "--online",
        help=tr(
            "public key that may say which version is newest; repeat", "최신 판을 알리는 온라인 공개 키. 반복"
        ),
    ),
]
_Threshold = Annotated[
    int, typer.Option("--threshold", min=1, help=tr("how many signers are needed", "필요한 서명자 수"))
]
_Days = Annotated[
    int, typer.Option("--days", min=1, max=3660, help=tr("days until it expires", "유효 기간(일)"))
]
_Key = Annotated[str, typer.Option("--key", "-k", help=tr("your key: name or file", "내 키: 이름 또는 파일"))]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, command, words in (
        (
            "add",
            add,
            Text("Add a node to a list file, from its card.", "노드 카드로 목록 파일에 노드를 추가합니다."),
        ),
        (
            "end",
            end,
            Text(
                "Write into a list file where a key's use ends.",
                "키의 쓰임이 끝나는 위치를 목록 파일에 적습니다.",
            ),
        ),
        (
            "create",
            create,
            Text("Draft the first version of a trust list.", "신뢰 목록의 첫 판 초안을 만듭니다."),
        ),
        ("propose", propose, Text("Draft a new version of the list.", "목록의 새 판 초안을 만듭니다.")),
        ("rotate", rotate, Text("Draft a root with other signers.", "서명자를 바꾸는 루트 초안을 만듭니다.")),
        (
            "sign",
            sign,
            Text("Sign the draft; works without a network.", "초안에 서명합니다. 네트워크가 필요 없습니다."),
        ),
        (
            "merge",
            merge,
            Text("Bring signatures of another copy into the draft.", "다른 사본의 서명을 초안에 합칩니다."),
        ),
        (
            "status",
            status,
            Text("Show who signed the draft and who is missing.", "누가 서명했고 누가 남았는지 봅니다."),
        ),
        (
            "publish",
            publish,
            Text("Publish the draft once enough have signed.", "충분히 서명된 초안을 게시합니다."),
        ),
        (
            "refresh",
            refresh,
            Text(
                "Say again that the published version is the newest.", "게시된 판이 최신임을 다시 알립니다."
            ),
        ),
    ):
        app.command(name, help=words.say(locale_lang()))(command)


def create(
    repository: _Repository,
    listed: _List,
    signer: _Signer,
    threshold: _Threshold,
    online: _Online,
    days: _Days = 365,
    json: Json = False,
) -> None:
    """The first root and the first list, both to be signed by the threshold."""
    from haechi.network.trust import ceremony

    signers = _signers(signer, threshold, online)
    trust_list, expires = _list(listed), _expiry(days)
    _write_draft(
        repository,
        root=ceremony.draft_root(None, signers, expires),
        targets=ceremony.draft_targets(None, trust_list, expires),
        nodes=trust_list.to_json(),
    )
    _tell(Out(json), repository)


def propose(repository: _Repository, listed: _List, days: _Days = 365, json: Json = False) -> None:
    """A new list under the same signers; it must say all that the one before does."""
    from haechi.network.trust import ceremony
    from haechi.network.trust.listing import require_grown

    before, trust_list = published(repository), _list(listed)
    require_grown(before.trust_list, trust_list)
    targets = ceremony.draft_targets(before.targets, trust_list, _expiry(days))
    _write_draft(repository, targets=targets, nodes=trust_list.to_json())
    _tell(Out(json), repository)


def rotate(
    repository: _Repository,
    signer: _Signer,
    threshold: _Threshold,
    online: _Online,
    days: _Days = 365,
    json: Json = False,
) -> None:
    """Other signers, another threshold or other online keys: signed by the old and by the new ones."""
    from haechi.network.trust import ceremony

    before, expires = published(repository), _expiry(days)
    root = ceremony.draft_root(before.root, _signers(signer, threshold, online), expires)
    # The new signers sign the list anew, for the old signatures no longer count.
    targets = ceremony.draft_targets(before.targets, before.trust_list, expires)
    _write_draft(repository, root=root, targets=targets, nodes=before.held.listed)
    _tell(Out(json), repository)


def sign(repository: _Repository, key: _Key, keys: Keys = None, json: Json = False) -> None:
    """Add your signature to every part of the draft that your key may sign."""
    from haechi.network.trust import ceremony
    from haechi.network.trust.errors import ForeignKey
    from haechi.statement.keyring import load_key

    signing = load_key(resolve_key(key, keys), passphrase())
    draft, done, refusal = _Draft(repository), list["RoleName"](), None
    for role in draft.roles():
        try:
            raw = ceremony.sign(role, draft.read(role), signing, draft.roots_for(role))
        except ForeignKey as error:
            refusal = error
            continue
        draft.write(role, raw)
        done.append(role)
    if not done and refusal is not None:
        raise refusal
    _tell(Out(json), repository)


def merge(
    repository: _Repository,
    other: Annotated[Path, typer.Argument(help=tr("the other copy of the folder", "폴더의 다른 사본"))],
    json: Json = False,
) -> None:
    """Signatures from both copies of one draft."""
    from haechi.network.trust import ceremony

    draft, theirs = _Draft(repository), _Draft(other)
    for role in draft.roles():
        draft.write(role, ceremony.merge(role, draft.read(role), theirs.read(role)))
    _tell(Out(json), repository)


def status(repository: _Repository, json: Json = False) -> None:
    """How far each threshold of the draft is; with no draft, what is published and who signed it."""
    from haechi.network.trust import package

    if not (repository / DRAFT).exists() and package.held_in(repository) is not None:
        from haechi.cli.trust_show import show_published

        show_published(Out(json), published(repository))
    else:
        _tell(Out(json), repository)


def publish(
    repository: _Repository, key: _Key, keys: Keys = None, days: _Days = 7, json: Json = False
) -> None:
    """Verify the draft and put it beside the published files, with a snapshot and a timestamp."""
    from haechi.network.trust import ceremony
    from haechi.network.trust.ceremony import Parts

    draft = _Draft(repository)
    before = draft.before
    roots = () if before is None else before.held.roots
    if "root" in draft.roles():
        roots = (*roots, draft.read("root"))
    parts = Parts(roots, draft.read("targets"), draft.read_list())
    verified = ceremony.publish(parts, before, _online_key(key, keys), _expiry(days))
    _keep(repository, verified)
    draft.clear()
    _told_published(Out(json), repository, verified)


def refresh(
    repository: _Repository, key: _Key, keys: Keys = None, days: _Days = 7, json: Json = False
) -> None:
    """The published version with a newer date: whoever reads it knows that nothing newer is held back."""
    from haechi.network.trust import ceremony
    from haechi.network.trust.ceremony import Parts

    before = published(repository)
    parts = Parts(before.held.roots, before.held.targets, before.held.listed)
    verified = ceremony.publish(parts, before, _online_key(key, keys), _expiry(days))
    _keep(repository, verified)
    _told_published(Out(json), repository, verified)


def published(repository: Path) -> "Verified":
    """The version in the folder, verified from its first root, however old; raises NotBootstrapped."""
    from haechi.network.trust import package
    from haechi.network.trust.errors import NotBootstrapped
    from haechi.network.trust.metadata import verify

    held = package.held_in(repository)
    if held is None:
        raise NotBootstrapped(where=str(repository))
    return verify(held)


class _Draft:
    """The files being agreed on, in `draft/`."""

    def __init__(self, repository: Path) -> None:
        from haechi.network.trust import package
        from haechi.network.trust.ceremony import NothingDrafted
        from haechi.network.trust.metadata import verify

        self._folder = repository / DRAFT
        if not (self._folder / "targets.json").exists():
            raise NothingDrafted(where=str(self._folder))
        held = package.held_in(repository)
        self.before = None if held is None else verify(held)

    def roles(self) -> "list[RoleName]":
        """What is drafted."""
        names: tuple[RoleName, ...] = ("root", "targets")
        return [role for role in names if (self._folder / f"{role}.json").exists()]

    def read(self, role: "RoleName") -> bytes:
        """The drafted metadata."""
        return read_file(self._folder / f"{role}.json", _MAX_BYTES, Text("draft", "초안"))

    def read_list(self) -> bytes:
        """The list that the draft is about."""
        return read_file(self._folder / "nodes.json", _MAX_BYTES, Text("draft", "초안"))

    def write(self, role: "RoleName", raw: bytes) -> None:
        """Put the metadata back with more signatures."""
        from haechi.cli.files import write_file

        write_file(self._folder / f"{role}.json", raw)

    def roots_for(self, role: "RoleName") -> "list[Root]":
        """The roots whose thresholds this part must reach."""
        from haechi.network.trust import ceremony
        from haechi.network.trust.metadata import read

        drafted = None
        if "root" in self.roles():
            drafted = cast("Root", read("root", self.read("root")).signed)
        before = None if self.before is None else self.before.root
        return ceremony.roots_for(role, self.read(role), before, drafted)

    def progress(self) -> "list[Progress]":
        """How far each threshold is."""
        from haechi.network.trust import ceremony

        return [
            told
            for role in self.roles()
            for told in ceremony.progress(role, self.read(role), self.roots_for(role))
        ]

    def clear(self) -> None:
        """The draft was published."""
        for name in ("root.json", "targets.json", "nodes.json"):
            (self._folder / name).unlink(missing_ok=True)
        self._folder.rmdir()


def _write_draft(repository: Path, *, targets: bytes, nodes: bytes, root: bytes | None = None) -> None:
    from haechi.cli.files import write_file

    folder = repository / DRAFT
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.json").unlink(missing_ok=True)
    if root is not None:
        write_file(folder / "root.json", root)
    write_file(folder / "nodes.json", nodes)
    write_file(folder / "targets.json", targets)


def _keep(repository: Path, verified: "Verified") -> None:
    """The files in an order that no reader can catch half-done: the timestamp names them, and comes last."""
    from haechi.cli.files import write_file
    from haechi.network.trust import package

    files = package.files_of(verified)
    (repository / "targets").mkdir(parents=True, exist_ok=True)
    for name, raw in sorted(files.items(), key=lambda item: item[0] == "timestamp.json"):
        if not (repository / name).exists() or name == "timestamp.json":
            write_file(repository / name, raw)


def _signers(signer: Sequence[str], threshold: int, online: Sequence[str]) -> "Signers":
    from haechi.network.trust.ceremony import Signers

    return Signers([_public(one) for one in signer], threshold, [_public(one) for one in online])


def _public(text: str) -> "PublicKey":
    """A public key: COSE_Key in hex as `haechi key show` prints it, or the file of a key of one's own."""
    from haechi.statement.keyring import load_key
    from haechi.statement.keys import PublicKey

    if Path(text).exists():
        return load_key(Path(text), passphrase()).public
    try:
        return PublicKey.from_cose(bytes.fromhex(text))
    except ValueError:
        why = Text(
            f"neither a key file nor a COSE key in hex: {text[:60]}",
            f"키 파일도 16진수 COSE 키도 아님: {text[:60]}",
        )
        raise BadInput(why=why) from None


def _online_key(key: str, keys: Path | None) -> "SigningKey":
    from haechi.statement.keyring import load_key

    return load_key(resolve_key(key, keys), passphrase())


def _list(path: Path) -> "TrustList":
    from haechi.network.trust.listing import MAX_LIST_BYTES, TrustList

    return TrustList.from_json(read_file(path, MAX_LIST_BYTES, Text("trust list", "신뢰 목록")))


def _expiry(days: int) -> datetime:
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)


def _tell(out: Out, repository: Path) -> None:
    draft = _Draft(repository)
    told = draft.progress()
    out.data(
        {
            "draft": str(repository / DRAFT),
            "complete": all(one.complete for one in told),
            "parts": [{**one._asdict(), "complete": one.complete} for one in told],
        }
    )
    for one in told:
        out.pairs(
            tr(f"{one.role} (by {one.by})", f"{one.role} ({one.by} 기준)"),
            [
                (tr("signed", "서명함"), "\n".join(one.signed) or "-"),
                (tr("may sign", "남은 서명자"), "\n".join(one.missing) or "-"),
                (tr("needed", "필요"), f"{len(one.signed)}/{one.need}"),
            ],
        )


def _told_published(out: Out, repository: Path, verified: "Verified") -> None:
    from haechi.network.trust.metadata import fingerprint

    first = fingerprint(verified.held.roots[0])
    out.data(
        {
            "repository": str(repository),
            "version": verified.targets.version,
            "root": verified.root.version,
            "first_root": first,
            "digest": verified.trust_list.digest().hex(),
            "expires": verified.expires.isoformat(),
        }
    )
    out.say(
        Text(
            "version {version} under root {root} published in {where}; tell others the fingerprint of the "
            "first root over another channel: {first}",
            "루트 {root}판 아래 {version}판을 {where}에 게시했습니다. 첫 루트의 지문을 다른 경로로 알리세요: "
            "{first}",
        ),
        version=verified.targets.version,
        root=verified.root.version,
        where=str(repository),
        first=first,
    )
