"""Who is calling: each form alone, two at once, and beside an envelope's dsn."""

import base64

import pytest

from relay.errors import AuthError, AuthMismatchError
from relay.protocol.auth import Credentials, join_auth, read_request_auth

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
OTHER = "0" * 32
DSN = f"https://{KEY}@relay.example/5193825"
SDK = "sentry.python/2.75.0"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "query", "path_key", "expected"),
    [
        (
            {"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client={SDK}"},
            [],
            None,
            Credentials(KEY, SDK),
        ),
        (
            {"x-sentry-auth": f"sENTRY sentry_version=6,sentry_key={KEY.upper()}"},
            [],
            None,
            Credentials(KEY, "", 6),
        ),
        (
            {"authorization": f"Sentry sentry_key={KEY}, sentry_secret=x, sentry_timestamp=1"},
            [],
            None,
            Credentials(KEY),
        ),
        ({"authorization": basic(f"{KEY}:")}, [], None, Credentials(KEY)),
        ({"authorization": basic(KEY)}, [("sentry_version", "005")], None, Credentials(KEY, "", 5)),
        ({"authorization": basic(KEY)}, [("sentry_version", "5")], None, Credentials(KEY, "", 5)),
        (
            {"authorization": "Bearer for-a-proxy-in-front"},
            [("sentry_key", KEY), ("sentry_client", SDK)],
            None,
            Credentials(KEY, SDK),
        ),
        (
            {"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_client=sentry.python%2F2.75.0"},
            [("sentry_version", "99"), ("sentry_client", "other/1")],
            None,
            Credentials(KEY, SDK),
        ),
        ({}, [("sentry_client", SDK)], KEY, Credentials(KEY, SDK)),
        ({}, [("consent", "granted")], None, None),
        ({"authorization": "Bearer x"}, [], None, None),
    ],
)
def test_each_form(
    headers: dict[str, str],
    query: list[tuple[str, str]],
    path_key: str | None,
    expected: Credentials | None,
) -> None:
    """Each form alone names the caller; with none of them there is nobody yet."""
    assert expected == read_request_auth(headers, query, path_key)


@pytest.mark.parametrize(
    ("headers", "query", "path_key"),
    [
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}"}, [("sentry_key", KEY)], None),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}", "authorization": basic(KEY)}, [], None),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_key={OTHER}"}, [], None),
        ({}, [("sentry_key", KEY), ("sentry_key", OTHER)], None),
        ({}, [("sentry_key", KEY)], KEY),
    ],
)
def test_two_at_once(
    headers: dict[str, str], query: list[tuple[str, str]], path_key: str | None
) -> None:
    """Two forms at once are 401, even where they say the same."""
    with pytest.raises(AuthError) as caught:
        read_request_auth(headers, query, path_key)
    assert (401, "multiple authorization payloads detected") == (
        caught.value.status,
        caught.value.detail,
    )


@pytest.mark.parametrize(
    ("headers", "query", "path_key"),
    [
        ({"x-sentry-auth": "Sentry sentry_version=7"}, [], None),
        ({"x-sentry-auth": f"Sentry {KEY}"}, [], None),
        ({"x-sentry-auth": "nonsense"}, [], None),
        ({"x-sentry-auth": ""}, [], None),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, nonsense"}, [], None),
        ({"authorization": "Basic !!!"}, [], None),
        ({"authorization": basic(KEY).replace(" ", " !")}, [], None),
        ({}, [("sentry_key", KEY), ("sentry_version", "0007")], None),
        ({"authorization": basic("jane:password")}, [], None),
        ({}, [("sentry_key", "")], None),
        ({}, [("sentry_key", KEY[:-1])], None),
        ({}, [("sentry_key", KEY), ("sentry_version", "seven")], None),
        ({}, [], "g" * 32),
    ],
)
def test_malformed(
    headers: dict[str, str], query: list[tuple[str, str]], path_key: str | None
) -> None:
    """What is there but cannot be read is 401, and the error repeats nothing of it."""
    with pytest.raises(AuthError) as caught:
        read_request_auth(headers, query, path_key)
    assert caught.value.status == 401
    assert "jane" not in caught.value.detail
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=8"}, []),
        ({}, [("sentry_key", KEY), ("sentry_version", "8")]),
        ({}, [("sentry_version", "8")]),
    ],
)
def test_version_over_7(headers: dict[str, str], query: list[tuple[str, str]]) -> None:
    """A newer protocol is 400, also where the envelope would name the key."""
    with pytest.raises(AuthMismatchError) as caught:
        read_request_auth(headers, query)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "client",
    [
        "sentry.javascript.browser/11.12.0",
        "sentry.javascript.electron/4.24.0",
        "sentry.javascript.google-cloud-serverless/10.0.0",
        "sentry.native/0.7.0",
        "sentry.java.spring-boot-4.jakarta/8.21.1",
        "sentry.java.log4j2/7.0.0-rc.1",
        "sentry.dotnet/6.0.0-beta.10",
        "sentry-cli/3.8",
        "sentry_flutter/9.0.0-alpha",
        "raven-python/6.10.0",
    ],
)
def test_the_name_of_an_sdk_is_kept(client: str) -> None:
    """What SDKs call themselves goes on."""
    query = [("sentry_key", KEY), ("sentry_client", client)]
    assert Credentials(KEY, client) == read_request_auth({}, query)


@pytest.mark.parametrize(
    "client",
    [
        "no-version",
        "a/b/c",
        "sentry.python/1.0 (jane@example.com)",
        "/1.0",
        "sentry.python/",
        "sentry.python/1",
        "sentr\u00efve/1.0",
        "sentry.python/\u0661.\u0662",
        "sentry.python/1.0\n",
        "sentry.python/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "sentry.bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/1.0",
        "sentry." + "x" * 49 + "/1.0",
        "203.0.113.42/203.0.113.42",
        "sentry.python/203.0.113.42",
        "sentry.203.0.113.42/1.0",
        "sentry.a1.b2.c3/1.0",
        "sentry-203-0-113-42/1.0",
        "sentry.cb00712a/1.0",
        "sentry.c.b.0.0.7.1.2.a/1.0",
        "sentry.python/1.0.0-beta.20301.13042",
        "sentry.python/1.0.0-jane.1",
        "sentry.python/203011.3042.1",
        "a/355C817510C0EABF2F147145",
        "sentry.python/355C817510C0EABF2F147145",
        "jane.doe/1.0",
        "sentryjane.doe/1.0",
        "sentry.legal-winner-thank-year-wave-sausage/1.0",
    ],
)
def test_client_of_another_shape_is_left_out(client: str) -> None:
    """Nothing is kept of the client but an SDK's name and version: it goes upstream."""
    query = [("sentry_key", KEY), ("sentry_client", client)]
    assert Credentials(KEY) == read_request_auth({}, query)


@pytest.mark.parametrize(
    ("credentials", "project", "dsn", "expected"),
    [
        (Credentials(KEY, SDK), "5193825", None, Credentials(KEY, SDK, 7, "5193825")),
        (Credentials(KEY, SDK), "5193825", DSN, Credentials(KEY, SDK, 7, "5193825")),
        (Credentials(KEY, SDK), None, DSN, Credentials(KEY, SDK, 7, "5193825")),
        (Credentials(KEY), None, None, Credentials(KEY)),
        (None, None, DSN, Credentials(KEY, "", 7, "5193825")),
        (
            None,
            "5193825",
            DSN.upper().replace("HTTPS", "https"),
            Credentials(KEY, "", 7, "5193825"),
        ),
    ],
)
def test_join(
    credentials: Credentials | None, project: str | None, dsn: object, expected: Credentials
) -> None:
    """Request and envelope complete each other where they agree."""
    assert expected == join_auth(credentials, project, dsn)


@pytest.mark.parametrize(
    ("credentials", "project", "dsn"),
    [
        (Credentials(OTHER), "5193825", DSN),
        (Credentials(KEY), "1", DSN),
        (None, "1", DSN),
        (Credentials(KEY), "5193825", "nonsense"),
        (None, None, "nonsense"),
        (None, None, {"dsn": DSN}),
        (None, None, 7),
    ],
)
def test_join_contradiction(
    credentials: Credentials | None, project: str | None, dsn: object
) -> None:
    """Another key, another project, and a dsn that is none are 400."""
    with pytest.raises(AuthMismatchError) as caught:
        join_auth(credentials, project, dsn)
    assert caught.value.status == 400


def test_join_with_nothing() -> None:
    """Neither request nor envelope names a key: 401."""
    with pytest.raises(AuthError) as caught:
        join_auth(None, "1", None)
    assert (401, "missing authorization information") == (caught.value.status, caught.value.detail)
