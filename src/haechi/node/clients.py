"""Who is asking, for rate limits: the address of the connection, or what a named proxy says it was."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from starlette.types import Scope

_FORWARDED = b"x-forwarded-for"
_MAX_HEADER_BYTES = 2048


class Clients:
    """Names clients. Always true: only a proxy that the operator named is believed about who is behind it."""

    def __init__(self, proxies: Sequence[str]) -> None:
        """proxies: addresses of proxies in front of the node, each as the node sees it."""
        self._proxies = frozenset(_plain(proxy) for proxy in proxies)

    def of(self, scope: Scope) -> str:
        """The client's address; never logged together with content. "?" when the connection has none.

        For IPv6 its /64 network: one customer is given that many addresses, and must not get a rate for each.
        """
        client = scope.get("client")
        if not client:
            return "?"
        address = client[0]
        if self._proxies and address in self._proxies:
            address = self._behind(scope, address)
        return network_of(address)

    def _behind(self, scope: Scope, proxy: str) -> str:
        """The nearest hop that no named proxy stands for: anything further left is the client's own word."""
        lines = [value for name, value in scope["headers"] if name == _FORWARDED]
        hops = b",".join(lines)[-_MAX_HEADER_BYTES:].decode("latin-1").split(",")
        for hop in reversed(hops):
            try:
                address = _plain(hop.strip())
            except ValueError:
                return proxy
            if address not in self._proxies:
                return address
        return proxy


def _plain(address: str) -> str:
    """An address in one spelling; IPv4 as itself where it is written within IPv6 (RFC 4291 section 2.5.5.2).

    Raises ValueError.
    """
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The /64 network of an IPv6 address; anything else as it is."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
