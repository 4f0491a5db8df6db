"""What a node counts: logged at once, witnessed when a cosigned head covers it, never before."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest import mock

import msgspec
from tests.network.parties import COMPANY, NOW, document, evidence, sign
from tests.network.test_witnesses import UK_WITNESS, key, signer, with_witness
from tests.network.trust.ceremonies import Ceremony
from tests.network.trust.lists import LISTED, with_company
from tests.node.house import KEY, ORIGIN, House, house_at, make_node

from haechi.log.checkpoint import Checkpoint
from haechi.log.cosignature import cosign
from haechi.log.note import Note
from haechi.network.trust import package
from haechi.network.trust.keys import KeyStatus
from haechi.node.counting import Counting
from haechi.node.witnessing import POLICY_FILE
from haechi.statement.claims import kind_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds._serves import Serves
from haechi.statement.kinds.pledge_report import PledgeReport

APP = "image studio"
DAY = date(2026, 11, 22)


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


def test_who_speaks_for_a_party_is_said_by_the_trust_list_and_heard_at_once(
    make_house: Callable[..., House],
) -> None:
    house = make_house()
    node, digest = house.node, signed_pledges()
    house.runner.follow()
    counting = Counting(node, {digest.digest: digest}.__getitem__, dict)
    row = mock.Mock(digest=digest.digest, serial=1, places=())
    with mock.patch.object(type(node.index), "recent", lambda _self, _count, before: [] if before else [row]):
        counted: list[bool] = []
        for parties in ((), ("co.naver",), ()):
            path = node.folder / "trust.json"
            path.unlink(missing_ok=True)
            listed = with_company(parties=parties)
            package.save(path, Ceremony().publish(listed).held)
            with counting.open() as engine:
                counted.append(bool(engine.answer("co.naver", "sbp.1.2", DAY).credits))
    assert counted == [False, True, False]


def signed_pledges() -> Statement:
    example = kind_of("pledge_report").example()
    assert isinstance(example, PledgeReport)
    return sign(KEY, COMPANY, example, "pledge_report", "co.naver")


def test_a_listed_witness_counts_at_a_node_until_its_key_is_revoked(tmp_path: Path) -> None:
    folder = make_node(tmp_path / "node")
    (folder / POLICY_FILE).write_text(f"witness uk listed:{UK_WITNESS}\nquorum uk\n")
    package.save(folder / "trust.json", Ceremony().publish(LISTED).held)
    head = Checkpoint(ORIGIN, 7, bytes(32))
    note = Note(head.text, (cosign(head, signer(UK_WITNESS), NOW),)).encode()
    with house_at(folder) as house:
        standing = house.runner.witnessing.standing
        assert standing(note, ORIGIN, NOW)[0].code == "log.quorum.met"
        revoked = key(KeyStatus(log=ORIGIN, from_index=6, status="revoked"))
        package.save(folder / "trust.json", Ceremony().publish(with_witness(revoked)).held)
        assert standing(note, ORIGIN, NOW)[0].code == "log.quorum.out-of-use"
