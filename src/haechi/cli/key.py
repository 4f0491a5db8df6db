"""`haechi key`: make, list and show signing keys."""

import os
from pathlib import Path
from typing import Annotated

import typer

from haechi.cli.options import Json, Keys, tr
from haechi.cli.out import Out
from haechi.words import Text

app = typer.Typer(
    name="key", no_args_is_help=True, help=tr("Make, list and show keys.", "키를 만들고 봅니다.")
)

PASSPHRASE = "HAECHI_PASSPHRASE"


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


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help=tr("name of the key", "키 이름"))],
    keys: Keys = None,
    family: Annotated[
        str,
        typer.Option(
            "--family",
            help=tr("Ed25519, ES256, ML-DSA-44 or ML-DSA-65", "Ed25519, ES256, ML-DSA-44, ML-DSA-65"),
        ),
    ] = "Ed25519",
    ask: Annotated[
        bool, typer.Option("--passphrase", help=tr("ask for a passphrase", "암호문을 물어봄"))
    ] = False,
    json: Json = False,
) -> None:
    """Make a signing key, readable by you only."""
    from haechi.statement.keyring import save_key
    from haechi.statement.keys import Family, KeyMalformed, SigningKey

    out = Out(json)
    if family not in list(Family):
        raise KeyMalformed(why=f"no key family {family!r}")
    secret = passphrase()
    if ask:
        secret = typer.prompt(tr("Passphrase", "암호문"), hide_input=True, confirmation_prompt=True).encode()
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


@app.command("list")
def list_(keys: Keys = None, json: Json = False) -> None:
    """List the keys in the folder."""
    from haechi.statement.keyring import list_keys

    folder = keys_folder(keys)
    names = list_keys(folder)
    out = Out(json)
    out.data({"folder": str(folder), "keys": names})
    out.table(str(folder), [Text("key", "키")], [[name] for name in names])


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help=tr("name of the key, or a path", "키 이름 또는 경로"))],
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Show a key's thumbprint and its public half (never the private one)."""
    from haechi.statement.keyring import load_key

    key = load_key(resolve_key(name, keys), passphrase()).public
    out = Out(json)
    out.data({"family": str(key.family), "thumbprint": key.thumbprint.hex(), "cose_key": key.cose_key.hex()})
    out.say(Text("family      {family}", "종류      {family}"), family=key.family)
    out.say(Text("thumbprint  {print}", "지문      {print}"), print=key.thumbprint.hex())
    out.say(Text("COSE key    {key}", "COSE 키   {key}"), key=key.cose_key.hex())


def resolve_key(name: str, keys: Path | None) -> Path:
    """The file of a key given by path or by name."""
    from haechi.statement.keyring import key_path

    return Path(name) if name.endswith(".pem") else key_path(keys_folder(keys), name)
