"""The folder that stands in for a Sentry."""

import time
from pathlib import Path

import pytest

from relay import jsonio
from relay.delivery import UpstreamResponse
from relay.errors import UpstreamError
from relay.sinks import FileSink
from tests.fakes import FakeClock, envelope

ID = f"{1:032x}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_700_000_000.25)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_an_envelope_becomes_files(tmp_path: Path, clock: FakeClock) -> None:
    """The exact bytes and one readable file for each JSON item appear, and nothing else."""
    sink = FileSink(tmp_path / "inbox", clock)
    one = envelope(1, payload=b'{"message":"caf\xc3\xa9","tags":{"a":1}}')
    assert UpstreamResponse(200) == await sink.send(one)
    stem = f"20231114T221320.250000Z-{ID}"
    assert [f"{stem}.0-event.json", f"{stem}.envelope"] == names(tmp_path / "inbox")
    assert one.body == (tmp_path / "inbox" / f"{stem}.envelope").read_bytes()
    text = (tmp_path / "inbox" / f"{stem}.0-event.json").read_bytes()
    assert '{\n  "message": "café",\n  "tags": {\n    "a": 1\n  }\n}\n' == text.decode()
    assert {"message": "café", "tags": {"a": 1}} == jsonio.loads(text)


async def test_items_that_are_not_json_stay_in_the_envelope(
    tmp_path: Path, clock: FakeClock
) -> None:
    """An item that is no JSON gets no file of its own; the envelope has it."""
    sink = FileSink(tmp_path, clock)
    await sink.send(envelope(1, payload=b"\x00\xff"))
    assert [f"20231114T221320.250000Z-{ID}.envelope"] == names(tmp_path)


async def test_what_does_not_parse_is_written_all_the_same(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Bytes that are no envelope get no readable files, but are kept exactly."""
    sink = FileSink(tmp_path, clock)
    one, two = envelope(1), envelope(2)
    object.__setattr__(one, "body", b"not an envelope")
    await sink.send(one)
    await sink.send(two)
    stem = "20231114T221320.250000Z"
    assert b"not an envelope" == (tmp_path / f"{stem}-{ID}.envelope").read_bytes()
    assert 3 == len(names(tmp_path))


async def test_modes_keep_others_out(tmp_path: Path, clock: FakeClock) -> None:
    """Nobody else can read folder or files."""
    folder = tmp_path / "inbox"
    await FileSink(folder, clock).send(envelope())
    assert 0o700 == folder.stat().st_mode & 0o777
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_only_the_newest_stay(tmp_path: Path, clock: FakeClock) -> None:
    """Older envelopes go with all their files, also those of an earlier run."""
    for number in range(1, 4):
        await FileSink(tmp_path, clock, keep=2).send(envelope(number))
        clock.advance(1)
    left = {name.split("-")[1][:32] for name in names(tmp_path)}
    assert ({f"{2:032x}", f"{3:032x}"}, 4) == (left, len(names(tmp_path)))


@pytest.mark.parametrize(("keep", "left"), [(0, [4]), (1, [4]), (2, [3, 4])])
async def test_one_sink_keeps_its_newest(
    tmp_path: Path, clock: FakeClock, keep: int, left: list[int]
) -> None:
    """What was deleted by hand meanwhile is no fault; one at least stays."""
    sink = FileSink(tmp_path, clock, keep=keep)
    for number in range(1, 5):
        await sink.send(envelope(number))
        clock.advance(1)
        if number == 1:
            for path in tmp_path.iterdir():
                path.unlink()
    assert [f"{n:032x}.envelope" for n in left] == [
        name.split("-")[1] for name in names(tmp_path) if name.endswith(".envelope")
    ]


async def test_names_are_the_same_everywhere(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In UTC on every machine, with the id in lower case, in a folder that is made with others."""
    one = envelope()
    object.__setattr__(one, "envelope_id", "AB" * 16)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        await FileSink(tmp_path / "not" / "there", clock).send(one)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert f"20231114T221320.250000Z-{'ab' * 16}.envelope" in names(tmp_path / "not" / "there")


async def test_names_hold_nothing_that_was_sent(tmp_path: Path, clock: FakeClock) -> None:
    """An item kind that we do not know is not part of a name."""
    sink = FileSink(tmp_path, clock)
    one = envelope()
    object.__setattr__(one, "body", b'{}\n{"type":"../../evil"}\n{}\n')
    object.__setattr__(one, "envelope_id", "../../evil")
    await sink.send(one)
    assert [
        f"20231114T221320.250000Z-{'0' * 32}.0-unknown.json",
        f"20231114T221320.250000Z-{'0' * 32}.envelope",
    ] == names(tmp_path)


async def test_what_cannot_be_written_is_tried_again(tmp_path: Path, clock: FakeClock) -> None:
    """A folder that cannot be made raises what makes the forwarder try again."""
    (tmp_path / "file").write_bytes(b"")
    sink = FileSink(tmp_path / "file" / "inbox", clock)
    with pytest.raises(UpstreamError):
        await sink.send(envelope())
    await sink.close()


async def test_deep_documents_do_no_harm(tmp_path: Path, clock: FakeClock) -> None:
    """The deepest document that we take is written."""
    deep = b'{"a":' * 500 + b"1" + b"}" * 500
    await FileSink(tmp_path, clock).send(envelope(1, payload=deep))
    assert f"20231114T221320.250000Z-{ID}.envelope" in names(tmp_path)
