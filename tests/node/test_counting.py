"""What a node counts: logged at once, witnessed when a cosigned head covers it, never before."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from tests.network.parties import COMPANY, NOW, Operator, document, ed25519_key, evidence, sign
from tests.network.test_witnesses import UK_WITNESS, key, signer, with_witness
from tests.network.trust.ceremonies import Ceremony
from tests.network.trust.lists import LISTED, listed_node, with_company
from tests.node.house import KEY, ORIGIN, House, house_at, make_node

from haechi.errors import NotFound
from haechi.log.checkpoint import Checkpoint, CheckpointSigner
from haechi.log.cosignature import cosign
from haechi.log.note import Note, NoteSigner, SignatureType
from haechi.network.trust import package
from haechi.network.trust.keys import KeyStatus, ListedKey
from haechi.network.trust.listing import ListedNode, TrustList
from haechi.node.counting import Counting
from haechi.node.witness_policy import POLICY_FILE
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


def test_a_key_added_to_a_witness_entry_counts_at_a_running_node_and_is_asked(tmp_path: Path) -> None:
    folder = make_node(tmp_path / "node")
    (folder / POLICY_FILE).write_text(f"witness uk listed:{UK_WITNESS} http://127.0.0.1:9\nquorum uk\n")
    ceremony = Ceremony()
    package.save(folder / "trust.json", ceremony.publish(LISTED).held)
    second = NoteSigner(UK_WITNESS, SignatureType.COSIGNATURE_V1, ed25519_key("uk witness 2").private)  # type: ignore[arg-type]
    head = Checkpoint(ORIGIN, 7, bytes(32))
    note = Note(head.text, (cosign(head, second, NOW),)).encode()
    with house_at(folder) as house:
        witnessing = house.runner.witnessing
        assert witnessing.standing(note, ORIGIN, NOW)[0].code == "log.quorum.unwitnessed"
        package.save(folder / "trust.json", ceremony.publish(with_witness(key(), key(of=second.key))).held)
        assert witnessing.standing(note, ORIGIN, NOW)[0].code == "log.quorum.met"
        house.node.sequencer.publish(NOW)
        witnessing.ask(NOW)
        asked = next(one for one in witnessing._askers if one.name == UK_WITNESS)
        assert second.key in asked.keys
        gone = msgspec.structs.replace(LISTED, cosigners=())
        package.save(folder / "trust.json", ceremony.publish(gone).held)
        assert witnessing.standing(note, ORIGIN, NOW)[0].code == "log.quorum.met"  # the policy before stays
        package.save(folder / "trust.json", ceremony.publish(LISTED).held)
        assert witnessing.standing(note, ORIGIN, NOW)[0].code == "log.quorum.unwitnessed"


def test_a_running_node_mirrors_a_log_that_a_new_list_names_and_takes_its_new_keys(tmp_path: Path) -> None:
    folder = make_node(tmp_path / "node")
    ceremony, uk = Ceremony(), Operator("uk")
    package.save(folder / "trust.json", ceremony.publish(_with_nodes(listed_node(Operator("kr")))).held)
    with house_at(folder) as house:
        runner = house.runner
        with pytest.raises(NotFound):
            runner.peers.of(uk.origin)
        package.save(folder / "trust.json", ceremony.publish(LISTED).held)
        runner.follow_list()
        peer = runner.peers.of(uk.origin)
        assert peer.card.vkeys == uk.card().vkeys
        runner.follow_list()
        assert runner.peers.of(uk.origin) is peer
        fresh = CheckpointSigner(uk.origin, ed25519_key("uk later").private, MLDSA44PrivateKey.generate())  # type: ignore[arg-type]
        vkeys = tuple(key.vkey for key in fresh.keys)
        others = tuple(one for one in listed_node(uk).keys if one.scope != "checkpoint")
        keys = (*(ListedKey(scope="checkpoint", key=vkey) for vkey in vkeys), *others)
        changed = msgspec.structs.replace(listed_node(uk), keys=keys)
        package.save(folder / "trust.json", ceremony.publish(_with_nodes(changed)).held)
        runner.follow_list()
        assert runner.peers.of(uk.origin) is peer
        assert peer.card.vkeys == vkeys
        assert list(runner.witnessing.known_keys(uk.origin)) == list(fresh.keys)


def _with_nodes(*nodes: ListedNode) -> TrustList:
    return msgspec.structs.replace(LISTED, nodes=nodes)
