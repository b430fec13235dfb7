"""Sentry's PII configuration becomes rules: each type, redaction, selector, switch."""

from typing import Any

import pytest
import sentry_relay.processing as peer
from hypothesis import given
from hypothesis import strategies as st

from relay import jsonio
from relay.rules.examples import run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.patterns import PatternError
from relay.rules.selectors import SelectorError
from relay.rules.sentry_import import Imported, NotPiiConfigError, convert
from relay.rules.sentry_import.builtin import BUILT_IN, COLLECTIONS, FINDS
from relay.rules.sentry_import.patterns import to_re2, words_of
from relay.rules.sentry_import.sampling import samples
from relay.rules.sentry_import.selectors import places_of
from relay.rules.sentry_import.writing import flow
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.yamlio import load, plain

KEYS = HashKeys(b"test" * 8)
FILTERED = {"method": "replace", "text": "[Filtered]"}


def make(rules: Any) -> Scrubber:
    return Scrubber.from_rules(rules, KEYS)


def imported(document: Any) -> Imported:
    return convert(document, make)


def scrubber(document: Any) -> Scrubber:
    """Everything that the document becomes, loaded by the loader."""
    done = imported(document)
    assert all(rule.finished for rule in done.rules)
    return make(load_rules(RuleText(r.id, r.file, r.text) for r in done.rules))


def losses(document: Any) -> list[str]:
    return [f"{loss.path}: {loss.reason}" for loss in imported(document).losses]


def applied(rule: Any, selector: str = "$string") -> dict[str, Any]:
    return {"rules": {"mine": rule}, "applications": {selector: ["mine"]}}


def theirs(config: Any, event: Any) -> Any:
    """What Sentry's own scrubber makes of an event, in the parts that were given."""
    done = peer.pii_strip_event(config, event)
    return {key: _pruned(done[key]) for key in event}


def ours(config: Any, event: Any) -> Any:
    done = scrubber(config).scrub_plain(jsonio.loads(jsonio.dumps(event)))
    return {key: _pruned(done.get(key)) for key in event}


def _pruned(value: Any) -> Any:
    """Without what was removed: there it is null, here its key is gone."""
    if isinstance(value, dict):
        return {k: p for k, v in value.items() if (p := _pruned(v)) is not None and p != ""}
    if isinstance(value, list):
        return [_pruned(v) for v in value]
    return value


# --- types and built-in rules --------------------------------------------------------------------

TEXTS = {
    "ip": "from 203.0.113.42 refused",
    "email": "mail jane.doe@example.com failed",
    "creditcard": "paid with 4111 1111 1111 1111 today",
    "iban": "to DE89370400440532013000 today",
    "mac": "eth0 00:1B:44:11:3A:B7 up",
    "uuid": "run ceee0822-ed8f-4622-b2a3-789e73e75cd1 ended",
    "imei": "phone 356938035643809 here",
    "pemkey": "-----BEGIN EC PRIVATE KEY-----\nMIIEvQ\n-----END EC PRIVATE KEY-----",
    "urlauth": "GET https://jane:hunter2@example.com/x",
    "usssn": "number 078-05-1120 here",
    "userpath": "open /home/jane/.config/app",
    "bearer": "header Bearer abcdefghij0123456789",
}


SPELT = {"urlauth": "url_auth", "usssn": "us_ssn"}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_type_does_as_sentry_does(kind: str) -> None:
    """Each type in text gives what Sentry's own scrubber gives."""
    event = {"extra": {"text": TEXTS[kind], "other": "Request failed"}}
    config = applied({"type": SPELT.get(kind, kind), "redaction": FILTERED})
    assert theirs(config, event) == ours(config, event)
    assert "[Filtered]" in ours(config, event)["extra"]["text"]
    assert [] == losses(config)


ODD = ("@imei:mask", "@pemkey:remove")
"""Sentry hashes at the first, whatever its name says; at the second we take the last line too."""


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, (kind, redact) in BUILT_IN.items()
        if kind in TEXTS and redact.method != "hash" and n not in ODD
    ],
)
def test_a_built_in_rule_does_as_sentry_does(name: str) -> None:
    """Each built-in name has Sentry's type and Sentry's redaction."""
    event = {"extra": {"text": TEXTS[BUILT_IN[name][0]]}}
    config = {"applications": {"$string": [name]}}
    assert theirs(config, event) == ours(config, event)


@pytest.mark.parametrize("name", [n for n, (kind, _) in BUILT_IN.items() if n.endswith(":hash")])
def test_a_hash_leaves_nothing(name: str) -> None:
    """A pseudonym stands for what was found."""
    kind = BUILT_IN[name][0]
    text = TEXTS.get(kind, "Jane Doe")
    assert kind in (*TEXTS, "password", "anything")
    document = {"extra": {"password": "x1", "text": text}}
    done = scrubber({"applications": {"$string": [name]}}).scrub_plain(document)
    assert "hash:" in str(done["extra"]) or "[hashed]" in str(done["extra"])
    assert TEXTS.get(kind, "x1") not in str(done)


def test_anything() -> None:
    """Whatever stands at a place goes, or is written over."""
    event = {"extra": {"foo": "x", "bar": 1}}
    for name in ("@anything:remove", "@anything:replace"):
        config = {"applications": {"extra.foo": [name]}}
        assert theirs(config, event) == ours(config, event)


def test_passwords() -> None:
    """Values under telling keys go, and whole texts that tell; both as Sentry has it."""
    event = {"extra": {"password": "a", "db_secret": "b", "auth_token": "c", "fine": "d",
                       "text": "my password is hunter2"}}  # fmt: skip
    config = {"applications": {"$string": ["@password:filter"]}}
    assert theirs(config, event) == ours(config, event)
    assert any(
        "@password:filter is carried over for keys that end" in loss for loss in losses(config)
    )


def test_passwords_at_maps() -> None:
    """At a map itself only its key counts; a rule about text finds nothing there, as is told."""
    event = {"extra": {"credentials": {"a": "b"}, "password": "c", "text": "my password is x"}}
    config = {"applications": {"databag": ["@password"]}}
    assert theirs(config, event) == ours(config, event)
    assert ["sentry/password-keys"] == [rule.id for rule in imported(config).rules]
    assert any("looks into text, and here is none" in loss for loss in losses(config))


def test_cookies() -> None:
    """Session cookies inside of text go."""
    event = {"extra": {"c": "lang=en; sessionid=abc123; x=y"}}
    config = {"applications": {"$string": ["@cookies:filter"]}}
    assert "lang=en; sessionid=[Filtered]; x=y" == ours(config, event)["extra"]["c"]


def test_redact_pair() -> None:
    """Keys, and texts that name them; old and new spelling of the type."""
    event = {"extra": {"pin": "1", "my_ssn": "2", "api-key": "3", "text": "the ssn", "ok": "4"}}
    for kind in ("redact_pair", "redactPair"):
        config = applied(
            {"type": kind, "keyPattern": "^pin$|ssn$|api[_-]?key$", "redaction": FILTERED}
        )
        assert ours(config, event) == theirs(applied(dict(config["rules"]["mine"])), event) | {
            "extra": {"pin": "[Filtered]", "my_ssn": "[Filtered]", "api-key": "[Filtered]",
                      "text": "[Filtered]", "ok": "4"}
        }  # fmt: skip
        (loss,) = losses(config)
        assert "one word stays" in loss


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("ssn", "a key is found by its end"),
        ("a.+b", "only a list of names"),
        ("(?=x)", "look-around"),
    ],
)
def test_a_key_pattern_that_is_more_than_names(pattern: str, said: str) -> None:
    """What of a key pattern is not found is told."""
    told = losses(applied({"type": "redact_pair", "keyPattern": pattern}))
    assert any(said in loss and "rules.mine.keyPattern" in loss for loss in told)


def test_every_built_in_find_has_samples() -> None:
    """What we know of, a rule file proves by itself."""
    unfinished = [
        rule.id
        for name in (*BUILT_IN, *COLLECTIONS)
        for rule in imported({"applications": {"$string": [name]}}).rules
        if not rule.finished
    ]
    assert [] == unfinished
    assert {kind for kind, _ in BUILT_IN.values()} | {"cookies"} == set(FINDS)


# --- patterns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "groups", "text", "out"),
    [
        ("d/[a-f]{4}", None, "d/abcd x", "[F] x"),
        ("(id=)([0-9]+)", [2], "id=17", "id=[F]"),
        ("(id=)([0-9]+)", [1], "id=17", "[F]17"),
        ("(id=)([0-9]+)", [0], "id=17", "[F]"),
        ("(id=)([0-9]+)", [0, 2], "id=17", "[F]"),
        ("(?P<a>id=)(?<b>[0-9]+)", [2], "id=17", "id=[F]"),
        (r"\Aid\z", None, "id", "[F]"),
        (r"x\n[^\n]+", None, "x\ny", "[F]"),
        (r"[\]a(]{2}", None, "](", "[F]"),
        (r"caf\u00e9", None, "café", "[F]"),
        (r"\<id\>", None, "an id", "an [F]"),
        (".*", None, "all of it", "[F]"),
        (r"(?i)ID\t[[:digit:]]", None, "id\t7", "[F]"),
        ("a\tb", None, "a\tb", "[F]"),
    ],
)  # fmt: skip
def test_patterns(pattern: str, groups: list[int] | None, text: str, out: str) -> None:
    """A pattern finds here what it finds there, by groups too."""
    rule: dict[str, Any] = {"type": "pattern", "pattern": pattern}
    rule["redaction"] = {"method": "replace", "text": "[F]"}
    if groups is not None:
        rule["replaceGroups"] = groups
    done = imported(applied(rule))
    assert ((), 1) == (done.losses, len(done.rules))
    (file,) = done.rules
    body = file.text.partition("examples:")[0]
    rest = "examples: {scrubs: [{in: a, out: a}, {in: a, out: a}], leaves: [a, a]}"
    assert out == make(load_rules([RuleText(file.id, file.file, body + rest)])).scrub_text(text)


@pytest.mark.parametrize(
    "pattern",
    ["(?<!a)b", "a(?=b)", "[a-z&&[^x]]", "[a[b]]", "(?x) a b", "(?m)^a", r"a\b{start}", "(", "[a",
     r"\Q", "a*", "(?P<a", r"\p{Alphabetic}", "a{2000}"],
)  # fmt: skip
def test_patterns_that_cannot_be_said(pattern: str) -> None:
    """What RE2 refuses, or would read in another way, is named by its path."""
    with pytest.raises(PatternError):
        to_re2(pattern)
    (loss,) = imported(applied({"type": "pattern", "pattern": pattern})).losses
    assert "rules.mine.pattern" == loss.path


@pytest.mark.parametrize("groups", [[], [3], ["1"], [True], [-1], "1"])
def test_groups_that_are_none(groups: Any) -> None:
    """A rule that redacts nothing is named."""
    rule = {"type": "pattern", "pattern": "(a)(b)", "replaceGroups": groups}
    done = imported(applied(rule))
    assert (0, 1) == (len(done.rules), len(done.losses))
    assert done.losses[0].path.startswith("rules.mine.")


def test_words() -> None:
    """A list of names is told from a pattern."""
    words = words_of("(?i)foo|^bar$|.*baz.*|api[_-]?key$|a\\.b")
    assert words is not None
    assert ("*foo", "bar", "*baz", "*api_key", "*a.b") == words.keys
    assert ("foo", "baz", "a.b") == words.open_end
    assert [None] * 5 == [words_of(p) for p in ("a.b", "fo+", "", "(a|b)c", "_")]


def test_samples() -> None:
    """Samples are made for what is simple, and for nothing else."""
    assert ("ab",) == samples("ab")
    assert all(text.startswith("TKT-") for text in samples(r"TKT-[0-9]{5}\b"))
    assert () == samples(r"\p{Greek}+")
    assert () == samples("a(?-i:")
    assert () == samples("[[:alpha:]]")


@given(st.text(alphabet="ab(|)[]?*+{},^$\\d-.:!<>=", max_size=20))
def test_no_pattern_breaks(pattern: str) -> None:
    """Any pattern is carried over or named."""
    done = imported(applied({"type": "pattern", "pattern": pattern}))
    assert 1 == len(done.rules) + len(done.losses)


def test_an_unfinished_rule() -> None:
    """A rule without samples says so in the file, and the loader names that file alone."""
    done = imported(applied({"type": "pattern", "pattern": r"\p{Greek}{5}"}, "$string || foo"))
    (rule,) = done.rules
    assert not rule.finished
    assert "# TODO" in rule.text
    with pytest.raises(Exception, match="'scrubs' needs at least 2 examples"):
        load_rules([RuleText(rule.id, rule.file, rule.text)])


# --- redactions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redaction", "out"),
    [
        (None, " x"),
                ({"method": "default"}, " x"),
        ({"method": "remove"}, " x"),
        ({"method": "replace"}, "[Filtered] x"),
        ({"method": "replace", "text": "it's \u2028 \"q\""}, "it's \u2028 \"q\" x"),
        ({"method": "mask"}, "********** x"),
    ],
)  # fmt: skip
def test_redactions(redaction: Any, out: str) -> None:
    """Each method does as Sentry's."""
    config = applied({"type": "email"} | ({"redaction": redaction} if redaction else {}))
    assert out == ours(config, {"extra": {"a": "jo@x.co.uk x"}})["extra"]["a"]
    assert theirs(config, {"extra": {"a": "jo@x.co.uk x"}})["extra"]["a"] == out


@pytest.mark.parametrize(
    ("redaction", "path"),
    [
        ({"method": "mask", "maskChar": "#"}, "maskChar"),
        ({"method": "mask", "range": [0, -4]}, "range"),
        ({"method": "mask", "charsToIgnore": "-"}, "charsToIgnore"),
        ({"method": "hash", "algorithm": "HMAC-SHA1"}, "algorithm"),
        ({"method": "hash", "key": "k"}, "key"),
        ({"method": "replace", "text": 1}, "text"),
        ({"method": "burn"}, "method"),
    ],
)
def test_what_a_redaction_cannot_be(redaction: Any, path: str) -> None:
    """What is not carried over is named, and the rule is there all the same."""
    done = imported(applied({"type": "email", "redaction": redaction}))
    assert [f"rules.mine.redaction.{path}"] == [loss.path for loss in done.losses]
    assert done.rules[0].finished


# --- aliases and lists ---------------------------------------------------------------------------


def test_lists_and_aliases() -> None:
    """With hideInner the outer redaction and name count; without, those inside."""
    config = {
        "rules": {
            "all": {"type": "multiple", "rules": ["@ip", "mine"], "hideInner": True,
                    "redaction": FILTERED},
            "mine": {"type": "email", "redaction": {"method": "mask"}},
            "short": {"type": "alias", "rule": "mine"},
        },
        "applications": {"extra.a": ["all"], "extra.b": ["short"]},
    }  # fmt: skip
    event = {"extra": {"a": "203.0.113.42 jo@x.org", "b": "203.0.113.42 jo@x.org"}}
    assert theirs(config, event) == ours(config, event)
    done = imported(config)
    assert () == done.losses
    assert ["sentry/all-ip", "sentry/all-mine", "sentry/mine"] == [rule.id for rule in done.rules]


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"a": {"type": "alias", "rule": "b"}, "b": {"type": "alias", "rule": "a"}}, None),
        ({"a": {"type": "alias", "rule": "nope"}}, "rules.a.rule"),
        ({"a": {"type": "alias"}}, "rules.a.rule"),
        ({"a": {"type": "multiple", "rules": "b"}}, "rules.a.rules"),
        ({"a": {"type": "multiple", "rules": [1]}}, "rules.a.rules[0]"),
        ({"a": {"type": "multiple", "rules": [], "hideInner": 1}}, "rules.a.hideInner"),
        ({"a": {"type": "multiple", "rules": [], "redaction": FILTERED}}, "rules.a.redaction"),
        ({"a": {"type": "telepathy"}}, "rules.a.type"),
        ({"a": {"type": "email", "odd": 1}}, "rules.a.odd"),
        ({"a": {}}, "rules.a.type"),
        ({"a": 1}, "rules.a"),
        ({"a": {"type": "email"}, "unused": {"type": "ip"}}, "rules.unused"),
    ],
)
def test_rules_that_lead_nowhere(rules: Any, path: str | None) -> None:
    """Each is named by its path; a circle ends, as it does there."""
    done = imported({"rules": rules, "applications": {"$string": ["a"]}})
    assert ([path] if path else []) == [loss.path for loss in done.losses]


# --- selectors -----------------------------------------------------------------------------------

EVENT = {
    "extra": {"foo": "a", "deep": {"foo": "b", "x": {"foo": "c", "y": "d"}}, "safe": "e"},
    "user": {"email": "f", "username": "g"},
    "request": {"url": "http://h", "headers": [["X-Secret", "i"], ["Accept", "j"]]},
    "exception": {"values": [{"type": "E", "value": "k"}]},
    "breadcrumbs": {"values": [{"message": "l", "category": "m"}]},
}


@pytest.mark.parametrize(
    "selector",
    ["foo", "extra.foo", "extra.*", "extra.**", "**.foo", "deep.**", "deep.x", "user.email",
     "$user.email", "$user.*", "$error.value", "$exception.value", "$breadcrumb.message",
     "$http.headers.'X-Secret'", "extra.foo || user.email", "extra.foo|user.email",
     "foo && !extra.foo", "foo & ~extra.foo", "(foo || email) && !user.email", "deep . foo",
     "extra.* && !(extra.deep || extra.foo)", "extra.$object", "extra.$string", "x.$string",
     "foo && extra.**", "extra.deep.**.foo"],
)  # fmt: skip
def test_selectors_select_what_sentry_selects(selector: str) -> None:
    """What Sentry's scrubber removes at a selector goes here, and nothing else."""
    config = {"applications": {selector: ["@anything:remove"]}}
    assert theirs(config, EVENT) == ours(config, EVENT)
    assert theirs(config, EVENT) != EVENT
    assert [] == losses(config)


@pytest.mark.parametrize(
    ("selector", "where"),
    [
        ("freeform", ("$string",)), ("text", ("$string",)), ("databag", ("$object",)),
        ("container", ("$object",)), ("$databag.$string", ("$object.$string",)),
        ("$list", ("$array",)), ("$bool", ("$boolean",)), ("$stack.x", ("$stacktrace.x",)),
        ("a.0.'b c'.'it''s'", ("**.a.0.'b c'.'it''s'",)),
        ("$string || $number", ("$string", "$number")), ("!a", ()),
    ],
)  # fmt: skip
def test_other_spellings(selector: str, where: tuple[str, ...]) -> None:
    """Names of older versions, and other spellings of types."""
    (place,), lost = places_of(selector)
    assert (where, []) == (place.where, lost)


@pytest.mark.parametrize("selector", ["$minidump", "$binary && foo", "$heap_memory.x", "$nope"])
def test_selectors_that_we_do_not_have(selector: str) -> None:
    """They are named, and what else an application selects is carried over."""
    done = imported({"applications": {f"{selector} || user.email": ["@email"]}})
    (loss,) = done.losses
    assert loss.path.startswith("applications[")
    assert "$user" not in loss.reason
    (rule,) = done.rules
    assert "where: ['**.user.email']" in rule.text


@pytest.mark.parametrize(
    "selector", ["", "*", "a..b", "a.**.b.**", "(a", "'a", "a b", "''", "(" * 99]
)
def test_selectors_that_are_none(selector: str) -> None:
    """What Sentry refuses, or no selector at all, is named."""
    with pytest.raises(SelectorError):
        places_of(selector)
    (loss,) = imported({"applications": {selector: ["@email"]}}).losses
    assert "not a selector" in loss.reason


@given(st.text(alphabet="ab.*$&|!~()' 0string", max_size=16))
def test_no_selector_breaks(selector: str) -> None:
    """Any selector is carried over or named, and what Sentry takes we take."""
    done = imported({"applications": {selector: ["@anything:remove"]}})
    assert done.rules or done.losses
    try:
        peer.validate_pii_selector(selector)
    except ValueError:
        return
    assert not any("not a selector" in loss.reason for loss in done.losses)


# --- the older switches --------------------------------------------------------------------------

SETTINGS = {
    "scrubData": True,
    "scrubDefaults": True,
    "scrubIpAddresses": True,
    "sensitiveFields": ["foo", " bar.x "],
    "excludeFields": ["safe", "x y"],
}
SCRUBBED = {
    "extra": {"foo": "a", "my_password": "b", "safe": {"deep": "q"}, "n": "fine",
              "text": "203.0.113.42 called", "card": "4111111111111111"},
    "user": {"ip_address": "203.0.113.42", "id": "17"},
    "request": {"cookies": [["sessionid", "x"], ["lang", "en"]]},
}  # fmt: skip


def test_the_switches_do_as_sentry_has_it() -> None:
    """They scrub what Sentry's own conversion of them scrubs."""
    config = peer.convert_datascrubbing_config(SETTINGS)
    done = ours({"datascrubbingSettings": SETTINGS}, SCRUBBED)
    assert theirs(config, SCRUBBED) == done
    assert "[Filtered]" == done["extra"]["my_password"]
    assert [["sessionid", "[Filtered]"], ["lang", "en"]] == done["request"]["cookies"]


def test_the_switches_and_their_conversion_give_the_same_rules() -> None:
    """Sentry's conversion, imported, is what we make of the switches, but for a name and case."""
    converted = peer.convert_datascrubbing_config(SETTINGS)

    def heads(document: Any) -> set[str]:
        """What each file matches and where, in any order of its lines."""
        texts = [rule.text.partition("match:")[2] for rule in imported(document).rules]
        heads = (text.partition("examples:")[0] for text in texts)
        return {
            "\n".join(sorted(head.replace("(?i)", "").replace("$http", "$request").splitlines()))
            for head in heads
        }

    assert heads(converted) == heads(SETTINGS)
    lost = imported({"datascrubbingSettings": SETTINGS}).losses
    assert {"datascrubbingSettings"} == {loss.path for loss in lost}


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        ({"scrubData": False, "scrubDefaults": True, "sensitiveFields": ["x"]}, 0),
        ({"scrubData": True, "scrubDefaults": False, "sensitiveFields": []}, 0),
        ({"scrubIpAddresses": True}, 2),
        ({"scrubData": True, "sensitiveFields": ["x"]}, 2),
        ({"dataScrubber": True, "sensitiveFields": ["x"], "scrubIPAddresses": False}, 2),
    ],
)
def test_each_switch(settings: Any, ids: int) -> None:
    """Each switch does its part, also under the names of Sentry's API."""
    assert ids == len(imported(settings).rules)


def test_switches_of_the_wrong_type() -> None:
    """A value of the wrong type is named; a switch then counts as on."""
    done = imported(
        {"datascrubbingSettings": {"scrubIpAddresses": 1, "sensitiveFields": 2, "x": 3}}
    )
    assert 2 == len(done.rules)
    assert {"x", "scrubIpAddresses", "sensitiveFields"} == {
        loss.path.removeprefix("datascrubbingSettings.") for loss in done.losses
    }


# --- documents -----------------------------------------------------------------------------------

BARE = {"applications": {"$string": ["@email"]}}


@pytest.mark.parametrize(
    "document",
    [
        BARE,
        {"piiConfig": BARE},
        {"config": {"piiConfig": BARE, "allowedDomains": ["*"]}, "publicKeys": []},
        {"relayPiiConfig": jsonio.dumps(BARE).decode(), "slug": "x"},
        jsonio.dumps(BARE).decode(),
        {"piiConfig": BARE, "datascrubbingSettings": {"scrubData": False}},
    ],
)
def test_shapes(document: Any) -> None:
    """The configuration is found wherever Sentry puts it."""
    done = imported(document)
    assert (["sentry/email"], ()) == ([rule.id for rule in done.rules], done.losses)


@pytest.mark.parametrize("document", [None, 1, "x", "", [], {}, {"a": 1}, {"config": {}}, [BARE]])
def test_documents_that_are_no_configuration(document: Any) -> None:
    """They are refused."""
    with pytest.raises(NotPiiConfigError):
        imported(document)


def test_vars_and_unknown_keys() -> None:
    """A hash key is named, and never its value."""
    (first, second, third) = losses({**BARE, "vars": {"hashKey": "s3cret", "x": 1}, "rulez": {}})
    assert first.startswith("vars.hashKey: ")
    assert second.startswith("vars.x: ")
    assert third.startswith("rulez: ")
    assert "s3cret" not in first + second + third


@pytest.mark.parametrize("document", [
    {"rules": [], "applications": {}}, {"applications": 1}, {"applications": {"$string": "@ip"}},
    {"applications": {"$string": [1]}}, {"piiConfig": 1}, {"datascrubbingSettings": 1},
])  # fmt: skip
def test_parts_of_the_wrong_type(document: Any) -> None:
    """They are named."""
    assert 1 == len(losses(document))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(
        ["pattern", "alias", "multiple", "redact_pair", "@ip", "a", "hash", "$string", "email"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["rules", "applications", "vars", "piiConfig", "config", "datascrubbingSettings",
             "type", "redaction", "method", "rule", "pattern", "keyPattern", "replaceGroups",
             "hideInner",
             "a", "$string", "foo.**", "scrubData", "scrubIpAddresses", "sensitiveFields", "text"]
        ) | st.text(max_size=4),
        inner,
        max_size=4,
    ),
    max_leaves=16,
)  # fmt: skip


@given(JSON)
def test_any_document(document: Any) -> None:
    """Any JSON gives rules that load, or are to be filled in, or is refused."""
    try:
        done = imported(document)
    except NotPiiConfigError:
        return
    for rule in done.rules:
        if rule.finished:
            load_rules([RuleText(rule.id, rule.file, rule.text)])


# --- the files -----------------------------------------------------------------------------------


def test_all_examples_pass_together() -> None:
    """What is imported proves itself as one set, as `relay rules test` does it."""
    done = imported({"applications": {"$string": ["@common", "@uuid", "@mac:replace"]}})
    rules = load_rules(RuleText(r.id, r.file, r.text) for r in done.rules)
    assert [] == [(r.rule.id, r.problem) for r in run_examples(rules, make) if not r.passed]


def test_the_same_bytes_again() -> None:
    """An import is a function of its input."""
    assert imported(SETTINGS) == imported(SETTINGS)


def test_names_never_collide() -> None:
    """Two rules whose names look alike in a path get two files; no name leaves the folder."""
    rules = {name: {"type": "email"} for name in ("a b", "A-B", "../x", "\u00e9", "", "a" * 200)}
    ids = [r.id for r in imported({"rules": rules, "applications": {"$string": [*rules]}}).rules]
    assert ["sentry/a-b", "sentry/a-b-2", "sentry/x", "sentry/rule", "sentry/rule-2"] == ids[:5]
    assert 100 > len(ids[5])


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_the_writer_is_read_back(value: Any) -> None:
    """What is written as YAML is read as it was."""
    root, mistakes = load(f"a: {flow(value)}", "x")
    assert ({"a": value}, []) == (plain(root), mistakes)
