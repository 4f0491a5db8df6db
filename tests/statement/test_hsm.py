"""Keys in a real PKCS #11 module (SoftHSM): they sign as keys in files do, and never leave it."""

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest
from tests.cli.ran import haechi

from haechi.errors import HaechiError
from haechi.statement.envelope import About, sign_statement
from haechi.statement.hsm import ModuleKey
from haechi.statement.keyring import list_keys, load_key, save_key
from haechi.statement.keys import SigningKey, is_low_s

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
pytestmark = pytest.mark.skipif(
    not LIBRARY.exists() or which("softhsm2-util") is None, reason="softhsm2 is not installed"
)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory):
    """A token called `node`. The library reads its settings once in a process, so it lives as long."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOFTHSM2_CONF", str(settings))
        patched.setenv("HAECHI_PIN", "1234")
        asked = ("--init-token", "--free", "--label", "node", "--pin", "1234", "--so-pin", "5678")
        subprocess.run(("softhsm2-util", *asked), check=True, capture_output=True)
        yield "node"


def where(label: str, family: str = "Ed25519", at: str = "node") -> ModuleKey:
    return ModuleKey(module=str(LIBRARY), token=at, label=label, family=family)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["Ed25519", "ES256"])
def test_a_module_key_signs_as_a_file_key_does(token: str, family: str) -> None:
    named = where(f"key {family}", family)
    named.make()
    key = named.open(LIBRARY)
    signature = key.sign(b"message")
    assert key.public.verifies(key.alg, signature, b"message")
    assert not key.public.verifies(key.alg, signature, b"another")
    assert family == "Ed25519" or is_low_s(signature)
    assert named.open(LIBRARY).public == key.public
    about = About(issuer="a.example", subject="s", issued_at=1, kind="document")
    assert sign_statement(key, about, b"\xa0").check_signature().code == "statement.signature.valid"


def test_a_node_with_its_keys_in_a_module(token: str, tmp_path: Path) -> None:
    keys, folder = tmp_path / "keys", tmp_path / "node"
    asked = ("--module", LIBRARY, "--token", token, "--keys", keys, "--make", "--json")
    for name, family in (("issuer", "Ed25519"), ("log-ed25519", "Ed25519"), ("receipt", "ES256")):
        ran = haechi("key", "module", name, "--label", name, "--family", family, *asked)
        assert ran.code == 0, ran.out
        assert (keys / f"{name}.p11").stat().st_mode & 0o777 == 0o600
        assert "1234" not in (keys / f"{name}.p11").read_text()
        shown = haechi("key", "show", name, "--keys", keys, "--json").data
        assert shown["thumbprint"] == ran.data["thumbprint"]
    told = ("--origin", "kr.example/log", "--issuer", "kr.example", "--name-en", "K", "--name-ko", "한국")
    where_to = ("--country", "KR", "--heads", tmp_path / "heads", "--keys", keys, "--json")
    made = haechi("init", folder, *told, *where_to)
    assert made.code == 0, made.out
    assert sorted(path.name for path in (folder / "keys").glob("*.p11")) == sorted(
        f"{name}.p11" for name in ("issuer", "log-ed25519", "receipt")
    )
    assert not (folder / "keys" / "issuer.pem").exists()
    granted = ("--issuer", "a.example", "--key", "ab" * 32, "--kind", "document")
    assert haechi("log", "allow", *granted, "--dir", folder, "--json").code == 0
    assert haechi("log", "fsck", "--dir", folder, "--json").code == 0


def test_neither_form_of_a_key_hides_the_other(token: str, tmp_path: Path) -> None:
    save_key(tmp_path, "a", SigningKey.generate())
    (tmp_path / "b.p11").write_bytes(where("nobody").to_toml())
    with pytest.raises(HaechiError, match="exists"):
        save_key(tmp_path, "b", SigningKey.generate())
    assert list_keys(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(
    ("named", "pin", "code"),
    [
        (where("nobody"), "1234", "statement.module-key"),
        (where("key Ed25519", at="other"), "1234", "statement.module"),
        (where("key Ed25519"), None, "statement.module-pin"),
        (where("key Ed25519"), "9999", "statement.module-pin"),
    ],
)
def test_a_wrong_label_token_or_pin_is_told_and_never_shown(
    token: str, named: ModuleKey, pin: str | None, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pin is None:
        monkeypatch.delenv("HAECHI_PIN")
    else:
        monkeypatch.setenv("HAECHI_PIN", pin)
    with pytest.raises(HaechiError) as refusal:
        named.open(LIBRARY)
    assert refusal.value.code == code
    assert os.environ.get("HAECHI_PIN", "9999") not in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", 'module = "x"', 'module="x"\ntoken="t"\nlabel="l"\nfamily="RSA"', "\xff"]
)
def test_a_file_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "k.p11"
    path.write_text(text)
    with pytest.raises(HaechiError) as refusal:
        load_key(path)
    assert refusal.value.code == "statement.module-key"


def test_a_key_leaves_its_module_only_when_told_to(token: str, tmp_path: Path) -> None:
    keys, folder = tmp_path / "keys", tmp_path / "node"

    def make(name: str, into: Path) -> str:
        asked = ("--module", LIBRARY, "--token", token, "--label", f"leaves {name}", "--make", "--json")
        family = "ES256" if name.startswith("receipt") else "Ed25519"
        return haechi("key", "module", name, "--keys", into, "--family", family, *asked).data["thumbprint"]

    for name in ("issuer", "log-ed25519", "receipt"):
        make(name, keys)
    told = ("--origin", "kr.example/log", "--issuer", "kr.example", "--name-en", "K", "--name-ko", "한국")
    where_to = ("--country", "KR", "--heads", tmp_path / "heads", "--keys", keys)
    assert haechi("init", folder, *told, *where_to).code == 0
    change = ("--dir", folder, "--reason", "so", "그래서", "--json")
    for more in ((), ("--log",)):
        refused = haechi("key", "rotate", *more, *change)
        assert (refused.code, "node.key-in-module" in refused.out + refused.err) == (7, True)
    ready = {name: make(f"{name}-next", folder / "keys") for name in ("issuer", "log-ed25519", "receipt")}
    assert haechi("key", "rotate", *change).data["new"] == ready["issuer"]
    assert haechi("key", "rotate", "--log", *change).code == 0
    for name, thumbprint in ready.items():
        assert load_key(folder / "keys" / f"{name}.p11").public.thumbprint.hex() == thumbprint
    assert not list((folder / "keys").glob("*-next*"))
    assert haechi("log", "fsck", "--dir", folder, "--json").code == 0
