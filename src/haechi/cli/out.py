"""How the command line speaks: one language by locale, lines for people, `--json` for programs.

Exit codes (documented in docs/reference/cli.md, held by a test):

    0   done, or every check HOLDS
    1   a check FAILS
    2   the command was used wrongly
    3   nothing failed, but a check is UNDECIDED
    4   bad input          5   not found       6   refused by policy or key
    7   conflict (a fork, another writer)       8   unavailable (disk, peer, lock)

What others wrote reaches a terminal through `clean` only, in text and in JSON alike.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from haechi.cli.misuse import WronglyUsed
from haechi.errors import BadInput, Conflict, HaechiError, NotFound, Refused, Unavailable
from haechi.findings import VERDICT_WORDS, Finding, Verdict
from haechi.words import Lang, Text, lang_from_locale

EXIT_USAGE = 2
EXIT_BY_VERDICT = {Verdict.HOLDS: 0, Verdict.FAILS: 1, Verdict.UNDECIDED: 3}
EXIT_BY_ERROR: tuple[tuple[type[HaechiError], int], ...] = (
    (WronglyUsed, EXIT_USAGE),
    (BadInput, 4),
    (NotFound, 5),
    (Refused, 6),
    (Conflict, 7),
    (Unavailable, 8),
)
SHAPES = {Verdict.HOLDS: ("✔", "32"), Verdict.FAILS: ("✘", "31"), Verdict.UNDECIDED: ("?", "33")}
_BOLD, _DIM = "1", "2"
_WORD_COLUMNS = 10
# Controls, marks and overrides of direction, line separators, lone surrogates, invisible characters.
_MOVING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

_DIGEST = re.compile("[0-9a-f]{64}")


def locale_lang() -> Lang:
    """The language of this process: HAECHI_LANG, then the usual locale variables."""
    names = ("HAECHI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return lang_from_locale(*(os.environ.get(name) for name in names))


def exit_code(error: HaechiError) -> int:
    """The documented exit code for an error of the tree."""
    return next((code for kind, code in EXIT_BY_ERROR if isinstance(error, kind)), 1)


@dataclass(frozen=True)
class Out:
    """Where a command's answer goes: a person at a terminal, or a program reading JSON."""

    json: bool = False

    @property
    def lang(self) -> Lang:
        """The language to answer in."""
        return locale_lang()

    def say(self, text: Text | str, **facts: object) -> None:
        """Words for people, with what fills them made plain; nothing with --json."""
        if not self.json:
            told = {name: clean(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
            self._lines(text.say(self.lang, **told) if isinstance(text, Text) else text)

    def data(self, value: object) -> None:
        """The whole answer for programs, one JSON document; nothing without --json."""
        if self.json:
            import msgspec

            text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
            # Such characters stand inside strings only; the document's own line feeds stay.
            escaped = _MOVING.sub(lambda found: "\n" if found[0] == "\n" else _escape(found[0]), text)
            sys.stdout.write(escaped + "\n")

    def table(self, title: str, columns: Iterable[Text], rows: Iterable[Iterable[str]]) -> None:
        """A table for people; nothing with --json. Cells are text, never markup."""
        if self.json:
            return
        # Rich costs a tenth of a second to load, so only what needs its tables pays for it.
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=escape(clean(title)), title_justify="left", box=None, pad_edge=False)
        cells = [[escape(clean(cell)) for cell in row] for row in rows]
        for at, column in enumerate(columns):
            # A digest is copied, so it stands in one piece and other columns give way.
            whole = any(_DIGEST.fullmatch(row[at]) for row in cells)
            table.add_column(column.say(self.lang), overflow="fold", no_wrap=whole)
        for row in cells:
            table.add_row(*row)
        Console(highlight=False, soft_wrap=True).print(table)

    def pairs(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Labels and values, one below the other and never folded, so that digests can be copied."""
        if self.json:
            return
        widest = max((columns(label) for label, _ in rows), default=0)
        self._lines(_painted(clean(title), _BOLD))
        for label, value in rows:
            first, *others = value.split("\n")
            self._lines(f"  {padded(clean(label), widest)}  {clean(first)}")
            for line in others:
                self._lines(f"  {' ' * widest}  {clean(line)}")

    def heading(self, text: str, aside: str = "") -> None:
        """A line that opens a group of others; nothing with --json."""
        if not self.json:
            self._lines(f"\n{_painted(clean(text), _BOLD)}  {_painted(clean(aside), _DIM)}".rstrip(" "))

    def findings(self, findings: Iterable[Finding], title: Text | None = None) -> None:
        """Each check on a line: shape, word, what was checked, why."""
        if self.json:
            return
        if title is not None:
            self._lines(_painted(clean(title.say(self.lang)), _BOLD))
        for finding in findings:
            shape, colour = SHAPES[finding.verdict]
            word = padded(VERDICT_WORDS[finding.verdict].say(self.lang).upper(), _WORD_COLUMNS)
            what = _painted(f"{finding.title(self.lang)}: ", _BOLD)
            self._lines(f"  {_painted(f'{shape} {word}', colour)}{what}{clean(finding.say(self.lang))}")

    @contextmanager
    def progress(self, title: Text) -> Generator[Callable[[int, int], None]]:
        """A progress bar on standard error for what may take more than two seconds; none with --json.

        The function given takes what is done and what there is in all (0: not known).
        """
        if self.json or not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title.say(self.lang), total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total or None)

    def error(self, error: HaechiError) -> int:
        """Tell an error on standard error (or as JSON on standard output); its exit code."""
        if self.json:
            self.data({"error": error.as_dict(self.lang)})
        else:
            code = f"[{error.code}]"
            hint = Text("hint", "도움말").say(self.lang)
            sys.stderr.write(
                f"{code} {clean(error.say(self.lang))}\n{hint}: {clean(error.advise(self.lang))}\n"
            )
        return exit_code(error)

    def _lines(self, text: str) -> None:
        sys.stdout.write(text + "\n")


def clean(text: str) -> str:
    """One line of text in which no character can move the cursor, change direction or hide.

    >>> clean("a" + chr(0x202e) + "b" + chr(27) + "[2J")
    'a�b�[2J'
    """
    return _MOVING.sub("�", text)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes; Hangul and Han take two each.

    >>> columns("해치 1")
    6
    """
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, width: int) -> str:
    """The text with spaces after it up to `width` columns."""
    return text + " " * (width - columns(text))


def _painted(text: str, style: str) -> str:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return text if plain or not text else f"\x1b[{style}m{text}\x1b[0m"


def _escape(char: str) -> str:
    return "".join(
        f"\\u{unit:04x}" for unit in memoryview(char.encode("utf-16-le", "surrogatepass")).cast("H")
    )
