"""The skeleton: what of an event is admitted, and that nothing personal is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import jsonio
from relay.scrub.plain_names import is_plain_file, is_plain_name, is_plain_release
from relay.scrub.skeleton import MAX_EXCEPTIONS, MAX_FRAMES, skeleton

XPUB = (
    "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icq"
    "Yh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz"
)


def test_whole_event() -> None:
    """Of a full event exactly the skeleton is left, base names for paths."""
    event = {
        "event_id": "9EC79C33-EC99-42AB-8353-589FCB2E04DC",
        "timestamp": 1764000000.5,
        "type": "error",
        "level": "fatal",
        "platform": "javascript",
        "release": "@trezor/suite-web@24.11.1",
        "message": "jane failed",
        "user": {"id": "jane"},
        "tags": {"jane": "jane"},
        "environment": "jane",
        "server_name": "jane",
        "extra": {"jane": 1},
        "exception": {
            "values": [
                {
                    "type": "TypeError",
                    "value": "jane failed",
                    "module": "jane",
                    "mechanism": {"type": "jane"},
                    "stacktrace": {
                        "registers": {"jane": "0x1"},
                        "frames": [
                            {
                                "function": "Object.loadAccount",
                                "lineno": 42,
                                "colno": 7,
                                "filename": "app:///static/js/main.js?user=jane#jane",
                                "abs_path": "/home/jane/main.js",
                                "vars": {"jane": "jane"},
                                "context_line": "jane",
                            },
                            {"filename": "C:\\Users\\jane\\suite\\wallet.ts", "lineno": 1},
                            {"function": f"https://h/{XPUB}", "filename": "/home/jane"},
                        ],
                    },
                }
            ]
        },
    }
    expected = {
        "event_id": "9ec79c33ec9942ab8353589fcb2e04dc",
        "timestamp": 1764000000.5,
        "type": "error",
        "level": "fatal",
        "platform": "javascript",
        "release": "@trezor/suite-web@24.11.1",
        "exception": {
            "values": [
                {
                    "type": "TypeError",
                    "stacktrace": {
                        "frames": [
                            {"function": "Object.loadAccount", "lineno": 42, "filename": "main.js"},
                            {"lineno": 1, "filename": "wallet.ts"},
                            {},
                        ]
                    },
                }
            ]
        },
    }
    assert expected == skeleton(event)


@pytest.mark.parametrize(
    "event",
    [
        {"level": "jane", "platform": "jane", "type": "jane", "release": "jane"},
        {"level": ["error"], "platform": {"a": 1}, "type": 1, "release": None},
        {"event_id": "x" * 32},
        {"event_id": 7, "timestamp": True},
        {"timestamp": 4111111111111111},
        {"timestamp": float("inf")},
        {"timestamp": "2026-11-23T17:23:49.4111111111111111Z"},
        {"timestamp": "2026-11-23T17:23:49+02:00"},
        {"timestamp": "2026-11-23T17:23:49 jane"},
        {"timestamp": "jane"},
        {"exception": "jane"},
        {"exception": {"values": "jane"}},
        {"exception": {"values": ["jane", 1, None]}},
        {"exception": []},
    ],
)
def test_other_shapes_are_left_out(event: dict[str, Any]) -> None:
    """A value that has not its shape is not there at all."""
    assert {} == skeleton(event)


@pytest.mark.parametrize(
    "timestamp",
    [1764000000, 1764000000.25, "2026-11-23T17:23:49Z", "2026-11-23T17:23:49.123456+00:00"],
)
def test_timestamps(timestamp: Any) -> None:
    """Seconds and RFC 3339 in UTC stay."""
    assert {"timestamp": timestamp} == skeleton({"timestamp": timestamp})


@pytest.mark.parametrize("exception", [{"values": [{"type": "A"}]}, [{"type": "A"}], {"type": "A"}])
def test_forms_of_exception(exception: Any) -> None:
    """Sentry's three forms of exceptions end in one."""
    assert {"exception": {"values": [{"type": "A"}]}} == skeleton({"exception": exception})


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("<anonymous>", {"filename": "<anonymous>"}),
        ("http://localhost:9500/e11.js", {"filename": "e11.js"}),
        ("\\\\server\\jane\\a.ts", {"filename": "a.ts"}),
        ("node:internal/process/task_queues", {}),
        ("http://[jane/a.js", {}),
        ("a.js/jane", {}),
        (7, {}),
    ],
)
def test_base_names(filename: Any, expected: dict[str, Any]) -> None:
    """Of a path or URL only a plain base name stays."""
    event = {"exception": [{"stacktrace": {"frames": [{"filename": filename}]}}]}
    values = [{"stacktrace": {"frames": [expected]}}]
    assert {"exception": {"values": values}} == skeleton(event)


@pytest.mark.parametrize("line", [0, -1, True, 1.5, "7", 10**7, None])
def test_lines_that_are_none(line: Any) -> None:
    """A line is a small positive whole number."""
    event = {"exception": [{"stacktrace": {"frames": [{"lineno": line}]}}]}
    expected = {"exception": {"values": [{"stacktrace": {"frames": [{}]}}]}}
    assert expected == skeleton(event)


def test_sizes_are_bounded() -> None:
    """The last exceptions and frames are kept, up to a bound."""
    frames = [{"lineno": n} for n in range(1, 1_001)]
    event = {"exception": [{"type": "A", "stacktrace": {"frames": frames}}] * 100}
    values = skeleton(event)["exception"]["values"]
    assert MAX_EXCEPTIONS == len(values)
    assert frames[-MAX_FRAMES:] == values[0]["stacktrace"]["frames"]


@pytest.mark.parametrize(
    "name",
    [
        "TypeError", "f", "_", "$", "?", "<anonymous>", "<module>", "eval", "async eval",
        "new Promise", "Object.<anonymous>", "IncomingMessage.?", "load.<locals>.<lambda>",
        "java.lang.NullPointerException", "std::vector::push_back",
        "cloneUnlessOtherwiseSpecified", "UnexpectedResponseStructureError", "secp256k1Sign",
        "base64ToUint8Array", "withScope2", "EXC_BAD_ACCESS", "HTTPError", "__init__",
        "processTicksAndRejections",
    ],
)  # fmt: skip
def test_names_of_code(name: str) -> None:
    """Names as people write them in code are admitted."""
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        "a b",
        "jane@example.com",
        "/home/jane",
        "C:\\Users\\jane",
        "https://example.com",
        "203.0.113.7",
        "x(203)",
        "na\u00efve",
        XPUB,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "mvbu1Gdy8SUjTenqerxUaZyYjmveZvt33q",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "x52908400098527886E0F7030069857D2E4169EE7",
        "deadbeefcafe1234",
        "A62155D38A619EFF303BFE70",
        "GCEZWKCAVLDKXGQFRBWYTPMZSNHJUDIO",
        "qwertzuiopasdfghjklyxcvbnmqwertzuiop",
        "account4111111111111111",
        "DE89370400440532013000",
        "abandon.ability.able.about.above.absent.absorb.abstract.absurd.abuse.access.accident",
        "abandon_ability_able_about_above_absent_absorb_abstract_absurd_abuse_access_accident",
        "AbandonAbilityAbleAboutAboveAbsentAbsorbAbstractAbsurdAbuseAccessAccident",
        # Mangled names have many groups of digits, as keys have: they are the price.
        "_ZN4core9panicking5panic",
        "a." * 100 + "a",
    ],
)
def test_names_of_anything_else(name: str) -> None:
    """Addresses, keys, seeds, paths and sentences are no names of code."""
    assert not is_plain_name(name)


@pytest.mark.parametrize(
    "name", ["main.js", "main.chunk.js", "py_driver.py", "trace-2.cjs", "index.android.bundle"]
)
def test_files_of_code(name: str) -> None:
    """Base names of source files are admitted."""
    assert is_plain_file(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".js",
        "jane",
        "jane.txt",
        "wallet.dat",
        "a/b.js",
        "jane doe.js",
        "192.168.1.17.js",
        "x.192.168.1.17.js",
        f"{XPUB}.js",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.js",
        "62155D38A619EFF303BFE708.ts",
        "abandon-ability-able-about-above-absent-absorb-abstract-absurd-abuse-access-accident.js",
        "x" * 200 + ".js",
    ],
)
def test_files_of_anything_else(name: str) -> None:
    """Other names, and names with something hidden in them, are not."""
    assert not is_plain_file(name)


@pytest.mark.parametrize(
    "release",
    [
        "24.11",
        "24.11.1",
        "trezor-suite@24.11.1",
        "@trezor/suite-web@24.11.1",
        "io.trezor.suite@24.11.1+1234567",
        "suite@24.11.1-beta.2",
        "suite@24.11.1-rc+1f2e3d4",
    ],
)
def test_releases(release: str) -> None:
    """A name and a version are a release."""
    assert is_plain_release(release)


@pytest.mark.parametrize(
    "release",
    [
        "",
        "1",
        "jane",
        "@",
        "suite@",
        "suite@203.0.113.7",
        "203.0.113.7",
        "jane@example.com",
        "suite@1.2.3-jane",
        "suite@1.2.3-beta.jane",
        "suite@1.2.3+",
        "suite@1.2.3+jane",
        "suite@1.2.3+52908400098527886e0f7030069857d2e4169ee7",
        "1f2e3d4c5b6a79880f1e2d3c4b5a69788f0e1d2c",
        f"{XPUB}@1.2.3",
        "C:\\Users\\jane@1.2.3",
        "/home/jane@1.2.3",
        "scope/name@1.2.3",
        "suite@\u0661.2.3",
        "suite@12345.1.1",
    ],
)
def test_releases_that_are_none(release: str) -> None:
    """Anything that could hold an address, a path, a key or a person is none."""
    assert not is_plain_release(release)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["jane", XPUB, "203.0.113.7", "/home/jane/x.js", "TypeError"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "exception",
                    "values",
                    "type",
                    "stacktrace",
                    "frames",
                    "function",
                    "filename",
                    "level",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(["exception", "level", "release", "timestamp"]), anything))
def test_any_event(event: dict[str, Any]) -> None:
    """Whatever an event is made of, the skeleton is JSON, is its own skeleton, and holds no key."""
    bones = skeleton(event)
    assert bones == skeleton(bones)
    text = jsonio.dumps(bones)
    assert XPUB.encode() not in text
    assert b"203.0.113.7" not in text
    assert b"home" not in text
