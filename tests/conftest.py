"""Fixtures that all tests share."""

import os
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings


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
