"""The unit for systemd is understood, hardened, and fits the program."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from relay.cli.main import build_parser
from relay.config import Listen
from tests.docs.pages import ROOT

UNIT = (ROOT / "deploy/systemd/relay.service").read_text("utf-8")
USERS = (ROOT / "deploy/systemd/relay.sysusers.conf").read_text("utf-8")
systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")


def section(name: str) -> dict[str, list[str]]:
    """The keys of a section, with their values in order."""
    text = UNIT.partition(f"\n[{name}]\n")[2].partition("\n[")[0]
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text[:-1])


def test_the_program_is_called_as_it_is_called() -> None:
    """The command line is one that the program takes; a reload needs more than one worker."""
    (call,) = section("Service")["ExecStart"]
    program, *arguments = call.split()
    assert "/opt/relay/bin/relay" == program
    options = build_parser().parse_args(arguments)
    assert "/etc/relay/relay.yaml" == options.config
    assert options.workers > 1
    assert ["/bin/kill -HUP $MAINPID"] == section("Service")["ExecReload"]


def test_there_is_time_to_stop() -> None:
    """The parent is told, has longer than it takes, and what is left is killed."""
    service = section("Service")
    (timeout,) = service["TimeoutStopSec"]
    assert Listen().shutdown < seconds(timeout)
    assert (["mixed"], ["on-failure"], ["exec"]) == (
        service["KillMode"], service["Restart"], service["Type"],
    )  # fmt: skip


def test_it_is_started_until_it_can_start() -> None:
    """A disk without room, or NATS that is away, lets a start fail; none is the last."""
    assert ["0"] == section("Unit")["StartLimitIntervalSec"]
    assert 1 <= seconds(section("Service")["RestartSec"][0]) <= 10


def test_the_spool_is_the_only_place_to_write() -> None:
    """It is the working folder, and the home of the user that there is."""
    service = section("Service")
    assert (["relay"], ["0700"], ["/var/lib/relay"], ["strict"]) == (
        service["StateDirectory"],
        service["StateDirectoryMode"],
        service["WorkingDirectory"],
        service["ProtectSystem"],
    )
    assert not service.keys() & {"ReadWritePaths", "BindPaths"}
    assert re.search(r'^u relay - "[^"]+" /var/lib/relay$', USERS, re.MULTILINE)
    assert (["relay"], ["relay"]) == (service["User"], service["Group"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MemorySwapMax", "0"),
        ("LimitCORE", "0"),
        ("MemoryMax", "1G"),
        ("NoNewPrivileges", "yes"),
        ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("UMask", "0077"),
    ],
)
def test_it_is_hardened(key: str, value: str) -> None:
    """Nothing unscrubbed reaches a disk, and the process can do little beside its work."""
    assert [value] == section("Service")[key]


def installed(tmp_path: Path) -> Path:
    """The unit, with a program that is there."""
    path = tmp_path / "relay.service"
    path.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT, flags=re.MULTILINE))
    return path


@systemd
def test_systemd_understands_it(tmp_path: Path) -> None:
    """No key and no value that it does not know."""
    call = ["systemd-analyze", "verify", "--man=no", str(installed(tmp_path))]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert (0, "") == (done.returncode, done.stdout + done.stderr)


@systemd
def test_systemd_finds_it_hardened(tmp_path: Path) -> None:
    """By systemd's own measure, in which 10 is a service that may do anything."""
    call = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager"]
    done = subprocess.run(
        [*call, str(installed(tmp_path))], capture_output=True, text=True, check=False, timeout=60
    )
    assert 0 == done.returncode, done.stdout[-200:]
