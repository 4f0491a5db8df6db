"""Addresses of the pages, as paths on this node."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from haechi.node.pages.view import Page
from haechi.words import Lang

_TWIN, _PAGE = ".json", ".html"


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages in one language."""

    lang: Lang

    def page(self, path: str, asked: str = "") -> str:
        """The page at `path` below the language."""
        return f"/{self.lang}/{path}" + (f"?{asked}" if asked else "")

    def twin(self, page: Page) -> str:
        """The JSON twin of a page."""
        path = page.path.removesuffix(_PAGE) if page.path.startswith("issuer/") else page.path
        return self.page((path or "index") + _TWIN, page.query)

    def statement(self, digest: str) -> str:
        """The page of the statement with this hex digest."""
        return self.page(f"statement/{digest}")

    def issuer(self, name: str, before: int | None = None) -> str:
        """The page of the issuer of this name."""
        return self.page(issuer_path(name), query(before=before))

    def record(self, id_: str) -> str:
        """The page of a requirement or commitment."""
        return self.page(f"record/{id_}")

    def country(self, code: str) -> str:
        """The page of a jurisdiction."""
        return self.page(f"country/{code}")

    def pair(self, source: str, target: str, topic: str | None = None) -> str:
        """The page of what evidence of one regime lacks in another, on one subject or on all."""
        return self.page(f"pair/{source}/{target}", query(topic=topic or None))

    def pledges(self, instrument: str) -> str:
        """The board of an instrument."""
        return self.page(f"pledges/{instrument}")

    def subject(self, name: str) -> str:
        """The answers about a subject, whatever its name."""
        return self.page("subject", query(name=name))

    def log(self, origin: str | None = None, before: int | None = None) -> str:
        """The page of the own log, or of the mirror of `origin`."""
        return self.page("log", query(origin=origin, before=before))


def query(**asked: str | int | None) -> str:
    """The query string of what was asked for; what is None is left out."""
    return urlencode({name: value for name, value in asked.items() if value is not None})


def issuer_path(name: str) -> str:
    """The path of an issuer's page below the language; `issuer_name` reads it back.

    Names are anything printable, so a name may look like a twin or a step up in the tree; then it is closed
    with `.html`, and slashes that would not survive a browser are written as %2F.

    >>> issuer_path("kr.example/naver"), issuer_path("a//b"), issuer_path("x.json")
    ('issuer/kr.example/naver', 'issuer/a%2F%2Fb', 'issuer/x.json.html')
    """
    steps = name.split("/")
    plain = not {"", ".", ".."} & set(steps)
    closed = name.endswith((_TWIN, _PAGE)) or name in {".", ".."}
    return "issuer/" + quote(name, safe="/" if plain else "") + (_PAGE if closed else "")


def issuer_name(path: str) -> str:
    """The issuer's name in a decoded path below `issuer/`: a closing `.json` or `.html` is not part of it."""
    return path.removesuffix(_TWIN) if path.endswith(_TWIN) else path.removesuffix(_PAGE)
