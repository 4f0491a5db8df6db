"""Looking at many files, one after the other or several at once; a report that an interrupted run resumes."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from haechi.cli.files import FileRefused
from haechi.cli.out import EXIT_BY_VERDICT, exit_code
from haechi.errors import HaechiError, TooLarge
from haechi.mark.media import STDIN
from haechi.words import Lang, Text, system_reason

if TYPE_CHECKING:
    from haechi.mark.credentials import TrustSource
    from haechi.mark.examine import Means
    from haechi.mark.fanout import Spread
    from haechi.mark.text import TextLook, TextMeans
    from haechi.mark.text.registry import TextRegistry
    from haechi.mark.verdict import Look
    from haechi.network.pins import Pins
    from haechi.network.trust.metadata import Verified

_MAX_ANCHORS = 1 << 20
_MAX_REPORT = 1 << 30


class Reader(NamedTuple):
    """What the options say a reader brings; small enough to be sent to other processes."""

    node: str = ""
    pins: Path | None = None
    records: Path | None = None
    keys: tuple[Path, ...] = ()
    anchors: tuple[Path, ...] = ()
    profiles: tuple[Path, ...] = ()
    tokenizer: Path | None = None
    model: Path | None = None
    trust: Path | None = None
    temperature: float = 1.0

    def means(self, stack: ExitStack) -> "AllMeans":
        """The keys, anchors and registry; a node's connection lives as long as the stack."""
        from haechi.cli.files import read_file
        from haechi.cli.verification import listed_trust, load_list, load_trust
        from haechi.facts import load
        from haechi.mark.extra import require

        require("haechi.mark.bulk")
        from haechi.mark import credentials
        from haechi.mark.examine import Means
        from haechi.mark.image import PUBLIC_KEY
        from haechi.mark.records import Nowhere, read_folder
        from haechi.mark.studio import load_mark_key
        from haechi.mark.text.registry import NoTexts, TextFolder

        trust = [credentials.official_list()]
        for path in self.anchors:
            pem = read_file(path, _MAX_ANCHORS, Text("certificates", "인증서"))
            trust.append(credentials.anchors(Text(path.name, path.name), pem))
        own = (PUBLIC_KEY, *(load_mark_key(path) for path in self.keys))
        if self.node:
            from haechi.cli.marks_at import NodeRegistry
            from haechi.network.client import PeerClient

            client = stack.enter_context(PeerClient(self.node))
            pinned, listed = load_trust(self.pins), load_list(self.trust)
            asked = NodeRegistry(client, listed_trust(pinned, listed), _institutes(pinned, listed), load())
            anchored = (*trust, *asked.anchors())
            return AllMeans(Means(own, anchored, asked), self._of_text(asked, anchored))
        registry = Nowhere() if self.records is None else read_folder(self.records, load())
        texts = NoTexts() if self.records is None else TextFolder(self.records, load())
        return AllMeans(Means(own, tuple(trust), registry), self._of_text(texts, tuple(trust)))

    def _of_text(self, registry: "TextRegistry", trust: "tuple[TrustSource, ...]") -> "TextMeans":
        from haechi.mark.text import TextMeans
        from haechi.mark.text.profiles import load_profile

        paths = [each for path in self.profiles for each in _profile_files(path)]
        means = TextMeans(tuple(load_profile(path) for path in paths), registry, trust=trust)
        if self.model is not None:
            from haechi.mark.text import Cut
            from haechi.mark.text.engines.llama_cpp import load_model

            digest, tokenize, choice = load_model(self.model, Cut(self.temperature))
            means = replace(means, tokenizer=digest, tokenize=tokenize, choice=choice)
        if self.tokenizer is not None:
            from haechi.mark.text.tokenizer import load_tokenizer

            digest, tokenize = load_tokenizer(self.tokenizer)
            means = replace(means, tokenizer=digest, tokenize=tokenize)
        return means


def _institutes(pins: "Pins", listed: "Verified | None") -> frozenset[str]:
    """Who runs pinned nodes, and listed nodes unless it is a company (docs/decisions/0071)."""
    from haechi.network.trust.view import checkers_in

    pinned = frozenset(card.issuer for card in pins.nodes)
    if listed is None:
        return pinned
    known = listed.trust_list
    return pinned | {name for name in checkers_in(known) if known.organisation(name).role != "company"}


class AllMeans(NamedTuple):
    """What a reader brings, for each medium."""

    picture: "Means"
    text: "TextMeans"


class Seen(NamedTuple):
    """How a look at one file ended: the look or the error, or (from an earlier report) only what was told."""

    path: Path
    look: "Look | TextLook | None"
    error: HaechiError | None
    told: dict[str, Any] | None = None

    @property
    def code(self) -> int:
        """The exit code of this file alone."""
        if self.told is not None:
            return int(self.told["exit_code"])
        if self.look is not None:
            return EXIT_BY_VERDICT[self.look.verdict]
        return 1 if self.error is None else exit_code(self.error)

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        if self.told is not None:
            return self.told
        what = {} if self.look is None else self.look.as_dict(lang)
        if self.error is not None:
            what = {"error": self.error.as_dict(lang)}
        return {"file": str(self.path), **what, "exit_code": self.code}


class _Sent(NamedTuple):
    """A `Seen` between processes: an error of the tree travels as its class and its facts."""

    path: Path
    look: "Look | TextLook | None"
    error: type[HaechiError] | None
    facts: dict[str, object]


def each_seen(paths: Iterable[Path], reader: Reader, spread: "Spread | None" = None) -> Iterator[Seen]:
    """A look at each file, in order. Raises what the reader's own files and node raise."""
    from haechi.mark.extra import require

    require("haechi.mark.bulk")
    from haechi.mark.fanout import HERE, each_of

    spread = spread or HERE
    with ExitStack() as stack:
        here = spread == HERE
        work = partial(_look, means=reader.means(stack)) if here else partial(_look_for, reader=reader)
        for sent in each_of(work, paths, spread):
            yield Seen(sent.path, sent.look, None if sent.error is None else sent.error(**sent.facts))


def _profile_files(path: Path) -> list[Path]:
    """The profile that is named, or those in a folder."""
    return sorted(path.glob("*.profile")) if path.is_dir() else [path]


def _look(path: Path, *, means: AllMeans) -> _Sent:
    try:
        return _Sent(path, _looked(path, means), None, {})
    except HaechiError as error:
        return _Sent(path, None, type(error), error.facts)


def _looked(path: Path, means: AllMeans) -> "Look | TextLook":
    from haechi.mark.bulk import read_file, read_picture
    from haechi.mark.examine import examine
    from haechi.mark.extra import require
    from haechi.mark.kind import medium_found
    from haechi.mark.text import look_at_text
    from haechi.mark.text.files import read_bytes, read_stream

    if path == STDIN:
        return look_at_text(read_stream(sys.stdin.buffer), means.text)
    medium = medium_found(path)
    if medium == "text":
        return look_at_text(read_bytes(path), means.text)
    if medium == "audio":
        require("haechi.mark.audio.look")
        from haechi.mark.audio.look import look_at_sound

        return look_at_sound(read_file(path, medium), means.picture)
    if medium == "video":
        require("haechi.mark.video.look")
        from haechi.mark.video.look import look_at_video

        return look_at_video(path, means.picture)
    return examine(read_picture(path), means.picture)


def _look_for(path: Path, *, reader: Reader) -> _Sent:
    return _look(path, means=_means_here(reader))


@lru_cache(maxsize=1)
def _means_here(reader: Reader) -> AllMeans:
    """Opened once in a worker process, and closed with it."""
    return reader.means(ExitStack())


class Report:
    """A file with one line of JSON a picture, written as the looks end.

    Always true: a line is there whole and counts only for the very file (size and time) it was written for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: dict[str, dict[str, Any]] = {}
        try:
            if path.exists():
                if path.stat().st_size > _MAX_REPORT:
                    raise TooLarge(what_is=str(path), limit=_MAX_REPORT, got=path.stat().st_size)
                self._read(path.read_text("utf-8"))
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise FileRefused(what_is=str(path), why=system_reason(error)) from error

    def _read(self, text: str) -> None:
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # the last line was cut by an interruption
            self._path.write_text(whole, "utf-8")
        for line in whole.splitlines():
            try:
                told = json.loads(line)
                self._before[str(told["file"])] = {**told, "exit_code": int(told["exit_code"])}
            except (ValueError, KeyError, TypeError):
                continue  # somebody else's line: kept, and not believed

    def before(self, path: Path) -> Seen | None:
        """What an earlier run said of this very file."""
        told = self._before.get(str(path))
        return None if told is None or told.get("stat") != _stat(path) else Seen(path, None, None, told)

    def add(self, seen: Seen, lang: Lang) -> None:
        """Write down how a look ended."""
        line = {**seen.as_dict(lang), "stat": _stat(seen.path)}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Nothing more is written."""
        self._file.close()


def _stat(path: Path) -> list[int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return [told.st_size, told.st_mtime_ns]
