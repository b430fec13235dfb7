"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.azure import MISSING, AzureServer, azure_server
from tests.google import GoogleServer, google_server
from tests.promises import promised
from tests.promises.ran import Ran
from tests.s3 import S3Server, Server, s3_server

settings.register_profile("dev", max_examples=50, deadline=None)
# Derandomised, so that a red run is the same red run tomorrow; `deep` is for by hand.
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("deep", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """A whole run fails when a promised test did not run (docs/promises.md)."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ran(promised.load().all), "promises")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """A developer's own RELAY_ and SENTRY_ variables change no test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("RELAY_", "SENTRY_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where nothing compiled may lie beside the sources, it lies in a folder of this run.

    Each of some hundred starts of a relay would compile it all again, which takes a third of it.
    """
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            base = tmp_path_factory.getbasetemp()
            shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(shared / "compiled"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_limit_of_core_dumps_stays() -> Iterator[None]:
    """A command forbids core dumps for good; in this process that would be for all tests after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("relay.cli.main.forbid_core_dumps", lambda: None)
        yield


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of requests that real SDKs have sent."""
    return Path(__file__).parent / "samples"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real server of S3's protocol, on the loopback; each test makes a bucket of its own."""
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    """A real server of Azure's Blob protocol; the account is in its `environment`."""
    if MISSING:
        pytest.skip(MISSING)
    with azure_server(tmp_path_factory.mktemp("azure")) as running:
        yield running


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleServer]:
    """What Google says of its Cloud Storage; the account is in its `environment`."""
    with google_server(tmp_path_factory.mktemp("google")) as running:
        yield running


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server that the test's parameter names; its account is in the environment."""
    running: Server = request.getfixturevalue(request.param)
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    return running
