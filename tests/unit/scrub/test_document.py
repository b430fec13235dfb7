"""One document: decided at places, redacted in place, noted."""

# ruff: noqa: E501 - a table is read best in rows

from typing import Any

import pytest

from relay import jsonio
from relay.errors import ScrubError
from relay.scrub.budget import budget_for
from relay.scrub.document import PROTECTED_ID, DocumentScrubber
from relay.scrub.hashing import HashKeys
from tests.inline_rules import DEVICE, EMAIL, HASHED, IP, MASKED, NUMBER, plain, scrubber
from tests.work import growth

ADDRESS = "192.168.10.23"
SECRET = "Zauberkasse"
ANY = (
    "id: t/any\nmatch: {any: true}\nwhere: ['user.*', 'extra.**.hidden']\n"
    "redact: {method: replace, text: '[a]'}"
)
GONE = "id: t/gone\nmatch: {key: [gone]}\nredact: {method: remove}"
GONE_TEXT = f"{GONE}\nwhere: ['$string']"
ONLY_MAPS = (
    "id: t/maps\nmatch: {key: [gone]}\nwhere: ['$object']\nredact: {method: replace, text: '[m]'}"
)
MASK_KEY = "id: t/mask-key\nmatch: {key: [cover]}\nredact: {method: mask}"
TEXT_ONLY = "id: t/text-only\nmatch: {key: [note]}\nwhere: ['$string']\nredact: {method: replace, text: '[t]'}"
KEYED = "id: t/keyed\nmatch: {key: [name], pattern: '.+'}\nredact: {method: replace, text: '[k]'}"
NEAR = "id: t/near\nmatch: {pattern: '[A-Z]{5}', near: [wallet]}\nredact: {method: replace, text: '[w]'}"
SHADOW = "id: t/shadow\nstatus: shadow\nmatch: {pattern: 'zz+'}\nredact: {method: remove}"
EXCEPT = (
    "id: t/except\nmatch: {pattern: 'qq+'}\nexcept: ['tags.keep', 'sdk.**']\n"
    "redact: {method: replace, text: '[q]'}"
)


@pytest.mark.parametrize(
    ("rules", "document", "expected"),
    [
        # text, numbers and keys
        ((IP,), {"a": [f"x {ADDRESS} y"], "b": None, "c": True}, {"a": ["x [ip] y"], "b": None, "c": True}),
        ((NUMBER,), {"a": 12345, "b": 12, "c": 12345.5, "d": -12345}, {"a": "[n]", "b": 12, "c": "[n].5", "d": "-[n]"}),
        ((NUMBER,), [12345, [12345]], ["[n]", ["[n]"]]),
        ((IP,), {ADDRESS: {ADDRESS: ADDRESS}}, {"[ip]": {"[ip]": "[ip]"}}),
        ((IP,), {ADDRESS: 1, "192.168.10.24": 2, "[ip]": 3}, {"[ip] (2)": 1, "[ip] (3)": 2, "[ip]": 3}),
        ((EMAIL,), {"a@b.cz": 1, "": 2, "c@d.cz": 3}, {" (2)": 1, "": 2, " (3)": 3}),
        # keys: whole values
        ((DEVICE,), {"device_id": SECRET, "Device-ID": 5, "deviceid": [1], "x": {"label": {"a": 1}}},
         {"device_id": "[d]", "Device-ID": "[d]", "deviceid": "[d]", "x": {"label": "[d]"}}),
        ((DEVICE,), {"device_id": None, "label": "", "x": {"label": [], "device_id": True}},
         {"device_id": None, "label": "", "x": {"label": [], "device_id": True}}),
        ((DEVICE,), {"user.device_id": SECRET}, {"user.device_id": "[d]"}),
        ((DEVICE,), [["device_id", SECRET], ["x", 1]], [["device_id", "[d]"], ["x", 1]]),
        ((DEVICE,), {"a": [["device_id", {"b": SECRET}]]}, {"a": [["device_id", "[d]"]]}),
        ((DEVICE,), {"a": [["x", ["device_id", SECRET]]]}, {"a": [["x", ["device_id", "[d]"]]]}),
        ((DEVICE,), {"arguments": ["label", SECRET]}, {"arguments": ["label", "[d]"]}),
        ((DEVICE,), ["label", SECRET], ["label", "[d]"]),
        ((DEVICE,), {"key": "label", "value": SECRET}, {"key": "label", "value": "[d]"}),
        ((DEVICE,), {"name": "label", "value": [SECRET]}, {"name": "label", "value": "[d]"}),
        ((DEVICE,), {"label": {"value": SECRET, "type": "string"}}, {"label": "[d]"}),
        ((ONLY_MAPS, GONE), {"gone": {"a": 1}, "x": {"gone": [1]}}, {"x": {}}),
        ((ONLY_MAPS, GONE_TEXT), {"gone": {"a": 1}, "x": {"gone": [1]}}, {"x": {"gone": [1]}}),
        ((GONE,), {"gone": SECRET, "a": [["gone", SECRET]]}, {"a": [["gone", None]]}),
        ((MASK_KEY,), {"cover": "abc", "a": {"cover": [1, 2]}}, {"cover": "***", "a": {"cover": "***"}}),
        ((TEXT_ONLY,), {"note": [SECRET, [SECRET, 5]], "x": {"note": 5}},
         {"note": ["[t]", ["[t]", 5]], "x": {"note": 5}}),
        # keys with a pattern
        ((KEYED,), {"name": SECRET, "x": {"name": [SECRET, [SECRET]]}, "y": SECRET},
         {"name": "[k]", "x": {"name": ["[k]", ["[k]"]]}, "y": SECRET}),
        ((KEYED,), {"sdk": {"name": SECRET}}, {"sdk": {"name": "[k]"}}),
        ((KEYED.replace("[name]", "[trace_id]"),), {"trace_id": "a" * 32, "x": {"trace_id": "y"}},
         {"trace_id": "a" * 32, "x": {"trace_id": "[k]"}}),
        ((KEYED,), {"a": [["name", [SECRET]]], "b": ["name", SECRET]},
         {"a": [["name", ["[k]"]]], "b": ["name", "[k]"]}),
        ((KEYED, DEVICE.replace("t/device", "t/a")), {"name": [["label", SECRET], ["x", 1]]},
         {"name": [["label", "[d]"], ["[k]", "[k]"]]}),
        # places
        ((ANY,), {"user": {"a": 1, "b": [1], "c": None}, "a": 1}, {"user": {"a": "[a]", "b": "[a]", "c": None}, "a": 1}),
        ((ANY,), {"extra": {"x": {"hidden": SECRET}}}, {"extra": {"x": {"hidden": "[a]"}}}),
        ((EXCEPT,), {"tags": {"keep": "qqq", "x": "qqq"}, "sdk": {"a": "qqq!"}},
         {"tags": {"keep": "qqq", "x": "[q]"}, "sdk": {"a": "qqq!"}}),
        # words nearby, in the text or in the path
        ((NEAR,), {"a": "ABCDE", "b": "my wallet ABCDE", "wallet": {"c": "ABCDE"}},
         {"a": "ABCDE", "b": "my wallet [w]", "wallet": {"c": "[w]"}}),
        # other methods
        ((MASKED,), {"a": "x hushabc y"}, {"a": "x ******* y"}),
        ((SHADOW,), {"a": "zzz"}, {"a": "zzz"}),
        # keys inside text
        ((DEVICE,), {"a": f'{{"label":"{SECRET}","b":1}}'}, {"a": '{"label":"[d]","b":1}'}),
        ((DEVICE,), {"a": f"https://x/?device_id={SECRET}&b"}, {"a": "https://x/?device_id=[d]&b"}),
        ((DEVICE,), {f"device_id={SECRET}": 1}, {"device_id=[d]": 1}),
    ],
)  # fmt: skip
def test_redacts(rules: tuple[str, ...], document: Any, expected: Any) -> None:
    """Everything that a rule names goes, wherever it stands; everything else stays."""
    assert expected == plain(scrubber(*rules), document)
    assert expected == plain(scrubber(*rules), expected)


def run(document: Any, *rules: str) -> DocumentScrubber:
    """Scrub a document in place and return what did it."""
    made = DocumentScrubber(scrubber(*rules).compiled, HashKeys(b"k" * 32), budget_for(10_000))
    made.run(document)
    return made


def test_notes_show_new_names() -> None:
    """Paths of notes hold keys as they are now, never as they were."""
    document = {ADDRESS: {"192.168.10.24": [ADDRESS]}}
    notes = {note.path for note in run(document, IP).notes}
    assert {("[ip]",), ("[ip]", "[ip]"), ("[ip]", "[ip]", 0)} == notes


def test_notes_inside_what_is_gone_are_gone() -> None:
    """A map that was redacted whole has one note; nothing of its inside is told."""
    document = {"a": {"device_id": {ADDRESS: [ADDRESS], "label": ADDRESS}}}
    assert [("a", "device_id")] == [note.path for note in run(document, IP, DEVICE).notes]


def test_a_removed_key_shows_its_new_name() -> None:
    """The note of a value that was removed under a key that is itself a secret tells no secret."""
    rule = "id: t/x\nmatch: {any: true}\nwhere: ['*']\nredact: {method: remove}"
    document = {ADDRESS: "x"}
    notes = run(document, IP, rule).notes
    assert {} == document
    assert {("[ip]",)} == {note.path for note in notes}


def test_notes_tell_spans_of_the_new_text() -> None:
    """Spans count characters of the text as it is now."""
    document = {"a": f"é {ADDRESS} 漢 {ADDRESS}!"}
    (note,) = run(document, IP).notes
    assert "é [ip] 漢 [ip]!" == document["a"]
    assert (("t/ip", "s", 2, 6), ("t/ip", "s", 9, 13)) == note.remarks
    assert len(f"é {ADDRESS} 漢 {ADDRESS}!") == note.length


def test_protected_fields_that_are_dropped_are_noted() -> None:
    """A protected field without its shape leaves a note, not its value."""
    document = {"event_id": SECRET}
    notes = run(document, IP).notes
    assert {} == document
    assert [((PROTECTED_ID, "x"),)] == [note.remarks for note in notes]


def test_what_the_redaction_makes_is_searched_again() -> None:
    """A redaction that joins what was apart does not bring a secret into being."""
    document = {"a": "192.168.a@b.cz10.23"}
    run(document, EMAIL, IP)
    assert {"a": "[ip]"} == document


def test_a_text_that_never_rests_is_refused() -> None:
    """A rule that matches its own redaction, and makes it longer each time, drops the document."""
    rule = "id: t/loop\nmatch: {pattern: 'x'}\nredact: {method: replace, text: 'xx'}"
    with pytest.raises(ScrubError):
        run({"a": "x"}, rule)


@pytest.mark.parametrize(
    "document",
    [
        {"who": ["name", SECRET]},
        {"who": [["name", SECRET]]},
        {"a": f'{{"who":["name","{SECRET}"]}}'},
    ],
)
def test_two_rules_about_keys_do_not_take_turns(document: Any) -> None:
    """What one rule has written is no value for another that looks there too."""
    rules = (
        KEYED,
        KEYED.replace("t/keyed", "t/other").replace("name", "who").replace("[k]", "[o]"),
    )
    run(document, *rules)
    once = jsonio.dumps(document)
    assert SECRET.encode() not in once
    run(document, *rules)
    assert once == jsonio.dumps(document)


def test_a_forged_marker_is_hashed() -> None:
    """Text of a client that looks like our pseudonym is no proof that it is one."""
    document = {"who": "hash:0123456789abcdef-01234567"}
    run(document, HASHED)
    once = document["who"]
    assert "0123456789abcdef" not in once
    run(document, HASHED)
    assert once == document["who"]


def test_nothing_of_a_payload_is_in_a_repr() -> None:
    """What did the work shows no payload in a traceback."""
    document = {"user": {ADDRESS: f"{SECRET} {ADDRESS}", "device_id": SECRET}, SECRET: [ADDRESS]}
    made = run(document, IP, DEVICE)
    shown = repr(made) + repr(made._made) + repr(made._made.changes) + repr(made._made.drafts)
    shown += repr(made.notes)
    assert ADDRESS not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "make",
    [
        lambda n: {f"10.{i // 65536}.{i // 256 % 256}.{i % 256}": 1 for i in range(n)},
        lambda n: [f"10.{i // 65536}.{i // 256 % 256}.{i % 256}" for i in range(n)],
    ],
    ids=["keys", "values"],
)
def test_many_hits_cost_no_more_each(make: Any) -> None:
    """Keys that get the same name, or many hits at one place, cost linear work."""

    def run(size: int) -> None:
        document = make(size)
        compiled = scrubber(IP).compiled
        DocumentScrubber(compiled, HashKeys(b"k" * 32), budget_for(500_000)).run(document)
        assert size == len(document)

    assert growth(run, 1_000) < 2.6


def test_many_hits_deep_down_cost_no_more_each() -> None:
    """Paths of many places in a deep document, under keys that are renamed, do not add up."""

    def run(size: int) -> None:
        document: Any = [f"10.0.{i // 256 % 256}.{i % 256}" for i in range(size)]
        for _ in range(120):
            document = {ADDRESS: document}
        compiled = scrubber(IP).compiled
        made = DocumentScrubber(compiled, HashKeys(b"k" * 32), budget_for(150_000))
        made.run(document)
        keys = {part for note in made.notes for part in note.path if isinstance(part, str)}
        assert {"[ip]"} == keys
        assert jsonio.dumps(document)

    assert growth(run, 500) < 2.6
