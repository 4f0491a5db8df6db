"""What the compiler promises: the same YAML gives the same bytes, and wrong YAML writes nothing."""

import copy
import doctest
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.facts.alter import put

from haechi.facts import Facts, FactsUnreadable, load, read
from haechi.facts.compile import (
    DATA,
    DuplicateKey,
    FactsRefused,
    NotYaml,
    compile_facts,
    main,
    parse_yaml,
    read_files,
    version_of,
    write_compiled,
)
from haechi.facts.row import Raw

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "facts.md"


def reordered(value: Any) -> Any:  # noqa: ANN401  # any YAML value
    """The same documents with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_compiling_twice_gives_the_same_bytes(compiled: bytes):
    assert compile_facts(read_files(DATA)) == compiled


def test_the_order_of_keys_and_files_makes_no_difference(raw: Raw, compiled: bytes):
    assert compile_facts(reordered(raw)) == compiled


def test_one_changed_fact_changes_the_version(raw: Raw, compiled: bytes):
    altered: Any = copy.deepcopy(raw)
    put("companies", "co.naver", name_ko="네이버 주식회사")(altered)
    assert version_of(compile_facts(altered)) != version_of(compiled)


def test_the_bytes_are_compact_sorted_utf8(compiled: bytes):
    document = json.loads(compiled)
    again = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert again.encode() == compiled
    assert "네이버".encode() in compiled


def test_the_version_is_what_sha256sum_prints(compiled: bytes, facts: Facts):
    assert facts.version == version_of(compiled) == hashlib.sha256(compiled).hexdigest()


def test_what_was_written_is_what_is_read(tmp_path: Path, facts: Facts):
    version = write_compiled(DATA, tmp_path / "compiled.json")
    assert read(tmp_path / "compiled.json").version == version == facts.version
    assert [path.name for path in tmp_path.iterdir()] == ["compiled.json"]


def test_the_installed_facts_are_those_of_the_source_tree(facts: Facts):
    assert load().version == facts.version, "stale: run python -m haechi.facts.compile"
    assert load() is load()


def test_refused_facts_are_not_written(tmp_path: Path):
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    page = folder / "participants.yaml"
    page.write_text(page.read_text("utf-8").replace("home: c.CA", "home: c.XX"), "utf-8")
    with pytest.raises(FactsRefused) as refused:
        write_compiled(folder, tmp_path / "compiled.json")
    assert [found.code for found in refused.value.problems] == ["facts.reference.unknown"]
    assert "participants.yaml: co.cohere" in str(refused.value)
    assert not (tmp_path / "compiled.json").exists()


def test_a_missing_file_is_refused(tmp_path: Path):
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    (tmp_path / "crosswalk.yaml").unlink()
    with pytest.raises(FactsRefused, match=r"crosswalk\.yaml"):
        write_compiled(tmp_path, tmp_path / "compiled.json")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", 3),
        ("a:\n  - b: 1\n    b: 1\n", 3),
        ("a: {b: {c: 1, c: 2}}", 1),
        ("a: 1\n'a': 2", 2),
    ],
)
def test_a_key_that_stands_twice_is_refused(text: str, line: int):
    with pytest.raises(DuplicateKey) as refused:
        parse_yaml(text, "x.yaml")
    assert refused.value.facts["line"] == line


def test_the_same_key_in_two_mappings_is_fine():
    assert parse_yaml("- {a: 1}\n- {a: 1}\n", "x.yaml") == [{"a": 1}, {"a": 1}]
    assert parse_yaml("", "x.yaml") is None


@pytest.mark.parametrize(
    "text", ["a: [", "a: 1\n---\nb: 1", "!!python/object/apply:os.getcwd []", "*nothing"]
)
def test_what_is_not_plain_yaml_is_refused(text: str):
    with pytest.raises(NotYaml, match=r"x\.yaml"):
        parse_yaml(text, "x.yaml")


@pytest.mark.parametrize("raw_json", [b"", b"{}", b"[]", b'{"files":{}}', b"\xff"])
def test_what_is_not_compiled_facts_is_refused(raw_json: bytes):
    with pytest.raises(FactsUnreadable):
        Facts.from_json(raw_json)


def test_one_unknown_field_is_refused(compiled: bytes):
    with pytest.raises(FactsUnreadable, match="unknown field"):
        Facts.from_json(compiled.replace(b'{"alpha2":', b'{"alpha1":"K","alpha2":', 1))


def test_a_missing_compiled_file_says_how_to_make_it(tmp_path: Path):
    with pytest.raises(FactsUnreadable) as missing:
        read(tmp_path / "compiled.json")
    assert "haechi.facts.compile" in missing.value.advise("en")
    assert "haechi.facts.compile" in missing.value.advise("ko")


def test_check_prints_the_version(capsys: pytest.CaptureFixture[str], facts: Facts):
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == f"{facts.version}\n"


def test_the_reference_page_holds_the_counts_of_the_data(capsys: pytest.CaptureFixture[str]):
    assert main(["--counts"]) == 0
    tables = capsys.readouterr().out
    assert "| `requirements.yaml` | requirements | 171 |" in tables
    assert tables in PAGE.read_text("utf-8"), (
        "put the output of `python -m haechi.facts.compile --counts` there"
    )


def test_the_examples_of_the_reference_page_run():
    ran = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert ran.attempted > 5
    assert ran.failed == 0
