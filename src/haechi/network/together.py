"""Calls that arrive together, answered together: one caller works for all that wait, the next one goes on."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class _Turn(Generic[_In, _Out]):
    """One call that waits for its answer, or for its turn to work for all that wait.

    called: held until one of both has come. With a lock each nobody else is woken, and wakes are dear.
    """

    __slots__ = ("answers", "asked", "called", "error")

    def __init__(self, asked: _In) -> None:
        self.asked = asked
        self.answers: list[_Out] = []  # one, when it has come
        self.error: BaseException | None = None
        self.called = Lock()
        self.called.acquire()


class Together(Generic[_In, _Out]):
    """A function of many as a function of one, for threads to call.

    Always true: one thread works at a time; calls are taken in the order in which they came, at most `most`
    at once; each is answered after the work that it was part of is over.
    """

    def __init__(self, work: Callable[[Sequence[_In]], Sequence[_Out]], most: int) -> None:
        """work: as many answers as it is given questions; what it raises is raised in all their callers."""
        self._work = work
        self._most = most
        self._waiting: list[_Turn[_In, _Out]] = []
        self._working = False
        self._lock = Lock()

    def __call__(self, asked: _In) -> _Out:
        """The answer to one call."""
        turn = _Turn[_In, _Out](asked)
        with self._lock:
            self._waiting.append(turn)
            follows, self._working = self._working, True
        if follows:
            turn.called.acquire()
        if not turn.answers and turn.error is None:
            self._lead(turn)
        if turn.error is not None:
            raise turn.error
        return turn.answers[0]

    def _lead(self, own: _Turn[_In, _Out]) -> None:
        """Work for all that wait, of which the own call is the first; whoever came meanwhile works next."""
        with self._lock:
            batch = self._waiting[: self._most]
            del self._waiting[: self._most]
        try:
            answers = self._work([turn.asked for turn in batch])
            for turn, answer in zip(batch, answers, strict=True):
                turn.answers.append(answer)
        except BaseException as error:
            for turn in batch:
                turn.error = error
            raise
        finally:
            with self._lock:
                called = [*self._waiting[:1], *(turn for turn in batch if turn is not own)]
                self._working = bool(self._waiting)
            for turn in called:
                turn.called.release()
