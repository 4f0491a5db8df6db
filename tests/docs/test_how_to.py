"""The how-to pages are true: settings, metrics and events are listed, commands and programs do their work."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from tests.cli.ran import haechi
from tests.docs.pages import DOCS, ROOT, blocks, rows
from tests.docs.shell import environment, run
from tests.node.stopped import made, opened

from haechi.cli.processes import NodeProcess, free_ports
from haechi.network.pins import Pins
from haechi.node.config import Bucket, Cluster, Config, Limits, Listen, load_config
from haechi.node.open import PINS, create_node, open_node
from haechi.statement.kinds.key_event import Role
from haechi.words import Text

RUN = {"en": DOCS / "how-to/run-a-node.md", "ko": DOCS / "how-to/run-a-node.ko.md"}
SETTINGS = {"en": ("Settings", "required"), "ko": ("설정", "필수")}
WATCH = {"en": "Watch it", "ko": "감시"}
KR = Config(
    origin="kr.example/log",
    issuer="aisi.kr.example",
    name_en="a",
    name_ko="가",
    role="institute",
    country="KR",
)
UK = msgspec.structs.replace(KR, origin="uk.example/log", issuer="aisi.uk.example", country="GB")


def settings(required: str) -> dict[str, str]:
    """Every setting as the page writes it, with its default."""
    named: dict[str, str] = {}
    for prefix, kind in (
        ("", Config),
        ("[listen] ", Listen),
        ("[limits] ", Limits),
        ("[cluster] ", Cluster),
        ("[objects] ", Bucket),
    ):
        for field in msgspec.structs.fields(kind):
            default = field.default
            if field.default_factory is not msgspec.NODEFAULT:
                default = field.default_factory()
            if not isinstance(default, Listen | Limits):
                plain = msgspec.json.encode(default).decode() if not field.required else ""
                named[f"`{prefix}{field.name}`"] = f"`{plain}`" if plain else required
    return named


@pytest.mark.parametrize("lang", RUN)
def test_every_setting_is_listed_with_its_default(lang: str) -> None:
    heading, required = SETTINGS[lang]
    listed = {row[0]: row[1] for row in rows(RUN[lang], heading)}
    assert listed == settings(required)


@pytest.mark.parametrize("lang", RUN)
def test_every_role_is_listed(lang: str) -> None:
    (row,) = (row for row in rows(RUN[lang], SETTINGS[lang][0]) if row[0] == "`role`")
    assert set(re.findall(r"`(\w+)`", row[2])) == set(get_args(Role))


@pytest.fixture
def heads(tmp_path: Path) -> str:
    return str(tmp_path / "heads")


@pytest.mark.parametrize("lang", RUN)
def test_every_metric_field_and_event_is_listed(lang: str, tmp_path: Path, heads: str) -> None:
    create_node(tmp_path / "node", msgspec.structs.replace(KR, head_folder=heads), None, 1_790_000_000)
    runner = open_node(tmp_path / "node", clock=lambda: 1_790_000_000.0)
    try:
        kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", runner.metrics_text(), re.MULTILINE))
        health = set(runner.health())
    finally:
        runner.stop()
    table = rows(RUN[lang], WATCH[lang])
    metrics = {row[0].strip("`"): row[1] for row in table if row[0].startswith("`haechi_")}
    assert metrics == kinds
    names = {name for row in table for name in re.findall(r"`([\w.]+)`", row[0])} - metrics.keys()
    code = "".join(path.read_text("utf-8") for path in (ROOT / "src/haechi/node").rglob("*.py"))
    assert names == health | set(re.findall(r'log_event\(\s*"([\w.]+)"', code))


@pytest.mark.slow
@pytest.mark.e2e
def test_publishing_and_verifying_as_written(tmp_path: Path) -> None:
    node = (
        "haechi init node --origin kr.example/log --issuer aisi.kr.example --country KR"
        " --name-en a --name-ko 가 --port 8470 --heads heads > init.txt\n"
        "grep -oE '[0-9a-f]{64}' init.txt > fingerprint.txt\n"
        "haechi node --dir node 2> node.log &\n"
        "until curl -sf -o /dev/null http://127.0.0.1:8470/healthz; do sleep 0.1; done"
    )
    publish = [block.text for block in blocks(DOCS / "how-to/publish-evidence.md", "sh")]
    verify = [block.text for block in blocks(DOCS / "how-to/verify-evidence.md", "sh")]
    printed = run([node, *publish, *verify], "en", tmp_path)
    assert "network" not in printed[-1]
    # The policy was replaced and its successor withdrawn: what is handed out says so.
    assert "its issuer replaced it" in printed[1 + len(publish)]
    assert printed[-1].splitlines() == ["a check fails", "FAILS"]


@pytest.mark.e2e
def test_sharing_with_a_few_as_written(tmp_path: Path) -> None:
    node = (
        "haechi init node --origin kr.example/log --issuer aisi.kr.example --country KR"
        " --name-en a --name-ko 가 --port 8470 --heads heads > init.txt\n"
        "haechi node --dir node 2> node.log &\n"
        "until curl -sf -o /dev/null http://127.0.0.1:8470/healthz; do sleep 0.1; done"
    )
    english, korean = (
        [block.text for block in blocks(DOCS / f"how-to/share-with-a-few{end}.md", "sh")]
        for end in ("", ".ko")
    )
    assert english == korean
    run([node, *english], "en", tmp_path)
    assert (tmp_path / "opened.csv").read_bytes() == (tmp_path / "same.csv").read_bytes()
    assert (tmp_path / "public.csv").read_bytes() == (tmp_path / "annex.csv").read_bytes()
    assert b"Seoul" not in (tmp_path / "node/log/log.db").read_bytes()
    assert (tmp_path / "later.kept").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.e2e
def test_a_trust_list_and_key_changes_as_written(tmp_path: Path) -> None:
    node = (
        "haechi init node --origin kr.example/log --issuer aisi.kr.example --country KR"
        " --name-en a --name-ko 가 --heads heads > init.txt"
    )
    pages: list[list[str]] = []
    for end in ("", ".ko"):
        names = ("agree-on-a-trust-list", "change-keys")
        pages.append(
            [block.text for name in names for block in blocks(DOCS / f"how-to/{name}{end}.md", "sh")]
        )
    assert pages[0] == pages[1]
    run([node, *pages[0]], "en", tmp_path)
    assert (tmp_path / "node/trust.json").exists()
    assert len(list((tmp_path / "node/keys").glob("issuer-*.pem"))) == 2


@pytest.mark.slow
@pytest.mark.e2e
def test_a_node_is_made_and_backed_up_as_written(tmp_path: Path) -> None:
    run([block.text for block in blocks(RUN["en"], "sh")], "en", tmp_path)
    assert load_config(tmp_path / "node").url == "https://haechi.lab.example"
    (tmp_path / "node/log/log.db").unlink()
    shutil.copy(tmp_path / "backup/log.db", tmp_path / "node/log/log.db")
    run(["haechi log fsck --dir node"], "en", tmp_path)


@pytest.mark.slow
@pytest.mark.e2e
def test_a_log_is_restored_from_a_mirror_as_written(tmp_path: Path, heads: str) -> None:
    nodes = [make(tmp_path / name, config, heads) for name, config in (("node", KR), ("peer", UK))]
    kr, uk = nodes
    Pins().add(kr.card, kr.card.fingerprint()).save(tmp_path / "peer" / PINS)
    shutil.copytree(tmp_path / "node", tmp_path / "backup")
    try:
        for node in nodes:
            node.start()
            node.wait_ready()
        grow = (
            f"haechi log allow --dir node --issuer company.example --kind document --key {'ab' * 32} --json"
            " | grep -oE '[0-9a-f]{64}' > digest.txt"
        )
        run([grow], "en", tmp_path)
        wait_for(uk, f"/statements/{(tmp_path / 'digest.txt').read_text('utf-8').strip()}")
        (tmp_path / "evidence.txt").write_bytes(b"evidence")
        file = hashlib.sha256(b"evidence").hexdigest()
        says = (
            "haechi sign document --file evidence.txt --key node/keys/issuer.pem --issuer aisi.kr.example "
            "--subject app:1 --out s.cose && "
            f"haechi submit s.cose -e evidence.txt --node {kr.url} || test $? -eq 3"
        )
        run([says], "en", tmp_path)
        wait_for(uk, f"/blobs/{file}")
        kr.stop()
        shutil.rmtree(tmp_path / "node")
        (tmp_path / "backup").rename(tmp_path / "node")
        assert fsck(tmp_path) == 1

        (written,) = [
            block.text for block in blocks(RUN["en"], "text") if block.text.startswith("haechi log restore")
        ]
        command = written.replace("https://haechi.uk.example", uk.url).replace(
            "https://haechi.sg.example", "http://127.0.0.1:9"
        )
        restored = run([f"{command.strip()} --json > restored.json"], "en", tmp_path)
        told = json.loads((tmp_path / "restored.json").read_text("utf-8"))
        assert (told["size"], told["entries"], told["files"], told["missing"]) == (4, 2, 1, 0), restored
        assert (tmp_path / "node/blobs" / file[:2] / file).read_bytes() == b"evidence"
        assert fsck(tmp_path) == 0
        kr.start()
        kr.wait_ready()
    finally:
        for node in nodes:
            node.stop()


def test_a_running_node_is_not_restored(tmp_path: Path) -> None:
    """Nor is anything changed when no mirror answers."""
    folder = made(tmp_path / "node")
    before = (folder / "log" / "log.db").read_bytes()
    asked = ("log", "restore", "--dir", folder, "--from", "http://127.0.0.1:9", "--json")
    runner = opened(folder)
    try:
        running = haechi(*asked)
    finally:
        runner.stop()
    assert (running.code, running.json["error"]["code"]) == (8, "log.signer-locked")
    alone = haechi(*asked)
    assert alone.code == 3
    assert alone.json["findings"][0]["code"] == "network.mirror.unavailable"
    assert (alone.json["size"], alone.json["entries"]) == (2, 0)
    assert (folder / "log" / "log.db").read_bytes() == before
    assert not (folder / "restore").exists()


def make(folder: Path, config: Config, heads: str) -> NodeProcess:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    changed = msgspec.structs.replace(
        config, url=url, head_folder=heads, mirror_seconds=0.3, listen=Listen(port=port)
    )
    card = create_node(folder, changed, None, int(time.time()))
    return NodeProcess(Text("node", "노드"), folder, port, card)


def wait_for(node: NodeProcess, path: str) -> None:
    deadline_s = time.monotonic() + 60
    while True:
        try:
            with node.client() as client:
                client.fetch(path, 65536)
        except Exception:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
        else:
            return


def fsck(folder: Path) -> int:
    """The exit code of the check."""
    command = [sys.executable, "-m", "haechi", "log", "fsck", "--dir", "node"]
    return subprocess.run(
        command, cwd=folder, env=environment("en", folder), capture_output=True, check=False
    ).returncode
