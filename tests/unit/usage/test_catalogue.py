"""The allow-list: types of events out, or every mistake at once."""

import pytest

from relay.errors import RuleError
from relay.rules.loading import RuleText
from relay.usage.attributes import Attribute, Example, Type
from relay.usage.catalogue import EMPTY, Catalogue, load_catalogue

GOOD = """\
words:
  networks: [btc, eth]
events:
  device-connect:
    description: A device was connected.
    apps: [suite]
    attributes:
      mode: {type: word, values: [normal, bootloader], description: In which mode it is.}
      firmware: {type: version, description: Its version., describes: true}
      totalDevices: {type: integer, buckets: [1, 2, 5], description: How many there are.}
      nth: {type: integer, max: 20, description: Which one it is.}
      seconds: {type: number, buckets: [0.5, 2], description: For how long.}
      networks: {type: words, values: networks, description: Networks that are on.}
      language: {type: language, description: Of the device.}
      bitcoinOnly: {type: boolean, description: Whether it knows Bitcoin only.}
      variant: {type: text, max_length: 8, description: Which one was shown.}
    examples:
      - query: mode=normal&firmware=2.8.0&totalDevices=3&nth=2&serial=1234&seconds=x
        keeps: {mode: normal, firmware: 2.8.0, totalDevices: 2-4, nth: 2}
      - {query: 'networks=eth%2Cbtc&bitcoinOnly=false', keeps: {networks: [btc, eth], bitcoinOnly: false}}
  menu/guide:
    description: The guide was opened.
    examples:
      - {query: 'id=3', keeps: {}}
"""  # noqa: E501


def load(*texts: str) -> Catalogue:
    """Load files a.yaml, b.yaml and so on."""
    return load_catalogue(
        RuleText(name, f"{name}.yaml", text) for name, text in zip("abcdef", texts, strict=False)
    )


def mistakes(*texts: str) -> list[str]:
    """Return what is wrong with some files."""
    with pytest.raises(RuleError) as caught:
        load(*texts)
    return [str(mistake) for mistake in caught.value.mistakes]


def attribute(body: str, name: str = "some") -> list[str]:
    """Return what is wrong with one attribute, which stands on line 5."""
    text = f"""\
events:
  a:
    description: d
    attributes:
      {name}: {body}
    examples: [{{query: '', keeps: {{}}}}]
"""
    try:
        load(text)
    except RuleError as error:
        return [str(m).removeprefix("a.yaml:") for m in error.mistakes]
    return []


def test_a_good_file() -> None:
    """Everything that a file says is in the list."""
    catalogue = load(GOOD)
    assert ["device-connect", "menu/guide"] == list(catalogue.events)
    event = catalogue.events["device-connect"]
    assert ("A device was connected.", {"suite"}, "a.yaml", 4) == (
        event.description,
        event.apps,
        event.file,
        event.line,
    )
    assert {
        "mode": Attribute(
            "mode", Type.WORD, "In which mode it is.", frozenset({"normal", "bootloader"})
        ),
        "firmware": Attribute("firmware", Type.VERSION, "Its version.", describes=True),
        "totalDevices": Attribute(
            "totalDevices", Type.INTEGER, "How many there are.", buckets=(1, 2, 5)
        ),
        "nth": Attribute("nth", Type.INTEGER, "Which one it is.", max=20),
        "seconds": Attribute("seconds", Type.NUMBER, "For how long.", buckets=(0.5, 2)),
        "networks": Attribute(
            "networks", Type.WORDS, "Networks that are on.", frozenset({"btc", "eth"})
        ),
        "language": Attribute("language", Type.LANGUAGE, "Of the device."),
        "bitcoinOnly": Attribute("bitcoinOnly", Type.BOOLEAN, "Whether it knows Bitcoin only."),
        "variant": Attribute("variant", Type.TEXT, "Which one was shown.", max_length=8),
    } == event.attributes
    assert (Example("id=3", {}, 24),) == catalogue.events["menu/guide"].examples


def test_an_app_finds_its_own_types() -> None:
    """A type that names its apps is unknown to the others."""
    catalogue = load(GOOD)
    assert catalogue.events["device-connect"] is catalogue.find("suite", "device-connect")
    assert None is catalogue.find("connect", "device-connect")
    assert catalogue.events["menu/guide"] is catalogue.find("connect", "menu/guide")
    assert None is catalogue.find("suite", "unknown")
    assert None is EMPTY.find("suite", "menu/guide")


def test_the_digest_is_of_what_the_files_say() -> None:
    """Neither their names nor their order are in it."""
    other = "events: {b: {description: d, examples: [{query: '', keeps: {}}]}}"
    assert load(GOOD, other).digest == load(other, GOOD).digest
    assert 64 == len(load(GOOD).digest)
    assert load(GOOD).digest != load(GOOD + "\n").digest


def test_words_of_one_file_are_known_in_all() -> None:
    """A list with a name may stand in a file of its own, whichever is read first."""
    one = """\
events:
  a:
    description: d
    attributes: {coin: {type: word, values: networks, description: d}}
    examples: [{query: 'coin=btc', keeps: {coin: btc}}]
"""
    catalogue = load(one, "words: {networks: [btc]}")
    assert {"btc"} == catalogue.events["a"].attributes["coin"].values


def test_all_mistakes_of_all_files_at_once() -> None:
    """One mistake hides no other; the nearest known word is named."""
    first = """\
words: {networks: [btc], other: btc}
evnts: {}
events:
  a:
    descripton: d
    attributes:
      mode: {type: wrod, description: d}
      coin: {type: word, values: network, description: d}
    examples: []
  b c: {description: d, examples: [{query: '', keeps: {}}]}
"""
    second = """\
words: {networks: [eth]}
events:
  A: {description: '', examples: [{query: 'x=1', keeps: {x: 1}}, {query: 1}]}
"""
    assert [
        "a.yaml:1: 'words.other' must be a list of words, not text",
        "a.yaml:2: unknown key 'evnts' (did you mean 'events'?)",
        "a.yaml:5: unknown key 'descripton' in a (did you mean 'description'?)",
        "a.yaml:5: 'description' is missing",
        "a.yaml:7: unknown type 'wrod' (did you mean 'word'?)",
        "a.yaml:8: no list of words 'network' (did you mean 'networks'?)",
        "a.yaml:9: 'examples' must be a list of {query: text, keeps: map}",
        "a.yaml:10: the name of a type of events is letters, digits, '-', '_' and '/'",
        "b.yaml:1: a second list 'networks' (also in a.yaml)",
        "b.yaml:3: 'description' is empty",
        "b.yaml:3: an example is {query: text, keeps: map} (quote it)",
        "b.yaml:3: an example does not hold: 'x' is not kept",
        "b.yaml:3: a second type 'A' (also in a.yaml:4)",
    ] == mistakes(first, second)


@pytest.mark.parametrize("name", ["opt_outs", "People_by_value"])
def test_no_type_is_called_as_counts_are(name: str) -> None:
    """Their sets would be one; the file is refused, and not each export of what was kept."""
    text = f"events: {{{name}: {{description: d, examples: [{{query: '', keeps: {{}}}}]}}}}"
    assert [f"a.yaml:1: no type can be called '{name}': sets of counts are"] == mistakes(text)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("{type: number, description: d}", "a number needs 'buckets'"),
        ("{type: integer, description: d}", "an integer needs 'max' or 'buckets', and not both"),
        ("{type: integer, max: 9, buckets: [1], description: d}", "an integer needs 'max'"),
        ("{type: integer, max: 1001, description: d}", "'max' must be a whole number from 1"),
        ("{type: integer, max: true, description: d}", "'max' must be a whole number from 1"),
        ("{type: integer, buckets: [], description: d}", "'buckets' must be a list of whole"),
        ("{type: integer, buckets: [1.5], description: d}", "'buckets' must be a list of whole"),
        ("{type: integer, buckets: 5, description: d}", "'buckets' must be a list of whole"),
        ("{type: integer, buckets: [0, 5], description: d}", "the first of 'buckets' must be 1"),
        ("{type: integer, buckets: [5, 5], description: d}", "'buckets' must ascend"),
        (
            f"{{type: integer, buckets: {list(range(1, 34))}, description: d}}",
            "'buckets' has more than 32 bounds",
        ),
        ("{type: number, buckets: [a], description: d}", "'buckets' must be a list of numbers"),
        ("{type: word, description: d}", "'values' is missing"),
        ("{type: word, values: [], description: d}", "'values' must be a list of words"),
        ("{type: word, values: [1], description: d}", "a word must be text, not the number 1"),
        ("{type: word, values: ['a,b'], description: d}", "no word for 'values'"),
        ("{type: word, values: [a, a], description: d}", "the same word again in 'values'"),
        ("{type: text, max_length: 129, description: d}", "'max_length' must be a whole number"),
        ("{type: boolean, max: 3, description: d}", "'max' does not go with 'boolean'"),
        ("{type: boolean, values: [a], description: d}", "'values' does not go with 'boolean'"),
        ("{type: boolean}", "'description' is missing"),
        ("{type: boolean, description: 7}", "'description' must be text, not the number 7"),
        ("{type: boolean, description: d, describes: x}", "'describes' must be true or false"),
        ("{description: d}", "'type' is missing"),
        ("{type: [word], description: d}", "unknown type a list"),
        ("{type: 3, description: d}", "unknown type the number 3"),
        ("boolean", "'some' must be a map, not text"),
    ],
)
def test_mistakes_of_an_attribute(body: str, wrong: str) -> None:
    """Each is told once, with its line."""
    (mistake,) = attribute(body)
    assert f"5: {wrong}" == mistake[: len(wrong) + 3]


@pytest.mark.parametrize(
    ("name", "body", "wrong"),
    [
        (
            "sendAmount",
            "{type: integer, buckets: [10], description: d}",
            "5: an attribute 'sendAmount' of type integer: amounts are never kept",
        ),
        (
            "feeLevel",
            "{type: text, description: d}",
            "5: an attribute 'feeLevel' of type text: amounts are never kept",
        ),
        (
            "xpub",
            "{type: text, description: d}",
            "5: an attribute 'xpub' of type text: what may tell of a person is never kept as text",
        ),
        (
            "c_session_id",
            "{type: boolean, description: d}",
            "5: what begins with 'c_' is of the request, and no attribute",
        ),
        (
            "a.b",
            "{type: boolean, description: d}",
            "5: the name of an attribute is letters, digits, '-', '_'",
        ),
    ],
)
def test_names_that_may_not_be(name: str, body: str, wrong: str) -> None:
    """Amounts never; what tells of a person never as text; what is of the request neither."""
    assert [wrong] == attribute(body, name)


@pytest.mark.parametrize(
    ("query", "keeps", "wrong"),
    [
        ("on=true", "{}", "'on' is kept"),
        ("on=yes", "{on: true}", "'on' is not kept"),
        ("on=true", "{on: false}", "'on' is kept as something else"),
        ("n=1", "{n: true}", "'n' is kept as something else"),
        ("", "{other: x}", "'other' is not kept"),
        ("", "{other: }", "'other' is not kept"),
    ],
)
def test_an_example_that_does_not_hold(query: str, keeps: str, wrong: str) -> None:
    """It refuses the start, with its line."""
    text = f"""\
events:
  a:
    description: d
    attributes:
      on: {{type: boolean, description: d}}
      n: {{type: integer, max: 5, description: d}}
    examples:
      - {{query: '{query}', keeps: {keeps}}}
"""
    assert [f"a.yaml:8: an example does not hold: {wrong}"] == mistakes(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "1: the file is empty"),
        ("- a", "1: a file of events is a map, not a list"),
        ("{}", "1: 'events' is missing"),
        ("events: [a]", "1: 'events' must be a map, not a list"),
        ("events: {a: x}", "1: 'a' must be a map, not text"),
        ("events: {a: {description: d}}", "1: 'examples' is missing (a type brings its own proof)"),
        ("words: {'1': [a]}", "1: the name of a list of words is letters, digits, '-', '_'"),
        (
            "events: {a: {description: d, apps: [a b], examples: [{query: '', keeps: {}}]}}",
            "1: an app is letters, digits, '-' and '_'",
        ),
        (
            "events: {a: {description: d, apps: suite, examples: [{query: '', keeps: {}}]}}",
            "1: 'apps' must be a list of words, not text",
        ),
        (
            f"events: {{{'a' * 101}: {{description: d, examples: [{{query: '', keeps: {{}}}}]}}}}",
            "1: the name of a type of events is letters, digits, '-', '_' and '/'",
        ),
    ],
)
def test_mistakes_of_a_file(text: str, wrong: str) -> None:
    """What is no list of events is said to be none."""
    assert [f"a.yaml:{wrong}"] == mistakes(text)


def test_what_is_not_yaml_is_told_once() -> None:
    """What is missing in it would only hide that."""
    (mistake,) = mistakes("events: [")
    assert "a.yaml:2: not YAML: " == mistake[:20]


def test_an_event_without_attributes_may_say_so() -> None:
    """Nothing behind `attributes` is an empty map."""
    text = "events: {a: {description: d, attributes: , examples: [{query: 'x=1', keeps: {}}]}}"
    assert {} == load(text).events["a"].attributes


def test_a_key_that_may_be_a_secret_is_not_shown() -> None:
    """Names in a file are shown where they look like names only."""
    (mistake,) = mistakes("events: {'xprv 1': 3}")[1:]
    assert "a.yaml:1: (not shown) must be a map, not the number 3" == mistake
