"""Fields that are not searched, and the shapes that hold them."""

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
        (protected.is_debug_id, [HEX32, UUID, UUID + "-1a", HEX32 + "1"],
         [None, "", UUID + "-123456789", HEX32 + "0" * 8, UUID + "-xyz", EIP55]),
        (protected.is_code_id, ["5f0a9b2c", "a" * 40, "A" * 40, UUID],
         [None, "", "a" * 41, "hello", EIP55]),
        (protected.is_address, [0, 2**64 - 1, "0x0", "0x7fff5fbff5c0"],
         [None, True, -1, 2**64, "0x", "0x" + "1" * 17, "7fff", "0xg"]),
        (protected.is_timestamp,
         [0, 1.5, 1700000000, 1700000000000, "2024-01-02", "2024-01-02T03:04:05Z",
          "2024-01-02T03:04:05.123456Z", "2024-01-02 03:04:05", "2024-01-02T03:04:05.1+00:00",
          "2024-01-02T03:04:05+0000", "2024-01-02T03:04"],
         [None, True, -1, 1e14, float("nan"), "", "now", "2024-01-02T192.168.10.23",
          "2024-01-02 192.168.1.1", "2024-01-02T03:04:05 192.168.1.1", "192.168.1.1",
          "4111-11-11 111:1111-11", "2024-01-02T03:04:05Zx", "2024-01-02T0\u0663:04:05Z"]),
        (protected.is_release,
         ["app@1.2.3", "1.2.3", "trezor-suite@24.8.1+abcdef", "2024.1", "a" * 40, HEX32,
          "@trezor/suite-desktop@24.8.1", "123", "1.2.3.4", "app@v10.20.30.40", "24.12.10.3-beta.1",
          "app@24.12.10.3+a1b2c3d", "24.12.10.3_rc2", "1.2.3.4.5"],
         [None, 5, "", "x" * 201, "jane@example.com", "Savings", "/home/jane/app-1.2",
          "C:\\Users\\jane\\1", "Users/jane/1.2", f"app@{EIP55}", "a b c 1", "bc1q" + "q" * 38,
          "1.2 é", "abandon " * 11 + "about 1", "jane.doe@example.com-1", "m/84h/0h/0h/0/5",
          "00-1B-44-11-3A-B7", "suite@1.xpub6BiVtCpG9fQPxnPmHX", "janes-macbook.local@1.0",
          "1A1z-P1eP-5QGe-fi2D-MPTf-TL5S-LmvD-ivfN", "139.210.119.245_jane",
          "jane-139.210.119.245@1.0", "1.0+139.210.119.245", "app@139.210.119.245-jane",
          "1.2.3.4+139.210.119.245", "1.139.210.119.245jane", "v1." + "1." * 80 + "x"]),
        (protected.is_sdk_text,
         ["sentry.javascript.electron", "npm:@sentry/electron", "4.24.0", "InboundFilters",
          "@sentry/browser", "pypi:sentry-sdk", ""],
         [None, 5, "jane@example.com", "192.168.1.17", "2001:db8::1", "/home/jane/x", "home/jane",
          "355C817510C0EABF2F147145", "x" * 121, "a b c d e f g h i j k", "é", "x@192.168.1.1",
          "jane103.136.222.45/15x", "x_m/10025H/60H/24H_jane", "m/44/0/0/jane", "00-1B-44-11-3A-B7",
          "jane/00.1b.44.11.3a.b7"]),
        (protected.is_sdk_version, ["4.24.0", "1.2.3.4", "2.0.0-beta.1", "1", "1.2.3.4-rc1",
          "2024.1101.1200"],
         [None, "", "139.210.119.245_jane", "1.139.210.119.245x", "00-1B-44-11-3A-B7",
          "4111-1111-1111-1111", "v1", "jane@example.com", "1:2", "1" * 13, "1/home/jane", "1 2é"]),
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
