"""Shadow rules in a running relay: nothing changes, and the admin port says where they fire."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.system.playground import HERE, relay_with_playground, visit
from tests.system.running import (
    KEY,
    PROJECT,
    Client,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    running,
    sentry_in_thread,
    until,
)

pytestmark = pytest.mark.system

RULE = """\
id: t/%s
description: d
why: w
status: %s
match: {pattern: '%s'}
redact: {method: replace, text: '[%s]'}
examples:
  scrubs: [{in: '%s', out: '[%s]'}, {in: 'x %s y', out: 'x [%s] y'}]
  leaves: [nothing, near]
"""
SECRETS = {"tried": "XTRIED0815", "known": "XKNOWN4711"}
INSIDE = 300_000
"""Characters of a body that is scrubbed in a process of its own."""


@dataclass
class Setup:
    """A relay with a rule that is tried and one that is enforced, and what is behind it."""

    relay: Relay
    sentry: Sentry
    client: Client
    workers: int
    sent: int = 0

    def send(self, **more: Any) -> dict[str, Any]:
        """Send an event, and return what arrived of it."""
        return self.sentry.arrival(self.post(**more))

    def post(self, **more: Any) -> str:
        """Send an event; return its id."""
        self.sent += 1
        document = event(self.sent, **more)
        headers = (("X-Sentry-Auth", f"Sentry sentry_key={KEY}"),)
        assert (
            200
            == self.client.send(
                "POST", f"/api/{PROJECT}/envelope/", headers, envelope(document)
            ).status
        )
        return str(document["event_id"])

    def shown(self) -> dict[str, Any]:
        """What the admin port says."""
        client = Client(self.relay.admin_port)
        try:
            return client.send("GET", "/rules/shadow").json()
        finally:
            client.close()

    def paths(self) -> dict[str, int]:
        """Hits by path."""
        told = [rule for rule in self.shown()["rules"] if rule["id"] == "t/tried"]
        return {path["path"]: path["hits"] for rule in told for path in rule["paths"]}

    def until_paths(self, expected: dict[str, int]) -> None:
        """Wait until these hits are shown."""
        until(lambda: expected == self.paths(), f"{expected}, and not {self.paths()}")


def write_rules(folder: Path) -> Path:
    """Write a rule that is tried and one that is enforced; return their folder."""
    rules = folder / "rules" / "t"
    rules.mkdir(parents=True)
    for name, status in (("tried", "shadow"), ("known", "enforce")):
        word = SECRETS[name]
        text = RULE % (name, status, word, name, word, name, word, name)
        (rules / f"{name}.yaml").write_text(text)
    return rules


@pytest.fixture(scope="module", params=[1, 2])
def setup(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setup]:
    """A relay of one process, and one of several."""
    folder: Path = tmp_path_factory.mktemp("shadow")
    rules = write_rules(folder)
    with sentry_in_thread() as sentry:
        config = {
            "listen": {"port": 0, "workers": request.param},
            "projects": [project(sentry.dsn())],
            "rules": ["rules"],
        }
        with running(folder, config) as relay:
            made = Setup(relay, sentry, Client(relay.port), request.param)
            yield made
            made.client.close()
        written = [path for path in folder.rglob("*") if path.is_file()]
        texts = {path.name: path.read_bytes() for path in written if path.parent != rules}
        assert [] == [name for name, text in texts.items() if b"extra.secrets" in text]


def test_it_is_counted_by_path_and_nothing_is_changed(setup: Setup) -> None:
    """The rule is there with no hits first; then its hits have their paths, in the newest hour."""
    until(lambda: ["t/tried"] == [rule["id"] for rule in setup.shown()["rules"]], "the rule")
    tried, known = SECRETS["tried"], SECRETS["known"]
    extra = {
        "secrets": [f"a {tried}", f"{tried} and {known}"],
        f"key {tried}": 1,
        known: {"name": tried},
        "large": tried + "x " * INSIDE,
    }
    arrived = setup.send(extra=extra)
    assert json.loads(json.dumps(extra).replace(known, "[known]")) == arrived["extra"]
    setup.until_paths(
        {"event/extra.secrets.*": 2, "event/extra.*": 1, "event/extra.*.name": 1,
         "event/extra.large": 1}
    )  # fmt: skip
    (rule,) = setup.shown()["rules"]
    assert (True, 5, 1) == (rule["in_use"], rule["hits"], rule["envelopes"])
    assert 5 == sum(rule["by_hour"][-2:])
    shown = json.dumps(setup.shown())
    assert [] == [word for word in SECRETS.values() if word in shown]


def test_the_page_is_linked(setup: Setup) -> None:
    """The admin port's first page leads to it, and it to its numbers."""
    client = Client(setup.relay.admin_port)
    first = client.send("GET", "/").body.decode()
    assert {"/shadow/", "/rules/shadow"} <= {line.split(" ")[0] for line in first.splitlines()}
    page = client.send("GET", "/shadow/")
    assert (200, True) == (page.status, b"status: shadow" in page.body)
    assert b"/rules/shadow" in client.send("GET", "/shadow/shadow.js").body
    client.close()


def test_a_new_admin_process_goes_on(setup: Setup) -> None:
    """Counts are in its memory alone: the one that takes its place begins anew, and hears all."""
    pid = setup.relay.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    if setup.workers == 1:
        pytest.skip("one process")
    since = setup.shown()["since"]
    os.kill(int(children[0]), signal.SIGKILL)  # the first that was started

    def anew() -> bool:
        try:
            return bool(setup.shown()["since"] > since)
        except OSError:
            return False

    until(anew, "another process")
    setup.send(message=SECRETS["tried"])
    setup.until_paths({"event/message": 1})


@pytest.mark.long
@pytest.mark.node
@pytest.mark.skipif(not HERE, reason="chromium, node or its packages are not here")
def test_the_page_shows_it(tmp_path: Path) -> None:
    """With a token, by keyboard, in light and dark, with no fault that axe finds."""
    write_rules(tmp_path)
    with relay_with_playground(tmp_path, rules=["rules"]) as relay:
        made = Setup(relay, Sentry(), Client(relay.port), 1)
        word = SECRETS["tried"]
        names = [first + second for first in "abcde" for second in "abcde"]
        made.post(extra={**{f"at_{name}": word for name in names}, f"key {word}": [word]})
        made.client.close()
        seen = visit(relay, script="shadow.mjs")
    assert [] == seen["trouble"]
    for scheme in ("light", "dark"):
        step = seen["steps"][scheme]
        assert ["27 hits in 1 envelopes."] == step["facts"]
        assert ["What they would have redacted", "t/tried"] == step["rules"]
        assert ["all paths | 27", "event/extra.* | 1", "event/extra.*.* | 1"] == step["rows"][:3]
        assert (21, 28, 28) == (step["few"], len(step["rows"]), len(step["bars"]))
        assert "Show the first 20 paths" == step["focused"]
        assert not any(word in row for row in step["rows"])
    assert {"light": [], "dark": []} == seen["axe"]
    assert {f"127.0.0.1:{relay.admin_port}"} == {urlsplit(url).netloc for url in seen["requests"]}
