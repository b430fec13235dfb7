"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None)
# Derandomised, so that a red run is the same red run tomorrow; `deep` is for by hand.
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("deep", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """A developer's own RELAY_ and SENTRY_ variables change no test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("RELAY_", "SENTRY_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of requests that real SDKs have sent."""
    return Path(__file__).parent / "samples"
