"""Values that a text beside them names: after a flag, in the hole of a message."""

import json
from typing import Any

import pytest

import relay
from relay.scrub.named import filled, flagged
from relay.scrub.scrubber import Scrubber


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(verify=False)


@pytest.mark.parametrize(
    ("node", "under", "expected"),
    [
        (["prog", "--password", "x"], "argv", {2: "password"}),
        (["-label", "x", "pin=", "y"], "", {1: "label", 3: "pin"}),
        (["password: ", "x"], "", {1: "password"}),
        (['"password":', 1], "", {1: "password"}),
        (["My password:", "x"], "arguments", {1: "password"}),
        (["My password:", "x"], "", None),
        (["if password:", "x"], "arguments", {1: "password"}),
        (["--password", "--verbose", "x"], "", {2: "verbose"}),
        (["a", "--password"], "", None),
        (["--password"], "", None),
        (["- a list", "x"], "", None),
        (["--" + "x" * 70, "x"], "", None),
        ([{"a": 1}, "", None, ":", "x"], "", None),
    ],
)
def test_flags(node: list[Any], under: str, expected: dict[int, str] | None) -> None:
    """What follows a flag or a name with a colon has that name; another flag has not."""
    assert expected == flagged(node, under)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("password: %s", {0: "password"}),
        ("a %d of %%, 50% done, password = '%-5.2f'", {1: "password"}),
        ("a %(b)s pass-word=%(pw)s", {"pw": "pass-word"}),
        ("{} user.label: {}", {1: "user.label"}),
        ("100%s label: {!r}", {0: "label"}),
        ('{"label": "{0}", pin: {label:>5}}', {0: "label", "label": "pin"}),
        ("password %s", {}),
        (": %s", {}),
        ("%s" * 300 + " label: %s", {}),
    ],
)
def test_holes(message: str, expected: dict[Any, str]) -> None:
    """A hole has the name right before it; what fills it is found by number or by name."""
    values = ["x"]
    ((node, names),) = filled({"message": message, "params": values})
    assert values is node
    assert expected | {str(slot): name for slot, name in expected.items()} == names


@pytest.mark.parametrize(
    "document",
    [
        {"logentry": {"message": "password: %s", "params": ["SECRET"]}},
        {"logentry": {"message": "%d, password: %s", "params": [1, "SECRET"]}},
        {"logentry": {"message": "password: %(pw)s", "params": {"pw": "SECRET", "x": "y"}}},
        {"attributes": {
            "sentry.message.template": {"value": "password: %s", "type": "string"},
            "sentry.message.parameter.0": {"value": "SECRET", "type": "string"}}},
        {"attributes": {
            "sentry.message.template": {"value": "password: %(a)s", "type": "string"},
            "sentry.message.parameter.a": "SECRET"}},
        {"extra": {"argv": ["prog", "--password", "SECRET", "--verbose", "x"]}},
        {"logentry": {"message": "a {} seed: {}", "params": ["about", "SECRET"]}},
        {"logentry": {"message": "password: %(about)s", "params": {"about": "SECRET"}}},
        {"extra": {"x": ["password:", "SECRET"]}},
        {"extra": {"x": [["password:", "SECRET"]]}},
        {"breadcrumbs": [{"data": {"arguments": ["My password:", "SECRET", {"a": "b"}]}}]},
    ],
)  # fmt: skip
def test_a_named_value_is_gone(scrubber: Scrubber, document: Any) -> None:
    """Whole, and nothing else is; a second scrub finds nothing, though all else is known by now."""
    text = json.dumps(document)
    scrubber.scrub_json(text.replace("SECRET", "hunter2").encode())
    once = scrubber.scrub_json(text.replace("SECRET", "hunter2").encode()).body
    body = json.loads(once)
    body.pop("_meta")
    assert json.loads(text.replace("SECRET", "[secret]")) == body
    assert once == scrubber.scrub_json(once).body


def test_a_message_without_names_stays(scrubber: Scrubber) -> None:
    """What fills an ordinary message comes back as it is, and so does what is no parameter."""
    document = {
        "logentry": {"message": "%s of %(n)s: {}", "params": ["hunter2", 2, [1], None]},
        "attributes": {"sentry.message.template": {"value": 1}, "x": {"value": "y", "type": "z"}},
        "extra": {"message": "password: %s", "params": "hunter2"},
        "frames": [{"pre_context": ["password:", "hunter2"]}],
        "vars": {"message": ["password: %s"], "params": ["hunter2"]},
    }
    assert document == json.loads(scrubber.scrub_json(json.dumps(document).encode()).body)


def test_a_name_in_a_protected_list_goes_before_a_phrase(scrubber: Scrubber) -> None:
    """Names of the SDK are protected as words; two who want the same one agree on it."""
    phrase = ["legal", "winner", "thank", "year", "wave", "sausage"]
    document = {"sdk": {"integrations": ["seed", "password:", *phrase]}}
    once = json.loads(scrubber.scrub_json(json.dumps(document).encode()).body)
    names = once["sdk"]["integrations"]
    assert ["seed", "password:", "[secret]", *["[mnemonic]"] * 5] == names
    twice = json.loads(scrubber.scrub_json(json.dumps(once).encode()).body)
    assert names == twice["sdk"]["integrations"]
