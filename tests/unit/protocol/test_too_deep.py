"""Documents that can be read and not written, on the routes that write them anew."""

from collections.abc import Callable

import pytest

from relay.errors import BodyError
from relay.protocol.check_ins import check_in_envelope
from relay.protocol.limits import DEFAULT
from relay.protocol.minidump import crash_envelope
from relay.protocol.reports import security_envelopes
from tests.unit.protocol.test_multipart import TYPE, form

UPLOAD = ('; name="upload_file_minidump"; filename="x.dmp"', b"MDMP\x93\xa7\0\0 a dump")
ROUTES: dict[str, Callable[[bytes], object]] = {
    "check-in": lambda deep: check_in_envelope(
        "nightly", b'{"status": "ok", "x": ' + deep + b"}", "application/json", {}
    ),
    "list of reports": lambda deep: security_envelopes(b'[{"x": ' + deep + b"}]", {}, DEFAULT),
    "crash report": lambda deep: crash_envelope(
        form(('; name="sentry"', b'{"x": ' + deep + b"}"), UPLOAD), TYPE, "ab" * 16, DEFAULT
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_it_is_refused(route: str) -> None:
    """A thousand levels are the client's mistake, and no error of ours."""
    with pytest.raises(BodyError) as caught:
        ROUTES[route](b"[" * 1_010 + b"]" * 1_010)
    assert "too deep" in caught.value.detail
    ROUTES[route](b"[" * 100 + b"]" * 100)
