"""The page of an issuer: its keys, why they count as its own, and its statements."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from haechi.errors import NotFound
from haechi.node.pages.line import StatementLine, lines_of
from haechi.node.pages.links import issuer_path, query
from haechi.node.pages.source import Found, IssuerKey, Listed, Source, Voucher
from haechi.node.pages.view import Page, Pair, PlaceView, View, frame, pair, place_view
from haechi.words import Text

PAGE_SIZE = 50


class IssuerNotHere(NotFound):
    """Nothing of this issuer is known here; facts: name."""

    code = "page.issuer-not-here"
    what = Text(
        "nothing of this issuer is known to this node: {name}", "이 노드가 아는 바 없는 발행자입니다: {name}"
    )
    hint = Text(
        "check the name; it must be written exactly as it was signed",
        "이름을 확인하세요. 서명된 그대로 적어야 합니다",
    )


class VoucherView(View, frozen=True, kw_only=True):
    """Why a key counts: the policy or key event `by` at its place, `listed` in the trust list, or pinned."""

    by: str | None
    place: PlaceView | None
    listed: Pair | None


class KeyView(View, frozen=True, kw_only=True):
    """A key of the issuer. kinds: what it may publish; vouchers: none when only the issuer itself says so."""

    thumbprint: str
    family: str | None
    kinds: tuple[str, ...]
    vouchers: tuple[VoucherView, ...]


class ListedView(View, frozen=True, kw_only=True):
    """Who the issuer is by the trust list, for which parties it speaks and which logs it runs."""

    network: Pair
    version: int
    expires: str
    expired: bool
    role: Pair
    country: str
    parties: tuple[str, ...]
    logs: tuple[str, ...]


class IssuerPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.issuer/1"):
    """An issuer. total: its statements held here; older: the `before` of the next page, None on the last."""

    template: ClassVar[str] = "issuer.html"

    issuer: str
    name: Pair | None
    listed: ListedView | None
    keys: tuple[KeyView, ...]
    statements: tuple[StatementLine, ...]
    total: int
    before: int | None
    older: int | None


def issuer_page(source: Source, name: str, before: int | None, now: int) -> IssuerPage:
    """The page of the issuer of this name; raises IssuerNotHere. before: a running number, for paging."""
    issuer = source.issuer(name)
    if issuer is None:
        raise IssuerNotHere(name=name)
    shared = frame(source, now)
    listed = source.statements_of(name, before, PAGE_SIZE)
    return IssuerPage(
        node=shared.node,
        path=issuer_path(name),
        query=query(before=before),
        made=shared.made,
        facts_version=shared.facts_version,
        issuer=issuer.issuer,
        name=None if issuer.name is None else pair(issuer.name),
        listed=None if issuer.listed is None else _listed(issuer.listed),
        keys=tuple(_key(key, _families(listed)) for key in issuer.keys),
        statements=lines_of(listed, now),
        total=issuer.statements,
        before=before,
        older=listed[-1].serial if len(listed) == PAGE_SIZE else None,
    )


def _families(statements: Sequence[Found]) -> dict[bytes, str]:
    # A policy names a key by thumbprint alone; the key itself travels along in what it signed.
    keys = (found.statement.key for found in statements)
    return {key.thumbprint: str(key.family) for key in keys if key is not None}


def _key(key: IssuerKey, families: Mapping[bytes, str]) -> KeyView:
    return KeyView(
        thumbprint=key.thumbprint.hex(),
        family=key.family or families.get(key.thumbprint),
        kinds=key.kinds,
        vouchers=tuple(_voucher(voucher) for voucher in key.vouchers),
    )


def _voucher(voucher: Voucher) -> VoucherView:
    return VoucherView(
        by=None if voucher.by is None else voucher.by.hex(),
        place=None if voucher.place is None else place_view(voucher.place),
        listed=None if voucher.listed is None else pair(voucher.listed),
    )


def _listed(listed: Listed) -> ListedView:
    return ListedView(
        network=pair(listed.network),
        version=listed.version,
        expires=listed.expires,
        expired=listed.expired,
        role=pair(listed.role),
        country=listed.country,
        parties=listed.parties,
        logs=listed.logs,
    )
