"""Tables out of events: what their rows say, and what they do not."""

from pathlib import Path

from relay.usage.catalogue import Type
from tests.usage_sets import (
    CLICK,
    DAY,
    READY,
    attribute,
    catalogue,
    event_type,
    pseudonym,
    put,
    record,
    rows,
    run,
)

KNOWN = catalogue(READY, CLICK)


def test_an_event_as_a_row(tmp_path: Path) -> None:
    """A row says what the record says, and names the instance by nothing that joins."""
    said = {
        "language": "pt-BR",
        "networks": ["ltc", "btc"],
        "theme": "dark",
        "devices": 3,
        "accounts": "1-9",
        "version": "2.4.1",
    }
    put(tmp_path, [record("ann", attributes=said)], hour=15)
    exported = run(tmp_path, KNOWN)
    (row,) = rows(tmp_path, "suite.ready")
    instance, session = row.pop("instance"), row.pop("session")
    assert {
        "app": "suite",
        "environment": "desktop",
        "channel": "stable",
        "version": "26.11.1",
        "commit": "0123abc",
        "hour": 15,
        "accounts": "1-9",
        "attribute_version": "2.4.1",
        "devices": 3,
        "dt": DAY,
        "language": "pt-BR",
        "networks": ["btc", "ltc"],
        "theme": "dark",
    } == {name: value for name, value in row.items() if name != "time"}
    assert "2026-11-22 14:00:00" == str(row["time"])
    assert (16, 16) == (len(instance), len(session))
    assert not {instance, session} & {pseudonym("ann")[:16], pseudonym("ann 1")[:16]}
    assert {"suite.ready": 1} == exported.tables


def test_groups_and_values(tmp_path: Path) -> None:
    """A rare language is null in its rows; so are a rare theme, and an hour with few people."""
    lines = [record(f"p{i}", attributes={"language": "en", "theme": "dark"}) for i in range(12)]
    lines += [record(f"q{i}", attributes={"language": "en", "theme": "light"}) for i in range(4)]
    put(tmp_path, [*lines, record("x", attributes={"language": "eo", "theme": "dark"})])
    put(tmp_path, [record("p0", attributes={"language": "en", "theme": "dark"})], hour=3)
    run(tmp_path, KNOWN, min_group=4)
    found = rows(tmp_path, "suite.ready")
    assert {("en", "dark"), ("en", "light")} == {(r["language"], r["theme"]) for r in found}
    assert 17 == len(found)
    # One person alone at three: all of the group lose the hour, or null would tell it.
    assert {None} == {row["hour"] for row in found}


def test_what_the_allow_list_does_not_know(tmp_path: Path) -> None:
    """Types, attributes, words, numbers and apps that are not in it today are in no set."""
    only = event_type("only", attribute("count", Type.INTEGER, max=3), apps=["connect"])
    said = {"theme": "pink", "devices": 10, "accounts": "7", "networks": ["doge"], "secret": 1}
    put(tmp_path, [record("a", attributes=said), record("a", "gone"), record("a", "only")])
    put(tmp_path, [record("a", "only", attributes={"count": 3})], app="connect")
    exported = run(tmp_path, catalogue(READY, only))
    assert ({"only": 1, "suite.ready": 1}, 2) == (exported.tables, exported.facts.unknown)
    (row,) = rows(tmp_path, "suite.ready")
    found = {name: row.get(name) for name in (*said, "time")}
    assert {"networks": []} == {
        name: value for name, value in found.items() if value is not None and name != "time"
    }
    assert 3 == rows(tmp_path, "only")[0]["count"]


def test_names_that_are_hard_for_sql(tmp_path: Path) -> None:
    """Quotes in the allow-list stay what they are, and two capitals are two columns."""
    word = attribute('it\'s "x"', Type.WORD, values=frozenset({"a'b"}))
    kind = event_type("o'k", word, attribute("ab", Type.BOOLEAN), attribute("aB", Type.BOOLEAN))
    said = {'it\'s "x"': "a'b", "ab": True, "aB": False}
    put(tmp_path, [record("a", "o'k", attributes=said)])
    run(tmp_path, catalogue(kind))
    (row,) = rows(tmp_path, "o'k")
    assert ("a'b", False, True) == (row['it\'s "x"'], row["aB"], row["ab_2"])
