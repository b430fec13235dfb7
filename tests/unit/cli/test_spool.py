"""`relay spool`."""

import asyncio
import json
from pathlib import Path

import pytest

from relay.audit import system_user
from relay.cli.main import main
from relay.clock import SystemClock
from relay.config import SpoolSettings
from relay.delivery import Bury
from relay.outcomes import Reason
from relay.spool import SqliteSpool
from relay.spool.jetstream import open_jetstream
from tests.fakes import envelope
from tests.nats import nats_server
from tests.unit.cli.command import Command
from tests.usage_store import row

REASONS = (Reason.REJECTED_UPSTREAM, Reason.REJECTED_UPSTREAM, Reason.UNROUTABLE)
SIZE = len(envelope().body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, and a spool with two that wait and dead letters 1 to 3."""
    path = tmp_path / "spool.db"
    (tmp_path / "relay.yaml").write_text(f"spool: {{path: '{path}', max_bytes: {10 * SIZE}B}}\n")

    async def fill() -> None:
        spool = await SqliteSpool.open(path, SystemClock())
        for number in range(1, 6):
            await spool.put(envelope(number, project=str(number)))
        claims = await spool.claim(3)
        await spool.settle(
            [(claim, Bury(reason)) for claim, reason in zip(claims, REASONS, strict=True)]
        )
        await spool.close()

    asyncio.run(fill())
    return tmp_path


@pytest.fixture
def spool(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command."""
    return Command(folder, capsys, "spool")


def test_status(spool: Command) -> None:
    """It counts what waits, bytes, their share, and dead letters by reason."""
    told = spool.json("status")
    assert told.pop("oldest_seconds") >= 0
    assert {
        "ready": 2,
        "claimed": 0,
        "dead": 3,
        "dead_by_reason": {"rejected_upstream": 2, "unroutable": 1},
        "bytes": 5 * SIZE,
        "max_bytes": 10 * SIZE,
        "share": 0.5,
    } == told
    status, out, err = spool("status")
    assert (0, "") == (status, err)
    assert ["dead letters   3", "  rejected_upstream    2", "  unroutable           1"] == (
        out.splitlines()[-3:]
    )


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ((), [1, 2, 3]),
        (("--limit", "2"), [1, 2]),
        (("--reason", "unroutable"), [3]),
        (("--project", "2"), [2]),
        (("--project", "2", "--reason", "unroutable"), []),
    ],
)
def test_list(spool: Command, arguments: tuple[str, ...], numbers: list[int]) -> None:
    """It lists dead letters, some or all."""
    assert numbers == [letter["number"] for letter in spool.json("list", *arguments)]


def test_list_for_people(spool: Command) -> None:
    """A line for each, with a heading."""
    status, out, _ = spool("list")
    lines = [line.split() for line in out.splitlines()]
    assert (0, 4) == (status, len(lines))
    assert ["3", "error", str(SIZE), "1", "unroutable"] == [lines[3][0], *lines[3][-4:]]


def test_show(spool: Command) -> None:
    """It tells the facts of one, and the kinds and sizes of its items, but no payload."""
    told = spool.json("show", "3")
    assert told.pop("stored_at") > 0
    one = envelope(3, project="3")
    assert {
        "number": 3,
        "envelope_id": one.envelope_id,
        "project": "3",
        "key": one.key,
        "categories": ["error"],
        "bytes": SIZE,
        "attempts": 1,
        "reason": "unroutable",
        "client": one.client,
        "items": [{"kind": "event", "bytes": 47}],
    } == told
    _, out, _ = spool("show", "3")
    assert "item         event, 47 bytes" == out.splitlines()[-1]


def test_show_body(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With --body the envelope comes out, byte for byte, and nothing else."""
    config = str(folder / "relay.yaml")
    assert 0 == main(["spool", "show", "2", "--body", "--config", config])
    assert (envelope(2, project="2").body, b"") == capfdbinary.readouterr()


def test_show_what_is_not_there(spool: Command) -> None:
    """A number that is no dead letter ends with 1, also of an envelope that waits."""
    for number in ("4", "99"):
        status, out, err = spool("show", number)
        assert (1, "", f"relay: there is no dead letter {number}\n") == (status, out, err)


def test_retry(spool: Command) -> None:
    """Those named are due again; one that is not there ends with 1, and the others are done."""
    assert {"retried": 1, "missing": 0} == spool.json("retry", "1")
    status, out, err = spool("retry", "2", "99")
    assert (1, "retried: 1\n") == (status, out)
    assert "relay: 1 of 2 are no dead letters\n" == err
    told = spool.json("status")
    assert (4, 1) == (told["ready"], told["dead"])


def test_retry_all(spool: Command) -> None:
    """All of them are due again; none is no mistake."""
    assert {"retried": 3, "missing": 0} == spool.json("retry", "--all")
    assert {"retried": 0, "missing": 0} == spool.json("retry", "--all")
    assert 5 == spool.json("status")["ready"]


def test_purge(spool: Command) -> None:
    """Those named are gone, and their bytes with them."""
    assert {"purged": 2, "missing": 0} == spool.json("purge", "1", "3")
    told = spool.json("status")
    assert (1, 2, 3 * SIZE) == (told["dead"], told["ready"], told["bytes"])


def test_purge_all_must_be_meant(spool: Command) -> None:
    """To delete all takes a yes."""
    status, out, err = spool("purge", "--all")
    assert (2, "", True) == (status, out, "--yes" in err)
    assert {"purged": 3, "missing": 0} == spool.json("purge", "--all", "--yes")
    assert 2 == spool.json("status")["ready"]


@pytest.mark.parametrize(
    "arguments",
    [("retry",), ("purge",), ("retry", "1", "--all"), ("retry", "x"), ("show", "0"), ("show",)],
)
def test_wrong_use(spool: Command, arguments: tuple[str, ...]) -> None:
    """Neither numbers nor all, both, or what is no number, is wrong use."""
    status, out, _ = spool(*arguments)
    assert (2, "") == (status, out)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "x"), "'x' is no number from 1 on"),
        (("list", "--limit", "0"), "'0' is no number from 1 on"),
        (("list", "--reason", "x"), "'x' is no reason"),
    ],
)
def test_wrong_values(spool: Command, arguments: tuple[str, ...], told: str) -> None:
    """What is wrong with a value is told in words."""
    status, out, err = spool(*arguments)
    assert (2, "", True) == (status, out, told in err)


@pytest.mark.parametrize("arguments", [("status",), ("list",), ("retry", "--all")])
def test_no_spool(spool: Command, folder: Path, arguments: tuple[str, ...]) -> None:
    """A file that is not there is told, and not made."""
    (folder / "spool.db").unlink()
    status, out, err = spool(*arguments)
    expected = f"relay: there is no spool at {folder / 'spool.db'}\n"
    assert (1, "", expected) == (status, out, err)
    assert not (folder / "spool.db").exists()


def test_what_is_no_spool(spool: Command, folder: Path) -> None:
    """A file that is something else is told, and left as it is."""
    (folder / "spool.db").write_bytes(b"something else" * 1_000)
    status, out, err = spool("status")
    assert (1, "", "relay: the spool cannot be opened (SQLITE_NOTADB)\n") == (status, out, err)
    assert b"something else" * 1_000 == (folder / "spool.db").read_bytes()


def test_a_spool_in_memory_cannot_be_seen(spool: Command, folder: Path) -> None:
    """A spool in memory is told to be out of reach."""
    (folder / "relay.yaml").write_text("spool: {backend: memory}\n")
    status, out, err = spool("status")
    assert (1, "", True) == (status, out, "in memory" in err)


def test_a_stream_is_looked_at_as_a_file_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Dead letters in JetStream are told, sent again and deleted; no stream is made for it."""
    with nats_server(tmp_path / "nats") as server:
        (tmp_path / "relay.yaml").write_text(
            f"spool: {{backend: jetstream, servers: ['{server.url}']}}\n"
        )
        spool = Command(tmp_path, capsys, "spool")
        assert (1, "", "relay: there is no spool RELAY in NATS\n") == spool("status")

        async def fill() -> None:
            settings = SpoolSettings(backend="jetstream", servers=(server.url,))
            stream = await open_jetstream(settings, SystemClock())
            for number in range(1, 4):
                await stream.put(envelope(number))
            claims = [(await stream.claim(1))[0] for _ in range(2)]
            await stream.settle([(claim, Bury(Reason.REJECTED_UPSTREAM)) for claim in claims])
            await stream.close()

        asyncio.run(fill())
        assert [1, 2] == [letter["number"] for letter in spool.json("list")]
        assert {"retried": 1, "missing": 0} == spool.json("retry", "1")
        assert {"purged": 1, "missing": 0} == spool.json("purge", "2")
        status = spool.json("status")
        assert (2, 0) == (status["ready"], status["dead"])


# --- the audit log -------------------------------------------------------------------------------


@pytest.fixture
def audit(folder: Path) -> Path:
    """A file for it, configured."""
    file = folder / "audit.log"
    with (folder / "relay.yaml").open("a") as config:
        config.write(f"admin: {{audit: '{file}'}}\n")
    return file


def test_every_action_is_noted(spool: Command, audit: Path) -> None:
    """By whom, and what became of it; what changes something, before that too."""
    for arguments in (("status",), ("list",), ("show", "1"), ("retry", "1", "99"), ("purge", "2")):
        spool(*arguments)
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    assert {(system_user(), "command")} == {(line["who"], line["via"]) for line in lines}
    assert [
        ("spool_status", "done", None, None),
        ("spool_list", "done", None, None),
        ("spool_show", "done", None, None),
        ("spool_retry", "begun", 2, None),
        ("spool_retry", "done", 1, 1),
        ("spool_purge", "begun", 1, None),
        ("spool_purge", "done", 1, 0),
    ] == [(x["action"], x["outcome"], x.get("count"), x.get("missing")) for x in lines]
    assert 1 == lines[2]["number"]


def test_what_cannot_be_noted_is_not_done(spool: Command, audit: Path) -> None:
    """To look is possible still, and the error is told."""
    audit.mkdir()
    for arguments in (("retry", "--all"), ("purge", "--all", "--yes")):
        told = "relay: the audit log cannot be written\n"
        status, out, err = spool(*arguments)
        assert (1, "", True) == (status, out, err.endswith(told))
    status, out, err = spool("status", "--json")
    assert (0, 3, True) == (status, json.loads(out)["dead"], "the audit log cannot" in err)


def test_what_fails_is_noted(spool: Command, folder: Path, audit: Path) -> None:
    """A spool that cannot be opened ends the line that was begun."""
    (folder / "spool.db").unlink()
    spool("retry", "--all")
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    assert ["begun", "failed"] == [line["outcome"] for line in lines]


# --- the spool of usage events ---


@pytest.fixture
def usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """A configuration with an app, and a spool of usage events with one that waits, one buried."""
    (tmp_path / "relay.yaml").write_text(
        f"spool: {{path: '{tmp_path / 'spool.db'}'}}\n"
        f"admin: {{audit: '{tmp_path / 'audit.jsonl'}'}}\n"
        f"usage: {{apps: [{{name: suite}}], spool: {{path: '{tmp_path / 'usage.db'}'}}}}\n"
    )

    async def fill() -> None:
        spool = await SqliteSpool.open(tmp_path / "usage.db", SystemClock())
        await spool.put(row(1, 3))
        (claim,) = await spool.claim(1)
        await spool.settle([(claim, Bury(Reason.INVALID))])
        await spool.put(row(2))
        await spool.close()

    asyncio.run(fill())
    return Command(tmp_path, capsys, "spool")


def test_usage_has_a_spool_of_its_own(usage: Command) -> None:
    """With --usage it is that of usage events which is told of; the other is not even there."""
    told = usage.json("status", "--usage")
    assert (1, {"invalid": 1}) == (told["ready"], told["dead_by_reason"])
    assert 200_000_000 == told["max_bytes"]
    assert 1 == usage("status")[0]


def test_a_dead_letter_of_usage_tells_its_records(usage: Command) -> None:
    """It tells how many records are in it, and nothing of them."""
    told = usage.json("show", "1", "--usage")
    assert (3, "suite", "invalid") == (told["records"], told["project"], told["reason"])
    assert "items" not in told
    status, out, _ = usage("show", "1", "--usage")
    assert (0, "records      3") == (status, out.splitlines()[-1])


def test_dead_letters_of_usage_are_retried_and_purged(usage: Command, tmp_path: Path) -> None:
    """Both are done to the spool of usage events, and the audit log says to which."""
    assert 1 == usage.json("retry", "--all", "--usage")["retried"]
    assert 2 == usage.json("status", "--usage")["ready"]
    assert 0 == usage.json("purge", "--all", "--yes", "--usage")["purged"]
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert {"usage"} == {json.loads(line)["scope"] for line in lines}


def test_usage_that_is_off_has_no_spool(spool: Command) -> None:
    """Where no app is named, it says so."""
    status, _, err = spool("status", "--usage")
    assert (1, True) == (status, "usage.apps names no app" in err)
