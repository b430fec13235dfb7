"""Fields that are not searched, and the shapes that hold them."""

import json
from typing import Any

import pytest

from relay.scrub import protected
from tests.inline_rules import IP, plain, scrubber

EIP55 = "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
HEX32 = "0123456789abcdef0123456789abcdef"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (protected.is_id, [HEX32, HEX32.upper(), UUID],
         [None, 5, "", HEX32[1:], HEX32 + "0", "g" * 32, UUID.replace("-", "_"), UUID[1:] + "a"]),
        (protected.is_span_id, ["0123456789abcdef"], [None, 1, "", "0123456789abcde", "x" * 16]),
        (protected.is_segment_id, [0, 1, 99_999, "0123456789abcdef"],
         [None, True, -1, 100_000, 1.0, "", "12", "x" * 16]),
        (protected.is_debug_id, [HEX32, UUID, UUID + "-1a", UUID + "-12345678", HEX32 + "1"],
         [None, 5, "", UUID + "-123456789", HEX32 + "0" * 8, UUID + "-xyz", "g" * 33, EIP55]),
        (protected.is_code_id, ["5f0a9b2c", "a" * 40, "A" * 40, UUID],
         [None, "", "a" * 41, "hello", EIP55]),
        (protected.is_address, [0, 2**64 - 1, "0x0", "0x7fff5fbff5c0", "0x" + "f" * 16],
         [None, True, -1, 2**64, 1.5, "0x", "0x" + "1" * 17, "7fff", "0xg", "1x12"]),
        (protected.is_timestamp,
         [0, 1.5, 1700000000, 1700000000000, "2024-01-02", "2024-01-02T03:04:05Z",
          "2024-01-02T03:04:05.123456Z", "2024-01-02 03:04:05", "2024-01-02T03:04:05.1+00:00",
          "2024-01-02T03:04:05+0000", "2024-01-02T03:04", "2024-01-02t03:04:05z",
          "2024-01-02T03:04:05,123456789+00:00", "2024-01-02T03:04:05 +00:00"],
         [None, True, [], -1, 1e14, float("nan"), "2024-01-0",
          "", "now", "2024-01-02T192.168.10.23",
          "2024-01-02 192.168.1.1", "2024-01-02T03:04:05 192.168.1.1", "192.168.1.1",
          "4111-11-11 111:1111-11", "2024-01-02T03:04:05Zx", "2024-01-02T0\u0663:04:05Z"]),
        (protected.is_public_key, [HEX32], [None, HEX32[1:], "x" * 32]),
    ],
)  # fmt: skip
def test_shapes(shape: protected.Shape, good: list[Any], bad: list[Any]) -> None:
    """A shape takes what Sentry means, and nothing that names a person or a wallet."""
    assert [] == [value for value in good if not shape(value)]
    assert [] == [value for value in bad if shape(value)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"event_id": "192.168.10.23"}, {}),
        ({"timestamp": "2024-01-02T192.168.10.23"}, {}),
        ({"contexts": {"trace": {"trace_id": "jane", "op": "x"}}},
         {"contexts": {"trace": {"op": "x"}}}),
        ({"spans": [{"span_id": "jane"}]}, {"spans": [{}]}),
        ({"debug_meta": {"images": [{"code_id": "jane", "type": "pe"}]}},
         {"debug_meta": {"images": [{"type": "pe"}]}}),
        ({"debug_meta": {"images": [{"debug_id": "jane", "type": "pe"}]}},
         {"debug_meta": {"images": [{"type": "pe"}]}}),
        ({"extra": {"trace_id": "from 192.168.10.23"}}, {"extra": {"trace_id": "from [ip]"}}),
        ({"extra": {"timestamp": "192.168.10.23"}}, {"extra": {"timestamp": "[ip]"}}),
        ({"release": "on 192.168.10.23"}, {"release": "on [ip]"}),
        ({"sdk": {"name": "192.168.10.23"}}, {"sdk": {"name": "[ip]"}}),
        ({"sdk": {"integrations": ["192.168.10.23", "A"]}},
         {"sdk": {"integrations": ["[ip]", "A"]}}),
        ({"sdk": {"version": "1.2.3.4"}}, {"sdk": {"version": "1.2.3.4"}}),
        ({"release": "1.2.3.4"}, {"release": "1.2.3.4"}),
        ({"extra": {"debug_id": "192.168.10.23"}}, {"extra": {"debug_id": "[ip]"}}),
        ({"event_id": {"a": "192.168.10.23"}}, {"event_id": {"a": "[ip]"}}),
        ({"event_id": ["192.168.10.23"]}, {"event_id": ["[ip]"]}),
    ],
)  # fmt: skip
def test_what_has_not_its_shape(document: dict, expected: dict) -> None:
    """It is dropped where Sentry gives the field its meaning, and searched elsewhere."""
    assert expected == plain(scrubber(IP), document)


MEANT = [
    *((key,) for key in (
        "event_id", "timestamp", "start_timestamp", "received", "sent_at", "sid", "started",
        "check_in_id", "profile_id", "profiler_id", "chunk_id", "replay_id", "segment_id",
        "trace_id", "span_id", "parent_span_id", "end_timestamp",
    )),
    *(("contexts", of, key) for of, key in (
        ("trace", "parent_span_id"), ("profile", "profiler_id"), ("replay", "replay_id"),
        ("feedback", "associated_event_id"),
    )),
    ("trace", "trace_id"), ("spans", 0, "span_id"), ("items", 0, "trace_id"),
    *(("debug_meta", "images", 0, key) for key in ("image_addr", "image_vmaddr")),
    *((*of, "frames", 0, key) for of in ((), ("threads", "values", 0, "stacktrace"),
                                         ("exception", "values", 0, "stacktrace"))
      for key in ("instruction_addr", "symbol_addr", "function_addr")),
]  # fmt: skip


@pytest.mark.parametrize("path", MEANT, ids=lambda path: ".".join(map(str, path)))
def test_a_field_with_a_meaning_has_its_shape_or_goes(path: tuple[Any, ...]) -> None:
    """Where Sentry reads an id, a time or an address, nothing else gets there; a shape stays."""

    def at(value: Any) -> Any:
        for part in reversed(path):
            value = [value] if part == 0 else {part: value, "x": "y"}
        return value

    def bare(value: Any) -> Any:
        return json.dumps(plain(scrubber(IP), value))

    gone = json.dumps(at("jane")).replace(f'"{path[-1]}": "jane", ', "")
    assert gone == bare(at("jane"))
    shaped = 0 if path[-1].endswith(("addr", "at", "ed", "stamp")) else HEX32
    shaped = HEX32[:16] if path[-1] in ("span_id", "parent_span_id", "segment_id") else shaped
    assert json.dumps(at(shaped)) == bare(at(shaped))
