"""Every target, for a moment; what was found once; and that each target can fail.

At length the same runs by `make fuzz` (docs/fuzzing.md). The targets of requests and envelopes have
their own tests in `test_core.py`.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.errors import AuthError, BodyError, Mistake, RuleError
from relay.jsonio import dumps
from relay.protocol.dsn import DsnError
from relay.rules.sentry_import import Imported, Loss
from relay.spool.jetstream_letters import letter_of, pack
from relay.spool.tables import Tables
from relay.usage.model import CleanEvent, Partition, Record, UsageRequest
from relay.yamlio import Node
from tests.fakes import envelope
from tests.fuzz import findings, guided, mutating, targets
from tests.fuzz.grammar_usage import IDS
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import CANARY
from tests.fuzz.targets.usage import KEPT, SUITE
from tests.minidumps import windows

OURS = tuple(name for name in targets.names() if name not in ("envelope", "request", "http"))
SLOW: Mapping[str, int] = {
    "import": 2,
    "rules": 6,
    "spool": 12,
    "minidump": 12,
    "recording": 15,
    "config": 15,
}
"""Inputs of targets that take long; of the others it is 40."""

ALL_FOUND = [
    pytest.param(name, path, id=f"{name}/{path.name}")
    for name in targets.names()
    for path in targets.found(name)
]


@pytest.mark.parametrize("name", OURS)
def test_inputs_of_every_kind(name: str) -> None:
    """What is drawn with structure, and bytes without any, break no oracle."""
    target = targets.load(name)
    shortly = settings(
        max_examples=SLOW.get(name, 40),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    @shortly
    @given(st.integers(0, 2**63).map(lambda seed: target.generate(Random(seed))))
    def drawn(data: bytes) -> None:
        target.run(data)

    @shortly
    @given(st.binary(max_size=120))
    def without_structure(data: bytes) -> None:
        target.run(data)

    drawn()
    without_structure()


@pytest.mark.parametrize("name", OURS)
def test_the_first_seeds(name: str) -> None:
    """What a run begins with breaks no oracle either, and is drawn the same from the same seed."""
    target = targets.load(name)
    for data in list(target.seeds())[:3]:
        target.run(data)
    assert target.generate(Random(7)) == target.generate(Random(7))


@pytest.mark.parametrize(("name", "path"), ALL_FOUND)
def test_what_was_found_once(name: str, path: Path) -> None:
    """It is mended, and stays so."""
    targets.load(name).run(path.read_bytes())


def test_what_was_found_belongs_to_a_target() -> None:
    """A folder of samples that nobody runs would hold nothing."""
    folders = {path.name for path in targets.FOUND.iterdir() if path.is_dir()}
    assert set() == folders - set(targets.names())


# --- each can fail -------------------------------------------------------------------------------


def _says(error: type[Exception]) -> Callable[..., Any]:
    """Return a function that tells a payload in its error."""

    def function(*_: Any) -> Any:
        raise error(f"cannot read {CANARY}")

    return function


def _elsewhere(*_: Any) -> Any:
    raise RuleError((Mistake("other.yaml", 1, "a mistake"),))


def _as_it_came(asked: UsageRequest, *_: Any) -> CleanEvent:
    """Make an event with an id as the client sent it."""
    record = dict.fromkeys(KEPT[Record.EVENTS]) | {"instance": IDS["c_instance_id"]}
    partition = Partition(Record.EVENTS, asked.target.app, "web", "2026-11-22", 14)
    return CleanEvent(partition, dumps(record))


_ANY = SimpleNamespace(holds=lambda *_: True)
_HALF = SimpleNamespace(feed=lambda chunk: chunk[:1], finish=lambda: b"")
_DUMP = windows() + b"bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
_RECORDING = b'{"segment_id":0}\n["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]'
_FORM = (
    b"multipart/form-data; boundary=b\n"
    b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--"
)
_SECRET = f"hash: {{secret: {CANARY}}}".encode()

SABOTAGE: Mapping[str, tuple[str, Any, bytes]] = {
    # target: what is broken below it (of the target's module), by what, and an input that shows it
    "dsn": ("parse_dsn", _says(DsnError), b"x"),
    "auth": ("read_request_auth", _says(AuthError), b"x"),
    "rate_limits": ("format_rate_limits", lambda _: "60:\r\n", b"60"),
    "json": ("jsonio.dumps", lambda _: b"1", b"2"),
    "yaml": ("load", lambda *_: (Node("b", 1, "scalar", "b"), []), b"a: 1"),
    "rules": ("load_rules", _elsewhere, b"a: 1"),
    "selectors": ("parse_selector", lambda _: _ANY, b"a"),
    "import": ("convert", lambda *_: Imported((), (Loss("a", ""),)), b"{}"),
    "config": ("show", lambda given: str(given.hash.secret), _SECRET),
    "minidump": ("scrub_minidump", lambda data, _: data, _DUMP),
    "recording": ("scrub_recording", lambda data, *_: data, _RECORDING),
    "multipart": ("read_parts", lambda *_: [], _FORM),
    "crash": ("crash_envelope", lambda *_: b'{"event_id":"x"}\n', b"\nMDMP"),
    "form_event": ("form_event", _says(BodyError), b"x"),
    "body": ("make_decoder", lambda *_: _HALF, b"\0abc"),
    "store": ("decode_store", lambda *_: b"[]", b"{}"),
    "check_in": ("check_in_envelope", _says(BodyError), b"\nstatus=ok\n"),
    "reports": ("nel_envelope", _says(BodyError), b"\n\n{}"),
    "detectors": ("CHECKS", dict.fromkeys(("ip",), lambda *_: ((5, 2),)), b"\0\0\0abcdef"),
    "letters": ("pack", lambda _: b"", pack(letter_of(envelope(), 1.5))),
    "usage": ("clean", _as_it_came, SUITE[3]),
    "usage_list": ("load_catalogue", _elsewhere, b"a: 1"),
    "spool": (f"{Tables.__name__}.read_claims", lambda *_: [], b""),
}


@pytest.mark.parametrize("name", OURS)
def test_it_can_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is below it broken, a target says so on an input that it took before."""
    where, broken, data = SABOTAGE[name]
    target = targets.load(name)
    target.run(data)
    module = target.run.__module__
    monkeypatch.setattr(f"{module}.{where}", broken)
    if name == "detectors":
        monkeypatch.setattr(f"{module}.NAMES", ("ip",))
    with pytest.raises(AssertionError):
        target.run(data)


# --- the drivers ---------------------------------------------------------------------------------


def _fails_on_x(data: bytes) -> None:
    assert b"x" not in data, "an x"


def test_a_finding_is_made_small() -> None:
    """Of a long input that shows a fault only that is left which shows it."""
    target = Target("x", _fails_on_x, Random.randbytes, list)  # type: ignore[arg-type]
    assert findings.attempt(target, b"abc") is None
    found = findings.attempt(target, b"abc" * 100 + b"x" + b"def" * 100)
    assert found is not None
    assert re.fullmatch(r"AssertionError tests/fuzz/test_rest.py:\d+", found.key)
    assert b"x" == findings.minimised(target, found).data


def test_a_hang_is_a_finding() -> None:
    """What takes more of the processor's time than it may is stopped, though it catches errors."""

    def hangs(data: bytes) -> None:
        while data:
            try:
                sum(range(1_000))
            except Exception:  # noqa: BLE001 - as programs do
                data = b""

    target = Target("x", hangs, Random.randbytes, list)  # type: ignore[arg-type]
    found = findings.attempt(target, b"x", 0.05)
    assert found is not None
    assert "HangError in hangs" == found.key


_SAID = """#256\tpulse  cov: 9 ft: 20 corp: 3/36Kb exec/s: 85 rss: 113Mb
#900\tDONE   cov: 12 ft: 34 corp: 5/2916b lim: 65536 exec/s: 450 rss: 61Mb
stat::number_of_executed_units: 901
stat::slowest_unit_time_sec:    3
stat::peak_rss_mb:              61
"""


def test_figures_are_read_off_what_libfuzzer_says() -> None:
    """Of a target that was started twice, inputs are added up, and the rest is the most of both."""
    figures = guided.Figures("dsn", seconds=2.0)
    figures.take("nothing to read")
    figures.take(_SAID.splitlines()[0])
    figures.take(_SAID)
    expected = guided.Figures(
        "dsn",
        seconds=2.0,
        executions=256 + 901,
        edges=12,
        features=34,
        corpus=5,
        memory=61,
        slowest=3,
    )
    assert expected == figures
    assert "| dsn | 2 | 1,157 | 578 | 12 | 34 | 5 | 61 | 0 |" in guided.table([figures])


def test_the_minutes_are_parted_by_weight() -> None:
    """All of the time is used, and who weighs more has more."""
    parts = guided.shares(("envelope", "dsn"), 130.0)
    assert 130.0 == pytest.approx(sum(parts.values()))
    assert targets.weight("envelope") / targets.weight("dsn") == pytest.approx(
        parts["envelope"] / parts["dsn"]
    )


def test_what_is_mutated_is_no_longer_than_it_may_be() -> None:
    """Whichever way an input is changed."""
    for name in OURS:
        target, chance = targets.load(name), Random(name)
        data = target.generate(chance)
        for _ in range(20):
            data = mutating.mutated(target, data, 300, chance, lambda one, most: one[:most])
            assert len(data) <= 300
