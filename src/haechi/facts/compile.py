"""Compiling the YAML of the facts to the one JSON file that ships.

    python -m haechi.facts.compile             check, write compiled.json, print the data version
    python -m haechi.facts.compile --check     check only
    python -m haechi.facts.compile --counts    print the tables of docs/reference/facts.md

The same YAML always gives the same bytes, so the SHA-256 of the file names the data version. PyYAML is
needed here and nowhere else; nothing in this module needs msgspec, because package builds have none.

    BadInput
    ├── DuplicateKey   a mapping in the YAML says the same thing twice
    ├── NotYaml        the text cannot be read as YAML
    └── FactsRefused   a check found something wrong; nothing was written
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from haechi.errors import BadInput
from haechi.facts.checks import check
from haechi.facts.counts import counts_table
from haechi.facts.problem import Problem
from haechi.facts.row import SHEETS, Raw, as_mapping, rows
from haechi.words import Text

DATA = Path(__file__).with_name("data")
COMPILED = Path(__file__).with_name("compiled.json")


class DuplicateKey(BadInput):
    """A mapping has the same key twice; facts: key, line, file."""

    code = "input.facts.duplicate-key"
    what = Text(
        "{file}, line {line}: key {key!r} stands twice", "{file}, {line}행: 키 {key!r}이(가) 두 번 나옵니다"
    )
    hint = Text("keep one of the two", "둘 중 하나만 남기세요")


class NotYaml(BadInput):
    """The text is no YAML; facts: file, why."""

    code = "input.facts.not-yaml"
    what = Text("{file} is not YAML: {why}", "{file}은(는) YAML이 아닙니다: {why}")
    hint = Text("correct the text at the place named", "지적된 곳의 글을 고치세요")


class FactsRefused(BadInput):
    """The checks found problems; facts: n, lines (one a problem, with its place, code and hint)."""

    code = "input.facts.refused"
    what = Text("the facts have {n} problems:\n{lines}", "사실 자료에 문제가 {n}건 있습니다:\n{lines}")
    hint = Text("correct each place named", "지적된 곳을 하나씩 고치세요")

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(n=len(problems), lines="\n".join(found.line() for found in problems))


# libyaml reads these files five to ten times faster; both loaders give the same documents.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str, file: str) -> object:
    """The document in one YAML text; `file` is only for messages. Raises NotYaml, DuplicateKey."""
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_duplicates(node, file)
        # yaml's constructor has no types.
        return loader.construct_document(node)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    except yaml.YAMLError as error:
        raise NotYaml(file=file, why=str(error)) from error
    finally:
        loader.dispose()  # pyright: ignore[reportUnknownMemberType]  # as above


def _refuse_duplicates(node: yaml.Node, file: str) -> None:
    # PyYAML lets the last of two equal keys win, which YAML 1.2 (3.2.1.3) does not allow.
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, yaml.SequenceNode):
            waiting += here.value
        elif isinstance(here, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in here.value:
                if key.value in seen:
                    raise DuplicateKey(key=key.value, line=key.start_mark.line + 1, file=file)
                seen.add(key.value)
                waiting.append(value)


def read_files(folder: Path) -> Raw:
    """The YAML files in a folder by name, unchecked; a missing one is left out.

    Raises NotYaml, DuplicateKey.
    """
    paths = [path for path in (folder / f"{file}.yaml" for file in SHEETS) if path.is_file()]
    return {path.stem: parse_yaml(path.read_text(encoding="utf-8"), path.name) for path in paths}


def compile_facts(raw: Raw) -> bytes:
    """The compiled facts: one JSON object, keys sorted, no spaces, UTF-8. Raises FactsRefused.

    Equal documents give equal bytes. Lists keep their order, because it is the order of the texts.
    """
    problems = check(raw)
    if problems:
        raise FactsRefused(problems)
    documents = {file: as_mapping(raw[file]) for file in SHEETS}
    compiled: dict[str, object] = {
        "files": {name: {"as_of": doc["as_of"], "schema": doc["schema"]} for name, doc in documents.items()},
        "method": documents["crosswalk"]["method"],
    }
    for file, sheet in SHEETS.items():
        compiled.update({section: documents[file][section] for section in sheet.sections})
    text = json.dumps(compiled, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def version_of(compiled: bytes) -> str:
    """The data version: SHA-256 of the compiled bytes, 64 lower hex digits."""
    return hashlib.sha256(compiled).hexdigest()


def write_compiled(folder: Path = DATA, target: Path = COMPILED) -> str:
    """Check and compile the files of a folder, write the result, return its data version.

    Writes beside the target and renames, so that a reader sees the old file or the new one, never half.
    Raises NotYaml, DuplicateKey, FactsRefused; then nothing was written.
    """
    compiled = compile_facts(read_files(folder))
    draft = target.with_suffix(".json.new")
    draft.write_bytes(compiled)
    draft.replace(target)
    return version_of(compiled)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 when the facts hold, 1 when they were refused."""
    parser = argparse.ArgumentParser(prog="python -m haechi.facts.compile")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="check only, write nothing")
    choice.add_argument("--counts", action="store_true", help="print the tables of counts, write nothing")
    asked = parser.parse_args(arguments)
    try:
        if asked.counts or asked.check:
            raw = read_files(DATA)
            version = version_of(compile_facts(raw))
            sys.stdout.write(counts_table(rows(raw)) if asked.counts else f"{version}\n")
        else:
            sys.stdout.write(f"{write_compiled()}\n")
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
