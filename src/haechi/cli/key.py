"""`haechi key`: make, list and show keys for signing and for encryption."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Folder, Json, Keys, tr
from haechi.cli.out import Out
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.node.turnover import Ending
    from haechi.statement.seal_keys import Recipient

app = typer.Typer(
    name="key", no_args_is_help=True, help=tr("Make, list and show keys.", "키를 만들고 봅니다.")
)

Reason = Annotated[
    tuple[str, str], typer.Option("--reason", help=tr("in English and Korean", "이유 (영어, 한국어)"))
]
LogKeys = Annotated[
    bool,
    typer.Option(
        "--log",
        help=tr(
            "the log's own keys: of its checkpoints and receipts", "로그 자체의 키: 체크포인트와 영수증의 키"
        ),
    ),
]
PASSPHRASE = "HAECHI_PASSPHRASE"  # noqa: S105  # the variable's name, not what it holds


def keys_folder(given: Path | None) -> Path:
    """The folder named on the command line, else the user's own."""
    if given is not None:
        return given
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "haechi" / "keys"


def passphrase() -> bytes | None:
    """The passphrase from the environment; never from the command line, where others can read it."""
    value = os.environ.get(PASSPHRASE)
    return value.encode() if value else None


@app.command(
    "new",
    help=tr("Make a key that only you can read.", "본인만 읽을 수 있는 키를 만듭니다."),
)
def new(
    name: Annotated[str, typer.Argument(help=tr("name of the key", "키 이름"))],
    keys: Keys = None,
    family: Annotated[
        str,
        typer.Option(
            "--family",
            help=tr("Ed25519, ES256, ML-DSA-44 or ML-DSA-65", "Ed25519, ES256, ML-DSA-44, ML-DSA-65 중 하나"),
        ),
    ] = "Ed25519",
    purpose: Annotated[
        str,
        typer.Option("--for", help=tr("signing or encryption", "용도: signing(서명), encryption(암호화)")),
    ] = "signing",
    ask: Annotated[
        bool, typer.Option("--passphrase", help=tr("ask for a passphrase", "암호 문구를 물어봄"))
    ] = False,
    json: Json = False,
) -> None:
    """Make a key and write it to the folder; keys are never overwritten."""
    from haechi.statement.keyring import save_key
    from haechi.statement.keys import Family, KeyMalformed, SigningKey

    out = Out(json)
    if purpose not in ("signing", "encryption"):
        why = Text("--for is signing or encryption", "--for 는 signing 또는 encryption")
        raise WronglyUsed(why=why, command="haechi key new")
    if family not in list(Family):
        known = ", ".join(Family)
        why = Text(
            f"no key family {family!r}; there are {known}", f"{family!r} 키 종류는 없음. 있는 것: {known}"
        )
        raise KeyMalformed(why=why)
    secret = passphrase()
    if ask:
        question = tr("Passphrase", "암호 문구")
        # On standard error, so that --json stays the only thing on standard output.
        secret = typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True).encode()
    if purpose == "encryption":
        _new_encryption(out, name, keys_folder(keys), secret)
        return
    key = SigningKey.generate(Family(family))
    path = save_key(keys_folder(keys), name, key, secret)
    thumbprint = key.public.thumbprint.hex()
    out.data(
        {
            "name": name,
            "path": str(path),
            "family": family,
            "thumbprint": thumbprint,
            "encrypted": bool(secret),
        }
    )
    out.say(Text("{family} key made: {path}", "{family} 키를 만들었습니다: {path}"), family=family, path=path)
    out.say(Text("thumbprint {print}", "지문 {print}"), print=thumbprint)


def _new_encryption(out: Out, name: str, folder: Path, secret: bytes | None) -> None:
    from haechi.statement.keyring import save_key
    from haechi.statement.seal_keys import SealKey

    key = SealKey.generate()
    path = save_key(folder, name, key, secret)
    told = {"name": name, "path": str(path), "family": "X25519", "recipient": key.public.text}
    out.data({**told, "encrypted": bool(secret)})
    out.say(Text("encryption key made: {path}", "암호화 키를 만들었습니다: {path}"), path=path)
    out.say(Text("others encrypt to {key}", "다른 곳에서 암호화할 때 쓸 키: {key}"), key=key.public.text)


@app.command(
    "module",
    help=tr(
        "Use a key in a hardware module (PKCS #11); the PIN comes from HAECHI_PIN.",
        "하드웨어 모듈(PKCS #11)의 키를 씁니다. PIN은 HAECHI_PIN 에서 읽습니다.",
    ),
)
def module(
    name: Annotated[str, typer.Argument(help=tr("name of the key", "키 이름"))],
    library: Annotated[
        Path, typer.Option("--module", help=tr("the module's library (.so)", "모듈 라이브러리 (.so)"))
    ],
    token: Annotated[str, typer.Option("--token", help=tr("label of the token", "토큰 이름"))],
    label: Annotated[str, typer.Option("--label", help=tr("label of the key in it", "토큰 안의 키 이름"))],
    keys: Keys = None,
    family: Annotated[
        str, typer.Option("--family", help=tr("Ed25519 or ES256", "Ed25519 또는 ES256"))
    ] = "Ed25519",
    make: Annotated[
        bool, typer.Option("--make", help=tr("make the key in the module", "모듈 안에 키를 만듦"))
    ] = False,
    json: Json = False,
) -> None:
    """Write down where the key is, once it was opened and signed with; nothing secret is written."""
    from haechi.statement.hsm import ModuleKey
    from haechi.statement.keyring import save_module_key
    from haechi.statement.keys import Family, KeyMalformed

    if family not in ("Ed25519", "ES256"):
        why = Text("a module holds Ed25519 or ES256 keys", "모듈의 키는 Ed25519 또는 ES256임")
        raise KeyMalformed(why=why)
    where = ModuleKey(module=str(library), token=token, label=label, family=family)
    if make:
        where.make()
    key = where.open(library)
    proof = key.sign(b"haechi")
    if not key.public.verifies(key.alg, proof, b"haechi"):
        raise KeyMalformed(
            why=Text(f"it does not sign as {Family(family)}", f"{Family(family)} 서명이 되지 않음")
        )
    path = save_module_key(keys_folder(keys), name, where)
    thumbprint = key.public.thumbprint.hex()
    out = Out(json)
    out.data({"name": name, "path": str(path), "family": family, "thumbprint": thumbprint})
    out.say(
        Text("{family} key in {token}: {path}", "{token}의 {family} 키: {path}"),
        family=family,
        token=token,
        path=str(path),
    )
    out.say(Text("thumbprint {print}", "지문 {print}"), print=thumbprint)


@app.command(
    "rotate",
    help=tr(
        "Give a stopped node a fresh issuer key, or its log fresh keys; the log says so.",
        "멈춘 노드의 발행자 키나 로그의 키를 새로 바꾸고 로그에 기록합니다.",
    ),
)
def rotate(reason: Reason, folder: Folder = Path(), log: LogKeys = False, json: Json = False) -> None:
    """An ordinary change: what the old key signed stays good. May be run again after a stop."""
    (_change_log_keys if log else _turn_over)(folder, reason, None, Out(json))


@app.command(
    "retire",
    help=tr(
        "After rotate --log: the log's former keys sign along no longer.",
        "rotate --log 뒤에, 로그의 이전 키가 더는 함께 서명하지 않게 합니다.",
    ),
)
def retire(reason: Reason, folder: Folder = Path(), json: Json = False) -> None:
    """Do it once peers and the trust list have the new keys: whoever follows by then needs the handover."""
    from haechi.node.logkeys import end_overlap

    done = end_overlap(folder, _ending(reason, None), passphrase())
    out = Out(json)
    out.data(done._asdict())
    out.pairs(
        str(folder),
        [
            (tr("logged", "기록됨"), done.event),
            (tr("old keys kept as", "옛 키 보관 이름"), "\n".join(done.kept)),
        ],
    )


@app.command(
    "revoke",
    help=tr(
        "The same after a theft: what was signed since is in doubt.",
        "도난 뒤의 교체: 그 뒤에 서명된 것은 의심 대상이 됩니다.",
    ),
)
def revoke(
    stolen_from: Annotated[
        int,
        typer.Option(
            "--from", min=0, help=tr("first entry that may be a thief's", "도둑의 것일 수 있는 첫 항목")
        ),
    ],
    reason: Reason,
    folder: Folder = Path(),
    log: LogKeys = False,
    json: Json = False,
) -> None:
    """From the next entry on the old key fails; what an issuer key signed since --from is undecided."""
    (_change_log_keys if log else _turn_over)(folder, reason, stolen_from, Out(json))


def _turn_over(folder: Path, reason: tuple[str, str], stolen_from: int | None, out: Out) -> None:
    from haechi.node.turnover import turn_over

    done = turn_over(folder, _ending(reason, stolen_from), passphrase())
    out.data(done._asdict())
    out.pairs(
        str(folder),
        [
            (tr("old key", "옛 키"), done.old),
            (tr("new key", "새 키"), done.new),
            (tr("logged", "기록됨"), "\n".join(done.events)),
            (tr("old key kept as", "옛 키 보관 이름"), done.kept),
            (tr("card's fingerprint", "카드 지문"), done.fingerprint),
        ],
    )
    out.say(
        Text(
            "Tell peers the new fingerprint, and have the trust list say the same (haechi trust end).",
            "피어에게 새 지문을 알리고, 신뢰 목록에도 반영하세요 (haechi trust end).",
        )
    )


def _change_log_keys(folder: Path, reason: tuple[str, str], stolen_from: int | None, out: Out) -> None:
    from haechi.node.logkeys import change_log_keys

    done = change_log_keys(folder, _ending(reason, stolen_from), passphrase())
    out.data(done._asdict())
    out.pairs(
        str(folder),
        [
            (tr("old keys", "옛 키"), "\n".join(map(_key_hash, done.old))),
            (tr("new keys", "새 키"), "\n".join(map(_key_hash, done.new))),
            (tr("old keys end at", "옛 키가 끝나는 크기"), str(done.until)),
            (tr("logged", "기록됨"), done.event),
            (tr("card's fingerprint", "카드 지문"), done.fingerprint),
        ],
    )
    if done.overlap:
        out.say(
            Text(
                "Both sign for now. Peers follow by themselves; end it with haechi key retire.",
                "당분간 두 키가 함께 서명하며 피어는 스스로 따라옵니다. 끝낼 때는 haechi key retire.",
            )
        )
    else:
        out.say(
            Text(
                "Tell peers the new fingerprint over another channel.",
                "다른 경로로 피어에게 새 지문을 알리세요.",
            )
        )


def _key_hash(vkey: str) -> str:
    """Name and key hash; the base64 after them may hold a + too."""
    return "+".join(vkey.split("+", 2)[:2])


def _ending(reason: tuple[str, str], stolen_from: int | None) -> "Ending":
    from haechi.node.turnover import Ending
    from haechi.statement.claims import Said

    return Ending(Said(en=reason[0], ko=reason[1]), stolen_from)


@app.command("list", help=tr("List the keys in the folder.", "폴더에 있는 키를 봅니다."))
def list_(keys: Keys = None, json: Json = False) -> None:
    """The names of the keys; none of them is opened."""
    from haechi.statement.keyring import list_keys

    folder = keys_folder(keys)
    names = list_keys(folder)
    out = Out(json)
    out.data({"folder": str(folder), "keys": names})
    if names:
        out.pairs(str(folder), [(name, "") for name in names])
    else:
        out.say(Text("no keys in {folder}", "{folder}에 키가 없습니다"), folder=str(folder))


@app.command(
    "show",
    help=tr(
        "Show a key's thumbprint and public half (never the private one).",
        "키의 지문과 공개 키를 봅니다 (개인 키는 보이지 않음).",
    ),
)
def show(
    name: Annotated[str, typer.Argument(help=tr("name of the key, or a path", "키 이름 또는 경로"))],
    keys: Keys = None,
    json: Json = False,
) -> None:
    """What others need to know of a key."""
    from haechi.statement.keyring import load_key

    out = Out(json)
    path = resolve_key(name, keys)
    recipient = _recipient_in(path)
    if recipient is not None:
        _show_encryption(out, name, recipient)
        return
    key = load_key(path, passphrase()).public
    out.data({"family": str(key.family), "thumbprint": key.thumbprint.hex(), "cose_key": key.cose_key.hex()})
    out.pairs(
        name,
        [
            (tr("family", "종류"), str(key.family)),
            (tr("thumbprint", "지문"), key.thumbprint.hex()),
            (tr("COSE key", "COSE 키"), key.cose_key.hex()),
        ],
    )


def _recipient_in(path: Path) -> "Recipient | None":
    """The public half of an encryption key; None when the file holds another kind of key, or names one."""
    from haechi.statement.keyring import load_seal_key
    from haechi.statement.keys import KeyMalformed

    if not path.exists():
        return None
    try:
        return load_seal_key(path, passphrase()).public
    except KeyMalformed:
        return None


def _show_encryption(out: Out, name: str, recipient: "Recipient") -> None:
    thumbprint, cose_key = recipient.thumbprint.hex(), recipient.cose_key.hex()
    told = {"family": "X25519", "thumbprint": thumbprint, "recipient": recipient.text, "cose_key": cose_key}
    out.data(told)
    out.pairs(
        name,
        [
            (tr("family", "종류"), "X25519"),
            (tr("recipient", "받는 이"), recipient.text),
            (tr("thumbprint", "지문"), thumbprint),
        ],
    )


def resolve_key(name: str, keys: Path | None) -> Path:
    """The file of a key given by path or by name."""
    from haechi.statement.keyring import key_path

    return Path(name) if name.endswith((".pem", ".p11")) else key_path(keys_folder(keys), name)
