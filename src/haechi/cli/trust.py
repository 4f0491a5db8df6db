"""`haechi trust`: agree on a trust list, take one from a root you were given, and see what it says."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli import trust_make
from haechi.cli.files import read_file
from haechi.cli.options import Json, TrustFile, tr
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.cli.trust_show import show_changes, show_list, show_signers
from haechi.errors import HaechiError
from haechi.findings import Finding, overall
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.trust.listing import TrustList
    from haechi.network.trust.metadata import Fetch, Verified

app = typer.Typer(
    name="trust",
    no_args_is_help=True,
    help=tr(
        "Agree on a trust list, take one, and see what it says.", "신뢰 목록을 함께 만들고, 받고, 봅니다."
    ),
)
trust_make.register(app)

_Source = Annotated[
    str,
    typer.Option(
        "--from",
        help=tr(
            "folder of a repository, address of a node, or a trust list in one file",
            "저장소 폴더, 노드 주소, 또는 파일 하나로 된 신뢰 목록",
        ),
    ),
]
_MAX_ROOT = 512 * 1024


def trust_path(trust: Path | None) -> Path:
    """The file of the trust list that is meant: the one named, else the node's in this folder, else yours."""
    from haechi.cli.key import keys_folder
    from haechi.cli.verification import TRUST, trust_file
    from haechi.node.config import FILE

    if trust is not None:
        return trust_file(trust)
    return Path(TRUST) if Path(FILE).exists() else keys_folder(None).parent / TRUST


@app.command(
    "install",
    help=tr(
        "Take a trust list for the first time, from the root that you were given.",
        "직접 받은 루트로 신뢰 목록을 처음 설치합니다.",
    ),
)
def install(
    root: Annotated[
        Path, typer.Option("--root", help=tr("root.json as you were given it", "받은 root.json"))
    ],
    fingerprint: Annotated[
        str,
        typer.Option(
            "--fingerprint",
            "-f",
            help=tr("of the root, as you were told over another channel", "다른 경로로 들은 루트의 지문"),
        ),
    ],
    source: _Source,
    trust: TrustFile = None,
    json: Json = False,
) -> None:
    """Verify the newest list from the given root, and keep it. The root itself is never fetched."""
    from haechi.network.trust import package
    from haechi.network.trust.metadata import require_root, update

    path = trust_path(trust)
    given = read_file(root, _MAX_ROOT, Text("root", "루트"))
    require_root(given, fingerprint)
    held = package.load(path)
    verified = update(given, None if held is None else held.held, fetch_from(source), datetime.now(UTC))
    logged = _logged(path, held, verified)  # before it is in use: no version may count and not be logged
    package.save(path, verified.held)
    _installed(Out(json), verified, path, logged)


@app.command(
    "update",
    help=tr("Take a newer version of the installed list.", "설치된 목록의 새 판을 받습니다."),
)
def update_(source: _Source, trust: TrustFile = None, json: Json = False) -> None:
    """Verify what is offered against what is held; nothing older, frozen or mixed replaces it."""
    from haechi.network.trust import package
    from haechi.network.trust.errors import NotBootstrapped
    from haechi.network.trust.metadata import update

    path = trust_path(trust)
    held = package.load(path)
    if held is None:
        raise NotBootstrapped(where=str(path))
    verified = update(held.held.roots[0], held.held, fetch_from(source), datetime.now(UTC))
    out, logged = Out(json), _logged(path, held, verified)
    package.save(path, verified.held)
    if not out.json:
        show_changes(out, held.trust_list, verified.trust_list)
        if held.root.version != verified.root.version:
            show_signers(out, verified)
    _installed(out, verified, path, logged)


@app.command(
    "verify",
    help=tr(
        "Verify a trust list from the root you were given, without installing it.",
        "받은 루트로 신뢰 목록을 검증만 하고 설치하지 않습니다.",
    ),
)
def verify_(
    source: _Source,
    root: Annotated[
        Path, typer.Option("--root", help=tr("root.json as you were given it", "받은 root.json"))
    ],
    json: Json = False,
) -> None:
    """Exit 0 HOLDS, 1 FAILS (with the refusal's code), 3 UNDECIDED (expired)."""
    from haechi.network.trust.metadata import update
    from haechi.network.trust.view import check_list
    from haechi.statement.sentence import reason_of

    out, now = Out(json), datetime.now(UTC)
    given = read_file(root, _MAX_ROOT, Text("root", "루트"))
    fetch = fetch_from(source)
    try:
        finding = check_list(update(given, None, fetch, now), now)
    except HaechiError as error:
        if not error.code.startswith("network.trust."):
            raise
        finding = _refused(error.code, reason_of(error))
    out.data([finding.as_dict(out.lang)])
    out.findings([finding])
    raise typer.Exit(EXIT_BY_VERDICT[overall([finding])])


@app.command(
    "inspect", help=tr("Show a trust list: who is in it, with which keys.", "신뢰 목록의 내용을 봅니다.")
)
def inspect(
    trust: TrustFile = None,
    source: Annotated[
        str, typer.Option("--file", help=tr("a list that nobody signed yet", "아직 서명되지 않은 목록 파일"))
    ] = "",
    json: Json = False,
) -> None:
    """The installed list (verified again), or the content of a list file."""
    from haechi.cli.files import FileAbsent
    from haechi.network.trust import package
    from haechi.network.trust.view import check_list

    out = Out(json)
    if source:
        show_list(out, _read_list(Path(source)), None)
        return
    path = trust_path(trust)
    verified = package.load(path)
    if verified is None:
        raise FileAbsent(what_is=Text("trust list", "신뢰 목록"), name=str(path))
    show_list(out, verified.trust_list, verified)
    out.findings([check_list(verified, datetime.now(UTC))])


@app.command("diff", help=tr("Show what changes from one list to another.", "두 목록의 차이를 봅니다."))
def diff(
    old: Annotated[Path, typer.Argument(help=tr("trust list or list file", "신뢰 목록 또는 목록 파일"))],
    new: Annotated[Path, typer.Argument(help=tr("the other one", "다른 하나"))],
    json: Json = False,
) -> None:
    """Every organisation, log, cosigner and key that comes, changes or goes out of use."""
    show_changes(Out(json), _read_list(old), _read_list(new))


def _read_list(path: Path) -> "TrustList":
    """A list file, or the list inside a package or a repository folder."""
    from haechi.network.trust import package
    from haechi.network.trust.listing import MAX_LIST_BYTES, TrustList

    if path.is_dir():
        return trust_make.published(path).trust_list
    raw = read_file(path, max(MAX_LIST_BYTES, package.MAX_PACKAGE_BYTES), Text("trust list", "신뢰 목록"))
    if b'"haechi.trust-held/' in raw[:200]:
        from haechi.network.trust.metadata import verify

        return verify(package.from_bytes(raw, str(path))).trust_list
    return TrustList.from_json(raw)


def fetch_from(source: str) -> "Fetch":
    """The repository that is meant: a folder, one file, or a node that serves its list at /trust/."""
    from haechi.network.client import PeerClient, PeerLacks
    from haechi.network.trust import package
    from haechi.network.trust.metadata import verify

    if source.startswith(("http://", "https://")):
        client = PeerClient(source)

        def fetch(name: str, limit: int) -> bytes | None:
            try:
                return client.fetch(f"/trust/{name}", limit)
            except PeerLacks:
                return None

        return fetch
    path = Path(source)
    if path.is_dir():
        return package.from_folder(path)
    raw = read_file(path, package.MAX_PACKAGE_BYTES, Text("trust list", "신뢰 목록"))
    return package.from_files(package.files_of(verify(package.from_bytes(raw, source))))


def _refused(code: str, why: object) -> Finding:
    from haechi.findings import found

    return found("network.list.refused", why=why, refusal=code)


def _logged(path: Path, held: "Verified | None", verified: "Verified") -> str | None:
    """The statement by which a node says which version it goes by; None for a reader, or when it said so."""
    from haechi.cli.key import passphrase
    from haechi.node.config import FILE

    same = (
        held is not None
        and held.held.targets == verified.held.targets
        and held.held.roots == verified.held.roots
    )
    if same or not (path.parent / FILE).exists():
        return None
    from haechi.node.trustlog import log_version

    return log_version(path.parent, verified, passphrase())


def _installed(out: Out, verified: "Verified", path: Path, logged: str | None) -> None:
    name = verified.trust_list.name
    out.data(
        {
            "file": str(path),
            "version": verified.targets.version,
            "root": verified.root.version,
            "expires": verified.expires.isoformat(),
            "organisations": len(verified.trust_list.organisations),
            "nodes": len(verified.trust_list.nodes),
            "logged": logged,
        }
    )
    if logged is not None:
        out.say(Text("logged as statement {digest}", "진술로 기록됨: {digest}"), digest=logged)
    out.say(
        Text(
            "{name}: version {version} under root {root} is in use ({path})",
            "{name}: 루트 {root}판 아래 {version}판을 사용합니다 ({path})",
        ),
        name=Text(name.en, name.ko).say(out.lang),
        version=verified.targets.version,
        root=verified.root.version,
        path=str(path),
    )
