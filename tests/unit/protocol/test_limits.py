"""The limits that hold unless the configuration says otherwise, and what items share."""

from dataclasses import asdict

import pytest

from relay.errors import TooLargeError
from relay.protocol.limits import Limits, check_together

# https://docs.sentry.io/concepts/data-management/size-limits/ and Sentry Relay's own defaults.
SENTRYS = {
    "envelope": 209_715_200,
    "header": 1_048_576,
    "body": 1_048_576,
    "ratio": 500,
    "items": 500,
    "event": 1_048_576,
    "attachment": 209_715_200,
    "attachments": 30,
    "attachments_total": 209_715_200,
    "client_report": 102_400,
    "client_reports": 100,
    "check_in": 102_400,
    "sessions": 10_485_760,
    "session_items": 100,
    "profile": 52_428_800,
    "span": 10_485_760,
    "log": 2_097_152,
    "container": 12_582_912,
    "replay_compressed": 10_485_760,
    "replay": 104_857_600,
}


def test_what_holds_by_itself() -> None:
    """Whoever configures nothing has these."""
    assert SENTRYS == asdict(Limits())


@pytest.mark.parametrize(
    ("limits", "fits", "over", "kind"),
    [
        (Limits(attachments=2), ["attachment"] * 2, ["attachment"], "attachment"),
        (Limits(attachments_total=20), ["attachment"] * 2, ["attachment"], "attachment"),
        (Limits(client_reports=2), ["client_report"] * 2, ["client_report"], "client_report"),
        (Limits(session_items=2), ["session", "sessions"], ["session"], "sessions"),
        (Limits(session_items=2), ["session", "sessions"], ["sessions"], "sessions"),
    ],
)
def test_what_items_share(limits: Limits, fits: list[str], over: list[str], kind: str) -> None:
    """The bound itself is allowed, and one more item is not; each weighs ten bytes here."""
    check_together([(name, 10) for name in fits], limits)
    with pytest.raises(TooLargeError, match=f"for type '{kind}'"):
        check_together([(name, 10) for name in [*fits, *over]], limits)
