"""What a terminal is shown: help in both languages, plain characters, nothing loaded that is not needed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Place
from tests.cli.ran import files_in, haechi
from tests.network.scripted import answers, scripted

from haechi.cli.app import COMMANDS, GROUPS
from haechi.cli.files import FileRefused, write_file
from haechi.cli.out import Out, clean, columns, padded
from haechi.errors import BadInput
from haechi.statement import cbor
from haechi.words import LANGS, Lang

SRC = Path(__file__).resolve().parents[2] / "src"
HANGUL = re.compile("[가-힣]")
HOSTILE = "a\x1b[2J\x9b31m\u202eb\u200fc\u2028d\x07\x00\u200be\U000e0041f"
MOVING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)

# Help is chosen when the program starts, so each language is a process of its own.
HELP = """
import contextlib, io, json, sys
import typer
from haechi.cli.app import assemble
from typer.core import TyperGroup

def walk(command, name):
    yield name
    for word, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, [*name, word])

app = assemble()
pages = {}
for name in walk(typer.main.get_command(app), []):
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        app([*name, "--help"], standalone_mode=False, prog_name="haechi")
    pages[" ".join(name)] = page.getvalue()
json.dump(pages, sys.stdout)
"""


def process(*words: str, lang: str = "en", **variables: str) -> "subprocess.CompletedProcess[bytes]":
    environment = os.environ | {"HAECHI_LANG": lang, "PYTHONPATH": str(SRC), "COLUMNS": "100", **variables}
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def pages() -> dict[str, dict[str, str]]:
    """Every help page by language and command."""
    return {lang: json.loads(process("-c", HELP, lang=lang).stdout) for lang in LANGS}


def test_every_command_has_a_help_page_in_both_languages(pages: dict[str, dict[str, str]]):
    assert pages["en"].keys() == pages["ko"].keys()
    assert {*COMMANDS, *GROUPS} == {name.split()[0] for name in pages["en"] if name}
    for name, page in pages["en"].items():
        assert page.startswith(f"Usage: haechi {name}".rstrip()), name
        assert not HANGUL.search(page), name
    for name, page in pages["ko"].items():
        assert page.startswith(f"사용법: haechi {name}".rstrip()), name
        assert HANGUL.search(page.splitlines()[2]), page


ENGLISH_FRAME = re.compile(
    r"^(Usage|Options|Arguments|Commands):|\[required|default:|env var|Show this|(Install|Show) completion"
)


def test_nothing_of_the_frame_stays_english_in_korean(pages: dict[str, dict[str, str]]):
    for name, page in pages["ko"].items():
        assert not [line for line in page.splitlines() if ENGLISH_FRAME.search(line)], name


def test_every_option_says_what_it_is_for_in_korean(pages: dict[str, dict[str, str]]):
    for name, page in pages["ko"].items():
        entries = re.split(r"\n  (?=\S)", page.partition("옵션:")[2].partition("\n\n")[0])
        silent = [entry for entry in entries if entry.strip() and not HANGUL.search(entry)]
        assert silent == [], name


def test_help_pages_hold_nothing_that_moves_a_terminal(pages: dict[str, dict[str, str]]):
    assert not any(MOVING.search(page) for by_name in pages.values() for page in by_name.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_given_a_completion_script(shell: str):
    words = (
        "-c",
        "import sys; sys.argv[0] = 'haechi'; from haechi.cli import main; main()",
        "--show-completion",
    )
    ran = process(*words, shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert ran.returncode == 0, ran.stderr
    assert b"haechi" in ran.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("haechi ver", "verify"), ("haechi mirror un", "unpin"), ("haechi verify --pi", "--pins")],
)
def test_bash_completes_commands_and_options(typed: str, offered: str):
    words = ("-c", "import sys; sys.argv[0] = 'haechi'; from haechi.cli import main; main()")
    ran = process(
        *words, _HAECHI_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(typed.count(" "))
    )
    assert offered in ran.stdout.decode().split(), ran.stderr


def test_the_version_is_told():
    assert re.fullmatch(r"haechi \d+\.\d+\S*\n", haechi("--version").out)


def test_nothing_asked_shows_the_help_and_is_a_wrong_usage():
    ran = haechi()
    assert (ran.code, ran.out) == (2, "")
    assert "verify" in ran.err


# Characters


def test_clean_takes_every_character_that_moves_or_hides():
    assert not MOVING.search(clean(HOSTILE))
    assert clean("한국어 ✔ é ﷺ") == "한국어 ✔ é ﷺ"
    assert "\n" not in clean("two\nlines")


def test_columns_are_those_of_a_terminal():
    assert (columns("abc"), columns("한국"), columns("✔")) == (3, 4, 1)
    assert padded("한", 4) == "한  "


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_words_reach_no_terminal(
    capsys: pytest.CaptureFixture[str], lang: Lang, monkeypatch: pytest.MonkeyPatch
):
    from haechi.findings import found
    from haechi.words import Text

    monkeypatch.setenv("HAECHI_LANG", lang)
    out = Out()
    out.say(Text("{x}", "{x}"), x=HOSTILE)
    out.pairs(HOSTILE, [(HOSTILE, f"{HOSTILE}\n{HOSTILE}")])
    out.table(HOSTILE, [Text("[bold]a", "[bold]가")], [[HOSTILE], ["[red]not markup[/]"]])
    out.heading(HOSTILE, HOSTILE)
    out.findings([found("network.issuer.unpinned", issuer=HOSTILE)], Text(HOSTILE, HOSTILE))
    out.error(BadInput(why=HOSTILE))
    Out(json=True).data({HOSTILE: [HOSTILE, 1]})
    written = capsys.readouterr()
    assert not MOVING.search(written.out + written.err)
    assert "[red]not markup[/]" in written.out
    document = written.out[written.out.index("{\n") :]
    assert json.loads(document) == {HOSTILE: [HOSTILE, 1]}


def test_a_digest_in_a_table_stands_in_one_piece(capsys: pytest.CaptureFixture[str]):
    from haechi.words import Text

    columns = [Text(word, word) for word in ("digest", "log", "kind", "issuer")]
    Out().table("x", columns, [["ab" * 32, "kr.example/log", "document", "company.example"]])
    assert "ab" * 32 in capsys.readouterr().out


@pytest.mark.parametrize("words", [("show", "."), ("submit", "r.cose", "--node", "http://127.0.0.1:1")])
def test_what_the_system_refuses_is_said_in_korean(tmp_path: Path, words: tuple[str, ...], place: Place):
    words = tuple(str(place.statement) if word == "r.cose" else word for word in words)
    told = haechi(*words, lang="ko").err.splitlines()[0]
    assert not re.search("[a-z]{3,} [a-z]{2,}", told), told


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_names_of_files_and_words_of_nodes_reach_no_terminal(
    place: Place, tmp_path: Path, flag: tuple[str, ...]
):
    name = tmp_path / "evil\x1b[2J\u202e.haechi"
    problem = cbor.encode({-1: "x", -2: "y"}).replace(b"y", b"\x1b")
    refusal = b"HTTP/1.1 400 \x1b[2J\r\nContent-Length: %d\r\n\r\n%s" % (len(problem), problem)
    said = [haechi("verify", name, *flag)]
    name.write_bytes(place.bundle.read_bytes())
    said += [haechi("verify", name, *flag), haechi("show", name, *flag), haechi(f"ver\x1b[2Jify{HOSTILE}")]
    with scripted(answers(refusal)) as node:
        said += [haechi("submit", place.statement, "--node", node.url, *flag)]
        said += [haechi("verify", "0" * 64, "--node", node.url, *flag)]
    assert not any(MOVING.search(ran.out + ran.err) for ran in said)


def test_a_terminal_without_korean_letters_gets_numbers(place: Place):
    words = ("-m", "haechi", "verify", str(place.bundle), "--pins", str(place.pins))
    ran = process(*words, lang="ko", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert ran.returncode == 0
    assert b"\\u" in ran.stdout


def test_no_colour_where_nobody_looks(place: Place):
    assert "\x1b" not in haechi("verify", place.bundle, "--pins", place.pins).out


def test_a_reader_that_goes_away_ends_it_quietly(place: Place):
    command = f"{sys.executable} -m haechi verify {place.bundle} --pins {place.pins} | head -c 1"
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    ran = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=False)
    assert ran.stderr == b""


# What is loaded

LOADED = """
import io, json, sys
out, sys.stdout = sys.stdout, io.StringIO()
from haechi.cli import main
try:
    main()
except SystemExit as ended:
    json.dump([ended.code, sorted(sys.modules)], out)
"""


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_verify_loads_no_server_no_database_and_no_tables(place: Place, flag: tuple[str, ...]):
    ran = process("-c", LOADED, "verify", str(place.bundle), "--pins", str(place.pins), *flag)
    code, modules = json.loads(ran.stdout)
    assert code == 0
    unwanted = {
        "starlette", "httptools", "jinja2", "sqlite3", "rich", "asyncio", "ssl", "http.client", "email",
        "haechi.node", "haechi.network.index", "haechi.network.client", "haechi.log.sequencer",
        "haechi.answers", "haechi.cli.demo", "cryptography.x509",
        "cryptography.hazmat.primitives.serialization.ssh", "haechi.network.trust.listing", "typer",
        "logging", "concurrent.futures", "nacl.bindings", "tempfile", "yaml",
    }  # fmt: skip
    assert unwanted & set(modules) == set()


# Files


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path):
    target = tmp_path / "out.cose"
    write_file(target, b"old")
    assert target.stat().st_mode & 0o777 == 0o644
    write_file(target, b"new")
    assert target.read_bytes() == b"new"
    (tmp_path / "folder").mkdir()
    for refused in (tmp_path / "folder", tmp_path / "nowhere" / "out.cose", tmp_path / ("x" * 300)):
        with pytest.raises(FileRefused):
            write_file(refused, b"new")
    assert files_in(tmp_path) == {"out.cose": b"new"}


def test_without_room_nothing_is_left_half_written(place: Place, tmp_path: Path):
    (tmp_path / "p.json").write_bytes(haechi("sign", "document", "--example").out.encode())
    script = (
        "ulimit -f 0; exec {} -m haechi sign document {} -k company --keys {} -i company.example -s a -o {}"
    )
    command = script.format(sys.executable, tmp_path / "p.json", place.keys, tmp_path / "out.cose")
    environment = os.environ | {"PYTHONPATH": str(SRC), "HAECHI_LANG": "en"}
    ran = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {command}"], env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 8, ran.stderr
    assert b"cli.file" in ran.stderr
    assert set(files_in(tmp_path)) == {"p.json"}
