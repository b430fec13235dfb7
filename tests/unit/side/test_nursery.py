"""What the system gives; the rest of the nursery is tested with the way to it."""

import sys
from pathlib import Path

import pytest

from relay.side.nursery import given_memory


@pytest.mark.parametrize(
    ("groups", "limit", "given"),
    [
        ("0::/", "805306368\n", 805306368),
        ("1:cpu:/x\n0::/", "max\n", sys.maxsize),
        ("1:memory:/x\n", "5", sys.maxsize),
        ("0::/nowhere", "5", sys.maxsize),
    ],
)
def test_memory_of_the_control_group(groups: str, limit: str, given: int, tmp_path: Path) -> None:
    """It is read where it is limited."""
    (tmp_path / "cgroup").write_text(groups)
    (tmp_path / "memory.max").write_text(limit)
    assert given == given_memory(str(tmp_path / "cgroup"), str(tmp_path))


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    """It gives all there is."""
    assert sys.maxsize == given_memory(str(tmp_path / "none"), str(tmp_path))
