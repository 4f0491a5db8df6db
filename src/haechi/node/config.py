"""A node's settings: one TOML file in its data directory, strict and small.

BadInput
└── ConfigInvalid     a setting is unknown, missing or out of range; the line names it
NotFound
└── NodeAbsent        there is no node in the folder
"""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from haechi.errors import BadInput, NotFound
from haechi.misfit import misfit_of
from haechi.statement.kinds.key_event import Role
from haechi.words import Text

FILE = "haechi.toml"
_T = TypeVar("_T", bound=msgspec.Struct)
_Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
_Origin = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[A-Za-z0-9._-]+)*$", max_length=200)
]


class ConfigInvalid(BadInput):
    """The configuration does not fit; facts: path, why."""

    code = "node.config"
    what = Text("{path}: {why}", "{path}: {why}")
    hint = Text(
        "see docs/how-to/run-a-node.md for every setting", "모든 설정은 docs/how-to/run-a-node.md 에 있습니다"
    )


class NodeAbsent(NotFound):
    """No node in the folder; facts: what_is, name (the folder)."""

    code = "node.absent"
    hint = Text(
        "name the node's folder with --dir, or make a node with `haechi init`",
        "노드의 폴더를 --dir 로 지정하거나 `haechi init` 으로 노드를 만드세요",
    )


class Listen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the node answers. proxies: addresses whose `X-Forwarded-For` is believed."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8470
    proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError, which msgspec turns into an error that names the place."""
        for proxy in self.proxies:
            ipaddress.ip_address(proxy)


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds against floods. Rates are per client address, in requests per second; burst in requests.

    examiner: whether many statements at once are examined in a process of its own; cache_mib: what is kept in
    memory of files and tables, half of it for the index and half for hashes of the log.
    """

    writes_per_s: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    write_burst: Annotated[int, msgspec.Meta(ge=1)] = 100
    reads_per_s: Annotated[float, msgspec.Meta(gt=0)] = 200.0
    read_burst: Annotated[int, msgspec.Meta(ge=1)] = 1000
    blob_bytes: Annotated[int, msgspec.Meta(ge=0)] = 1 << 30
    body_seconds: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    examiner: bool = True
    cache_mib: Annotated[int, msgspec.Meta(ge=2, le=1 << 16)] = 128

    @property
    def cache_bytes(self) -> int:
        """What the index and the hashes of the log may each keep in memory."""
        return self.cache_mib << 19


class Cluster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log in PostgreSQL that several front processes share.

    database: a libpq connection string; schema: one for each log; name: of this front, in the lease;
    lease_seconds: how long the others wait for a sequencer that was killed.
    """

    database: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    schema: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,62}$")] = "haechi"
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    lease_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 3.0


class Bucket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """S3-compatible storage for evidence files. Credentials come from the environment alone."""

    bucket: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9.-]{1,62}$")]
    prefix: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9._/-]{0,200}$")] = ""
    endpoint: Annotated[str, msgspec.Meta(pattern="^(https?://.{1,200})?$")] = ""
    region: str = "us-east-1"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything `haechi node` needs to know besides the keys and the pins."""

    origin: _Origin
    issuer: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    name_en: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name_ko: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    role: Role
    country: _Country
    url: str = ""
    head_folder: str = ""
    mirror_seconds: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    checkpoint_seconds: Annotated[float, msgspec.Meta(gt=0)] = 0.2
    witness_seconds: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    listen: Listen = Listen()
    limits: Limits = Limits()
    cluster: Cluster | None = None
    objects: Bucket | None = None
    voices: dict[str, tuple[str, ...]] = {}  # a party of the facts to the issuers that speak for it

    @property
    def tile_cache_bytes(self) -> int:
        """What a front of a cluster keeps of tiles as they lie in the database: a quarter of their half."""
        return 0 if self.cluster is None else self.limits.cache_bytes >> 2

    @property
    def tree_cache_bytes(self) -> int:
        """What is left of the hashes' half for tiles that proofs are read from."""
        return self.limits.cache_bytes - self.tile_cache_bytes

    def heads(self) -> Path:
        """Where the head store lives: never inside the data directory, so no backup of it can hold it."""
        if self.head_folder:
            return Path(self.head_folder)
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(state) / "haechi" / "heads"


def load_config(folder: Path) -> Config:
    """The settings in `folder`; raises NodeAbsent, ConfigInvalid otherwise."""
    path = folder / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NodeAbsent(what_is=Text("node", "노드"), name=str(folder)) from None
    try:
        return msgspec.convert(tomllib.loads(raw.decode()), Config)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigInvalid(path=str(path), why=misfit_of(error)) from error


def checked_config(config: _T) -> _T:
    """The same settings or part of them, checked as if read from a file; raises ConfigInvalid naming one."""
    try:
        return msgspec.convert(msgspec.to_builtins(config), type(config))
    except msgspec.ValidationError as error:
        raise ConfigInvalid(path=Text("the settings", "설정"), why=misfit_of(error)) from error


def config_text(config: Config) -> str:
    """The TOML file that `load_config` reads back as `config`."""
    top = {
        "origin": config.origin,
        "issuer": config.issuer,
        "name_en": config.name_en,
        "name_ko": config.name_ko,
        "role": config.role,
        "country": config.country,
        "url": config.url,
        "head_folder": config.head_folder,
    }
    lines = [f"{name} = {_toml_string(value)}" for name, value in top.items()]
    lines.append(f"mirror_seconds = {config.mirror_seconds}")
    lines.append(f"checkpoint_seconds = {config.checkpoint_seconds}")
    lines.append(f"witness_seconds = {config.witness_seconds}")
    lines += ["", "[listen]", f"host = {_toml_string(config.listen.host)}", f"port = {config.listen.port}"]
    lines.append(f"proxies = [{', '.join(map(_toml_string, config.listen.proxies))}]")
    lines += ["", "[limits]"]
    lines += [f"{name} = {_toml(value)}" for name, value in msgspec.structs.asdict(config.limits).items()]
    for section, part in (("cluster", config.cluster), ("objects", config.objects)):
        if part is not None:
            lines += ["", f"[{section}]"]
            lines += [f"{name} = {_toml(value)}" for name, value in msgspec.structs.asdict(part).items()]
    if config.voices:
        lines += ["", "[voices]"]
        for party, issuers in config.voices.items():
            lines.append(f"{_toml_string(party)} = [{', '.join(map(_toml_string, issuers))}]")
    return "\n".join(lines) + "\n"


def _toml(value: str | float | bool) -> str:  # noqa: FBT001  # any value that TOML writes on one line
    if isinstance(value, bool):
        return str(value).lower()
    return _toml_string(value) if isinstance(value, str) else str(value)


def _toml_string(value: str) -> str:
    # A JSON string without surrogates is a TOML basic string.
    return msgspec.json.encode(value).decode()
