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
        ({"authorization": "Basic !!!"}, [], None),
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
        "no-version",
        "a/b/c",
        "name/1.0 (jane@example.com)",
        "/1",
        "name/",
        "na\u00efve/1",
        "name/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "x" * 49 + "/1",
    ],
)
def test_client_of_another_shape_is_left_out(client: str) -> None:
    """Only a short name and version is kept of the client: it goes upstream."""
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
