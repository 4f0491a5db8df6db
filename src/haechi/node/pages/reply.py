"""Responses of the pages: HTML or the JSON twin, never cached blindly, under a policy that runs no script."""

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from haechi.errors import HaechiError
from haechi.node.pages.language import lang_of_header, lang_of_path
from haechi.node.pages.problem import ProblemPage, error_of, problem_page, status_of
from haechi.node.pages.render import render
from haechi.node.pages.scripts import SCRIPT_POLICY
from haechi.node.pages.static import Asset
from haechi.node.pages.view import NodeView, Page
from haechi.words import Lang

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page_response(page: Page | ProblemPage, lang: Lang, status: int = 200) -> Response:
    """The page as HTML."""
    html, extra = render(page, lang), {"content-language": lang}
    scripts = None if isinstance(page, ProblemPage) else page.scripts
    if scripts is not None:
        html, extra = scripts.added_to(html), extra | {"content-security-policy": SCRIPT_POLICY}
    return _reply(html.encode(), "text/html; charset=utf-8", status, extra)


def twin_response(page: Page) -> Response:
    """The page's facts as JSON, the same in every language."""
    return open_response(msgspec.json.encode(page))


def open_response(body: bytes) -> Response:
    """JSON that anybody may read, from any origin."""
    headers = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
    return _reply(body, "application/json", 200, headers)


def _reply(body: bytes, media_type: str, status: int, extra: dict[str, str]) -> Response:
    headers = {**SECURITY_HEADERS, "cache-control": "no-cache", **extra}
    return Response(body, status, headers, media_type)


def error_response(
    request: Request,
    status: int | None = None,
    error: HaechiError | None = None,
    node: NodeView | None = None,
) -> Response:
    """An error in the reader's language: a page, or `{code, message, hint, facts}` where JSON was asked for.

    status: when the error does not say it; error: when there is more to say than the status does.
    """
    path = request.url.path
    error = error_of(status or 500) if error is None else error
    status = status_of(error) if status is None else status
    named = lang_of_path(path)
    lang = named or lang_of_header(request.headers.get("accept-language", ""))
    headers = {"vary": "Accept, Accept-Language", "cache-control": "no-store"}
    if _wants_json(request):
        return _reply(msgspec.json.encode(error.as_dict(lang)), "application/json", status, headers)
    below = path.strip("/").partition("/")[2] if named else ""
    response = page_response(problem_page(error, status, below, node), lang, status)
    response.headers.update(headers)
    return response


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return request.url.path.endswith(".json") or accept.startswith("application/json")


def asset_response(asset: Asset) -> Response:
    """A file named by its content, to be kept for ever."""
    headers = {**SECURITY_HEADERS, "cache-control": "public, max-age=31536000, immutable"}
    return Response(asset.body, 200, headers, asset.media_type)


def redirect(to: str, *, by_language: bool = False) -> Response:
    """On to another page of this node. by_language: the target was chosen from Accept-Language."""
    headers = {**SECURITY_HEADERS, **({"vary": "Accept-Language"} if by_language else {})}
    return RedirectResponse(to, 307 if by_language else 303, headers)
