"""Events as desktop wallets send them, to measure rules on.

All made up: what is redacted in them are test vectors of standards, and names and networks of
documentation.
"""

from collections.abc import Iterator
from typing import Any, Final

from relay import jsonio

_ADDRESS: Final = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
_XPUB: Final = (
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7"
    "usUDFdp6W1EGMcet8"
)
_TXID: Final = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
_MODULES: Final = (
    "webpack:///./packages/suite/src/actions/wallet/discoveryActions.ts",
    "webpack:///./packages/connect/src/core/index.ts",
    "webpack:///./packages/blockchain-link/src/workers/baseWorker.ts",
    "app:///build/static/js/vendors.4c1f90.js",
    "node:internal/process/task_queues",
    "/home/jane/.config/suite/app.asar/main.js",
)
_FUNCTIONS: Final = (
    "Object.dispatch", "async startDiscovery", "DeviceCommands.typedCall",
    "processTicksAndRejections", "WorkerBase.onMessage", "Array.forEach", "handleResponse",
)  # fmt: skip
_CRUMBS: Final = (
    ("redux.action", "@suite/device-connect"),
    ("xhr", "GET https://suite.example/api/v2/coins.json [200]"),
    ("ui.click", "button[data-test='@account/receive'] > span"),
    ("console", "Received address {address} of account 3 (m/84'/0'/0')"),
    ("redux.action", "@wallet/accounts/update {xpub}"),
    ("navigation", "/accounts/receive#/btc/0/normal"),
    ("console", "Transport: session 7 released after 231 ms"),
    ("http", "wss://blockbook.example.net:9130/websocket closed by 203.0.113.{n}"),
    ("console", "Fetched transaction {txid}"),
    ("log", "Retry {n} of 10 in 1500 ms, last error ECONNREFUSED"),
)
_PROBLEMS: Final = (
    ("TypeError", "Cannot read properties of undefined (reading 'features')"),
    ("Error", "Device disconnected during action getAddress at /home/jane/suite/logs/main.log"),
    ("RuntimeError", "Backend 198.51.100.{n} did not answer in 20000 ms, tx {txid}"),
    (
        "Error",
        "ENOENT: no such file or directory, open 'C:\\Users\\Jane\\AppData\\s.json'",
    ),
    ("AssertionError", "unexpected descriptor {xpub} for account {n}"),
    ("ChunkLoadError", "Loading chunk {n} failed (https://suite.example/web/static/{n}.chunk.js)"),
)

EVENTS: Final = 12


def documents() -> tuple[bytes, ...]:
    """Return events as JSON, of 4 to 30 kB; the same ones every time."""
    return tuple(jsonio.dumps(_event(number)) for number in range(EVENTS))


def _filled(text: str, number: int) -> str:
    for name, value in (("address", _ADDRESS), ("xpub", _XPUB), ("txid", _TXID)):
        text = text.replace("{" + name + "}", value)
    return text.replace("{n}", str(number))


def _event(number: int) -> dict[str, Any]:
    kind, problem = _PROBLEMS[number % len(_PROBLEMS)]
    return {
        "event_id": f"{number:032x}",
        "timestamp": 1_795_514_400.25 + number,
        "platform": "javascript",
        "level": "error",
        "release": "suite@24.11.1",
        "environment": "production",
        "server_name": "janes-laptop",
        "user": {"id": f"{number:024x}", "ip_address": "{{auto}}", "email": "jane@example.com"},
        "tags": {"device": "T3T1", "firmware": "2.8.7", "consent": "true", "locale": "en-US"},
        "contexts": {
            "os": {"name": "Windows", "version": "10.0.22631", "type": "os"},
            "device": {"name": "Jane's laptop", "family": "Desktop", "memory_size": 17_179_869_184},
            "app": {"app_memory": 312_541_184 + number, "type": "app"},
        },
        "exception": {
            "values": [{
                "type": kind,
                "value": _filled(problem, number),
                "stacktrace": {"frames": list(_frames(number, 12 + 4 * (number % 6)))},
            }]
        },
        "breadcrumbs": list(_breadcrumbs(number, 20 + 10 * (number % 8))),
        "extra": {"state": {"accounts": [{"path": "m/84'/0'/1'", "descriptor": _XPUB}]}},
        "sdk": {"name": "sentry.javascript.electron", "version": "4.24.0"},
    }  # fmt: skip


def _frames(event: int, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "filename": _MODULES[(event + number) % len(_MODULES)],
            "function": _FUNCTIONS[(event * 3 + number) % len(_FUNCTIONS)],
            "lineno": 17 + number * 31 % 900,
            "colno": 5 + number * 7 % 80,
            "in_app": number % 3 == 0,
            "context_line": f"    const result{number} = await device.run({number + event});",
            "pre_context": ["", f"  if (!state.device{number}) {{", "    return undefined;", "  }"],
        }


def _breadcrumbs(event: int, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        category, message = _CRUMBS[(event + number) % len(_CRUMBS)]
        yield {
            "timestamp": 1_795_514_000 + number,
            "category": category,
            "level": "info",
            "message": _filled(message, event * 100 + number),
            "data": {"duration": number * 13 % 400, "step": f"step {number} of {count}"},
        }
