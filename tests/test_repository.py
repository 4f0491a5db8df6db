"""The repository keeps its own rules: sizes, names, languages, locks. Each rule can be seen to fail."""

import ast
import re
import string
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 500
FUNCTION_LINES = 60
PARAMETERS = 6

# Spelled in parts, so that this file does not hold what it looks for.
UNFINISHED = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"]) + r")\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(" + "|".join(["ro" + "ot", "wo" + "rk", "ho" + "me"]) + r")/")
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
            ("crates", "io"),
            ("proxy", "golang", "org"),
            ("deb", "debian", "org"),
        )
    )
)
HANGUL = re.compile(r"[가-힣]")


class Source(NamedTuple):
    """A file as the rules see it: path from the root, and text."""

    path: str
    text: str

    def __repr__(self) -> str:
        return self.path

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(ast.parse(self.text, self.path))

    def calls(self, *names: str) -> Iterator[ast.Call]:
        for node in self.nodes():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield node

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in self.nodes():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler, what: str) -> str:
        return f"{self.path}:{node.lineno}: {what}"


Rule = Callable[[Source], list[str]]


# Rules for every text file


def no_unfinished_work(source: Source) -> list[str]:
    return _lines_with(UNFINISHED, source)


def no_machine_path(source: Source) -> list[str]:
    return _lines_with(MACHINE_PATHS, source)


def no_registry_host(source: Source) -> list[str]:
    return _lines_with(REGISTRIES, source)


def _lines_with(pattern: re.Pattern[str], source: Source) -> list[str]:
    lines = enumerate(source.text.splitlines(), 1)
    return [f"{source.path}:{n}: {hit[0]}" for n, line in lines if (hit := pattern.search(line))]


# Rules for the modules of src


def modules_are_short(source: Source) -> list[str]:
    lines = len(source.text.splitlines())
    return [f"{source.path}: {lines} lines"] if lines > MODULE_LINES else []


def functions_are_short(source: Source) -> list[str]:
    # The options of a command make a long head; its body is what must stay short.
    bodies_only = source.path.startswith("src/haechi/cli/")
    firsts = [(each, each.body[0].lineno if bodies_only else each.lineno) for each in source.functions()]
    sized = [(each, (each.end_lineno or 0) - first + 1) for each, first in firsts]
    return [source.at(each, f"{each.name}: {n} lines") for each, n in sized if n > FUNCTION_LINES]


def functions_take_few_parameters(source: Source) -> list[str]:
    # Each option of a command is a parameter to Typer.
    if source.path.startswith("src/haechi/cli/"):
        return []
    counted = [(each, len(_parameters(each))) for each in source.functions()]
    return [source.at(each, f"{each.name}: {n} parameters") for each, n in counted if n > PARAMETERS]


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    args = function.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return [name for name in names if name not in {"self", "cls"}]


def no_broad_except(source: Source) -> list[str]:
    # The outermost shell turns what nobody foresaw into an answer; elsewhere only undo and raise again.
    if source.path.startswith(("src/haechi/cli/", "src/haechi/node/")):
        return []
    handlers = [node for node in source.nodes() if isinstance(node, ast.ExceptHandler)]
    return [source.at(each, "catches everything") for each in handlers if _swallows_all(each)]


def _swallows_all(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    again = isinstance(last, ast.Raise) and last.exc is None
    return _catches_all(handler.type) and not again


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_all(each) for each in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def public_names_are_described(source: Source) -> list[str]:
    return list(_undescribed(ast.parse(source.text, source.path), source))


def _undescribed(inside: ast.Module | ast.ClassDef, source: Source) -> Iterator[str]:
    for node in inside.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_") or any(ast.unparse(each) == "overload" for each in node.decorator_list):
            continue
        if not ast.get_docstring(node):
            yield source.at(node, f"{node.name} has no docstring")
        if isinstance(node, ast.ClassDef):
            yield from _undescribed(node, source)


def texts_are_in_both_languages(source: Source) -> list[str]:
    """Pairs of literals: both there, the Korean in Hangul, and the same facts named in both."""
    found: list[str] = []
    for call in source.calls("Text", "tr"):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        pair = [
            each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if len(pair) == len(given) == 2 and (wrong := _wrong_pair(*pair)):
            found.append(source.at(call, wrong))
    return found


def _wrong_pair(en: str, ko: str) -> str | None:
    if not en.strip() or not ko.strip():
        return "one language is empty"
    if not HANGUL.search(ko) and not (en == ko and not _words(en)):
        return f"not Korean: {ko!r}"
    if _places(en) != _places(ko):
        return f"different places: {sorted(_places(en) ^ _places(ko))}"
    return None


def what_is_meant_is_named_in_both_languages(source: Source) -> list[str]:
    """An error's sentence would else hold an English noun in its Korean."""
    return [
        source.at(keyword.value, f"what_is={ast.unparse(keyword.value)}")
        for node in source.nodes()
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "what_is" and re.search(r"[A-Za-z]{3}", _spelled_out(keyword.value))
    ]


def _spelled_out(value: ast.expr) -> str:
    """The words of a string as they stand in the source; nothing for any other value."""
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return " ".join(str(part.value) for part in parts if _is_word(part))


def _is_word(part: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(part, ast.Constant) and isinstance(part.value, str)


def _words(sentence: str) -> list[str]:
    parts = (literal for literal, _, _, _ in string.Formatter().parse(sentence))
    return re.findall(r"\w+", " ".join(parts))


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


# Rules for particular files


def locks_hold_hashes_and_no_address(source: Source) -> list[str]:
    lines = source.text.replace("\\\n", " ").splitlines()
    wrong = [line for line in lines if "==" not in line or "--hash=sha256:" not in line]
    wrong += [line for line in lines if "://" in line or "@" in line or "index" in line.split("--hash")[0]]
    return [f"{source.path}: {line[:60]}" for line in wrong]


def fragments_are_named_and_bilingual(source: Source) -> list[str]:
    name = source.path.rpartition("/")[2]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed|security)\.md", name):
        return [f"{source.path}: not <slug>.<type>.md"]
    if not re.search(r"[A-Za-z]{3}", source.text) or not HANGUL.search(source.text):
        return [f"{source.path}: one sentence in English and one in Korean"]
    return []


class Samples(NamedTuple):
    """A file that a rule accepts and one that it refuses."""

    good: str
    bad: str
    path: str = "src/haechi/log/sample.py"


_LONG = "def f():\n" + "    x = 1\n" * FUNCTION_LINES

RULES_FOR_ALL: dict[Rule, Samples] = {
    no_unfinished_work: Samples("# done\n", "# TO" + "DO: the rest\n"),
    no_machine_path: Samples("see requirements/ and network/\n", "cat /ro" + "ot/x\n"),
    no_registry_host: Samples("pip install x\n", "index: files.pythonhosted" + ".org\n"),
}
RULES_FOR_SRC: dict[Rule, Samples] = {
    modules_are_short: Samples("x = 1\n" * MODULE_LINES, "x = 1\n" * (MODULE_LINES + 1)),
    functions_are_short: Samples(_LONG.replace("    x = 1\n", "", 1), _LONG),
    functions_take_few_parameters: Samples(
        "def f(self, a, b, c, *, d, e, f): ...", "def f(a, b, c, *, d, e, f, g): ..."
    ),
    no_broad_except: Samples("try: x\nexcept OSError: y", "try: x\nexcept (OSError, Exception): y"),
    public_names_are_described: Samples(
        'class A:\n  """An A."""\n  def _f(self): ...', 'class A:\n  """An A."""\n  def f(self): ...'
    ),
    texts_are_in_both_languages: Samples(
        'Text("{n} entries", "항목 {n}개")', 'Text("{n} entries", "항목 {count}개")'
    ),
    what_is_meant_is_named_in_both_languages: Samples(
        'NotFound(what_is=f"{host}:{port}", name="x")', 'NotFound(what_is=f"{role} metadata", name="x")'
    ),
}
RULES_FOR_LOCKS: dict[Rule, Samples] = {
    locks_hold_hashes_and_no_address: Samples(
        "x==1 \\\n    --hash=sha256:00", "x==1 \\\n    --hash=sha256:00\n--index-url a", "requirements/a.txt"
    ),
}
RULES_FOR_FRAGMENTS: dict[Rule, Samples] = {
    fragments_are_named_and_bilingual: Samples(
        "Bundles.\n번들.\n", "Bundles.\n", "changelog.d/offline-bundle.added.md"
    ),
}
RULES = RULES_FOR_ALL | RULES_FOR_SRC | RULES_FOR_LOCKS | RULES_FOR_FRAGMENTS


def named(rule: object) -> str:
    return getattr(rule, "__name__", str(rule))


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    """Every text file that is, or would be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: which files belong to the repository cannot be told")
    paths = [ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name]
    raw = [(path, path.read_bytes()) for path in paths if path.is_file()]
    return [Source(str(path.relative_to(ROOT)), data.decode()) for path, data in raw if b"\0" not in data]


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_can_fail(rule: Rule) -> None:
    samples = RULES[rule]
    assert rule(Source(samples.path, samples.good)) == []
    assert rule(Source(samples.path, samples.bad)) != []


@pytest.mark.parametrize(
    "pair", ['Text("a", "")', 'Text("word", "word")', 'Text(en="word", ko="wort")', 'tr("word", "mot")']
)
def test_a_pair_needs_korean(pair: str) -> None:
    assert texts_are_in_both_languages(Source("src/haechi/sample.py", pair)) != []


def test_a_pair_of_places_only_is_neutral() -> None:
    assert texts_are_in_both_languages(Source("src/haechi/sample.py", 'Text("{a}: {b}", "{a}: {b}")')) == []


@pytest.mark.parametrize("name", ["Bundle.added.md", "bundle.md", "bundle.new.md", "a_b.fixed.md"])
def test_a_fragment_needs_a_valid_name(name: str) -> None:
    good = RULES[fragments_are_named_and_bilingual].good
    assert fragments_are_named_and_bilingual(Source(f"changelog.d/{name}", good)) != []


@pytest.mark.parametrize("rule", RULES_FOR_ALL, ids=named)
def test_files(rule: Rule, sources: list[Source]) -> None:
    hold(rule, sources)


@pytest.mark.parametrize("rule", RULES_FOR_SRC, ids=named)
def test_modules(rule: Rule, sources: list[Source]) -> None:
    modules = [each for each in sources if each.path.startswith("src/") and each.path.endswith(".py")]
    assert len(modules) > 3
    hold(rule, modules)


def test_locks(sources: list[Source]) -> None:
    locks = [each for each in sources if each.path.startswith("requirements/")]
    assert [each.path for each in locks] == [
        f"requirements/{n}.txt" for n in ("bench", "check", "demo", "lock", "test")
    ]
    hold(locks_hold_hashes_and_no_address, locks)


@pytest.mark.parametrize("larger", ["demo.txt", "test.txt", "check.txt", "bench.txt"])
def test_locks_agree(larger: str) -> None:
    """Every version of the run-time lock stands in the larger ones, so tests run what users run."""
    small, large = (
        set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / name).read_text("utf-8"), re.MULTILINE))
        for name in ("lock.txt", larger)
    )
    assert small - large == set()


def test_no_lock_names_a_registry(sources: list[Source]) -> None:
    assert "uv.lock" not in {each.path for each in sources}


def test_changelog_fragments(sources: list[Source]) -> None:
    inside = [each for each in sources if each.path.startswith("changelog.d/")]
    hold(fragments_are_named_and_bilingual, [each for each in inside if not each.path.endswith("/README.md")])


def hold(rule: Rule, sources: list[Source]) -> None:
    """Fail with every place where a rule is broken."""
    __tracebackhide__ = True
    if problems := [problem for source in sources for problem in rule(source)]:
        pytest.fail("\n".join([named(rule), *problems]), pytrace=False)
