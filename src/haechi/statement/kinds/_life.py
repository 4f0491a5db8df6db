"""What kinds share: they speak about an earlier statement, a file, a country, in the issuer's own words."""

from haechi.errors import UnknownName
from haechi.facts import Facts
from haechi.statement.claims import Digest, Row, Said
from haechi.statement.evidence import EvidenceRef
from haechi.words import Text

EXAMPLE_TARGET: Digest = bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")


def neutral(value: object) -> Text:
    """A value that reads the same in both languages: a digest, a date, a number."""
    return Text(str(value), str(value))


def target_row(target: bytes, label: Text | None = None) -> Row:
    """The row that names the statement spoken about."""
    return Row(label or Text("Statement", "대상 진술"), neutral(target.hex()), target)


def said_row(label: Text, said: Said) -> Row:
    """The issuer's own words; a language that was not given shows the other, marked."""
    return Row(label, Text(said.in_("en"), said.in_("ko")))


def file_row(ref: EvidenceRef, label: Text | None = None) -> Row:
    """A file's name, its size and the beginning of its digest."""
    shown = f"{ref.name} ({ref.size:,} B, {ref.digest.hex()[:16]}…)"
    return Row(label or Text("Evidence", "증거"), neutral(shown))


def country_label(facts: Facts, code: str) -> Text:
    """The country's name, or the bare ISO code for one that the facts do not list."""
    try:
        return facts.country(f"c.{code}").label
    except UnknownName:
        return neutral(code)
