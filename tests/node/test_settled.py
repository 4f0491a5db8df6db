"""How the threads of a serving process take turns, and how many files it may open."""

import os
import subprocess
import sys

import pytest

TOLD = """
import os, subprocess, sys, threading
from haechi.node.settled import settle_threads

go_on = threading.Event()
told = []

def tell():
    go_on.wait()
    told.append(os.sched_getscheduler(0))

early = threading.Thread(target=tell)
early.start()
settle_threads()
late = threading.Thread(target=tell)
late.start()
go_on.set()
early.join()
late.join()
ask = "import os; print(os.sched_getscheduler(0))"
child = subprocess.run([sys.executable, "-c", ask], check=True, stdout=subprocess.PIPE)
print(*told, os.sched_getscheduler(0), int(child.stdout))
"""
REFUSED = """
import os
from haechi.node.settled import settle_threads

def refuse(*_):
    raise PermissionError(1, "not here")

os.sched_setscheduler = refuse
settle_threads()
print("went on")
"""
ROOM = """
import resource
from haechi.node.settled import settle_descriptors

resource.setrlimit(resource.RLIMIT_NOFILE, (256, {most}))
settle_descriptors()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def told(program: str) -> str:
    run = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="schedulers are Linux's")
def test_no_thread_of_a_settled_process_pushes_another_off_its_core():
    assert told(TOLD).split() == [str(os.SCHED_BATCH)] * 4


def test_a_machine_that_forbids_it_is_served_all_the_same():
    assert told(REFUSED) == "went on"


@pytest.mark.parametrize(("most", "given"), [(8192, 4096), (512, 512)])
def test_a_settled_process_may_open_more_files_as_far_as_it_is_allowed(most: int, given: int):
    assert told(ROOM.format(most=most)) == f"{given} {most}"
