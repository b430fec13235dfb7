"""Fixtures that the unit tests share."""

import logging
from collections.abc import Iterator

import pytest

from relay.logs import SafeHandler


@pytest.fixture(autouse=True)
def _no_log_of_another_test() -> Iterator[None]:
    """A command that set up the log leaves its handler, whose stream ends with the test."""
    yield
    root = logging.getLogger()
    left = [one for one in root.handlers if isinstance(one, SafeHandler)]
    for handler in left:
        root.removeHandler(handler)
    if left:
        logging.getLogger("relay").setLevel(logging.NOTSET)
