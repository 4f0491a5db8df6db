"""Calls answered together: who asks again at once is in the next round, and nobody is waited for in vain."""

import threading
import time
from collections.abc import Sequence

from haechi.network.together import Together

CALLERS = 8
AGAIN = 5


class Crowd:
    """Callers of one function, the first of whom is held in its work until all the others wait."""

    def __init__(self, patience_s: float) -> None:
        self.rounds: list[int] = []
        self.begun, self.all_here = threading.Event(), threading.Event()
        self.together = Together(self.work, CALLERS, patience_s)

    def work(self, asked: Sequence[int]) -> list[int]:
        self.rounds.append(len(asked))
        self.begun.set()
        assert self.all_here.wait(30)
        return [one * 2 for one in asked]

    def come(self, first_again: int, others_again: int) -> list[int]:
        """Each caller's last answer, when it asks again as often as is said."""
        last = [0] * CALLERS

        def ask(at: int, times: int) -> None:
            for _ in range(times):
                last[at] = self.together(at)

        threads = [threading.Thread(target=ask, args=(0, 1 + first_again))]
        threads[0].start()
        assert self.begun.wait(30)
        threads += [threading.Thread(target=ask, args=(at, 1 + others_again)) for at in range(1, CALLERS)]
        for thread in threads[1:]:
            thread.start()
        while len(self.together._waiting) < CALLERS - 1:
            time.sleep(0.001)
        self.all_here.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        return last


def test_callers_that_ask_again_at_once_stay_one_round():
    crowd = Crowd(patience_s=30)
    assert crowd.come(first_again=AGAIN, others_again=AGAIN - 1) == [at * 2 for at in range(CALLERS)]
    assert crowd.rounds == [1] + [CALLERS] * AGAIN


def test_callers_that_do_not_come_back_are_not_waited_for_long():
    crowd = Crowd(patience_s=0.01)
    assert crowd.come(first_again=0, others_again=0) == [at * 2 for at in range(CALLERS)]
    assert crowd.rounds == [1, CALLERS - 1]
    assert crowd.together(21) == 42


def test_a_caller_that_is_alone_waits_for_nobody():
    together = Together[int, str](lambda asked: [str(one) for one in asked], CALLERS, patience_s=3600)
    assert [together(at) for at in range(3)] == ["0", "1", "2"]
