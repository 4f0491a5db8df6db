"""The addresses of the pages. Everything here reads; nothing on a page can change the node."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from haechi.errors import HaechiError
from haechi.node.pages.board_page import FIRST, board_page
from haechi.node.pages.country_page import countries_page, country_page
from haechi.node.pages.detect import DETECTOR, detect_page
from haechi.node.pages.home import home_page
from haechi.node.pages.incident_files import FORMS
from haechi.node.pages.issuer import issuer_page
from haechi.node.pages.language import lang_of_header
from haechi.node.pages.links import Links, issuer_name, query
from haechi.node.pages.log import log_page
from haechi.node.pages.pair_page import pair_page
from haechi.node.pages.peers import peers_page
from haechi.node.pages.problem import BadAddress, NothingMeant
from haechi.node.pages.recompute import RECOMPUTER, answers_bytes, facts_bytes, inputs_bytes
from haechi.node.pages.record_page import record_page
from haechi.node.pages.reply import (
    asset_response,
    error_response,
    open_response,
    page_response,
    redirect,
    twin_response,
)
from haechi.node.pages.scripts import Bundle
from haechi.node.pages.source import Source
from haechi.node.pages.statement import incident_file, statement_page
from haechi.node.pages.static import asset
from haechi.node.pages.subject_page import subject_page
from haechi.node.pages.view import Page, frame
from haechi.statement.envelope import MAX_NAME_CHARS
from haechi.words import LANGS, Lang

OpenSource = Callable[[], AbstractContextManager[Source]]
Clock = Callable[[], int]
Handler = Callable[[Request], Response]
Build = Callable[[Request, Source, int], Page]

MAX_ASKED_CHARS = 2048
_MAX_INDEX_DIGITS = 15
_MAX_ID_CHARS = 120
_ID = re.compile(r"[A-Za-z0-9.-]{1,120}")
_DIGEST = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")


def make_routes(open_source: OpenSource, clock: Clock) -> list[Route]:
    """The routes of all pages.

    open_source: one unchanging view of the node, entered once for a request; clock: Unix seconds.
    An error of the tree that a page or the source raises is answered with its own page.
    """
    routes = [
        Route("/", _first),
        Route("/static/{tag}/{name}", _static),
        *(Route(f"/{each.name}/{{tag}}/{{name}}", _scripts(each)) for each in (DETECTOR, RECOMPUTER)),
    ]
    open_desk = _Desk("en", open_source, clock)
    routes += [
        Route("/answers/facts/{version}.json", open_desk.telling(_facts_json)),
        Route("/answers/inputs.json", open_desk.telling(_inputs_json)),
        Route("/answers/answers.json", open_desk.telling(_answers_json)),
        *(Route(f"/incidents/{{name}}.{form}.json", open_desk.telling(_incident(form))) for form in FORMS),
    ]
    for lang in LANGS:
        desk = _Desk(lang, open_source, clock)
        routes += [
            Route(f"/{lang}", desk.to_home),
            Route(f"/{lang}/", desk.serving(_home)),
            Route(f"/{lang}/index.json", desk.serving(_home)),
            Route(f"/{lang}/statement/{{name}}", desk.serving(_statement)),
            Route(f"/{lang}/issuer/{{name:path}}", desk.serving(_issuer)),
            Route(f"/{lang}/log", desk.serving(_log)),
            Route(f"/{lang}/log.json", desk.serving(_log)),
            Route(f"/{lang}/peers", desk.serving(_peers)),
            Route(f"/{lang}/peers.json", desk.serving(_peers)),
            Route(f"/{lang}/detect", desk.serving(_detect)),
            Route(f"/{lang}/detect.json", desk.serving(_detect)),
            Route(f"/{lang}/find", desk.find),
            Route(f"/{lang}/pair", desk.chosen),
            *(
                Route(f"/{lang}/{path}{end}", desk.serving(build))
                for path, build in _ANSWERS
                for end in ("", ".json")
            ),
        ]
    return routes


@dataclass(frozen=True, slots=True)
class _Desk:
    """Answers in one language."""

    lang: Lang
    open_source: OpenSource
    clock: Clock

    def serving(self, build: Build) -> Handler:
        """Answers with the page that `build` makes, or with its twin where the address ends in `.json`."""

        def handle(request: Request) -> Response:
            def answer(source: Source) -> Response:
                return self._page(request, build(request, source, self.clock()))

            return self._with_source(request, answer)

        return handle

    def telling(self, tell: Callable[[Request, Source, int], bytes]) -> Handler:
        """Answers with JSON that is the same in every language."""

        def handle(request: Request) -> Response:
            return self._with_source(
                request, lambda source: open_response(tell(request, source, self.clock()))
            )

        return handle

    def find(self, request: Request) -> Response:
        """Goes on to the page of what was typed into the look-up box."""
        return self._with_source(request, lambda source: redirect(_meant(request, source, Links(self.lang))))

    def chosen(self, request: Request) -> Response:
        """Goes on to the pair of regimes that a form chose."""
        from_, to = (_word(request, name) or "" for name in ("from", "to"))
        if not (_ID.fullmatch(from_) and _ID.fullmatch(to)):
            return error_response(request, error=BadAddress())
        asked = query(topic=_word(request, "topic"), as_of=_word(request, "as_of"))
        return redirect(Links(self.lang).page(f"pair/{from_}/{to}", asked))

    def to_home(self, _request: Request) -> Response:
        """Goes on to the first page."""
        return redirect(Links(self.lang).page(""))

    def _page(self, request: Request, page: Page) -> Response:
        if request.url.path.endswith(".json"):
            return twin_response(page)
        return page_response(page, self.lang)

    def _with_source(self, request: Request, answer: Callable[[Source], Response]) -> Response:
        try:
            with self.open_source() as source:
                try:
                    return answer(source)
                except HaechiError as error:
                    node = frame(source, self.clock()).node
                    return error_response(request, error=error, node=node)
        except HaechiError as error:
            return error_response(request, error=error)


def _first(request: Request) -> Response:
    lang = lang_of_header(request.headers.get("accept-language", ""))
    return redirect(Links(lang).page(""), by_language=True)


def _static(request: Request) -> Response:
    found = asset(request.path_params["tag"], request.path_params["name"])
    return error_response(request, 404) if found is None else asset_response(found)


def _scripts(bundle: Bundle) -> Handler:
    def handle(request: Request) -> Response:
        found = bundle.script(request.path_params["tag"], request.path_params["name"])
        return error_response(request, 404) if found is None else asset_response(found)

    return handle


def _detect(_request: Request, source: Source, now: int) -> Page:
    return detect_page(source, now)


def _home(_request: Request, source: Source, now: int) -> Page:
    return home_page(source, now)


def _statement(request: Request, source: Source, now: int) -> Page:
    return statement_page(source, _digest(request), now)


def _digest(request: Request) -> bytes:
    digest = request.path_params["name"].removesuffix(".json")
    if not _DIGEST.fullmatch(digest) or digest != digest.lower():
        raise BadAddress
    return bytes.fromhex(digest)


def _issuer(request: Request, source: Source, now: int) -> Page:
    name = issuer_name(request.path_params["name"])
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise BadAddress
    return issuer_page(source, name, _before(request), now)


def _log(request: Request, source: Source, now: int) -> Page:
    origin = request.query_params.get("origin")
    if origin is not None and (len(origin) > MAX_NAME_CHARS or not origin.isprintable()):
        raise BadAddress
    return log_page(source, origin, _before(request), now)


def _peers(_request: Request, source: Source, now: int) -> Page:
    return peers_page(source, now)


def _board(request: Request, source: Source, now: int) -> Page:
    return board_page(source, _id(request, "instrument") or FIRST, _day(request), now)


def _countries(_request: Request, source: Source, now: int) -> Page:
    return countries_page(source, now)


def _country(request: Request, source: Source, now: int) -> Page:
    return country_page(source, _id(request, "code"), _day(request), now)


def _pair(request: Request, source: Source, now: int) -> Page:
    ends = (_id(request, "source"), _id(request, "target"))
    return pair_page(source, ends, _word(request, "topic"), _day(request), now)


def _record(request: Request, source: Source, now: int) -> Page:
    return record_page(source, _id(request, "id"), _day(request), now)


def _subject(request: Request, source: Source, now: int) -> Page:
    return subject_page(source, _name(request), _word(request, "to"), _day(request), now)


def _name(request: Request) -> str:
    name = request.query_params.get("name", "")
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise BadAddress
    return name


def _facts_json(request: Request, _source: Source, _now: int) -> bytes:
    return facts_bytes(request.path_params["version"])


def _inputs_json(request: Request, source: Source, now: int) -> bytes:
    return inputs_bytes(source, _name(request), _day(request), now)


def _answers_json(request: Request, source: Source, now: int) -> bytes:
    return answers_bytes(source, _name(request), _day(request), now)


def _incident(form: str) -> Callable[[Request, Source, int], bytes]:
    def tell(request: Request, source: Source, _now: int) -> bytes:
        return incident_file(source, _digest(request), form)

    return tell


_ANSWERS: tuple[tuple[str, Build], ...] = (
    ("pledges", _board),
    ("pledges/{instrument}", _board),
    ("countries", _countries),
    ("country/{code}", _country),
    ("pair/{source}/{target}", _pair),
    ("record/{id}", _record),
    ("subject", _subject),
)


def _id(request: Request, name: str) -> str:
    """An id of the facts in the address; a closing `.json` is not part of it."""
    given = str(request.path_params.get(name, "")).removesuffix(".json")
    if len(given) > _MAX_ID_CHARS or not given.isprintable():
        raise BadAddress
    return given


def _day(request: Request) -> str | None:
    return _word(request, "as_of")


def _word(request: Request, name: str) -> str | None:
    asked = request.query_params.get(name)
    return asked[:_MAX_ID_CHARS] if asked else None


def _before(request: Request) -> int | None:
    text = request.query_params.get("before")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_INDEX_DIGITS):
        raise BadAddress
    return int(text)


def _meant(request: Request, source: Source, link: Links) -> str:
    asked = request.query_params.get("q", "").strip()
    if not asked or len(asked) > MAX_ASKED_CHARS:
        raise NothingMeant
    # In the address of a page of another node, the statement's digest is the last thing of its length.
    digests = _DIGEST.findall(asked)
    if digests:
        return link.statement(digests[-1].lower())
    if len(asked) <= MAX_NAME_CHARS and asked.isprintable() and source.issuer(asked) is not None:
        return link.issuer(asked)
    raise NothingMeant
