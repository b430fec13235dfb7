"""The section `usage`: what is read, what is refused, and what is shown of it."""

import pytest

from relay.config import UsageApp, UsageBatch, UsageKeep, masked, parse, show
from relay.config.usage_section import MAX_BATCH, is_store
from relay.errors import ConfigError

WHOLE = """\
usage:
  apps:
    - {name: suite, environments: [web, desktop], consent: required, without_consent: [menu/guide]}
    - {name: connect, consent: implied}
  events: [usage, more.yaml]
  header: X-Consent
  query: consent
  round: 30m
  hash: {secret: hunter2-hunter2-hunter2, rotate: 7d}
  spool: {path: u.db, max_bytes: 300MB, max_age: 2d, max_dead_age: 3d}
  store:
    url: s3://bucket/a/prefix
    endpoint: https://s3.example:9000
    region: eu-central-1
    access_key_id: AKEY
    secret_access_key: hunter2-hunter2
    allow_http: false
    virtual_hosted: true
    timeout: 10s
  batch: {bytes: 1MB, every: 10s}
  keep: {events: 30d, opt_outs: 20d, sets: 60d}
  min_group: 20
"""


def refused(text: str) -> list[str]:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "r.yaml", {})
    return [str(mistake) for mistake in caught.value.mistakes]


def test_all_of_it() -> None:
    """Each setting is read."""
    usage = parse(WHOLE, "r.yaml", {}).usage
    assert usage.enabled
    suite = UsageApp("suite", ("web", "desktop"), "required", frozenset({"menu/guide"}))
    assert suite == usage.app("suite")
    assert UsageApp("connect", consent="implied") == usage.app("connect")
    assert None is usage.app("other")
    assert (("usage", "more.yaml"), "X-Consent", "consent", 1_800.0, 20) == (
        usage.events, usage.header, usage.query, usage.round, usage.min_group,
    )  # fmt: skip
    assert ("hunter2-hunter2-hunter2", 7 * 86_400.0) == (usage.hash.secret, usage.hash.rotate)
    spool = usage.spool
    assert ("u.db", 300_000_000, 172_800.0, 259_200.0, "RELAY_USAGE") == (
        spool.path, spool.max_bytes, spool.max_age, spool.max_dead_age, spool.stream,
    )  # fmt: skip
    store = usage.store
    assert ("s3://bucket/a/prefix", "https://s3.example:9000", "eu-central-1", 10.0) == (
        store.url, store.endpoint, store.region, store.timeout,
    )  # fmt: skip
    assert ("AKEY", "hunter2-hunter2", False, True) == (
        store.access_key_id, store.secret_access_key, store.allow_http, store.virtual_hosted,
    )  # fmt: skip
    assert (UsageBatch(1_000_000, 10.0), UsageKeep(2_592_000.0, 1_728_000.0, 5_184_000.0)) == (
        usage.batch, usage.keep,
    )  # fmt: skip


def test_off_unless_an_app_is_named() -> None:
    """Without an app nothing of it is in use, and nothing of it is shown."""
    settings = parse("usage: {round: 5m}", "r.yaml", {})
    assert not settings.usage.enabled
    assert {} == masked(settings)["usage"]


def test_what_is_shown() -> None:
    """All of it but the secrets; without those it loads again, and is the same."""
    text = show(parse(WHOLE, "r.yaml", {}))
    assert "hunter2" not in text
    assert "AKEY" not in text
    assert "secret_access_key: (set)" in text
    bare = "\n".join(line for line in WHOLE.split("\n") if "hunter2-hunter2" not in line)
    bare = bare.replace("    access_key_id: AKEY\n", "")
    settings = parse(bare, "r.yaml", {})
    assert settings.usage == parse(show(settings), "r.yaml", {}).usage


def test_no_secret_in_a_repr() -> None:
    """A repr of the settings tells neither keys nor the place of the store."""
    text = repr(parse(WHOLE, "r.yaml", {}))
    assert [] == [word for word in ("hunter2", "AKEY", "s3://") if word in text]


def test_what_waits_is_not_kept_longer_than_what_is_kept() -> None:
    """Rows and dead letters go a day before the set would, for they are looked at once a day."""
    text = "usage: {keep: {events: 3d, opt_outs: %s}, spool: {max_age: 10d, max_dead_age: 20d}}"
    for keep, most in (("2d", 86_400.0), ("30h", 43_200.0), ("1d", 43_200.0)):
        spool = parse(text % keep, "r.yaml", {}).usage.spool
        assert (most, most) == (spool.max_age, spool.max_dead_age)


def test_the_spool_is_held_where_the_other_one_is() -> None:
    """What they have in common is said once."""
    text = "spool: {backend: jetstream, servers: ['nats://a'], stream: OURS, replicas: 3}"
    spool = parse(text, "r.yaml", {}).usage.spool
    assert ("jetstream", ("nats://a",), "OURS_USAGE", 3) == (
        spool.backend, spool.servers, spool.stream, spool.replicas,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("apps: [{environments: [web]}]", "usage.apps.0.name is missing"),
        ("apps: [{name: a b}]", "usage.apps.0.name must be letters, digits, '-' and '_'"),
        ("apps: [{name: a}, {name: a}]", "usage.apps.1: the same name again"),
        ("apps: [{name: a, environments: [a/b]}]", "usage.apps.0.environments.0 must be letters"),
        ("apps: [{name: a, environments: [none]}]", "usage.apps.0.environments.0: 'none' is what"),
        ("apps: [{name: a, consent: maybe}]", "usage.apps.0.consent must be one of required"),
        ("apps: [{name: a, consnt: implied}]", "unknown key 'consnt' in usage.apps.0"),
        ("query: c_type", "usage.query is the name of a parameter that every event has"),
        ("round: 2d", "usage.round must be 1d or less"),
        ("hash: {rotate: 0s}", "usage.hash.rotate must not be nothing"),
        ("hash: {secret: short}", "usage.hash.secret must have 16 characters or more"),
        ("spool: {path: ./spool.db}", "usage.spool.path is the file of the other spool"),
        ("spool: {backend: memory}", "unknown key 'backend' in usage.spool"),
        ("store: {url: ftp://a}", "usage.store.url must be file:./folder, s3://bucket"),
        ("store: {url: 'file:'}", "usage.store.url must be file:./folder, s3://bucket"),
        ("store: {access_key_id: a}", "usage.store needs both access_key_id and secret_access"),
        ("store: {endpoint: http://a}", "usage.store.endpoint must begin with https://; allow_"),
        ("store: {endpoint: 'https://a:b@c'}", "usage.store.endpoint must be without a user"),
        ("store: {endpoint: 'https://a/?sig=b'}", "usage.store.endpoint must be without a user"),
        ("store: {url: 'gs://a', region: b}", "usage.store.region is for s3:// alone"),
        ("store: {url: 'az://a', virtual_hosted: true}", "usage.store.virtual_hosted is for s3"),
        (
            "store: {url: 'az://a', access_key_id: b, secret_access_key: c}",
            "usage.store.access_key_id is for s3:// alone",
        ),
        ("batch: {bytes: 0B}", "usage.batch.bytes must be more than nothing, and 256MB or less"),
        ("batch: {bytes: 257MB}", "usage.batch.bytes must be more than nothing, and 256MB or"),
        ("batch: {bytes: 201MB}", "usage.batch.bytes is more than usage.spool.max_bytes"),
        ("batch: {every: 25h}", "usage.batch.every must be 1d or less"),
        ("batch: {every: 0s}", "usage.batch.every must be"),
        ("keep: {events: 23h}", "usage.keep.events must be 1d or more"),
        ("keep: {sets: 0s}", "usage.keep.sets must be 1d or more"),
        ("min_group: 0", "usage.min_group must be a whole number from 1 to"),
    ],
)
def test_mistakes(text: str, wrong: str) -> None:
    """Each is told once, and the value of none is shown."""
    (mistake,) = refused(f"usage: {{{text}}}")
    assert f"r.yaml:1: {wrong}" == mistake[: len(wrong) + 10]


def test_two_spools_in_memory_share_no_file() -> None:
    """Only where there are files, their names must differ."""
    settings = parse("spool: {backend: memory}\nusage: {spool: {path: spool.db}}", "r.yaml", {})
    assert "memory" == settings.usage.spool.backend


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:./usage", True),
        ("file:///var/lib/usage data", True),
        ("s3://bucket", True),
        ("s3://bucket/", True),
        ("gs://my.bucket/a/b=c", True),
        ("az://container/prefix", True),
        ("s3://", False),
        ("s3://key:word@bucket", False),
        ("s3://bucket?region=x", False),
        ("az://container/prefix?sig=word", False),
        ("s3://bucket/a#b", False),
        ("file:a@b", False),
        ("S3://bucket", False),
        ("s3://bucket\n", False),
        ("usage", False),
    ],
)
def test_places_of_stores(url: str, expected: bool) -> None:
    """A place alone: no user, no key, no parameter; so all of it can be shown."""
    assert expected == is_store(url)


def test_a_batch_fits_into_memory() -> None:
    """The bound is one that a small machine has."""
    assert MAX_BATCH < 2**28


def test_each_value_has_its_place() -> None:
    """Also what stands in a list of maps: a mistake that is found later is told with its line."""
    text = "usage:\n  apps:\n    - name: suite\n    - name: connect\n      without_consent: [a]\n"
    places = parse(text, "r.yaml", {}).places
    assert {
        "usage.apps": ("r.yaml", 3),
        "usage.apps.0.name": ("r.yaml", 3),
        "usage.apps.1.name": ("r.yaml", 4),
        "usage.apps.1.without_consent": ("r.yaml", 5),
    } == places
