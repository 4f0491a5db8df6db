"""A reason inside an error is said in the reader's language, by every error of this room and of receipts."""

import json
import re
import tomllib
from collections.abc import Callable

import msgspec
import pytest

from haechi.answers.package import read_package
from haechi.errors import BadInput
from haechi.log.receipt import ReceiptMalformed
from haechi.log.registration import NotAdmitted
from haechi.misfit import misfit_of
from haechi.network.card import NodeCard
from haechi.network.fork import Fork
from haechi.network.pins import Pins
from haechi.network.succession import Handovers
from haechi.network.trust.listing import TrustList
from haechi.node.config import Limits, checked_config
from haechi.statement.cbor import CborMalformed
from haechi.statement.claims import ClaimMalformed
from haechi.statement.keys import KeyLocked, KeyMalformed
from haechi.statement.sentence import Sentence, reason_of
from haechi.statement.sign1 import EnvelopeMalformed
from haechi.words import Text

WHY = Text("no such thing", "그런 것은 없음")
ERRORS = [
    CborMalformed(where="x", rule="tag", why=WHY),
    EnvelopeMalformed(why=WHY),
    KeyMalformed(why=WHY),
    KeyLocked(what_is="key", why=WHY),
    ClaimMalformed(kind="x", why=WHY),
    ReceiptMalformed(why=WHY),
    NotAdmitted(why=WHY, issuer="a", quoted="a", kind="x", key="00"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_the_reason_is_in_the_language_of_the_sentence(error: BadInput):
    assert WHY.en in error.say("en")
    assert WHY.ko in error.say("ko")
    assert WHY.en not in error.say("ko")
    assert str(error) == error.say("en")
    assert error.as_dict("ko")["message"] == error.say("ko")
    assert reason_of(error) == Text(error.say("en"), error.say("ko"))


def test_words_that_need_no_translation_may_be_a_string():
    assert ClaimMalformed(kind="x", why="$.size").say("ko").endswith("$.size")


def test_a_sentence_without_facts_is_said_as_it_is():
    assert Sentence("a {b}", "가 {b}").say("ko") == "가 {b}"


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    size: int


@pytest.mark.parametrize("value", [{"size": "x"}, {}, {"size": 1, "more": 1}, [], {"size": None}])
def test_what_is_wrong_with_a_value_is_said_in_korean_too(value: object):
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(value, Sample)
    told = misfit_of(refused.value)
    assert told.en != told.ko
    assert re.search("[가-힣]", told.ko)


def test_a_complaint_without_korean_stands_in_english():
    assert misfit_of(msgspec.ValidationError("brand new")) == Text("brand new", "brand new")
    assert len(misfit_of(msgspec.ValidationError("x" * 10_000)).en) <= 300
    assert "\x1b" not in misfit_of(msgspec.ValidationError("\x1b[2J")).ko


HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize(
    "refused",
    [
        lambda: checked_config(Limits(read_burst=-1)),
        lambda: Pins.from_json(b'{"schema": "haechi.pins/9"}'),
        lambda: Pins.from_json(b"{"),
        lambda: Pins.from_json(b'{"nodes": [], "nodes": []}'),
        lambda: NodeCard.from_json(b"{}"),
        lambda: NodeCard.from_json(b"[" * 5000),
        lambda: TrustList.from_json(b'{"schema": 1}'),
        lambda: Fork.from_json(b"{}"),
        lambda: Fork.from_json(b"{"),
        lambda: Handovers.from_json(b"[]"),
        lambda: read_package(b"{}"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_korean(refused: Callable[[], object]):
    with pytest.raises(BadInput) as error:
        refused()
    why = error.value.facts["why"]
    assert isinstance(why, Text)
    assert HANGUL.search(why.ko)
    assert not HANGUL.search(why.en)


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (msgspec.json.decode, b'{"a": [}'),
        (msgspec.json.decode, b'{"a": 1} x'),
        (msgspec.json.decode, b'{"a": 1'),
        (msgspec.json.decode, b"\xff\xfe"),
        (json.loads, b'{"a": [}'),
        (lambda raw: tomllib.loads(raw.decode()), b"a = [1\n"),
        (lambda raw: tomllib.loads(raw.decode()), b"a = = 1\n"),
        (lambda raw: raw.decode("utf-8-sig"), b"\xff\xfe"),
    ],
)
def test_what_a_parser_says_of_a_broken_file_is_korean_in_korean(
    read: Callable[[bytes], object], raw: bytes
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the libraries' own
        read(raw)
    told = misfit_of(refused.value).ko.replace("UTF-8", "")
    assert set(re.findall(r"[A-Za-z]+", told)) <= {"JSON", "TOML"}
