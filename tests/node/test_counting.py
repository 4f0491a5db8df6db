"""What a node counts: logged at once, witnessed when a cosigned head covers it, never before."""

from collections.abc import Callable

import msgspec
from tests.network.parties import COMPANY, document, evidence, sign
from tests.node.house import KEY, ORIGIN, House

from haechi.node.counting import Counting
from haechi.statement.kinds._serves import Serves

APP = "image studio"


def level(counting: Counting) -> str | None:
    from datetime import UTC, datetime

    with counting.open() as engine:
        found = engine.answer(APP, "EU.50.1", datetime.now(UTC).date()).assurance
    return None if found is None else found.word


def test_evidence_is_witnessed_once_a_cosigned_head_covers_it(make_house: Callable[..., House]) -> None:
    house = make_house()
    claim = msgspec.structs.replace(
        document(evidence()), form="document.notice", serves=(Serves(target="EU.50.1", whole=True),)
    )
    statement = sign(KEY, COMPANY, claim, "document", APP)
    assert house.register(statement).status in (200, 201)
    house.runner.follow()
    place = house.runner.index_in(ORIGIN, statement.digest)
    sizes: dict[str, int] = {}
    counting = Counting(house.node, house.runner.statement, lambda: dict(sizes))
    assert level(counting) == "logged"
    sizes[ORIGIN] = place  # a head of so many entries ends just before it
    assert level(counting) == "logged"
    sizes["another.example/log"] = place + 5
    assert level(counting) == "logged"
    sizes[ORIGIN] = place + 1
    assert level(counting) == "witnessed"
    late = Counting(house.node, house.runner.statement, lambda: dict(sizes))
    assert level(late) == level(late) == "witnessed"


def test_a_node_alone_is_nobodys_witness(make_house: Callable[..., House]) -> None:
    house = make_house()
    assert house.runner.witnessed_sizes() == {}
