"""Projects: what holds for whom, and where it goes."""

import pytest

from relay.config import parse
from relay.server.projects import Projects
from relay.sinks import FileSink
from relay.upstream import HttpOptions, SentryUpstream
from tests.fakes import FakeClock, envelope

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
SECRET = "ab" * 16


async def test_projects_and_their_upstreams() -> None:
    """A client's project and key find what holds, and each upstream is made once."""
    text = (
        f"projects:\n  - {{id: '7', key: {KEY}, upstream: 'https://{SECRET}@o1.ingest.sentry.io/5'}}\n"
        f"  - {{id: '8', key: {KEY}, upstream: 'file:./inbox'}}\n"
        "  - {id: '*', key: '*', upstream: 'https://o2.ingest.sentry.io'}\n"
    )
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    found = projects.find("7", KEY)
    assert found is not None
    assert ("7", SECRET) == (found.project, found.upstream_key)
    other = projects.find("99", "c" * 32)
    assert other is not None
    assert ("*", None) == (other.project, other.upstream_key)
    assert {"7": KEY, "8": KEY} == dict(projects.keys)
    routes = [projects.route(envelope(project=p, key=KEY)) for p in ("7", "7", "8", "99")]
    assert [SentryUpstream, SentryUpstream, FileSink, SentryUpstream] == [type(r) for r in routes]
    assert routes[0] is routes[1] is not routes[3]
    assert ["7", "7", "8", "*"] == [projects.id_of(route) for route in routes if route]
    await projects.close()


def test_an_upstream_is_named_by_the_first_project_that_leads_there() -> None:
    """Whoever asks first: the name of an upstream in the metrics does not depend on the traffic."""
    text = "projects:\n" + "".join(
        f"  - {{id: '{n}', key: {KEY}, upstream: 'https://{SECRET}@o1.ingest.sentry.io/5'}}\n"
        for n in (7, 8)
    )
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    upstream = projects.route(envelope(project="8", key=KEY))
    assert upstream is not None
    assert "7" == projects.id_of(upstream)


async def test_what_is_configured_for_sending_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timeout, width and compression reach every upstream, the catch-all's too."""
    made: list[HttpOptions | None] = []

    class Noted(SentryUpstream):
        def __init__(
            self, url: str, key: str | None = None, options: HttpOptions | None = None
        ) -> None:
            super().__init__(url, key, options)
            made.append(options)

    monkeypatch.setattr("relay.server.projects.SentryUpstream", Noted)
    text = (
        f"projects:\n  - {{id: '7', key: {KEY}, upstream: 'https://{SECRET}@o1.ingest.sentry.io/5'}}\n"
        "  - {id: '*', key: '*', upstream: 'https://o2.ingest.sentry.io'}\n"
        "forward: {timeout: 7s, per_upstream: 5, compress: zstd}\n"
    )
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    for project in ("7", "99"):
        projects.route(envelope(project=project, key=KEY))
    assert [HttpOptions(timeout=7, connections=5, compress="zstd")] * 2 == made
    await projects.close()


def test_an_unknown_project_has_no_route() -> None:
    """What is not configured any more goes nowhere."""
    text = f"projects:\n  - {{id: '7', key: {KEY}, upstream: 'file:./inbox'}}\n"
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    assert projects.find("8", KEY) is None
    assert projects.find("7", "c" * 32) is None
    assert projects.route(envelope(project="8", key=KEY)) is None


@pytest.mark.parametrize(
    "project",
    [
        "",
        "..",
        ".",
        "5/../../x",
        "jane",
        "jane.doe@example.com",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "\u0665",
        "-5",
        "1" * 20,
    ],
)
def test_a_catch_all_takes_only_numbers(project: str) -> None:
    """Where the client's own project id goes into the upstream's URL, it is a number."""
    text = "projects:\n  - {id: '*', key: '*', upstream: 'https://o2.ingest.sentry.io'}\n"
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    assert projects.find("5193825", KEY) is not None
    assert projects.find(project, KEY) is None
    assert projects.route(envelope(project=project, key=KEY)) is None


def test_limits_are_kept_where_they_lead() -> None:
    """Projects of one upstream DSN share its key; with a host alone it is the client's own."""
    dsn, host = f"https://{SECRET}@o1.ingest.sentry.io/5", "https://o1.ingest.sentry.io"
    text = (
        f"projects:\n  - {{id: '7', key: {KEY}, upstream: '{dsn}'}}\n"
        f"  - {{id: '8', key: {KEY}, upstream: '{dsn}'}}\n"
        f"  - {{id: '9', key: {KEY}, upstream: '{host}'}}\n"
        f"  - {{id: '10', key: {KEY}, upstream: '{host}'}}\n"
    )
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    keys = {project: projects.limit_key(project, KEY) for project in ("7", "8", "9", "10")}
    assert keys["7"] == keys["8"] == (dsn, SECRET)
    assert keys["9"] == keys["10"] != keys["7"]
    assert KEY == (keys["9"] or ("", ""))[1]
    assert projects.limit_key("11", KEY) is None
    assert projects.limit_key("7", "c" * 32) is None


def test_a_folder_gets_no_reports() -> None:
    """It is there to be looked at; nor does anyone who is not known."""
    text = (
        f"projects:\n  - {{id: '7', key: {KEY}, upstream: 'file:./inbox'}}\n"
        f"  - {{id: '8', key: {KEY}, upstream: 'https://{SECRET}@o1.ingest.sentry.io/5'}}\n"
    )
    projects = Projects(parse(text, "r.yaml", {}), FakeClock())
    assert [False, True, False] == [projects.takes_reports(p, KEY) for p in ("7", "8", "9")]
