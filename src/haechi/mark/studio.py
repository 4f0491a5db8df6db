"""Who marks: a maker's names, namespace, mark key, statement key and certificates, in one folder.

BadInput
└── StudioUnreadable   a folder that holds no maker's settings
Conflict
└── StudioExists       a folder that already holds one; nothing is overwritten
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from haechi.errors import BadInput, Conflict
from haechi.mark.credentials.authority import Authority, make_authority
from haechi.mark.extra import require
from haechi.statement.keyring import load_key, save_key
from haechi.statement.keys import SigningKey
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.mark.image import MarkKey
    from haechi.mark.text.profiles import Profile

SETTINGS, KEY_NAME, MARK_KEY = "studio.json", "statements", "mark.key"
MOST_PROFILES = 256
_MOST_BYTES = 16 * 1024
_PROFILES = "haechi.mark.text.profiles"
_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\n\r]*(?![\s\S])")]


class StudioUnreadable(BadInput):
    """A folder without a maker's settings; facts: folder, why."""

    code = "mark.studio.unreadable"
    what = Text("no maker's settings in {folder}: {why}", "{folder}에 제작자 설정이 없습니다: {why}")
    hint = Text("make them with `haechi mark --init`", "`haechi mark --init` 으로 만드세요")


class StudioExists(Conflict):
    """The folder holds a maker's settings already; facts: folder."""

    code = "mark.studio.exists"
    what = Text("{folder} holds a maker's settings already", "{folder}에 제작자 설정이 이미 있습니다")
    hint = Text(
        "choose another folder; keys are never overwritten", "다른 폴더를 고르세요. 키는 덮어쓰지 않습니다"
    )


class Maker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who makes the content, as labels, credentials and statements name it.

    issuer: the name statements are signed under; namespace: 16 bits that marks carry; producer: the code a
    Chinese label names, if there is one; public: whether marks are readable (and forgeable) by everybody.
    """

    issuer: _Line
    provider: _Line
    system: _Line
    version: _Line
    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(?![\s\S])")]
    namespace: Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
    producer: _Line | None = None
    public: bool = True


def namespace_of(issuer: str) -> int:
    """A namespace for an issuer that was given none: 16 bits of its name's digest.

    >>> namespace_of("company.example")
    61113
    """
    return int.from_bytes(hashlib.sha256(b"haechi namespace/" + issuer.encode()).digest()[:2])


@dataclass(frozen=True, slots=True)
class Studio:
    """A maker with its keys. profiles: how its text is marked, one file `*.profile` each."""

    maker: Maker
    key: "MarkKey"
    signer: SigningKey
    authority: Authority
    profiles: "tuple[Profile, ...]" = ()

    @classmethod
    def create(cls, folder: Path, maker: Maker, now: datetime, randbytes: Callable[[int], bytes]) -> "Studio":
        """A new studio with keys of its own in `folder`; raises StudioExists, ExtraMissing."""
        image = require("haechi.mark.image")
        if (folder / SETTINGS).exists():
            raise StudioExists(folder=str(folder))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = image.MarkKey.generate(maker.issuer, randbytes)
        signer = SigningKey.generate()
        authority = make_authority(maker.provider, maker.country, now)
        save_key(folder, KEY_NAME, signer)
        authority.save(folder / "credentials")
        path = folder / MARK_KEY
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(json.dumps({"name": own.name, "secret": own.secret.hex()}) + "\n", "utf-8")
        add_profile(folder, require(_PROFILES).HaechiProfile.fresh(maker.issuer, randbytes))
        (folder / SETTINGS).write_bytes(msgspec.json.format(msgspec.json.encode(maker), indent=2) + b"\n")
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "Studio":
        """The studio in a folder; raises StudioUnreadable, KeyExposed and what reading keys raises."""
        image = require("haechi.mark.image")
        try:
            maker = msgspec.json.decode((folder / SETTINGS).read_bytes()[:_MOST_BYTES], type=Maker)
        except (OSError, msgspec.DecodeError) as error:
            raise StudioUnreadable(folder=str(folder), why=str(error)[:200]) from error
        key = image.PUBLIC_KEY if maker.public else load_mark_key(folder / MARK_KEY)
        signer = load_key(folder / f"{KEY_NAME}.pem")
        load = require(_PROFILES).load_profile
        profiles = tuple(load(path) for path in sorted(folder.glob("*.profile"))[:MOST_PROFILES])
        return cls(maker, key, signer, Authority.load(folder / "credentials"), profiles)


def add_profile(folder: Path, profile: "Profile", name: str = "text") -> Path:
    """Keep a text profile, which holds its key, in a studio; raises StudioExists when there is one."""
    path = folder / f"{name}.profile"
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise StudioExists(folder=str(path)) from error
    path.write_bytes(profile.to_bytes() + b"\n")
    return path


def load_mark_key(path: Path) -> "MarkKey":
    """A mark key from its file: JSON with `name` and `secret` (64 hexadecimal digits).

    Raises StudioUnreadable, ExtraMissing.
    """
    image = require("haechi.mark.image")
    try:
        told = json.loads(path.read_bytes()[:_MOST_BYTES])
        return image.MarkKey(name=str(told["name"])[:200], secret=bytes.fromhex(told["secret"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioUnreadable(folder=str(path), why=str(error)[:200]) from error
