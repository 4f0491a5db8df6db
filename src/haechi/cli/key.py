"""`haechi key`: make, list and show keys for signing and for encryption."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.options import Json, Keys, tr
from haechi.cli.out import Out
from haechi.cli.usage import WronglyUsed
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.seal_keys import Recipient

app = typer.Typer(
    name="key", no_args_is_help=True, help=tr("Make, list and show keys.", "키를 만들고 봅니다.")
)

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
        bool, typer.Option("--passphrase", help=tr("ask for a passphrase", "암호문을 물어봄"))
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
        question = tr("Passphrase", "암호문")
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
    """The public half of an encryption key; None when the file holds another kind of key."""
    from haechi.statement.keyring import load_seal_key
    from haechi.statement.keys import KeyMalformed

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

    return Path(name) if name.endswith(".pem") else key_path(keys_folder(keys), name)
