"""Witnesses by their entry in the trust list: a key counts where the list says it is good, and only there."""

from collections.abc import Sequence

import msgspec
import pytest
from tests.network.parties import NOW, Operator, ed25519_key
from tests.network.trust.lists import BRITAIN, LISTED, cosigner_key

from haechi.log.checkpoint import Checkpoint
from haechi.log.cosignature import cosign
from haechi.log.note import Note, NoteKey, NoteSigner, SignatureType
from haechi.log.quorum import WitnessPolicy, WitnessPolicyMalformed, check_quorum
from haechi.network.trust.keys import KeyStatus, ListedKey
from haechi.network.trust.listing import TrustList
from haechi.network.witnesses import known_policy, read_policy

KR = "kr.example/log"
UK_WITNESS, UK_MIRROR = "uk.example/witness", "uk.example/mirror"
BY_LIST = b"witness uk listed:uk.example/witness\nquorum uk\n"


def signer(name: str) -> NoteSigner:
    return NoteSigner(name, SignatureType.COSIGNATURE_V1, ed25519_key(name).private)  # type: ignore[arg-type]


def outcome(policy: WitnessPolicy, size: int, *signers: NoteSigner, origin: str = KR) -> str:
    head = Checkpoint(origin, size, bytes(32))
    note = Note(head.text, tuple(cosign(head, one, NOW) for one in signers))
    return check_quorum(note, head, policy, NOW)[0].code.removeprefix("log.quorum.")


def with_witness(*keys: ListedKey, name: str = UK_WITNESS) -> TrustList:
    """The list with these keys of Britain's witness."""
    changed = tuple(
        msgspec.structs.replace(one, keys=keys) if one.name == name else one for one in LISTED.cosigners
    )
    listed = msgspec.structs.replace(LISTED, cosigners=changed)
    listed.check()
    return listed


def key(*history: KeyStatus, of: NoteKey | None = None) -> ListedKey:
    return ListedKey(scope="witness", key=(of or cosigner_key(UK_WITNESS)).vkey, history=history)


def ended(status: str, at: int, doubtful: int | None = None, log: str = KR) -> KeyStatus:
    return KeyStatus(log=log, from_index=at, status=status, doubtful_from=doubtful)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [UK_WITNESS, UK_MIRROR])
def test_a_policy_names_a_witness_or_mirror_by_its_entry(name: str) -> None:
    policy = read_policy(f"witness uk listed:{name}\nquorum uk\n".encode(), LISTED)
    assert outcome(policy, 9, signer(name)) == "met"
    assert outcome(policy, 9) == "unwitnessed"
    other = UK_MIRROR if name == UK_WITNESS else UK_WITNESS
    assert outcome(policy, 9, signer(other)) == "unwitnessed"


@pytest.mark.parametrize(
    ("history", "good", "bad"),
    [
        ((ended("revoked", 6),), (1, 6), (7, 100)),
        ((ended("revoked", 6, doubtful=3),), (1, 3), (4, 7)),
        ((ended("retired", 6),), (1, 6), (7, 100)),
        ((ended("active", 6),), (7, 100), (1, 6)),
        ((ended("active", 2), ended("revoked", 6)), (3, 6), (2, 7)),
        ((ended("revoked", 6, log="sg.example/log"),), (), (1, 7)),
    ],
)
def test_a_key_counts_from_its_place_in_the_log_to_its_end(
    history: tuple[KeyStatus, ...], good: Sequence[int], bad: Sequence[int]
) -> None:
    policy = read_policy(BY_LIST, with_witness(key(*history)))
    assert [outcome(policy, size, signer(UK_WITNESS)) for size in good] == ["met"] * len(good)
    assert [outcome(policy, size, signer(UK_WITNESS)) for size in bad] == ["out-of-use"] * len(bad)


def test_a_revoked_key_is_out_for_a_reader_who_pinned_it_too() -> None:
    raw = f"witness uk {cosigner_key(UK_WITNESS).vkey}\nquorum uk\n".encode()
    listed = with_witness(key(ended("revoked", 6)))
    assert outcome(read_policy(raw, None), 7, signer(UK_WITNESS)) == "met"
    assert outcome(read_policy(raw, listed), 7, signer(UK_WITNESS)) == "out-of-use"
    assert outcome(read_policy(raw, listed), 6, signer(UK_WITNESS)) == "met"


def test_a_new_key_takes_over_where_the_old_one_ends() -> None:
    new = NoteSigner(UK_WITNESS, SignatureType.COSIGNATURE_V1, ed25519_key("uk new").private)  # type: ignore[arg-type]
    listed = with_witness(key(ended("retired", 6)), key(ended("active", 6), of=new.key))
    for policy in (read_policy(BY_LIST, listed), known_policy((), listed, 1)):
        old = signer(UK_WITNESS)
        assert [outcome(policy, size, old) for size in (6, 7)] == ["met", "out-of-use"]
        assert [outcome(policy, size, new) for size in (6, 7)] == ["out-of-use", "met"]


def test_an_organisation_that_is_pinned_and_listed_counts_once() -> None:
    uk, kr = Operator("uk"), Operator("kr")
    own = {one.name: signer(f"{one.origin}/witness") for one in (uk, kr)}
    cards = [msgspec.structs.replace(one.card(), witness_vkeys=(own[one.name].key.vkey,)) for one in (uk, kr)]
    assert cards[0].issuer == BRITAIN.issuer
    policy = known_policy(cards, LISTED, 2)
    assert outcome(policy, 9, own["uk"], signer(UK_WITNESS)) == "unwitnessed"
    assert outcome(policy, 9, own["kr"], signer(UK_WITNESS)) == "met"
    assert outcome(policy, 9, own["kr"], signer(UK_MIRROR)) == "unwitnessed"
    with pytest.raises(WitnessPolicyMalformed):
        known_policy(cards, LISTED, 3)
    assert outcome(known_policy(cards, None, 2), 9, own["uk"], own["kr"]) == "met"


@pytest.mark.parametrize("listed", [None, LISTED])
def test_an_entry_that_is_not_there_is_refused(listed: TrustList | None) -> None:
    raw = b"witness jp listed:jp.example/witness\nquorum jp\n"
    with pytest.raises(WitnessPolicyMalformed) as refused:
        read_policy(raw, listed)
    assert refused.value.facts["line"] == 1


def test_one_entry_stands_once() -> None:
    raw = b"witness uk listed:uk.example/witness\nwitness gb listed:uk.example/witness\nquorum uk\n"
    with pytest.raises(WitnessPolicyMalformed) as refused:
        read_policy(raw, LISTED)
    assert refused.value.facts["line"] == 2
