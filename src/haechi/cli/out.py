"""How the command line speaks: one language by locale, tables for people, `--json` for programs.

Exit codes (documented in docs/reference/cli.md, held by a test):

    0   done, or every check HOLDS
    1   a check FAILS
    2   the command was used wrongly
    3   nothing failed, but a check is UNDECIDED
    4   bad input          5   not found       6   refused by policy or key
    7   conflict (a fork, another writer)       8   unavailable (disk, peer, lock)
"""

import os
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haechi.errors import BadInput, Conflict, HaechiError, NotFound, Refused, Unavailable
from haechi.findings import VERDICT_WORDS, Finding, Verdict
from haechi.words import Lang, Text, lang_from_locale

if TYPE_CHECKING:
    from rich.console import Console

EXIT_USAGE = 2
EXIT_BY_VERDICT = {Verdict.HOLDS: 0, Verdict.FAILS: 1, Verdict.UNDECIDED: 3}
EXIT_BY_ERROR: tuple[tuple[type[HaechiError], int], ...] = (
    (BadInput, 4),
    (NotFound, 5),
    (Refused, 6),
    (Conflict, 7),
    (Unavailable, 8),
)
SHAPES = {Verdict.HOLDS: ("✔", "green"), Verdict.FAILS: ("✘", "red"), Verdict.UNDECIDED: ("?", "yellow")}


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

    @property
    def console(self) -> "Console":
        """A Rich console on standard output; imported late, for it is not needed with --json."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=True)

    def say(self, text: Text | str, **facts: object) -> None:
        """One line for people; nothing with --json."""
        if not self.json:
            line = text.say(self.lang, **facts) if isinstance(text, Text) else text
            sys.stdout.write(line + "\n")

    def data(self, value: object) -> None:
        """The whole answer for programs, one JSON document; nothing without --json."""
        if self.json:
            import msgspec

            sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")

    def table(self, title: str, columns: Iterable[Text], rows: Iterable[Iterable[str]]) -> None:
        """A table for people; nothing with --json. Cells are text, never markup."""
        if self.json:
            return
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
        for column in columns:
            table.add_column(column.say(self.lang), overflow="fold")
        for row in rows:
            table.add_row(*(escape(clean(cell)) for cell in row))
        self.console.print(table)

    def heading(self, text: str, aside: str = "") -> None:
        """A line that opens a group of others; nothing with --json."""
        if self.json:
            return
        from rich.text import Text as Line

        line = Line(f"\n{text}", style="bold")
        line.append(f"  {aside}", style="dim")
        self.console.print(line)

    def findings(self, findings: Iterable[Finding], title: Text | None = None) -> None:
        """Each check on a line: shape, word, what was checked, why."""
        if self.json:
            return
        from rich.text import Text as Line

        console = self.console
        if title is not None:
            console.print(Line(title.say(self.lang), style="bold"))
        for finding in findings:
            shape, colour = SHAPES[finding.verdict]
            line = Line(f"  {shape} ", style=colour)
            line.append(f"{VERDICT_WORDS[finding.verdict].say(self.lang).upper():<10}", style=colour)
            line.append(f"{finding.title(self.lang)}: ", style="bold")
            line.append(clean(finding.say(self.lang)))
            console.print(line)

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


def clean(text: str) -> str:
    """Text without control or direction-changing characters: what others wrote can't move our cursor."""
    return "".join(c if c.isprintable() and c not in _BIDI else "�" for c in text)


_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
