"""Text as events have it, by kind: what a good rule passes over. Nothing in it is anybody's."""

from collections.abc import Mapping
from typing import Final

ORDINARY: Final[Mapping[str, tuple[str, ...]]] = {
    "sentences": (
        "Cannot read properties of undefined",
        "The window was closed before the page had loaded",
        "Failed to fetch",
        "Device disconnected during action",
        "Unhandled rejection in the renderer process",
        "Transport is missing",
        "User clicked on the button and nothing happened",
        "Retrying in a moment, because the server is busy",
        "Something went wrong, please try again later",
        "Method is not supported by this firmware",
    ),
    "stack frames": (
        "at Object.dispatch (webpack:///./src/reducers/store.ts:114:23)",
        "at async Promise.all (index 0)",
        "at processTicksAndRejections (node:internal/process/task_queues:95:5)",
        "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)",
        'File "/usr/lib/python3.11/asyncio/base_events.py", line 653, in run_until_complete',
        "renderPage@https://suite.example/web/static/js/main.9f3a1c.chunk.js:2:18842",
        "java.lang.NullPointerException at android.os.Handler.dispatchMessage(Handler.java:106)",
        "0x00007ff6c2a41b20 electron.exe+0x1b20",
    ),
    "names of modules": (
        "@sentry/electron", "react-dom", "node_modules/lodash/fp.js", "app:///build/js/app.js",
        "webpack-internal:///(rsc)/./src/hooks/useDevice.ts", "asyncio.base_events", "node:url",
        "styled-components", "libusb-1.0.so.0", "kernel32.dll",
    ),
    "names in code": (
        "useEffect", "componentDidMount", "__init__", "handle_request", "MAX_RETRIES", "onClick",
        "TypeError", "ECONNREFUSED", "window.onerror", "this.state.isLoading",
    ),
    "versions": (
        "24.11.1", "v2.8.7", "1.0.0-beta.3", "30.0.4+build.77", "suite@24.11.1", "10.0.22631",
        "Electron/30.0.4", "Chrome/124.0.6367.118", "Mozilla/5.0 (X11; Linux x86_64)", "ES2022",
    ),
    "dates and times": (
        "2026-11-24T10:00:00Z", "2026-11-24T10:00:00.123456+00:00", "10:04:33", "24 Nov 2026",
        "Tue, 24 Nov 2026 10:00:00 GMT", "2026-11-24", "1795514400", "1795514400.123", "11/24/2026",
        "took 231 ms",
    ),
    "numbers": (
        "0", "1", "42", "404", "1024", "65535", "3.14", "-1", "1,048,576 bytes", "99.9 %",
    ),
    "hashes and ids": (
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "commit 9f86d08",
        "sha1-kmqgP9x3bXh1mBzmdLKVCmB8wgk=", "b1946ac92492d2347c6235b4d2611184",
        "req-5d41402a", 'etag W/"686897696a7c876b7e"', "00-4bf92f3577b34da6a3ce929d0e0e4736-01",
    ),
    "settings": (
        "production", "info", "javascript", "true", "en-US", "GET", "200", "text/html",
        "application/json; charset=utf-8", "UTC+1",
    ),
    "addresses of pages": (
        "https://suite.example/web/accounts", "app:///index.html", "/settings/device?tab=1",
        "https://docs.example.com/guide#install", "file:///app.asar/main.js", "/api/v2/status",
        "http://localhost:8000/health", "about:blank", "chrome-extension://invalid/", "/dev/null",
    ),
}  # fmt: skip
