"""The pages that a node serves to people, each with a JSON twin; rendered here, with no script at all.

source.py    what a page may ask of the node      routes.py  which address answers with which page
home.py statement.py issuer.py log.py peers.py    one page each: a frozen struct and how it is made
problem.py   errors as pages                      render.py  structs as HTML, in one language at a time
"""

from haechi.node.pages.reply import SECURITY_HEADERS, error_response
from haechi.node.pages.routes import make_routes
from haechi.node.pages.source import (
    Card,
    Count,
    Found,
    Issuer,
    IssuerKey,
    Log,
    Peer,
    Place,
    Sealed,
    Source,
    Standing,
    Voucher,
    Where,
)

__all__ = [
    "SECURITY_HEADERS",
    "Card",
    "Count",
    "Found",
    "Issuer",
    "IssuerKey",
    "Log",
    "Peer",
    "Place",
    "Sealed",
    "Source",
    "Standing",
    "Voucher",
    "Where",
    "error_response",
    "make_routes",
]
