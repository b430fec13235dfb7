"""What a process and its children take of the machine is read from /proc."""

import os
import subprocess
import sys

from benchmarks.load import processes

_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
sum(range(10_000_000))
print(child.pid, flush=True)
input()
"""


def test_a_process_counts_with_its_children() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert {parent.pid, child} == set(processes.tree(parent.pid))
            assert processes.cpu_seconds(parent.pid) > 0
            both, one = processes.memory(parent.pid), processes.memory(child)
            assert both.rss > one.rss > 0
            assert both.rss >= both.pss > 0
        finally:
            parent.kill()
            os.kill(child, 9)


def test_nothing_is_left_of_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    assert [] == processes.tree(gone.pid)
    assert 0 == processes.cpu_seconds(gone.pid)
    assert 0 == processes.memory(gone.pid).pss


def test_the_cores_add_up_to_the_machine() -> None:
    whole = processes.machine()
    core = processes.machine(0)
    assert whole.busy + whole.idle > core.busy + core.idle > 0
