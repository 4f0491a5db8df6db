"""One statement, byte by byte, for the page that describes the format.

    python -m haechi.statement.worked     prints the lines of docs/reference/statement-format.md

The key is the public example of RFC 8032 section 7.1 test 1 and Ed25519 signs the same bytes the same way, so
the statement is the same for everybody who makes it again.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ed25519

from haechi.facts import load
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.keys import Family, SigningKey

EXAMPLE_SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
ISSUED_AT = 1_790_000_000  # 2026-09-21
_WIDTH = 12  # bytes of hex on a line
_COMMENT_AT = 48

# What the number labels of a protected header stand for, by the labels that lead to them.
_LABELS: dict[tuple[str, ...], str] = {
    ("1",): "alg",
    ("3",): "content type",
    ("4",): "kid, the thumbprint of the key",
    ("15",): "CWT claims",
    ("15", "1"): "iss",
    ("15", "2"): "sub",
    ("15", "6"): "iat",
    ("15", "8"): "cnf",
    ("15", "8", "1"): "COSE key",
    ("15", "8", "1", "1"): "kty, 1 is OKP",
    ("15", "8", "1", "-1"): "crv, 6 is Ed25519",
    ("15", "8", "1", "-2"): "x, the public key",
    ("258",): "hash algorithm of the payload",
    ("259",): "content type of the file",
    ("260",): "where the file is",
}


def example_statement() -> Statement:
    """A withdrawal by company.example, signed with the key of RFC 8032 section 7.1 test 1."""
    kind = kind_of("withdraw")
    key = SigningKey(Family.ED25519, ed25519.Ed25519PrivateKey.from_private_bytes(EXAMPLE_SECRET))
    about = About(issuer="company.example", subject="urn:example:studio", issued_at=ISSUED_AT, kind=kind.name)
    return sign_statement(key, about, encode_claim(kind, kind.example(), load()))


class Item(NamedTuple):
    """One head of CBOR with the bytes that belong to it; depth: how deep it lies."""

    raw: bytes
    depth: int
    meaning: str


def items(raw: bytes, depth: int = 0) -> Iterator[Item]:
    """Every item of strict CBOR in order, containers before what they hold."""
    walk = _Walk(raw)
    while walk.at < len(raw):
        yield from walk.item(depth, ())


def commented(raw: bytes) -> list[str]:
    """A statement as lines of hex, each with what it means; embedded CBOR is taken apart too."""
    lines = [_line(raw[:1], 0, "tag 18: COSE_Sign1")]
    parts = iter(("protected header", "unprotected header", "payload", "signature"))
    for item in items(raw[1:]):
        if item.depth == 0:
            lines.append(_line(item.raw, 0, item.meaning))
            continue
        name = next(parts)
        if name in ("protected header", "payload"):
            head, body = _split(item.raw)
            lines.append(_line(head, 1, f"{name}, {len(body)} bytes"))
            lines += [line for part in items(body, 2) for line in _lines(part)]
        else:
            lines += _lines(item._replace(meaning=f"{name}, {item.meaning}"))
    return lines


def _lines(item: Item) -> Iterator[str]:
    for at in range(0, len(item.raw), _WIDTH):
        yield _line(item.raw[at : at + _WIDTH], item.depth, item.meaning if at == 0 else "")


def _line(raw: bytes, depth: int, comment: str) -> str:
    return f"{'  ' * depth + raw.hex(' '):<{_COMMENT_AT}}  {comment}".rstrip()


def _split(raw: bytes) -> tuple[bytes, bytes]:
    width = {24: 1, 25: 2}.get(raw[0] & 0x1F, 0)
    return raw[: 1 + width], raw[1 + width :]


class _Walk:
    """One pass over strict CBOR. Always true: every byte before `at` was yielded."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def item(self, depth: int, path: tuple[str, ...]) -> Iterator[Item]:
        """The item at `at` and what it holds; path: the map keys that lead here."""
        begin = self.at
        major, number, body = self._head()
        self.at += len(body)
        yield Item(self.raw[begin : self.at], depth, _meaning(major, number, body))
        if major == 4:
            for _ in range(number):
                yield from self.item(depth + 1, path)
        elif major == 5:
            for _ in range(number):
                key = next(self.item(depth + 1, path))
                here = (*path, key.meaning)
                name = _LABELS.get(here)
                yield key if name is None else key._replace(meaning=f"{key.meaning}: {name}")
                yield from self.item(depth + 1, here)

    def _head(self) -> tuple[int, int, bytes]:
        major, info = divmod(self.raw[self.at], 32)
        width = 1 << (info - 24) if 24 <= info < 28 else 0
        self.at += 1 + width
        number = int.from_bytes(self.raw[self.at - width : self.at], "big") if width else info
        body = self.raw[self.at : self.at + number] if major in (2, 3) else b""
        return major, number, body


def _meaning(major: int, number: int, body: bytes) -> str:
    match major:
        case 0:
            return str(number)
        case 1:
            return str(-1 - number)
        case 2:
            return f"{number} bytes"
        case 3:
            return f'"{body.decode()}"'
        case 4:
            return f"array of {number}"
        case _:
            return f"map of {number}"


def main() -> None:
    """Print the worked example."""
    statement = example_statement()
    lines = [*commented(statement.raw), "", f"SHA-256 of all bytes, the log's entry: {statement.digest_hex}"]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
