"""What processes took of the machine, by Linux' /proc: CPU seconds and memory of a whole tree.

Law of this file: reading only. A process counts with all its children, as they are at that moment;
the CPU time of those that have ended stays with the one that waited for them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a tree of processes.

    Attributes:
        pss: its own pages, and of each shared page the share: adds up to what it takes.
        rss: resident pages of each process: pages that processes share count for each.
    """

    pss: int
    rss: int


@dataclass(frozen=True, slots=True)
class Machine:
    """CPU seconds of the whole machine, or of one core, since it started."""

    busy: float
    idle: float

    def __sub__(self, before: "Machine") -> "Machine":
        """Return what came since."""
        return Machine(self.busy - before.busy, self.idle - before.idle)


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it; none when it is gone."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid] if (_PROC / str(pid)).exists() else []
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, its children, and children that have ended."""
    ticks = 0
    for one in tree(pid):
        fields = _stat(one)
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICK


def memory(pid: int) -> Memory:
    """Return what a process and its children take."""
    pss = rss = 0
    for one in tree(pid):
        try:
            rollup = (_PROC / str(one) / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in rollup.splitlines():
            name, _, rest = line.partition(":")
            if name == "Pss":
                pss += int(rest.split()[0]) * _KIB
            elif name == "Rss":
                rss += int(rest.split()[0]) * _KIB
    return Memory(pss, rss)


def machine(core: int | None = None) -> Machine:
    """Return what all cores together, or one of them, have done; stolen time counts as busy."""
    name = "cpu" if core is None else f"cpu{core}"
    for line in (_PROC / "stat").read_text().splitlines():
        label, *numbers = line.split()
        if label == name:
            ticks = [int(number) for number in numbers[:8]]
            idle = ticks[3] + ticks[4]
            return Machine((sum(ticks) - idle) / _TICK, idle / _TICK)
    raise ValueError(f"there is no core {core}")


def _stat(pid: int) -> list[str]:
    """Return the fields after the name of /proc/<pid>/stat, state first; none when it is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
