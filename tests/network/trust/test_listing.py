"""What the list says of keys at a place in a log, and the lists that are refused."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.network.parties import COMPANY, ed25519_key
from tests.network.trust.lists import (
    BRITAIN,
    COMPANY_LISTED,
    KOREA,
    LISTED,
    cosigner_key,
    listed_node,
    recipient,
    statement_key,
    with_company,
    with_company_key,
)

from haechi.errors import HaechiError, TooLarge
from haechi.network.trust.keys import KeyStatus, ListInvalid, Standing
from haechi.network.trust.listing import (
    MAX_LIST_BYTES,
    HistoryCut,
    TrustList,
    Unlisted,
    require_grown,
)

HERE, THERE = KOREA.origin, BRITAIN.origin
COMPANY_KEY = ed25519_key(COMPANY)


def active(at: int, log: str = HERE) -> KeyStatus:
    return KeyStatus(log=log, from_index=at, status="active")


def retired(at: int, log: str = HERE) -> KeyStatus:
    return KeyStatus(log=log, from_index=at, status="retired")


def revoked(at: int, doubtful: int | None = None, log: str = HERE) -> KeyStatus:
    return KeyStatus(log=log, from_index=at, status="revoked", doubtful_from=doubtful)


def standing(history: tuple[KeyStatus, ...], log: str, index: int) -> Standing:
    key = with_company_key(*history).issuer_key(COMPANY, COMPANY_KEY.public.thumbprint)
    assert key is not None
    return key.standing(log, index)


def test_a_list_survives_its_bytes(tmp_path: Path) -> None:
    raw = LISTED.to_json()
    assert TrustList.from_json(raw) == LISTED
    assert TrustList.from_json(raw).to_json() == raw


def test_lookups_answer_for_every_duty() -> None:
    assert [key.vkey for key in LISTED.log_keys(HERE)] == list(KOREA.card().vkeys)
    assert LISTED.receipt_keys(HERE) == [KOREA.receipts.key.public]
    assert LISTED.http_keys(HERE) == [ed25519_key("kr http").public]
    assert LISTED.encryption_keys(HERE) == [recipient(KOREA)]
    assert LISTED.witness_keys() == {"uk.example/witness": [cosigner_key("uk.example/witness")]}
    assert LISTED.mirror_keys() == {"uk.example/mirror": [cosigner_key("uk.example/mirror")]}
    assert LISTED.cosigner("uk.example/mirror").operator == BRITAIN.issuer
    assert LISTED.operator(HERE) == KOREA.issuer
    assert LISTED.speaks_for(COMPANY) == {COMPANY_KEY.public.thumbprint}
    assert LISTED.organisation(COMPANY).size == "startup"


def test_nobody_is_listed_by_accident() -> None:
    assert LISTED.speaks_for("nobody.example") == frozenset()
    assert LISTED.issuer_key(COMPANY, KOREA.key.public.thumbprint) is None
    for ask in (
        LISTED.log_keys,
        LISTED.receipt_keys,
        LISTED.http_keys,
        LISTED.encryption_keys,
        LISTED.operator,
        LISTED.organisation,
        LISTED.cosigner,
    ):
        with pytest.raises(Unlisted):
            ask("nobody.example")


@pytest.mark.parametrize(
    ("history", "log", "index", "expected"),
    [
        ((), HERE, 0, Standing.GOOD),
        ((active(5),), HERE, 4, Standing.EARLY),
        ((active(5),), HERE, 5, Standing.GOOD),
        ((active(5),), THERE, 0, Standing.GOOD),
        ((retired(9),), HERE, 8, Standing.GOOD),
        ((retired(9),), HERE, 9, Standing.RETIRED),
        ((retired(9),), THERE, 0, Standing.UNPLACED),
        ((revoked(9),), HERE, 8, Standing.GOOD),
        ((revoked(9),), HERE, 9, Standing.REVOKED),
        ((revoked(9, doubtful=6),), HERE, 5, Standing.GOOD),
        ((revoked(9, doubtful=6),), HERE, 6, Standing.DOUBTFUL),
        ((revoked(9, doubtful=6),), HERE, 9, Standing.REVOKED),
        ((revoked(9), revoked(3, log=THERE)), THERE, 2, Standing.GOOD),
        ((revoked(9), revoked(3, log=THERE)), THERE, 3, Standing.REVOKED),
        ((active(2), retired(9), active(12), revoked(20)), HERE, 10, Standing.RETIRED),
        ((active(2), retired(9), active(12), revoked(20)), HERE, 15, Standing.GOOD),
    ],
)
def test_a_key_is_as_good_as_its_place(
    history: tuple[KeyStatus, ...], log: str, index: int, expected: Standing
) -> None:
    assert standing(history, log, index) is expected


def test_a_log_changes_its_keys_at_a_size() -> None:
    old, new = KOREA.card().vkeys[0], KOREA.signer.keys[0]
    node = listed_node(KOREA)
    keys = tuple(
        msgspec.structs.replace(key, history=(retired(40),)) if key.key == old else key for key in node.keys
    )
    listed = msgspec.structs.replace(
        LISTED, nodes=(msgspec.structs.replace(node, keys=keys), LISTED.nodes[1])
    )
    assert new in listed.log_keys(HERE, 40)
    assert new not in listed.log_keys(HERE, 41)
    assert new not in listed.log_keys(HERE)
    assert new in listed.log_keys(HERE, 0)


def doubled(listed: TrustList) -> TrustList:
    return msgspec.structs.replace(listed, organisations=(*listed.organisations, COMPANY_LISTED))


def stranger_operates(listed: TrustList) -> TrustList:
    node = msgspec.structs.replace(listed.nodes[0], operator="nobody.example")
    return msgspec.structs.replace(listed, nodes=(node, *listed.nodes[1:]))


def scope_misplaced(listed: TrustList) -> TrustList:
    node = msgspec.structs.replace(listed.nodes[0], keys=(statement_key(ed25519_key("x")),))
    return msgspec.structs.replace(listed, nodes=(node, *listed.nodes[1:]))


def another_name(listed: TrustList) -> TrustList:
    node = msgspec.structs.replace(listed.nodes[0], origin="us.example/log")
    return msgspec.structs.replace(listed, nodes=(node, *listed.nodes[1:]))


REFUSED: list[Callable[[TrustList], TrustList]] = [
    doubled,
    stranger_operates,
    scope_misplaced,
    another_name,
    lambda _: with_company(role="academia"),
    lambda _: with_company(issuer="two words"),
    lambda _: with_company(country="kr"),
    lambda _: with_company(keys=(statement_key(KOREA.key),)),
    lambda _: with_company(keys=(statement_key(COMPANY_KEY), statement_key(COMPANY_KEY, "document"))),
    lambda _: with_company_key(retired(9), retired(9)),
    lambda _: with_company_key(retired(9), active(4)),
    lambda _: with_company_key(revoked(9), active(12)),
    lambda _: with_company_key(revoked(9, doubtful=9)),
    lambda _: with_company_key(
        KeyStatus(log=HERE, from_index=9, status="retired", doubtful_from=4),
    ),
]


@pytest.mark.parametrize("change", REFUSED)
def test_contradictions_are_refused(change: Callable[[TrustList], TrustList]) -> None:
    TrustList.from_json(LISTED.to_json())
    with pytest.raises(ListInvalid):
        TrustList.from_json(change(LISTED).to_json())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"haechi.trust/1"', b'"haechi.trust/2"'),
        (b'"size"', b'"sizes"'),
        (b'"role": "company"', b'"role": "emperor"'),
        (b'{\n "schema"', b'{"schema":"haechi.trust/1",\n "schema"'),
    ],
)
def test_bytes_of_another_form_are_refused(old: bytes, new: bytes) -> None:
    raw = LISTED.to_json()
    assert old in raw
    with pytest.raises(ListInvalid):
        TrustList.from_json(raw.replace(old, new, 1))


def test_a_list_is_bounded() -> None:
    with pytest.raises(TooLarge):
        TrustList.from_json(b" " * (MAX_LIST_BYTES + 1))


def test_a_key_of_the_wrong_kind_is_refused() -> None:
    told = json.loads(LISTED.to_json())
    keys = told["nodes"][0]["keys"]
    sealing = next(key for key in keys if key["scope"] == "encryption")
    receipt = next(key for key in keys if key["scope"] == "receipt")
    sealing["key"], receipt["key"] = receipt["key"], sealing["key"]
    with pytest.raises(HaechiError) as refusal:
        TrustList.from_json(json.dumps(told).encode())
    assert refusal.value.code in ("statement.key", "statement.recipient")


def test_a_newer_list_says_all_that_an_older_one_did() -> None:
    require_grown(LISTED, LISTED)
    require_grown(LISTED, with_company(name=COMPANY_LISTED.name, role="academia", size=None))
    require_grown(LISTED, with_company_key(retired(9)))
    require_grown(with_company_key(retired(9)), with_company_key(retired(9), active(12)))
    require_grown(with_company_key(revoked(9)), with_company_key(revoked(9, doubtful=3)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LISTED, msgspec.structs.replace(LISTED, organisations=LISTED.organisations[:2])),
        (LISTED, msgspec.structs.replace(LISTED, nodes=LISTED.nodes[:1])),
        (LISTED, msgspec.structs.replace(LISTED, cosigners=LISTED.cosigners[:1])),
        (LISTED, with_company(keys=())),
        (with_company_key(revoked(9)), LISTED),
        (with_company_key(revoked(9)), with_company_key(retired(9))),
        (with_company_key(revoked(9)), with_company_key(revoked(12))),
        (with_company_key(revoked(9, doubtful=3)), with_company_key(revoked(9))),
        (with_company_key(revoked(9, doubtful=3)), with_company_key(revoked(9, doubtful=4))),
    ],
)
def test_a_list_that_forgets_is_refused(old: TrustList, new: TrustList) -> None:
    with pytest.raises(HistoryCut):
        require_grown(old, new)
