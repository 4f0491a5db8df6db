"""What a log makes of the answers of a witness that it asks."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haechi.findings import Verdict
from haechi.log.checkpoint import Checkpoint, read_checkpoint
from haechi.log.note import NoteSigner, SignatureType, sign_note
from haechi.log.store import Head
from haechi.network.add_checkpoint import AddCheckpoint, OldSizeDiffers
from haechi.network.answer import Answer
from haechi.network.asking import WitnessAsker
from haechi.network.memory import SignedHead
from haechi.network.witness import Witness
from haechi.network.witness_store import MemoryWitnessStore

ORIGIN = "kr.example/log"
NOW = 1_800_000_000
LOG = NoteSigner(ORIGIN, SignatureType.ED25519, Ed25519PrivateKey.generate())
SIGNER = NoteSigner("w.example/w", SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate())


def head(size: int, letter: int) -> SignedHead:
    made = Checkpoint(ORIGIN, size, bytes([letter]) * 32)
    return SignedHead(Head(size, made.root), sign_note(made.text, [LOG]))


class Draft:
    """A witness of an early draft: another root at an equal size is 409 with the size, as a stale size is."""

    def __init__(self) -> None:
        self.witness = Witness(
            [SIGNER], lambda _: [LOG.key], MemoryWitnessStore(), lambda _: None, lambda _: False
        )
        self.sizes: list[int] = []

    def add_checkpoint(self, body: bytes, /) -> Answer:
        asked = AddCheckpoint.parse(body)
        self.sizes.append(asked.old_size)
        held = self.witness._store.held(ORIGIN)
        if held is not None and asked.old_size == held.head.size and held.head.root not in _roots(asked.note):
            return size_told(held.head.size)
        try:
            return Answer(200, "text/plain", "", self.witness.add_checkpoint(body, NOW))
        except OldSizeDiffers as error:
            return size_told(int(str(error.facts["expected"])))


def _roots(note: bytes) -> list[bytes]:
    return [read_checkpoint(note)[0].root]


def size_told(size: int) -> Answer:
    return Answer(409, "text/x.tlog.size", "", f"{size}\n".encode())


def no_proof(_old: int, _new: int) -> list[bytes]:
    raise AssertionError("no proof is needed")


def test_another_root_at_an_equal_size_is_told_as_such_whatever_the_status():
    draft = Draft()
    asker = WitnessAsker("w", [SIGNER.key], draft)
    assert asker.ask(head(7, 1), no_proof).finding.code == "network.witnessed.cosigned"
    for fresh in (
        asker,
        WitnessAsker("w", [SIGNER.key], draft),
    ):  # one knows the size, one learns it
        told = fresh.ask(head(7, 2), no_proof)
        assert told.finding.code == "network.witnessed.another-root"
        assert told.finding.verdict is Verdict.FAILS
        assert told.finding.facts == {"witness": "w", "status": 409, "seen": 7, "root": "02" * 32}
        assert not told.lines
    assert asker.ask(head(7, 1), no_proof).finding.code == "network.witnessed.cosigned"


def test_a_stale_size_is_learnt_from_409_and_is_no_alarm():
    draft = Draft()
    WitnessAsker("w", [SIGNER.key], draft).ask(head(7, 1), no_proof)
    assert WitnessAsker("w", [SIGNER.key], draft).ask(head(7, 1), no_proof).finding.code == (
        "network.witnessed.cosigned"
    )
    assert draft.sizes == [0, 0, 7]


class Answers:
    """A witness that answers what a function makes of the size it was asked from."""

    def __init__(self, answer: Callable[[int], Answer]) -> None:
        self._answer = answer

    def add_checkpoint(self, body: bytes, /) -> Answer:
        return self._answer(AddCheckpoint.parse(body).old_size)


@pytest.mark.parametrize(
    "answer",
    [
        size_told,  # 409 that names what was sent, below the size asked for
        lambda old: size_told(old % 3 + 1),  # another size each time
        lambda _: Answer(409, "text/plain", "", b"7\n"),
        lambda _: Answer(409, "text/x.tlog.size", "", b"07\n"),
    ],
    ids=["the size sent", "changing sizes", "no type", "no number"],
)
def test_409_that_makes_no_sense_accuses_nobody(answer: Callable[[int], Answer]):
    asker = WitnessAsker("w", [SIGNER.key], Answers(answer))
    told = asker.ask(head(7, 1), lambda _old, _new: [bytes(32)])
    assert told.finding.code == "network.witnessed.unreachable"
    assert told.finding.verdict is Verdict.UNDECIDED
