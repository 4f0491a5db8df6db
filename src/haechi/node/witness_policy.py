"""The policy by which a node counts witnesses: its file, read with the trust list that is in use."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from haechi.errors import HaechiError
from haechi.findings import Verdict
from haechi.log.checkpoint import read_checkpoint
from haechi.log.quorum import MAX_POLICY_BYTES, WitnessPolicy, check_quorum
from haechi.network.card import NodeCard
from haechi.network.memory import SignedHead
from haechi.network.trust.listing import TrustList
from haechi.network.witnesses import counts_by, pinned_policy, read_policy
from haechi.node.logs import log_event

POLICY_FILE = "witness.policy"


class NodePolicy:
    """The policy file of a node, else one in which every pinned node and the node itself is a witness.

    Always true: the file is the one that was there at the start; the keys of a witness that it names by its
    entry in the trust list are those of the list in use, or, where the policy cannot be read with that list,
    those of the list before.
    """

    def __init__(
        self,
        folder: Path,
        cards: Sequence[NodeCard],
        listed: Callable[[], TrustList],
        clock: Callable[[], float],
    ) -> None:
        """cards: the node's own and the pinned ones. Raises TooLarge, WitnessPolicyMalformed."""
        self._listed = listed
        self._clock = clock
        self._lock = Lock()
        self._raw = _read(folder / POLICY_FILE)
        self._read_with = listed()
        made = pinned_policy(cards) if self._raw is None else read_policy(self._raw, self._read_with)
        self._policy = self._counting(made)

    def now(self) -> WitnessPolicy:
        """The policy by the list in use; the same object until another list is."""
        listed = self._listed()
        if listed is self._read_with or self._raw is None:
            return self._policy
        with self._lock:
            if listed is self._read_with:
                return self._policy
            try:
                self._policy = self._counting(read_policy(self._raw, listed))
            except HaechiError as error:
                log_event("witness.policy.refused", code=error.code, why=error.say("en"))
            self._read_with = listed
            return self._policy

    def is_met_by(self, held: SignedHead) -> bool:
        """Whether as many cosigned a head as the policy asks for."""
        head, note = read_checkpoint(held.note)
        return check_quorum(note, head, self.now(), int(self._clock()))[0].verdict is Verdict.HOLDS

    def _counting(self, made: WitnessPolicy) -> WitnessPolicy:
        return replace(made, counts=counts_by(self._listed))


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_POLICY_BYTES + 1)
    except FileNotFoundError:
        return None
