"""Keys that never leave a hardware module (PKCS #11): a small file says where, the PIN comes from outside.

    BadInput
    └── ModuleKeyInvalid    the file that names the key does not have the form, or names no such key
    Refused
    └── PinRefused          the token does not take the PIN, or there is none
    Unavailable
    └── ModuleRefused       the module or the token does not work, or the extra is not installed

Ed25519 (CKM_EDDSA, pure) and P-256 (CKM_ECDSA over SHA-256). Modules know no ML-DSA yet: such keys stay in
files.
"""

import hashlib
import os
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, cast

import msgspec

from haechi.errors import BadInput, NotFound, Refused, Unavailable
from haechi.misfit import misfit_of
from haechi.statement.keys import Family, PrivateKey, PublicKey, SigningKey, low_s
from haechi.statement.sentence import Sentence
from haechi.words import Text

if TYPE_CHECKING:
    import pkcs11

SUFFIX = ".p11"
PIN = "HAECHI_PIN"
_MAX_BYTES = 16 * 1024
_OID = {Family.ED25519: bytes.fromhex("06032b6570"), Family.ES256: bytes.fromhex("06082a8648ce3d030107")}
# PKCS #11 3.0 names the curve of an Edwards key by a printable string; SoftHSM 2.6 takes this one only.
_ED25519_PARAMETERS = b"\x13\x0cedwards25519"


class ModuleKeyInvalid(BadInput):
    """Not a file that names a key in a module, or no such key there; facts: path, why."""

    code = "statement.module-key"
    what = Sentence(
        "{path} names no key in a module: {why}", "{path}이(가) 모듈의 키를 가리키지 않습니다: {why}"
    )
    hint = Text("make it with `haechi key module`", "`haechi key module` 로 만드세요")


class ModuleRefused(Unavailable):
    """The module does not work with us; facts: what_is, why."""

    code = "statement.module"
    what = Sentence("the {what_is} does not work: {why}", "{what_is}을(를) 쓸 수 없습니다: {why}")
    hint = Text(
        "check the module's path and the token's label",
        "모듈 경로와 토큰 이름을 확인하세요",
    )


class PinRefused(Refused):
    """The token does not take the PIN; facts: why. Refused and not unavailable: a token counts wrong PINs."""

    code = "statement.module-pin"
    what = Sentence("the module does not take the PIN: {why}", "모듈이 PIN을 받지 않습니다: {why}")
    hint = Text(
        "set HAECHI_PIN and try once: after a few wrong ones the token locks itself",
        "HAECHI_PIN 을 바로 설정하고 한 번만 시도하세요. 몇 번 틀리면 토큰이 스스로 잠깁니다",
    )


class ModuleKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a key is. module: path of the PKCS #11 library; token, label: as the module names them."""

    module: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    family: Literal["Ed25519", "ES256"]

    @classmethod
    def load(cls, path: Path) -> "ModuleKey":
        """The file's content; raises NotFound, ModuleKeyInvalid."""
        try:
            with path.open("rb") as file:
                raw = file.read(_MAX_BYTES)
            return msgspec.convert(tomllib.loads(raw.decode()), cls)
        except FileNotFoundError:
            raise NotFound(what_is=Text("key", "키"), name=str(path)) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise ModuleKeyInvalid(path=str(path), why=misfit_of(error)) from error

    def to_toml(self) -> bytes:
        """The file that `load` reads back."""
        told = cast("dict[str, str]", msgspec.to_builtins(self))
        return "".join(
            f"{name} = {msgspec.json.encode(text).decode()}\n" for name, text in told.items()
        ).encode()

    def open(self, path: Path) -> SigningKey:
        """The key, ready to sign; raises ModuleRefused, ModuleKeyInvalid."""
        family = Family(self.family)
        with _told(self.module), _token(self.module, self.token) as session:
            from pkcs11 import Attribute, ObjectClass

            found = list(
                session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: self.label})
            )
            publics = list(
                session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: self.label})
            )
            if len(found) != 1 or len(publics) != 1:
                why = Text(
                    f"{len(found)} key(s) are called {self.label}",
                    f"{self.label}(이)라는 키가 {len(found)}개임",
                )
                raise ModuleKeyInvalid(path=str(path), why=why)
            public = PublicKey.from_raw(family, _point(family, publics[0][Attribute.EC_POINT]))
        # It signs and shows its public half, which is all that our signers ask of a private key.
        return SigningKey(family, cast("PrivateKey", _InModule(self, public)))

    def make(self) -> None:
        """A fresh key of this label in the token; raises ModuleRefused, ModuleKeyInvalid if there is one."""
        family = Family(self.family)
        with _told(self.module), _token(self.module, self.token) as session:
            from pkcs11 import Attribute, KeyType, Mechanism

            if list(session.get_objects({Attribute.LABEL: self.label})):
                why = Text(f"a key called {self.label} is there", f"{self.label}(이)라는 키가 이미 있음")
                raise ModuleKeyInvalid(path=self.token, why=why)
            edwards = family is Family.ED25519
            parameters = session.create_domain_parameters(
                KeyType.EC_EDWARDS if edwards else KeyType.EC,
                {Attribute.EC_PARAMS: _ED25519_PARAMETERS if edwards else _OID[family]},
                local=True,
            )
            mechanism = Mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else Mechanism.EC_KEY_PAIR_GEN
            parameters.generate_keypair(mechanism=mechanism, store=True, label=self.label)


class _Signs(Protocol):
    """What is used of the library's private keys, whose own class shows only its slots."""

    def sign(self, data: bytes, *, mechanism: object) -> bytes: ...


class _InModule:
    """A private key in a module. Its repr shows where it is and nothing of it."""

    def __init__(self, where: ModuleKey, public: PublicKey) -> None:
        self._where = where
        self._public = public

    def __repr__(self) -> str:
        return f"_InModule({self._where.token}, {self._where.label})"

    def public_key(self) -> object:
        """The public half, as the cryptography library has it."""
        return self._public.loaded()

    def sign(self, message: bytes) -> bytes:
        """The signature in COSE form; raises ModuleRefused."""
        where = self._where
        with _told(where.module), _token(where.module, where.token) as session:
            from pkcs11 import Mechanism, ObjectClass

            key = cast("_Signs", session.get_key(ObjectClass.PRIVATE_KEY, label=where.label))
            if self._public.family is Family.ED25519:
                return key.sign(message, mechanism=Mechanism.EDDSA)
            return low_s(key.sign(hashlib.sha256(message).digest(), mechanism=Mechanism.ECDSA))


_LOCK = Lock()  # a session of a module serves one thread at a time


@lru_cache(maxsize=16)
def _session(module: str, token: str, pin: str) -> "pkcs11.Session":
    import pkcs11

    return pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin)


@contextmanager
def _token(module: str, token: str) -> Generator["pkcs11.Session"]:
    pin = os.environ.get(PIN)
    if not pin:
        raise PinRefused(why=Text("HAECHI_PIN is not set", "HAECHI_PIN이 없음"))
    with _LOCK:
        yield _session(module, token, pin)


@contextmanager
def _told(module: str) -> Generator[None]:
    """What the library raises, as an error of ours that never carries the PIN."""
    try:
        from pkcs11.exceptions import (
            PinExpired,
            PinIncorrect,
            PinInvalid,
            PinLenRange,
            PinLocked,
            PKCS11Error,
            UserAlreadyLoggedIn,
        )
    except ImportError:
        why = Text("install it with: pip install 'haechi[hsm]'", "설치 방법: pip install 'haechi[hsm]'")
        raise ModuleRefused(what_is=Text("support for modules", "모듈 지원 기능"), why=why) from None
    try:
        yield
    except (PinIncorrect, PinInvalid, PinLenRange, PinExpired, PinLocked, UserAlreadyLoggedIn) as error:
        # The last one: this process has the token open with another PIN.
        raise PinRefused(why=type(error).__name__) from error
    except (PKCS11Error, OSError, RuntimeError) as error:
        raise ModuleRefused(what_is=module, why=f"{type(error).__name__} {error}"[:200]) from error


def _point(family: Family, value: object) -> bytes:
    """The bare public key in CKA_EC_POINT: an octet string around 32 bytes, or around 04‖x‖y."""
    raw = bytes(cast("bytes", value))
    size = 32 if family is Family.ED25519 else 65
    if len(raw) == size + 2 and raw[:2] == bytes((4, size)):
        raw = raw[2:]
    return raw if family is Family.ED25519 else raw[1:]
