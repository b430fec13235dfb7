"""The table of routes."""

import pytest

from relay.protocol.limits import DEFAULT, Limits
from relay.server.routes import ROUTES, find_target

EVENT = "ab" * 16


@pytest.mark.parametrize(
    ("path", "name", "parameters", "prefixed"),
    [
        ("/api/1/envelope/", "envelope", {"project": "1"}, False),
        ("/api/1/envelope", "envelope", {"project": "1"}, False),
        ("//api//1//store//", "store", {"project": "1"}, False),
        ("/consented/api/1/envelope/", "envelope", {"project": "1"}, True),
        ("/api/store/", "store", {}, False),
        ("/tunnel", "tunnel", {}, False),
        ("/consented/tunnel/", "tunnel", {}, True),
        ("/api/1/security/", "security", {"project": "1"}, False),
        ("/api/1/csp-report/", "security", {"project": "1"}, False),
        ("/api/1/nel/", "nel", {"project": "1"}, False),
        ("/api/1/minidump/", "minidump", {"project": "1"}, False),
        (
            f"/api/1/events/{EVENT}/attachments/",
            "attachments",
            {"project": "1", "event": EVENT},
            False,
        ),
        ("/api/1/cron/nightly/", "cron", {"project": "1", "slug": "nightly"}, False),
        (
            "/consented/api/1/cron/nightly/k",
            "cron",
            {"project": "1", "slug": "nightly", "key": "k"},
            True,
        ),
    ],
)
def test_a_path_leads_to_its_route(
    path: str, name: str, parameters: dict[str, str], prefixed: bool
) -> None:
    """Slashes do not matter."""
    target = find_target(path)
    assert target is not None
    assert (name, parameters, prefixed) == (
        target.route.name,
        dict(target.parameters),
        target.prefixed,
    )
    assert parameters.get("project") == target.project


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/1/envelope/x",
        "/x/api/1/envelope/",
        "/consented/consented/tunnel",
        "/api/1/unreal/key/",
        "/api/1/upload/",
        "/api/1/integration/otlp/v1/traces/",
        "/api/1/cron/",
        "/api/0/relays/projectconfigs/",
    ],
)
def test_any_other_path_leads_nowhere(path: str) -> None:
    """What is not in the table is not taken."""
    assert None is find_target(path)


def test_every_limit_is_one() -> None:
    """Each row names a limit that can be configured."""
    assert set() == {route.limit for route in ROUTES} - set(Limits.__dataclass_fields__)
    assert DEFAULT.body == getattr(DEFAULT, ROUTES[2].limit)
