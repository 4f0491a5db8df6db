"""Which statements still stand, and how each piece of evidence was checked: from items to levels.

The rules, in the order in which they are applied (docs/reference/answers.md publishes them):

1. A withdrawal by the same issuer ends its target. A withdrawal itself cannot be withdrawn.
2. A replacement by the same issuer that is not withdrawn ends its target.
3. What another issuer withdraws or replaces is not touched.
"""

from collections.abc import Iterator

from haechi.answers.evidence import (
    Confirmation,
    Evidence,
    Item,
    Objection,
    Remark,
    Replacement,
    Withdrawal,
)
from haechi.answers.ladder import Assurance


class Ledger:
    """All items by digest, with what is said about each.

    Always true: the answers of every method depend on the set of items only, never on their order.
    checkers: the parties whose confirmations and disputes count for assurance; the others' are shown.
    """

    def __init__(self, checkers: frozenset[str]) -> None:
        self.items: dict[bytes, Item] = {}
        self._said: dict[bytes, dict[bytes, Remark]] = {}
        self.checkers = checkers

    def __len__(self) -> int:
        return len(self.items)

    def put(self, item: Item) -> None:
        """Add an item whose digest is not here."""
        self.items[item.digest] = item
        if not isinstance(item, Evidence):
            self._said.setdefault(item.target, {})[item.digest] = item

    def take(self, digest: bytes) -> Item | None:
        """Remove an item and hand it back; None when it is not here."""
        item = self.items.pop(digest, None)
        if item is not None and not isinstance(item, Evidence):
            about = self._said[item.target]
            del about[digest]
            if not about:
                del self._said[item.target]
        return item

    def stands(self, item: Item) -> bool:
        """Whether its issuer has neither withdrawn nor replaced it."""
        if isinstance(item, Withdrawal):
            return True
        for said in self._said.get(item.digest, {}).values():
            if said.issuer != item.issuer:
                continue
            if isinstance(said, Withdrawal):
                return False
            if isinstance(said, Replacement) and not self._withdrawn(said):
                return False
        return True

    def about(self, digest: bytes) -> Iterator[Remark]:
        """All that was said about an item, and about what was said, each once."""
        waiting, seen = [digest], {digest}
        while waiting:
            for said in self._said.get(waiting.pop(), {}).values():
                if said.digest not in seen:
                    seen.add(said.digest)
                    waiting.append(said.digest)
                    yield said

    def disputes(self, evidence: Evidence) -> list[Objection]:
        """The disputes by others that stand."""
        return [
            said
            for said in self._said.get(evidence.digest, {}).values()
            if isinstance(said, Objection) and said.issuer != evidence.issuer and self.stands(said)
        ]

    def base(self, evidence: Evidence) -> Assurance:
        """The assurance that the evidence would have if nobody disputed it."""
        if not evidence.seen.logs:
            return Assurance.SELF_DECLARED
        level = Assurance.WITNESSED if evidence.seen.witnessed else Assurance.LOGGED
        for said in self._confirmations(evidence):
            by = Assurance.REPRODUCED if said.how == "reproduced" else Assurance.COUNTERSIGNED
            level = max(level, by)
        return level

    def level(self, evidence: Evidence) -> Assurance:
        """The assurance with disputes: one step down for each party whose logged dispute counts."""
        against = {
            said.issuer for said in self.disputes(evidence) if said.logged and self._counts(said, evidence)
        }
        return self.base(evidence).lowered(len(against))

    def touched_by(self, item: Item) -> Evidence | None:
        """The evidence whose standing or level an item may change: the end of its chain of targets."""
        seen: set[bytes] = set()
        here: Item | None = item
        while here is not None and not isinstance(here, Evidence):
            if here.digest in seen:
                return None
            seen.add(here.digest)
            here = self.items.get(here.target)
        return here

    def _confirmations(self, evidence: Evidence) -> Iterator[Confirmation]:
        for said in self._said.get(evidence.digest, {}).values():
            if not isinstance(said, Confirmation) or not said.logged:
                continue
            if self._counts(said, evidence) and self.stands(said):
                yield said

    def _counts(self, said: Confirmation | Objection, evidence: Evidence) -> bool:
        # Nobody vouches for oneself, nor for what one is the subject of.
        return said.issuer in self.checkers and said.issuer not in (evidence.issuer, evidence.subject)

    def _withdrawn(self, item: Replacement) -> bool:
        return any(
            isinstance(said, Withdrawal) and said.issuer == item.issuer
            for said in self._said.get(item.digest, {}).values()
        )
