"""The onion service as it is shipped: what Tor is told, the image, the containers."""

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay import config
from tests.docs.pages import ROOT, blocks, first_column

FILE = ROOT / "deploy/tor/torrc"
TORRC = FILE.read_text("utf-8")
DOCKERFILE = (ROOT / "deploy/tor/Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
PROFILE = {n: one for n, one in COMPOSE["services"].items() if "tor" in one.get("profiles", ())}
PROGRAM = shutil.which("tor") or "/usr/sbin/tor"
SOCKET = "/run/relay/onion.sock"
tor = pytest.mark.skipif(not Path(PROGRAM).exists(), reason="needs tor")


def told(text: str = TORRC) -> dict[str, str]:
    """What a torrc says, by the name of the option."""
    lines = [line.partition(" ") for line in text.splitlines() if line and line[0] != "#"]
    return {name: value for name, _, value in lines}


def tried(file: Path, folder: Path) -> tuple[int, str]:
    """Let the real tor read a file; return its exit status and what it says."""
    folder.mkdir(mode=0o700, exist_ok=True)
    call = [PROGRAM, "--verify-config", "-f", str(file), "--DataDirectory", str(folder)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@tor
def test_tor_understands_it(tmp_path: Path) -> None:
    """No option and no value that it does not know; of a wrong one it would say so."""
    status, said = tried(FILE, tmp_path / "data")
    assert (0, True) == (status, "Configuration was valid" in said)
    wrong = tmp_path / "torrc"
    wrong.write_text(TORRC.replace("SafeLogging", "SaveLogging"))
    assert 0 != tried(wrong, tmp_path / "data")[0]


@tor
def test_tor_makes_a_name(tmp_path: Path) -> None:
    """With the network off, the real tor still makes the key, and the name stands in its file."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    file = tmp_path / "torrc"
    file.write_text(TORRC.replace("/var/lib/tor", str(data)) + "\nDisableNetwork 1\n")
    name = data / "relay" / "hostname"
    with subprocess.Popen(
        [PROGRAM, "-f", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + 30
        while not (name.exists() and name.read_text()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        process.terminate()
    assert re.fullmatch(r"[a-z2-7]{56}\.onion\n", name.read_text())


def test_it_serves_and_nothing_else() -> None:
    """One service, to the socket; no proxy for programs, no addresses in logs, no PROXY lines."""
    options = told()
    assert f"80 unix:{SOCKET}" == options["HiddenServicePort"]
    assert ("0", "1", "notice stdout") == (
        options["SocksPort"], options["SafeLogging"], options["Log"],
    )  # fmt: skip
    assert "1" == options["HiddenServicePoWDefensesEnabled"]
    assert not {"HiddenServiceExportCircuitID", "ORPort", "ControlPort"} & options.keys()
    assert options["HiddenServiceDir"].startswith(options["DataDirectory"])


def test_the_image_runs_without_root() -> None:
    """It makes its user, keeps the key in a volume, and reads what it was built with."""
    assert re.search(r"^FROM debian:\d+-slim$", DOCKERFILE, re.MULTILINE)
    assert f"\nVOLUME {told()['DataDirectory']}\n" in DOCKERFILE
    assert "\nUSER 10003:10003\n" in DOCKERFILE
    copied = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    assert [("torrc", "/etc/tor/torrc")] == copied
    assert 'CMD ["-f", "/etc/tor/torrc"]' in DOCKERFILE


def test_the_socket_is_all_that_the_two_share() -> None:
    """Tor reaches no port of the composition; the relay publishes none, and Tor has its key."""
    assert {"onion-relay", "tor"} == set(PROFILE)
    relay, service = PROFILE["onion-relay"], PROFILE["tor"]
    assert ([], None) == (relay["ports"], service.get("ports"))
    volumes = [{v.rpartition(":")[0] for v in one["volumes"]} for one in (relay, service)]
    assert {"onion-socket"} == volumes[0] & volumes[1]
    assert f"onion-keys:{told()['DataDirectory']}" in service["volumes"]
    assert all(
        f"onion-socket:{SOCKET.rpartition('/')[0]}" in o["volumes"] for o in PROFILE.values()
    )
    networks = [set(one.get("networks", ["default"])) for one in (relay, service)]
    assert set() == networks[0] & networks[1]
    assert networks[1] == set(COMPOSE["networks"])
    assert all(one["healthcheck"]["test"] for one in PROFILE.values())


def test_tor_may_use_the_socket_that_the_relay_makes() -> None:
    """The folder is the relay's; its group, which the socket inherits, is that of Tor's user."""
    options = dict(
        pair.split("=")
        for pair in COMPOSE["volumes"]["onion-socket"]["driver_opts"]["o"].split(",")
    )
    uid, _ = PROFILE["onion-relay"]["user"].split(":")
    _, gid = PROFILE["tor"]["user"].split(":")
    assert (uid, gid, "2750") == (options["uid"], options["gid"], options["mode"])


def test_the_relay_takes_its_settings() -> None:
    """It listens at the socket that Tor is told of, and on no port outside of the container."""
    environment = {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        for name, value in PROFILE["onion-relay"]["environment"].items()
        if name != "RELAY_CONFIG"
    }
    settings = config.load_settings(str(ROOT / "deploy/compose/relay.yaml"), environment)
    assert config.Onion(SOCKET) == settings.listen.onion
    assert ("127.0.0.1", "127.0.0.1") == (settings.listen.host, settings.admin.host)


# --- systemd -------------------------------------------------------------------------------------


def test_the_folder_of_the_socket_has_the_group_of_tor() -> None:
    """The unit may write there, where it is told to listen, and so finds it made."""
    dropped = (ROOT / "deploy/tor/relay-onion.conf").read_text("utf-8")
    made = (ROOT / "deploy/tor/relay-onion.tmpfiles.conf").read_text("utf-8")
    folder = SOCKET.rpartition("/")[0]
    assert f"\nEnvironment=RELAY_LISTEN__ONION__SOCKET={SOCKET}\n" in dropped
    assert f"\nReadWritePaths={folder}\n" in dropped
    assert f"\nd {folder} 2750 relay debian-tor -\n" in made


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_understands_it(tmp_path: Path) -> None:
    """No key that it does not know; the unit with the drop-in has its settings."""
    unit = tmp_path / "relay.service"
    text = (ROOT / "deploy/systemd/relay.service").read_text("utf-8")
    unit.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    folder = tmp_path / "relay.service.d"
    folder.mkdir()
    shutil.copy(ROOT / "deploy/tor/relay-onion.conf", folder / "onion.conf")
    call = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert (0, "") == (done.returncode, done.stdout + done.stderr)
    with (folder / "onion.conf").open("a") as file:
        file.write("ReadWritePath=/nowhere\n")
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert "ReadWritePath" in done.stderr


# --- the page ------------------------------------------------------------------------------------


def test_the_page_shows_what_is_there() -> None:
    """Each line of the table stands in torrc, and what the page configures is valid."""
    table = first_column("docs/tor.md", "line")
    told_lines = TORRC.splitlines()
    assert [] == [line for line in table if line not in told_lines]
    options = set(told()) - {"DataDirectory", "HiddenServiceDir"}
    assert options == {line.partition(" ")[0] for line in table} | {
        "HiddenServiceMaxStreamsCloseCircuit"
    }
    (block,) = (block for block in blocks("yaml") if block.page == "docs/tor.md")
    assert config.Onion(SOCKET) == config.parse(block.text, "r.yaml", {}).listen.onion
