"""Reference pages made from the program itself: every command, every finding, every error.

    python -m haechi.cli.reference            writes docs/findings*.md and docs/reference/cli*.md
    python -m haechi.cli.reference commands   prints the page of commands in the language of the process

Run from the root of the repository (`make docs`). The sentences come from the code; what a finding means for
the reader comes from docs/findings.toml. tests/docs/test_reference.py holds pages and program equal.
"""

import importlib
import os
import pkgutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

import haechi
from haechi.cli.app import assemble
from haechi.cli.out import EXIT_BY_ERROR, EXIT_BY_VERDICT, EXIT_USAGE, exit_code, locale_lang
from haechi.errors import HaechiError
from haechi.findings import CATALOGUE, CHECKS, VERDICT_WORDS, Verdict
from haechi.words import LANGS, Lang, Text

MEANINGS = Path("docs/findings.toml")
MADE = Text(
    "<!-- Made by `make docs`. Change the program or docs/findings.toml, not this page. -->",
    "<!-- `make docs`가 만든 문서입니다. 프로그램이나 docs/findings.toml을 고치세요. -->",
)
VERDICTS = {
    Verdict.HOLDS: Text("checked, and as it should be", "점검했고 그래야 하는 대로임"),
    Verdict.FAILS: Text("checked, and shown to be wrong", "점검했고 틀렸음이 드러남"),
    Verdict.UNDECIDED: Text(
        "could not be decided with what is at hand; never the same as wrong",
        "지금 있는 것으로는 판단할 수 없음. 틀렸다는 뜻이 아님",
    ),
}
EXITS = {
    0: Text("done, or every check HOLDS", "완료 또는 모든 점검 성립"),
    1: Text("a check FAILS", "불성립한 점검이 있음"),
    2: Text("the command was used wrongly", "명령을 잘못 사용함"),
    3: Text("nothing failed, but a check is UNDECIDED", "불성립은 없으나 미정인 점검이 있음"),
    4: Text("bad input", "잘못된 입력"),
    5: Text("not found", "찾을 수 없음"),
    6: Text("refused by policy or key", "정책이나 키로 거부됨"),
    7: Text("conflict: a fork, a rolled-back log, another writer", "충돌: 분기, 되돌려진 로그, 다른 기록자"),
    8: Text("unavailable: disk, peer or lock", "사용 불가: 디스크, 피어, 잠금"),
}


def load_rooms() -> None:
    """Import every module of the program, so that every check and every error is known."""
    for module in pkgutil.walk_packages(haechi.__path__, "haechi."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def load_meanings(path: Path = MEANINGS) -> dict[str, Text]:
    """What docs/findings.toml says, by check and by code; raises KeyError where a language is missing."""
    with path.open("rb") as file:
        return {name: Text(entry["en"], entry["ko"]) for name, entry in tomllib.load(file).items()}


def error_classes() -> list[type[HaechiError]]:
    """Every error of the tree, by code."""
    found: dict[str, type[HaechiError]] = {}
    waiting: list[type[HaechiError]] = [HaechiError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__.startswith("haechi."):
            found.setdefault(kind.code, kind)
        waiting += kind.__subclasses__()
    return [found[code] for code in sorted(found)]


def checks_in_order() -> list[str]:
    """Every check: what readers meet, then what operators meet, then what the demonstration alone says."""
    return sorted(CHECKS, key=lambda check: (check.startswith("demo"), ".fsck." in check, check))


def findings_page(lang: Lang, meanings: Mapping[str, Text]) -> str:
    """docs/findings.md: every check with its outcomes, then every error."""
    title = Text("Findings and errors", "점검 결과와 오류")
    lines = [f"# {title.say(lang)}", "", MADE.say(lang), "", *_findings_opening(lang)]
    lines += ["", f"## {Text('The checks', '점검').say(lang)}", "", *_check_table(lang)]
    for check in checks_in_order():
        lines += ["", *_check_part(check, lang, meanings)]
    lines += ["", f"## {Text('Errors', '오류').say(lang)}", "", _errors_opening(lang)]
    for kind in error_classes():
        lines += ["", *_error_part(kind, lang)]
    return "\n".join(lines) + "\n"


def _findings_opening(lang: Lang) -> Iterator[str]:
    yield Text(
        "Every check ends in one of three answers, with a code that stays the same between releases. A "
        "whole HOLDS only if every check in it holds, and FAILS if one fails.",
        "모든 점검은 세 가지 답 중 하나로 끝나며, 판이 바뀌어도 같은 코드를 씁니다. 모든 점검이 성립해야 "
        "전체가 성립하고, 하나라도 불성립하면 전체가 불성립합니다.",
    ).say(lang)
    yield ""
    yield Text("| | verdict | means | exit code |", "| | 판정 | 뜻 | 종료 코드 |").say(lang)
    yield "|---|---|---|---|"
    for verdict, shape in ((Verdict.HOLDS, "✔"), (Verdict.FAILS, "✘"), (Verdict.UNDECIDED, "?")):
        word, code = _verdict(verdict, lang), EXIT_BY_VERDICT[verdict]
        yield f"| {shape} | {word} | {VERDICTS[verdict].say(lang)} | {code} |"


def _check_table(lang: Lang) -> Iterator[str]:
    yield Text("| check | what is asked |", "| 점검 | 묻는 것 |").say(lang)
    yield "|---|---|"
    for check in checks_in_order():
        title = CHECKS[check].say(lang)
        yield f"| [`{check}`](#{anchor(_check_heading(check, lang))}) | {title} |"


def _check_heading(check: str, lang: Lang) -> str:
    return f"{CHECKS[check].say(lang)} (`{check}`)"


def _check_part(check: str, lang: Lang, meanings: Mapping[str, Text]) -> Iterator[str]:
    yield f"### {_check_heading(check, lang)}"
    yield ""
    yield _meaning(check, lang, meanings)
    for code, meant in CATALOGUE.items():
        if code.rpartition(".")[0] == check:
            yield ""
            yield f"#### `{code}`"
            yield ""
            yield f"**{_verdict(meant.verdict, lang)}** · {_pair(meant.sentence, lang)}"
            yield ""
            yield _meaning(code, lang, meanings)


def _errors_opening(lang: Lang) -> str:
    return Text(
        "An error is what stopped a command or a request, not the outcome of a check. It has a code, a "
        "sentence and a hint. `{name}` stands for a fact that the message fills in.",
        "오류는 점검의 결과가 아니라 명령이나 요청을 멈추게 한 원인입니다. 코드, 문장, 도움말이 있습니다. "
        "`{name}`은 메시지에서 사실로 채워지는 자리입니다.",
    ).say(lang)


def _error_part(kind: type[HaechiError], lang: Lang) -> Iterator[str]:
    code = exit_code(kind.__new__(kind))
    exits = Text("exit code", "종료 코드").say(lang)
    yield f"#### `{kind.code}`"
    yield ""
    yield f"{_pair(kind.what, lang)} ({exits} {code})"
    yield ""
    yield f"{Text('What to do', '할 일').say(lang)}: {_pair(kind.hint, lang)}"


def _pair(text: Text, lang: Lang) -> str:
    """The sentence as the program says it, this page's language first."""
    first, second = (text.en, text.ko) if lang == "en" else (text.ko, text.en)
    said = [first] if first == second else [first, second]
    return " · ".join(" ".join(one.split()) for one in said)


def _meaning(name: str, lang: Lang, meanings: Mapping[str, Text]) -> str:
    return meanings[name].say(lang) if name in meanings else ""


def _verdict(verdict: Verdict, lang: Lang) -> str:
    word = VERDICT_WORDS[verdict].say(lang)
    return str(verdict) if word.upper() == verdict else f"{word} ({verdict})"


def anchor(heading: str) -> str:
    """The name under which a heading can be linked to, as code hosts make it."""
    kept = (c for c in heading.lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


def commands_page() -> str:
    """docs/reference/cli.md in the language of this process: every command, argument, option, exit code."""
    lang = locale_lang()
    root = typer.main.get_command(assemble())
    title = Text("The commands", "명령")
    lines = [f"# {title.say(lang)}", "", MADE.say(lang), "", *_commands_opening(lang)]
    for name, command in _walk(root, "haechi"):
        lines += ["", f"## `{name}`", "", command.help or "", *_parameters(command, name, lang)]
    return "\n".join(lines) + "\n"


def _commands_opening(lang: Lang) -> Iterator[str]:
    yield Text(
        "Every command answers `--help`, and speaks English or Korean by `HAECHI_LANG`, else by the locale "
        "(`LC_ALL`, `LC_MESSAGES`, `LANG`). With `--json` it prints one JSON document on standard output, an "
        'error included (`{"error": {"code": …}}`).',
        "모든 명령은 `--help`에 답하며, `HAECHI_LANG`, 없으면 로캘(`LC_ALL`, `LC_MESSAGES`, `LANG`)에 따라 "
        "한국어나 영어로 말합니다. `--json`을 주면 오류까지 포함해 JSON 문서 하나를 표준 출력으로 냅니다"
        '(`{"error": {"code": …}}`).',
    ).say(lang)
    yield ""
    yield Text("| exit code | means |\n|---|---|", "| 종료 코드 | 뜻 |\n|---|---|").say(lang)
    for code in sorted({*EXIT_BY_VERDICT.values(), EXIT_USAGE, *(code for _, code in EXIT_BY_ERROR)}):
        yield f"| {code} | {EXITS[code].say(lang)} |"
    yield ""
    yield Text(
        "| environment variable | stands for |\n|---|---|", "| 환경 변수 | 대신하는 것 |\n|---|---|"
    ).say(lang)
    yield from _variables(lang)


def _variables(lang: Lang) -> Iterator[str]:
    named: dict[str, str] = {}
    for _, command in _walk(typer.main.get_command(assemble()), "haechi"):
        for parameter in command.params:
            if isinstance(parameter, TyperOption) and isinstance(parameter.envvar, str):
                named[parameter.envvar] = f"`{parameter.opts[0]}`: {parameter.help}"
    named["HAECHI_LANG"] = Text("language of the answers, `en` or `ko`", "답하는 언어, `en` 또는 `ko`").say(
        lang
    )
    named["HAECHI_PASSPHRASE"] = Text(
        "passphrase of the keys; never an option, where others could read it",
        "키의 암호 문구. 다른 사용자가 볼 수 있으므로 옵션으로는 받지 않음",
    ).say(lang)
    for name in sorted(named):
        yield f"| `{name}` | {named[name]} |"


def _walk(command: object, name: str) -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something, with its full name, in the order of the help."""
    if isinstance(command, TyperGroup):
        for word, inner in command.commands.items():
            yield from _walk(inner, f"{name} {word}")
    elif isinstance(command, TyperCommand):
        yield name, command


def _parameters(command: TyperCommand, name: str, lang: Lang) -> Iterator[str]:
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    options = [each for each in command.params if isinstance(each, TyperOption)]
    words = [
        each.name.upper() if each.required else f"[{each.name.upper()}]" for each in arguments if each.name
    ]
    yield ""
    yield "```text"
    yield " ".join([name, *words, *(f"{each.opts[-1]} …" for each in options if each.required), "[…]"])
    yield "```"
    yield ""
    yield Text("| | takes | what for |", "| | 값 | 용도 |").say(lang)
    yield "|---|---|---|"
    for argument in arguments:
        label = f"`{(argument.name or '').upper()}`"
        yield f"| {label} | {argument.type.name} | {argument.help or ''}{_notes(argument, lang)} |"
    for option in options:
        label = ", ".join(f"`{each}`" for each in sorted(option.opts, key=len))
        takes = "" if option.is_flag else option.type.name
        yield f"| {label} | {takes} | {option.help or ''}{_notes(option, lang)} |"


def _notes(parameter: TyperArgument | TyperOption, lang: Lang) -> str:
    """What the help adds in brackets: required, default, repeatable, environment variable."""
    notes: list[str] = []
    if parameter.required:
        notes.append(Text("required", "필수").say(lang))
    if parameter.default not in (None, "", False, ()) and not callable(parameter.default):
        notes.append(f"{Text('default', '기본값').say(lang)} `{parameter.default}`")
    if getattr(parameter, "multiple", False):
        notes.append(Text("may be repeated", "반복 가능").say(lang))
    if isinstance(parameter.envvar, str):
        notes.append(f"`{parameter.envvar}`")
    return f" ({'; '.join(notes)})" if notes else ""


def write(folder: Path) -> list[Path]:
    """Write every page below `folder` (the root of the repository); what was written."""
    load_rooms()
    meanings = load_meanings(folder / MEANINGS)
    written: list[Path] = []
    for lang in LANGS:
        suffix = "" if lang == "en" else f".{lang}"
        findings = folder / f"docs/findings{suffix}.md"
        findings.write_text(findings_page(lang, meanings), "utf-8")
        commands = folder / f"docs/reference/cli{suffix}.md"
        commands.write_text(commands_in(lang), "utf-8")
        written += [findings, commands]
    return written


def commands_in(lang: Lang) -> str:
    """The page of commands in `lang`: help is chosen when the program starts, so it is started again."""
    command = [sys.executable, "-m", "haechi.cli.reference", "commands"]
    environment = os.environ | {"HAECHI_LANG": lang, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8")  # noqa: S603  # our own program
    return done.stdout


def main(arguments: list[str]) -> None:
    """Print the page of commands, or write every page."""
    if arguments == ["commands"]:
        sys.stdout.write(commands_page())
    else:
        for path in write(Path()):
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
