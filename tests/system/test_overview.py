"""The overview of a relay with two workers: its numbers, and its page in a real Chromium."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.system.playground import HERE, visit
from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    Client,
    Relay,
    envelope,
    event,
    project,
    running,
    until,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("playground")]

SENT, DENIED = 6, 3
SECRET = "203.0.113.77"
USAGE = (
    "/suite/log/web/stable.log?c_v=1.39&c_type=settings/analytics&value=true&c_commit=04cafc8c8a72"
    "&c_instance_id=a&c_session_id=b&c_timestamp=1763800000000&c_message_id=c&c_consent="
)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """One that has been looked at before anything came in, and then took some reports."""
    folder = tmp_path_factory.mktemp("overview")
    config: dict[str, Any] = {
        "listen": {"port": 0, "workers": 2},
        "projects": [project(f"file:{folder / 'inbox'}")],
        "rules": FEW_RULES,
        "usage": {"apps": [{"name": "suite"}], "batch": {"every": "1s"}},
    }
    with running(folder, config) as relay:
        until(lambda: overview(relay)["steps"], "a first look")
        for number in range(SENT + DENIED):
            tags = {"allowReport": number < SENT}
            body = envelope(event(number + 1, message=f"from {SECRET}", tags=tags))
            client = Client(relay.port)
            reply = client.send("POST", ENVELOPE, [("X-Sentry-Auth", AUTH)], body)
            client.close()
            assert (200 if number < SENT else 403) == reply.status
        for consent, status in (("true", 204), ("false", 403)):
            client = Client(relay.port)
            assert status == client.send("GET", USAGE + consent).status
            client.close()
        yield relay


def overview(relay: Relay, query: str = "") -> Any:
    """Return the numbers."""
    client = Client(relay.admin_port)
    reply = client.send("GET", f"/overview/data{query}")
    client.close()
    assert 200 == reply.status
    return reply.json()


def totals(told: Any, name: str) -> dict[str, float]:
    found = next(plot for plot in told["plots"] if plot["id"] == name)
    return {line["label"]: line["total"] for line in found["series"]}


def test_what_all_workers_have_counted_is_shown(relay: Relay) -> None:
    """After the next look, without anybody having scraped."""
    told = until(lambda: counted(overview(relay)), "the numbers")
    assert {"accepted": SENT, "consent_denied": DENIED} == totals(told, "envelopes")
    assert {"granted": SENT, "denied": DENIED} == totals(told, "consent")
    assert {"consent_denied": DENIED} == totals(told, "dropped")
    assert {"network/ip-address": SENT} == totals(told, "redactions")
    assert (2, {"200"}) == (told["workers"], set(totals(told, "sends")))
    assert all(told["ready"].values())
    assert told["rules"] > 0


def counted(told: Any) -> Any:
    """Return the numbers, once a look has seen everything; before that, nothing."""
    whole = sum(totals(told, "envelopes").values()) == SENT + DENIED
    return told if whole and totals(told, "sends").get("200") == SENT else None


def test_usage_events_are_shown(relay: Relay) -> None:
    """What came in, what was refused, and what is in the store."""

    def shown() -> Any:
        told = overview(relay)
        names = {plot["id"] for plot in told["plots"]}
        return told if "usage_written" in names and totals(told, "usage_written") else None

    told = until(shown, "the numbers of usage events")
    assert {"accepted": 1, "consent_denied": 1} == totals(told, "usage")
    assert {"granted": 1, "denied": 1} == totals(told, "usage_consent")
    assert {"events": 1} == totals(told, "usage_written")
    assert {} == totals(told, "usage_failures")


def test_a_day_holds_the_same(relay: Relay) -> None:
    """In longer steps."""
    until(lambda: counted(overview(relay)), "the numbers")
    told = overview(relay, "?range=24h")
    assert ({"accepted": SENT, "consent_denied": DENIED}, 300) == (
        totals(told, "envelopes"),
        told["step"],
    )


@pytest.mark.node
@pytest.mark.skipif(not HERE, reason="chromium, node or its packages are not here")
def test_the_page_shows_it(relay: Relay) -> None:
    """In light and dark, with no fault that axe finds, and no request to anybody else."""
    seen = visit(relay, script="overview.mjs")
    assert [] == seen["trouble"]
    for scheme in ("light", "dark"):
        step = seen["steps"][scheme]
        assert (False, "24h") == (step["empty"], step["day"])
        assert "ready\nyes" in step["facts"]
        rows = [row.split(" | ") for row in step["rows"]]
        assert [str(DENIED)] == [
            row[3] for row in rows if row[:2] == ["Envelopes that came in", "consent_denied"]
        ]
        assert [str(SENT)] == [
            row[3] for row in rows if row[:2] == ["Redactions by rule", "network/ip-address"]
        ]
        assert 5 <= step["drawn"]
        assert not any(SECRET in row for row in step["rows"])
    assert {"light": [], "dark": [], "index, light": [], "index, dark": []} == seen["axe"]
    assert {f"127.0.0.1:{relay.admin_port}"} == {urlsplit(url).netloc for url in seen["requests"]}
