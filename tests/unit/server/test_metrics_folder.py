"""The folder of metrics: it goes with its relay, and with the next start after a kill."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from relay.server.metrics_folder import metrics_folder


@pytest.fixture(autouse=True)
def _parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_removed_in_the_end(tmp_path: Path) -> None:
    """Nothing is left."""
    with metrics_folder() as folder:
        (folder / "counter_seat1.db").write_bytes(b"x")
        assert [folder] == list(tmp_path.iterdir())
    assert [] == list(tmp_path.iterdir())


def test_what_a_killed_relay_left_goes_with_the_next_start(tmp_path: Path) -> None:
    """A folder stays as long as a process lives that was forked for it, and no longer."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with metrics_folder():
            os.write(writer, b"x")
            signal.pause()
    os.read(reader, 1)
    (left,) = tmp_path.iterdir()
    with metrics_folder() as folder:
        assert {left, folder} == set(tmp_path.iterdir())
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with metrics_folder() as folder:
        assert [folder] == list(tmp_path.iterdir())
    for end in (reader, writer):
        os.close(end)


def test_folders_of_others_stay(tmp_path: Path) -> None:
    """One that has no lock of ours is left alone."""
    strange = tmp_path / "relay-metrics-strange"
    strange.mkdir()
    with metrics_folder():
        pass
    assert [strange] == list(tmp_path.iterdir())
