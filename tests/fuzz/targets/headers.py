"""What stands in headers and URLs: DSNs, credentials, and the rate limits of an upstream."""

import math
from random import Random
from urllib.parse import parse_qsl

from relay.errors import AuthError
from relay.protocol.auth import PROTOCOL_VERSION, join_auth, read_request_auth
from relay.protocol.dsn import DsnError, parse_dsn
from relay.protocol.rate_limits import (
    CATEGORIES,
    MAX_LIMITS,
    MAX_NAMESPACES,
    MAX_SECONDS,
    UNKNOWN,
    format_rate_limits,
    limits_of_answer,
    parse_rate_limits,
    parse_retry_after,
)
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import (
    CANARY,
    broken,
    bytes_of,
    number,
    says_nothing,
    some,
    text_of,
    word,
)

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
NOW = 1_700_000_000.0

# --- DSNs ----------------------------------------------------------------------------------------


def run_dsn(data: bytes) -> None:
    """Any text is a DSN or none; one that is written is read again as the same."""
    try:
        dsn = parse_dsn(text_of(data))
    except DsnError as error:
        says_nothing(error)
        return
    assert dsn == parse_dsn(str(dsn))
    url = dsn.envelope_url()
    assert url.isascii()
    assert url.isprintable()
    assert "@" not in url
    assert [] == [c for c in " \"'<>\\?#" if c in url]
    assert CANARY not in str(dsn) or CANARY in dsn.host + dsn.prefix + dsn.project


def draw_dsn(random: Random) -> bytes:
    scheme = random.choice(("https", "http", "HTTPS", "file", ""))
    user = random.choice((KEY, KEY.upper(), f"{KEY}:{CANARY}", "", KEY[:-1]))
    host = random.choice(
        ("o1.ingest.sentry.io", "[::1]", "[fe80::1%25eth0]", "127.0.0.1", "x", "", "a@b", "xn--a")
    )
    port = random.choice(("", ":443", ":0", ":65536", ":", ":x", ":-1"))
    path = "/".join(["", *some(random, word, 2), random.choice(("1", "5193825", "", "a" * 65))])
    query = random.choice(("", f"?a={CANARY}", f"#{CANARY}"))
    return broken(bytes_of(f"{scheme}://{user}@{host}{port}{path}{query}"), random)


# --- credentials ---------------------------------------------------------------------------------


def run_auth(data: bytes) -> None:
    """Lines `name: value`, then a query, a key in the path and a DSN: credentials, or refused."""
    *lines, query, path_key, dsn = ["", "", "", *text_of(data).split("\n")][-6:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    pairs = parse_qsl(query.encode("utf-8", "replace").decode(), keep_blank_values=True)
    try:
        credentials = read_request_auth(headers, pairs, path_key or None)
        whole = join_auth(credentials, None, dsn or None)
    except AuthError as error:
        says_nothing(error, AuthError)
        return
    assert 32 == len(bytes.fromhex(whole.key)) * 2
    assert whole.key == whole.key.lower()
    assert 0 <= whole.version <= PROTOCOL_VERSION
    assert whole.client.isascii()
    assert "" == whole.client or whole.client.isprintable()
    assert CANARY not in whole.client
    again = read_request_auth({"x-sentry-auth": f"Sentry sentry_key={whole.key}"}, ())
    assert again is not None
    assert whole.key == again.key


def draw_auth(random: Random) -> bytes:
    def fields(random: Random) -> str:
        key = random.choice((KEY, KEY.upper(), CANARY, KEY[1:], "%36" + KEY[1:]))
        client = random.choice(("sentry.python/2.1.0", CANARY, "raven-js/1.0", word(random)))
        given = [f"sentry_key={key}", f"sentry_version={random.choice((7, 8, '', -1, '07'))}"]
        given += [f"sentry_client={client}", f"sentry_secret={CANARY}"]
        return random.choice((", ", ",", " ", "&")).join(
            random.choices(given, k=random.randrange(5))
        )

    lines = []
    for name in random.sample(("x-sentry-auth", "authorization", "X-Sentry-Auth"), 2):
        scheme = random.choice(("Sentry ", "sentry ", "Basic ", "Bearer ", ""))
        lines.append(random.choice((f"{name}: {scheme}{fields(random)}", "")))
    query = fields(random).replace(", ", "&") if random.random() < 0.4 else ""
    path_key = random.choice((KEY, CANARY, "", "", ""))
    dsn = draw_dsn(random).decode("utf-8", "replace") if random.random() < 0.4 else ""
    return broken(bytes_of("\n".join([*lines, query, path_key, dsn])), random)


# --- rate limits ---------------------------------------------------------------------------------


def run_rate_limits(data: bytes) -> None:
    """A header and a Retry-After, a line each: bounded limits, which are read as written."""
    header, _, after = text_of(data).partition("\n")
    limits = parse_rate_limits(header)
    assert len(limits) <= MAX_LIMITS
    for limit in limits:
        assert 0 <= limit.seconds <= MAX_SECONDS
        assert isinstance(limit.seconds, int)
        assert limit.categories <= CATEGORIES | {UNKNOWN}
        assert len(limit.namespaces) <= MAX_NAMESPACES
    written = format_rate_limits(limits)
    assert written.isascii()
    assert "" == written or written.isprintable()
    assert limits == parse_rate_limits(written)
    asked = parse_retry_after(after, NOW)
    assert asked is None or (asked >= 0 and not math.isnan(asked))
    for status in (200, 429, 500):
        for one in limits_of_answer(
            status, {"x-sentry-rate-limits": header, "retry-after": after}, NOW
        ):
            assert 1 <= one.seconds <= MAX_SECONDS


def draw_rate_limits(random: Random) -> bytes:
    def one(random: Random) -> str:
        seconds = random.choice(("60", "0", "1.5", "1e3", "-1", "", "9" * 400, str(number(random))))
        known = sorted(CATEGORIES)
        named = ";".join(
            random.choice((random.choice(known), word(random))) for _ in range(random.randrange(4))
        )
        scope = random.choice(("organization", "project", "key", word(random)))
        spaces = ";".join(some(random, word, random.choice((2, 20))))
        parts = [seconds, named, scope, word(random), spaces, word(random)]
        return ":".join(parts[: random.randrange(1, 7)])

    header = random.choice((", ", ",")).join(some(random, one, random.choice((3, 3, 80))))
    date = "Tue, 14 Nov 2023 22:13:20 GMT"
    after = random.choice(("60", "1.5", "", date, date[:-4], "99999999999999999", word(random)))
    return broken(bytes_of(f"{header}\n{after}"), random)


TARGETS = (
    Target(
        "dsn", run_dsn, draw_dsn,
        lambda: [f"https://{KEY}@o1.ingest.sentry.io/5193825".encode()],
        (b"https://", b"http://", b"@", b":443", b"/", b"[::1]", KEY.encode(), CANARY.encode()),
    ),
    Target(
        "auth", run_auth, draw_auth,
        lambda: [
            f"x-sentry-auth: Sentry sentry_key={KEY}, sentry_version=7\n\n\n".encode(),
            b"authorization: Basic NmQ5MWNhNmU2YTVkNGRlN2I0Nzk4OTQ1NTg1OGI1ZjY6\n\n\n",
            f"sentry_key={KEY}&sentry_version=7&sentry_client=sentry.python/2.1.0\n\n".encode(),
        ],
        (
            b"x-sentry-auth: ", b"authorization: ", b"Sentry ", b"Basic ", b"sentry_key=",
            b"sentry_version=", b"sentry_client=", b"&", b", ", b"\n", KEY.encode(), b"7",
            b"sentry.javascript.browser/9.1.0", CANARY.encode(),
        ),
    ),
    Target(
        "rate_limits", run_rate_limits, draw_rate_limits,
        lambda: [
            b"60:transaction:key, 2700:default;error;security:organization\n60",
            b"60:metric_bucket:organization:quota:custom;sessions\nTue, 14 Nov 2023 22:13:20 GMT",
        ],
        (
            b":", b";", b",", b"\n", b"60", b"organization", b"project", b"key", b"metric_bucket",
            b"error", b"user_report_v2", b"GMT", b"Nov", b"+0000", b"2023",
        ),
    ),
)  # fmt: skip
