"""Who may be connected when not everybody can."""

from collections import Counter
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Guest(Protocol):
    """One connection, as far as its place is concerned."""

    @property
    def network(self) -> str:
        """Where it comes from."""
        ...

    @property
    def keeps_waiting_since_s(self) -> float | None:
        """Since when its client owes a request, on the loop's clock; None while we owe it an answer."""
        ...

    def abort(self) -> None:
        """End it now."""
        ...


_G = TypeVar("_G", bound=Guest)


class Places(Generic[_G]):
    """Always true: nobody loses a place while one is free, while it is owed an answer, or to a network that
    has as many. So one network cannot shut out the others by holding connections, however it holds them.
    """

    def __init__(self) -> None:
        self._guests: set[_G] = set()
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def __iter__(self) -> Iterator[_G]:
        return iter([*self._guests])

    def take(self, guest: _G, most: int) -> bool:
        """A place for one more; with none free, that of who keeps us waiting longest in the largest crowd."""
        if len(self._guests) >= most and not self._make_room(guest.network):
            return False
        self._guests.add(guest)
        self._held[guest.network] += 1
        return True

    def leave(self, guest: _G) -> None:
        """Its place is free. Leaving twice is harmless."""
        if guest in self._guests:
            self._guests.discard(guest)
            self._held[guest.network] -= 1
            if not self._held[guest.network]:
                del self._held[guest.network]

    def _make_room(self, network: str) -> bool:
        crowd, most = self._held.most_common(1)[0]
        if most <= self._held.get(network, 0) + 1:
            return False
        waiting = {
            guest: since_s
            for guest in self._guests
            if guest.network == crowd and (since_s := guest.keeps_waiting_since_s) is not None
        }
        if not waiting:
            return False
        guest = min(waiting, key=waiting.__getitem__)
        self.leave(guest)
        guest.abort()
        return True
