"""DSNs: read, written, and never with a secret."""

import pytest

from relay.protocol.dsn import Dsn, DsnError, parse_dsn

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"


@pytest.mark.parametrize(
    ("text", "dsn", "url"),
    [
        (
            f"https://{KEY}@o1.ingest.sentry.io/5193825",
            Dsn("https", "o1.ingest.sentry.io", None, "", "5193825", KEY),
            "https://o1.ingest.sentry.io/api/5193825/envelope/",
        ),
        (
            f"http://{KEY}@127.0.0.1:9400/1",
            Dsn("http", "127.0.0.1", 9400, "", "1", KEY),
            "http://127.0.0.1:9400/api/1/envelope/",
        ),
        (
            f"https://{KEY}@relay.example/consented/5193825/",
            Dsn("https", "relay.example", None, "/consented", "5193825", KEY),
            "https://relay.example/consented/api/5193825/envelope/",
        ),
        (
            f"http://{KEY}@[::1]:3000/a/b/my-app",
            Dsn("http", "::1", 3000, "/a/b", "my-app", KEY),
            "http://[::1]:3000/a/b/api/my-app/envelope/",
        ),
        (
            f"https://{KEY}@h/{'1' * 64}",
            Dsn("https", "h", None, "", "1" * 64, KEY),
            f"https://h/api/{'1' * 64}/envelope/",
        ),
        (
            f"HTTPS://{KEY.upper()}:topsecret@Relay.Example/1?a=topsecret#topsecret",
            Dsn("https", "relay.example", None, "", "1", KEY),
            "https://relay.example/api/1/envelope/",
        ),
    ],
)
def test_parse(text: str, dsn: Dsn, url: str) -> None:
    """A DSN is read into its parts, gives the envelope URL, and survives being written."""
    parsed = parse_dsn(text)
    assert dsn == parsed
    assert url == parsed.envelope_url()
    assert dsn == parse_dsn(str(parsed))
    assert "topsecret" not in repr(parsed) + str(parsed)
    assert KEY not in repr(parsed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        f"ftp://{KEY}@h/1",
        "https://h/1",
        "https://short@h/1",
        f"https://{KEY}0@h/1",
        f"https://{KEY}@/1",
        f"http://{KEY}:[::]@[:/2",
        f"https://{KEY}@h",
        f"https://{KEY}@h/",
        f"https://{KEY}@h/{'1' * 65}",
        f"https://{KEY}@h/a b",
        f"https://{KEY}@h/pre fix/1",
        f"https://{KEY}@h:port/1",
        f"https://{KEY}@h:99999/1",
        f"https://{KEY}@[::1/1",
        f"https://{KEY}@h\u00e9/1",
        f"https://{KEY}@h\r\nx/1",
        f"https://{KEY}@h/\u0661",
    ],
)
def test_not_a_dsn(text: str) -> None:
    """Other text is refused, and the error does not repeat it."""
    with pytest.raises(DsnError) as caught:
        parse_dsn(text)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_long_dsn_is_read_and_not_remembered() -> None:
    """Only ordinary ones are: what strangers send takes no room."""
    ordinary, long = f"https://{KEY}@h/1", f"https://{KEY}@h{'/a' * 100}/1"
    assert parse_dsn(ordinary) is parse_dsn(ordinary)
    assert "/a" * 100 == parse_dsn(long).prefix
    assert parse_dsn(long) is not parse_dsn(long)


def test_of_many_dsns_the_last_ones_are_remembered() -> None:
    """An app has one; whoever sends ever new ones takes bounded room."""
    first = parse_dsn(f"https://{KEY}@h/first")
    for number in range(300):
        parse_dsn(f"https://{KEY}@h/{number}")
    assert first is not parse_dsn(f"https://{KEY}@h/first")


def test_slashes_are_no_part_of_prefix_and_project() -> None:
    """However many stand there; letters at the end are."""
    parsed = parse_dsn(f"https://{KEY}@h/aX//my-appX//")
    assert ("/aX", "my-appX") == (parsed.prefix, parsed.project)
