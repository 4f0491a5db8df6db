"""Calls that arrive together, answered together: one caller works for all that wait, the next one goes on.

Callers that ask again as soon as they are answered would fall apart into one that is first and the others,
who wait while a round is made for it alone. So a round waits a moment for as many as were here when the last
one ended.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")

PATIENCE_S = 0.001
"""How long a round waits at most for callers that were just answered: less than a round of them takes."""

_AT_ONCE = 2
"""Callers that are woken at once, each of whom wakes one more: woken all at once they would take turns with
the interpreter's lock, and each would sleep and wake once more for it."""


class _Turn(Generic[_In, _Out]):
    """One call that waits for its answer, or for its turn to work for all that wait.

    called: held until one of both has come. With a lock each nobody else is woken, and wakes are dear.
    then: whom to wake as soon as this one is awake.
    """

    __slots__ = ("answers", "asked", "called", "error", "then")

    def __init__(self, asked: _In) -> None:
        self.asked = asked
        self.answers: list[_Out] = []  # one, when it has come
        self.error: BaseException | None = None
        self.then: _Turn[_In, _Out] | None = None
        self.called = Lock()
        self.called.acquire()


class Together(Generic[_In, _Out]):
    """A function of many as a function of one, for threads to call that no signal interrupts.

    Always true: one thread works at a time; calls are taken in the order in which they came, at most `most`
    at once; each is answered after the work that it was part of is over; who is alone waits for nobody.
    """

    def __init__(
        self, work: Callable[[Sequence[_In]], Sequence[_Out]], most: int, patience_s: float = PATIENCE_S
    ) -> None:
        """work: as many answers as it is given questions; what it raises is raised in all their callers."""
        self._work = work
        self._most = most
        self._patience_s = patience_s
        self._waiting: list[_Turn[_In, _Out]] = []
        self._working = False
        self._lock = Lock()
        self._expected = 1  # callers that were here when the last round ended
        self._enough: Lock | None = None  # held while a round waits for them

    def __call__(self, asked: _In) -> _Out:
        """The answer to one call."""
        turn: _Turn[_In, _Out] = _Turn(asked)
        with self._lock:
            self._waiting.append(turn)
            follows, self._working = self._working, True
            self._tell_if_enough()
        if follows:
            turn.called.acquire()
        if turn.then is not None:
            turn.then.called.release()
        if not turn.answers and turn.error is None:
            self._lead(turn)
        if turn.error is not None:
            raise turn.error
        return turn.answers[0]

    def _lead(self, own: _Turn[_In, _Out]) -> None:
        """Work for all that wait, of which the own call is the first; whoever came meanwhile works next."""
        batch = self._gathered()
        try:
            answers = self._work([turn.asked for turn in batch])
            for turn, answer in zip(batch, answers, strict=True):
                turn.answers.append(answer)
        except BaseException as error:
            for turn in batch:
                turn.error = error
            raise
        finally:
            answered = [turn for turn in batch if turn is not own]
            for turn, then in zip(answered, answered[_AT_ONCE:], strict=False):
                turn.then = then
            with self._lock:
                called = [*self._waiting[:1], *answered[:_AT_ONCE]]
                self._working = bool(self._waiting)
                self._expected = min(len(batch) + len(self._waiting), self._most)
            for turn in called:
                turn.called.release()

    def _gathered(self) -> list[_Turn[_In, _Out]]:
        """The calls of this round: as many as are expected, or as came while it waited for them."""
        enough = Lock()
        enough.acquire()
        with self._lock:
            self._enough = enough
            self._tell_if_enough()
        enough.acquire(timeout=self._patience_s)
        with self._lock:
            self._enough = None
            batch = self._waiting[: self._most]
            del self._waiting[: self._most]
        return batch

    def _tell_if_enough(self) -> None:
        """End the wait when all are here; under the lock."""
        if self._enough is not None and len(self._waiting) >= self._expected:
            self._enough.release()
            self._enough = None
