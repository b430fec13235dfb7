"""The composition root: it opens, serves, and ends as a whole."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from relay.audit import Audit
from relay.clock import SystemClock
from relay.config import Settings, parse
from relay.errors import ConfigError, ListenError, RelayError, RuleError, SpoolUnavailableError
from relay.server.app import serve
from relay.server.life import Life
from relay.server.running import Started
from relay.spool import SqliteSpool
from tests.fakes import FakeClock, envelope
from tests.unit.scrub.test_verified import PROVEN

ID = "0123456789abcdef0123456789abcdef"
BASE = "listen: {port: 0}\nadmin: {port: 0}\n"


@asynccontextmanager
async def running(text: str, **more: Any) -> AsyncIterator[Started]:
    """Serve a configuration until the block ends."""
    started: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    settings = parse(text, "r.yaml", {})
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(serve(settings, on_start=started.set_result, stop=stop, **more))
        try:
            yield await started
        finally:
            stop.set()


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
async def test_from_the_client_to_the_folder(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that is answered with 200 comes out clean at the upstream."""
    monkeypatch.chdir(tmp_path)
    text = BASE + f"spool: {{backend: {backend}, path: spool.db}}\n"
    event = {"event_id": ID, "message": "at 203.0.113.77", "tags": {"allowReport": True}}
    body = b'{}\n{"type":"event"}\n' + json.dumps(event).encode() + b"\n"
    async with running(text) as started, aiohttp.ClientSession() as client:
        url = f"http://{started.host}:{started.port}/api/1/envelope/?sentry_key={'0' * 32}"
        async with client.post(url, data=body) as response:
            assert (200, {"id": ID}) == (response.status, await response.json())
        ready = f"http://{started.host}:{started.port}/api/relay/healthcheck/ready/"
        async with client.get(ready) as response:
            assert 200 == response.status
        async with client.get(f"http://{started.admin_host}:{started.admin_port}/metrics") as page:
            shown = await page.text()
        while not (found := list((tmp_path / "inbox").rglob("*.json"))):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert 'relay_items_total{kind="event",reason="accepted"} 1.0' in shown
    written = "".join(file.read_text() for file in found)
    assert "at [ip]" in written
    assert "203.0.113.77" not in "".join(
        file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()
    )


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("rules: [nowhere]\n", RuleError),
        ("hash: {secret_file: nowhere}\n", ConfigError),
        ("spool: {path: blocked/spool.db}\n", SpoolUnavailableError),
        ("listen: {port: 0, tls: {cert: nowhere, key: nowhere}}\n", ListenError),
    ],
)
async def test_what_is_wrong_ends_the_start(
    more: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules, secrets and spool are looked at before a port is open."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocked").write_text("a file where a folder should be")
    opened: list[Started] = []
    text = more if "listen" in more else BASE + more
    async with asyncio.timeout(20):
        with pytest.raises(error):
            await serve(parse(text, "r.yaml", {}), on_start=opened.append, stop=asyncio.Event())
    assert [] == opened


async def test_a_normal_stop_warns_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From start to stop the log says what happens, and nothing is wrong."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, "relay")
    async with running(BASE + "spool: {backend: memory}\n"):
        pass
    said = [(record.levelname, record.msg) for record in caplog.records]
    assert [("INFO", word) for word in ("loaded", "started", "stopping", "stopped")] == said


async def test_a_hang_up_takes_up_rules_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SIGHUP does not end a relay of one process; what wants a restart is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(PROVEN)
    text = BASE + "spool: {backend: memory}\n"
    new = parse(text + "rules: [mine.yaml]\nhash: {rotate: 1h}\nforward: {timeout: 1s}", "r", {})
    life = Life(Audit(str(tmp_path / "audit.log"), SystemClock()))
    async with running(text, life=life, reread=lambda: replace(new, source="r.yaml")) as started:
        os.kill(os.getpid(), signal.SIGHUP)
        while caplog.messages.count("restart_needed") < 2:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        url = f"http://{started.admin_host}:{started.admin_port}"
        async with aiohttp.ClientSession() as client, client.get(f"{url}/rules") as page:
            shown = await page.json()
    components = [getattr(record, "component", None) for record in caplog.records]
    assert ["forward", "hash"] == [name for name in components if name]
    assert ("accepted", ["mine.yaml"]) == (shown["last"]["outcome"], shown["files"])
    noted = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert ["begun", "done"] == [line["outcome"] for line in noted if line["action"] == "reload"]


async def test_a_hang_up_with_a_broken_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused with its mistakes, and the next one is heard."""
    monkeypatch.chdir(tmp_path)
    said: list[RelayError] = []
    life = Life(Audit(None, SystemClock()))

    def reread() -> Settings:
        return parse("listen: {prot: 1}", "r.yaml", {})

    text = BASE + "spool: {backend: memory}\n"
    async with running(text, life=life, reread=reread, say=said.append):
        for number in (1, 2):
            os.kill(os.getpid(), signal.SIGHUP)
            while len(said) < number:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    assert ["unknown key 'prot' in listen"] * 2 == [e.mistakes[0].message for e in said]  # type: ignore[attr-defined]
    assert 2 == caplog.messages.count("reload_refused")


async def test_what_is_too_old_goes_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object of usage events and an envelope that are too old are gone, nobody having asked."""
    monkeypatch.chdir(tmp_path)
    name = "0" * 32
    old, new = (
        tmp_path / f"usage-data/events/app=suite/environment=web/dt={day}/hh=03/{name}.ndjson.zst"
        for day in ("2024-02-29", datetime.now(UTC).date())
    )
    for path in (old, new):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    spool = await SqliteSpool.open(tmp_path / "spool.db", FakeClock())
    await spool.put(envelope(payload=b"gemsbok"))
    await spool.close()
    text = BASE + "usage: {apps: [{name: suite}]}\n"
    ended = "relay_expired_timestamp_seconds"
    async with running(text) as started, aiohttp.ClientSession() as client:
        url = f"http://{started.admin_host}:{started.admin_port}/metrics"
        shown = ""
        while not all(f'{ended}{{of="{of}"}}' in shown for of in ("usage", "spool")):
            async with client.get(url) as page:
                shown = await page.text()
        assert (False, True) == (old.exists(), new.exists())
        files = [one.read_bytes() for one in tmp_path.iterdir() if one.name.startswith("spool.db")]
        assert b"gemsbok" not in b"".join(files)
    assert 'relay_usage_expired_total{set="events"} 1.0' in shown
