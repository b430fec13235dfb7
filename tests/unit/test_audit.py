"""The audit log: what stands in a line, and what happens when it cannot be written."""

import dataclasses
import json
import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from relay import logs
from relay.audit import Action, Audit, Entry, Outcome, Via, system_user
from relay.errors import AuditError
from tests.fakes import FakeClock

ENTRY = Entry(Action.SPOOL_RETRY, "ops", Via.HTTP, Outcome.DONE, "spool", count=3, missing=0)


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_line(tmp_path: Path) -> None:
    """It says when, what, who, how, and how many; what is not known is left out."""
    file = tmp_path / "audit.log"
    Audit(str(file), FakeClock()).note(ENTRY)
    assert [
        {
            "time": "2023-11-14T22:13:20.000+00:00",
            "action": "spool_retry",
            "who": "ops",
            "via": "http",
            "outcome": "done",
            "scope": "spool",
            "count": 3,
            "missing": 0,
            "pid": os.getpid(),
        }
    ] == lines(file)
    assert file.read_bytes().endswith(b"\n")


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask is; a file that was there keeps its mode."""
    file = tmp_path / "audit.log"
    before = os.umask(0)
    try:
        Audit(str(file), FakeClock()).note(ENTRY)
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    file.chmod(0o640)
    Audit(str(file), FakeClock()).note(ENTRY)
    assert (0o640, 2) == (stat.S_IMODE(file.stat().st_mode), len(lines(file)))


def test_it_may_be_moved_away(tmp_path: Path) -> None:
    """After a rotation the next line begins a new file; nothing need be told."""
    file, audit = tmp_path / "audit.log", Audit(str(tmp_path / "audit.log"), FakeClock())
    audit.note(ENTRY)
    file.rename(tmp_path / "audit.log.1")
    audit.note(ENTRY)
    assert (1, 1) == (len(lines(file)), len(lines(tmp_path / "audit.log.1")))


def test_a_line_that_was_cut_off_takes_no_other_along(tmp_path: Path) -> None:
    """After a disk that was full, the next line is one of its own."""
    file = tmp_path / "audit.log"
    file.write_text('{"time": "20')
    Audit(str(file), FakeClock()).note(ENTRY)
    cut, whole = file.read_text().splitlines()
    assert ('{"time": "20', "spool_retry") == (cut, json.loads(whole)["action"])


def test_lines_of_many_do_not_mix(tmp_path: Path) -> None:
    """Each is written as a whole, at the end, whoever else writes."""
    file = tmp_path / "audit.log"

    def write(number: int) -> None:
        for _ in range(20):
            Audit(str(file), FakeClock()).note(dataclasses.replace(ENTRY, count=number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = [line["count"] for line in lines(file)]
    assert [20] * 4 == [counts.count(number) for number in range(4)]


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "gone"])
def test_what_is_no_file(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused, and said in the log; a pipe does not hang it, and a link leads nowhere."""
    path = tmp_path / "audit.log"
    match kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
        case "pipe":
            os.mkfifo(path)
        case _:
            path = tmp_path / "gone" / "audit.log"
    with caplog.at_level(logging.INFO, "relay"):
        with pytest.raises(AuditError, match="cannot be written"):
            Audit(str(path), FakeClock()).note(ENTRY)
        assert Audit(str(path), FakeClock()).try_note(ENTRY) is False
    assert ["audit_failed"] * 2 == [record.message for record in caplog.records]
    assert not (tmp_path / "elsewhere").exists()


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of which only a part was written is none."""
    monkeypatch.setattr("relay.audit.os.write", lambda _, data: len(data) - 1)
    with pytest.raises(AuditError):
        Audit(str(tmp_path / "audit.log"), FakeClock()).note(ENTRY)


def test_it_is_in_the_log_too(caplog: pytest.LogCaptureFixture) -> None:
    """With no file the log alone has it, under a name of its own."""
    with caplog.at_level(logging.INFO, "relay.audit"):
        assert Audit(None, FakeClock()).try_note(ENTRY) is True
    (record,) = caplog.records
    assert ("relay.audit", "action") == (record.name, record.message)
    assert {
        "action": "spool_retry",
        "who": "ops",
        "via": "http",
        "outcome": "done",
        "scope": "spool",
        "count": 3,
        "missing": 0,
    } == logs.fields_of(record)


def test_every_field_may_be_written() -> None:
    """What an entry has is on the log's list of fields, else it would vanish there."""
    assert {field.name for field in dataclasses.fields(Entry)} <= logs.FIELDS


def test_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the one that the process runs as, whatever the environment says; else its number."""
    monkeypatch.setenv("LOGNAME", "mallory")
    monkeypatch.setattr("relay.audit.os.getuid", lambda: 0)
    assert "root" == system_user()
    monkeypatch.setattr("relay.audit.os.getuid", lambda: 4_000_000_001)
    assert "uid 4000000001" == system_user()
