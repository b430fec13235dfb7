"""The container files say what they should, as far as that shows without a container engine."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay import config
from relay.config import DEFAULT_KEY
from tests.nats import binary

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def resolved(text: str) -> str:
    """Fill in the defaults of `${NAME:-default}` as compose does."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_service_is_hardened(name: str) -> None:
    """Each container has a read-only file system, no capabilities, and an ordinary user."""
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert int(service["user"].split(":")[0]) > 1000
    assert service["tmpfs"]


@pytest.mark.parametrize("name", ["relay", "bugsink"])
def test_servers_are_checked_and_stay_on_the_loopback(name: str) -> None:
    """What serves has a health check, keeps its data in a volume, and is published locally only."""
    service = COMPOSE["services"][name]
    assert service["healthcheck"]["test"]
    assert [f"{name}-data:/data"] == [v for v in service["volumes"] if v.endswith(":/data")]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_relay_starts_with_the_composed_configuration() -> None:
    """The mounted file and the environment give a project that goes to Bugsink's project 1."""
    relay = COMPOSE["services"]["relay"]
    environment = {k: resolved(v) for k, v in relay["environment"].items() if k != "RELAY_CONFIG"}
    settings = config.load_settings(str(ROOT / "deploy/compose/relay.yaml"), environment)
    project = settings.find_project("1", DEFAULT_KEY)
    assert project is not None
    key = resolved(COMPOSE["services"]["bugsink-project"]["environment"]["BUGSINK_KEY"])
    assert f"http://{key}@bugsink:8000/1" == str(project.upstream)
    assert ("0.0.0.0", "/data/spool.db") == (settings.listen.host, settings.spool.path)


def test_the_profile_usage_takes_usage_events() -> None:
    """Its environment names an app, a folder on its volume, and a secret of its own."""
    relay = COMPOSE["services"]["usage-relay"]
    assert ["usage"] == relay["profiles"]
    environment = {k: resolved(v) for k, v in relay["environment"].items() if k != "RELAY_CONFIG"}
    settings = config.load_settings(str(ROOT / "deploy/compose/relay.yaml"), environment)
    config.check_runnable(settings)
    (app,) = settings.usage.apps
    assert ("suite", "required") == (app.name, app.consent)
    assert "file:/data/usage" == settings.usage.store.url
    assert "/data/usage.db" == settings.usage.spool.path
    assert settings.usage.hash.secret not in (None, settings.hash.secret)
    assert "usage-relay-data:/data" in relay["volumes"]


def test_host_variables_are_no_settings() -> None:
    """The names that compose reads from .env do not look like settings of the relay."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert [] == re.findall(r"\$\{RELAY_\w+", text)


def test_mounted_files_exist() -> None:
    """Every file that compose mounts is in the repository."""
    for service in COMPOSE["services"].values():
        for volume in service["volumes"]:
            if volume.startswith("./"):
                assert (ROOT / volume.split(":")[0]).is_file()


def test_the_image_runs_without_root() -> None:
    """The image's last stage sets an ordinary user, a health check, and /data as its volume."""
    stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "\nUSER 10001:10001\n" in stage
    assert 'CMD ["relay", "healthcheck"]' in stage
    assert "\nVOLUME /data\n" in stage


def test_only_what_listens_is_exposed() -> None:
    """The image names the ports that are reached from outside of the container as it comes."""
    environment = dict(re.findall(r"^ .*\b(RELAY_\w+)=(\S+)", DOCKERFILE, re.MULTILINE))
    settings = config.parse(None, "(no file)", environment)
    open_ports = [str(s.port) for s in (settings.listen, settings.admin) if s.host == "0.0.0.0"]
    (exposed,) = re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)
    assert open_ports == exposed.split()


def test_images_of_others_have_a_version() -> None:
    """What others publish is taken by its major version, so that it does not change under us."""
    images = Counter(resolved(service["image"]) for service in COMPOSE["services"].values())
    ours = {"scrub-relay": 5, "scrub-relay-tor": 1}
    assert {**ours, "bugsink/bugsink:2": 2, "nats:2-alpine": 3} == images


# --- the profile `cluster` -----------------------------------------------------------------------

CLUSTER = {n: one for n, one in COMPOSE["services"].items() if "cluster" in one.get("profiles", ())}
NATS = sorted(name for name, one in CLUSTER.items() if one["image"].endswith("nats:2-alpine}"))


@pytest.mark.parametrize("name", sorted(CLUSTER))
def test_the_cluster_is_checked_and_stays_on_the_loopback(name: str) -> None:
    """Each part has a health check, and is published locally or not at all."""
    assert CLUSTER[name]["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in CLUSTER[name].get("ports", ()))


def test_the_relays_know_the_servers() -> None:
    """Both relays name every server, with a copy on each; each server keeps what it has."""
    environment = {"RELAY_PROJECTS__0__UPSTREAM": f"http://{DEFAULT_KEY}@bugsink:8000/1"}
    spool = config.load_settings(str(ROOT / "deploy/compose/cluster.yaml"), environment).spool
    assert tuple(f"nats://{name}:4222" for name in NATS) == spool.servers
    assert ("jetstream", 3, 3) == (spool.backend, spool.replicas, len(NATS))
    for name in NATS:
        assert {"NATS_NAME": name} == COMPOSE["services"][name]["environment"]
        assert f"{name}-data:/var/tmp" in COMPOSE["services"][name]["volumes"]
        assert f"{name}-data" in COMPOSE["volumes"]
    assert 2 == len(CLUSTER) - len(NATS)


def test_the_server_takes_its_configuration() -> None:
    """The real server finds no fault in the file, which names the same servers."""
    file = ROOT / "deploy/compose/nats.conf"
    done = subprocess.run(
        [binary(), "-t", "-c", str(file)],
        env={"NATS_NAME": "nats-1"},
        capture_output=True,
        check=False,
    )
    assert (0, True) == (done.returncode, b"configuration file" in done.stderr)
    assert NATS == re.findall(r"nats://(nats-\d):6222", file.read_text("utf-8"))


def test_the_image_gets_what_it_copies() -> None:
    """Everything that the Dockerfile copies is let through by .dockerignore, and is there."""
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        word.removeprefix("./")
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for word in line.split()
    }
    assert allowed == copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize(
    "file",
    ["compose/relay", "compose/cluster", "kubernetes/sqlite/relay", "kubernetes/jetstream/relay"],
)
def test_beyond_the_loopback_numbers_alone_are_open(file: str) -> None:
    """They are no configuration that a relay refuses; metrics need no token, and nothing else."""
    settings = config.load_settings(str(ROOT / "deploy" / f"{file}.yaml"), {})
    config.check_runnable(settings)
    assert ({"metrics"}, ()) == (settings.admin.open, settings.admin.tokens)
