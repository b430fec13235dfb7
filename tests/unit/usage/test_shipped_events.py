"""The allow-list that ships is held to rules of its own, beyond what the loader asks for."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import load_scrubber
from relay.config import UsageApp
from relay.jsonio import loads
from relay.rulefiles import read_events, shipped_events_folder
from relay.scrub.scrubber import Scrubber
from relay.usage.admitting import UsagePolicy
from relay.usage.attributes import Attribute, EventType, Type
from relay.usage.catalogue import Catalogue, load_catalogue
from relay.usage.cleaning import clean
from relay.usage.model import OPT_OUT_TYPES, Channel, CleanEvent, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.requests import read_query
from relay.yamlio import load

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "usage").glob("*.yaml"))
NOW = 1_785_000_000.0
COMMON = (
    ("c_v", "1.50"),
    ("c_commit", "4567" * 10),
    ("c_instance_id", "qz8YrW2mTq"),
    ("c_session_id", "Kp3vNx7LsB"),
    ("c_timestamp", str(int(NOW) * 1000)),
    ("c_message_id", "Wd5hJc9GfR"),
    ("c_consent", "true"),
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Return the list that ships, loaded."""
    return load_catalogue(read_events([]))


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """Return the rules that ship."""
    return load_scrubber(secret=b"s" * 32, verify=False)


def attributes(catalogue: Catalogue) -> Iterator[tuple[EventType, Attribute]]:
    """Yield all attributes, each with its type of events."""
    for event in catalogue.events.values():
        for attribute in event.attributes.values():
            yield event, attribute


def test_it_ships_in_the_wheel() -> None:
    """The files are where the program looks for them, installed or not."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = config["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {"rules": "relay/_rules", "usage": "relay/_usage"} == included
    assert ROOT / "usage" == shipped_events_folder()


def test_it_knows_what_suite_sends(catalogue: Catalogue) -> None:
    """The list is of some use: Suite's own types are in it, by the hundreds."""
    assert len(catalogue.events) >= 200
    for name in ("suite-ready", "device-connect", "transport-type", "menu/guide", "app_ready"):
        assert catalogue.find("suite", name)
    assert catalogue.find("connect", "app/ready")
    assert None is catalogue.find("connect", "suite-ready")


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_each_file_is_in_order(file: Path) -> None:
    """Types, attributes and words are sorted; the head names the source and the schema."""
    root, _ = load(file.read_text(), file.name)
    parts = root.value
    events = parts["events"].value if "events" in parts else {}
    assert sorted(events) == list(events)
    for event in events.values():
        named = event.value.get("attributes")
        if named is not None:
            assert sorted(named.value) == list(named.value)
    lists = parts["words"].value if "words" in parts else {}
    assert sorted(lists) == list(lists)
    for words in lists.values():
        assert sorted(one.value for one in words.value) == [one.value for one in words.value]
    head = file.read_text().partition("\nwords:")[0].partition("\nevents:")[0]
    assert head.startswith("# yaml-language-server: $schema=../docs/schema/")
    assert "# Source: trezor/trezor-suite, facts only:\n#   " in head


def test_each_list_of_words_is_used() -> None:
    """What no attribute names is left over."""
    named: set[str] = set()
    used: set[str] = set()
    for file in FILES:
        parts = load(file.read_text(), file.name)[0].value
        named |= set(parts["words"].value) if "words" in parts else set()
        for event in parts["events"].value.values() if "events" in parts else ():
            inside = event.value.get("attributes")
            for one in inside.value.values() if inside is not None else ():
                values = one.value.get("values")
                if values is not None and values.kind == "scalar":
                    used.add(values.value)
    assert used == named


def test_each_type_says_who_sends_it(catalogue: Catalogue) -> None:
    """A type that any app may send would mix what one app means with what another does."""
    assert set() == {event.name for event in catalogue.events.values() if not event.apps}


def test_descriptions_are_sentences(catalogue: Catalogue) -> None:
    """They begin with a capital and end with a full stop: they stand in the data dictionary."""
    said = [event.description for event in catalogue.events.values()]
    said += [attribute.description for _, attribute in attributes(catalogue)]
    assert [] == [text for text in said if not text[0].isupper() or text[-1] not in ".)"]
    assert [] == [text for text in said if len(text) > 100]


def test_no_word_is_broken(catalogue: Catalogue) -> None:
    """A list that runs over several lines breaks between words, not at a hyphen in one."""
    words = {word for _, one in attributes(catalogue) for word in one.values}
    assert {"NA - bootloader"} == {word for word in words if " " in word}


def test_no_attribute_is_text(catalogue: Catalogue) -> None:
    """All that Suite's events say is a number, a flag, a version or a word of a closed list."""
    assert [] == [
        (event.name, one.name) for event, one in attributes(catalogue) if one.type is Type.TEXT
    ]


def test_an_attribute_means_one_thing(catalogue: Catalogue) -> None:
    """Under one name one type; whether it describes people is the same everywhere."""
    kinds: dict[str, set[Type]] = {}
    describe: dict[str, set[bool]] = {}
    for _, one in attributes(catalogue):
        kinds.setdefault(one.name, set()).add(one.type)
        describe.setdefault(one.name, set()).add(one.describes)
    two = {"value": Type.BOOLEAN, "duration": Type.NUMBER, "firmware": Type.VERSION}
    assert {name: {kind, Type.WORD} for name, kind in two.items()} == {
        name: found for name, found in kinds.items() if len(found) > 1
    }
    assert {} == {name: found for name, found in describe.items() if len(found) > 1}


@pytest.mark.parametrize(
    "name",
    ["model", "firmware", "osName", "osVersion", "browserName", "language", "screenWidth"],
)
def test_what_describes_people_is_marked(catalogue: Catalogue, name: str) -> None:
    """Sets for analysis group people by these."""
    assert {True} == {one.describes for _, one in attributes(catalogue) if one.name == name}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_each_attribute_is_in_an_example(catalogue: Catalogue, file: Path) -> None:
    """The proof is whole, but for long lists of counts."""
    for event in catalogue.events.values():
        if event.file != str(file) or len(event.attributes) > 40:
            continue
        shown = {name for example in event.examples for name in example.keeps}
        assert event.attributes.keys() == shown


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_examples_drop_something(catalogue: Catalogue, file: Path) -> None:
    """Each type shows what is not kept of it."""
    for event in catalogue.events.values():
        if event.file == str(file):
            dropped = [
                name
                for example in event.examples
                for name, _ in read_query(example.query)
                if name not in example.keeps
            ]
            assert dropped, event.name


def test_rules_leave_what_is_allowed(catalogue: Catalogue, scrubber: Scrubber) -> None:
    """Examples come out of the whole gate as they say: no rule takes a word of the list."""
    keys = UsageKeys.of(b"k" * 32, 0)
    for event in catalogue.events.values():
        for app in sorted(event.apps):
            policy = UsagePolicy(UsageApp(app))
            target = Target(app, "web", Channel.STABLE)
            for example in event.examples:
                # Without a decision these types are an opt-out, or nothing.
                decides = OPT_OUT_TYPES.get(event.name)
                if decides is not None and decides not in example.keeps:
                    continue
                query = (*COMMON, ("c_type", event.name), *read_query(example.query))
                request = UsageRequest(target, query)
                done = clean(request, policy, catalogue, scrubber, keys, NOW)
                assert isinstance(done, CleanEvent), (event.name, done)
                assert example.keeps == loads(done.line)["attributes"], event.name


def test_rules_leave_each_word(catalogue: Catalogue, scrubber: Scrubber) -> None:
    """No rule takes any word that a closed list has."""
    words: dict[str, dict[str, list[str]]] = {}
    for event, one in attributes(catalogue):
        words.setdefault(one.name, {})[event.name] = sorted(one.values)
    found = {
        (name, word)
        for name, lists in words.items()
        for words_ in lists.values()
        for word in words_
        if scrubber.scrub_plain({name: word}) != {name: word}
    }
    assert set() == found
