"""Rules made ready."""

from relay.rules.compiling import applies, compile_rules
from relay.rules.model import Status
from tests.inline_rules import DEVICE, HASHED, IP, NUMBER, plain, rules, scrubber

ANY = "id: t/any\nmatch: {any: true}\nwhere: ['user.IP', '**.hidden']\nredact: {method: remove}"
EVERY = "id: t/every\nmatch: {any: true}\nwhere: ['user.*']\nredact: {method: remove}"
OFF = "id: t/off\nstatus: off\nmatch: {key: [off]}\nredact: {method: remove}"
KEYED = "id: t/keyed\nmatch: {key: [name], pattern: '.+'}\nredact: {method: remove}"


def test_rules_that_are_off_are_left_out() -> None:
    """A rule that is off is not looked at."""
    made = compile_rules(rules(OFF, IP))
    assert ["t/ip"] == [rule.id for rule in made.rules]
    assert made.hot("off") is None


def test_keys_find_their_rules() -> None:
    """Each way to write a key finds the rules that name it; others find none."""
    made = compile_rules(rules(DEVICE, ANY, KEYED))
    for key in ("device_id", "deviceId", "DEVICE-ID", "a.b.device_id", "label"):
        hot = made.hot(key)
        assert hot is not None
        assert (0,) == hot.whole
    hot = made.hot("ip")
    assert hot is not None
    assert (1,) == hot.whole
    hot = made.hot("Name")
    assert hot is not None
    assert [2] == [rule.number for rule in hot.keyed]
    for key in ("", "mydevice_id", "device", "x" * 5_000):
        assert made.hot(key) is None


def test_keys_are_remembered_within_bounds() -> None:
    """Keys of payloads do not pile up in memory, and long ones are never kept."""
    made = compile_rules(rules(DEVICE))
    for number in range(10_000):
        made.hot(f"k{number}")
    made.hot("secret" * 20)
    assert len(made._remembered) <= 4_096
    assert "secret" * 20 not in made._remembered
    assert "k9999" not in repr(made)


def test_rules_without_a_last_key_stand_everywhere() -> None:
    """An `any` rule that no key stands for is asked at every place."""
    assert (0,) == compile_rules(rules(EVERY)).anywhere
    assert () == compile_rules(rules(ANY)).anywhere


def test_key_words_find_keys_in_text() -> None:
    """Hot keys are found in text in each spelling, and only where a value follows."""
    words = compile_rules(rules(DEVICE)).key_words
    assert words is not None
    for text in ('"device_id":', "deviceId=", r"\"Device-ID\" : ", "device id =>", "label: "):
        assert list(words.spans(text.encode())), text
    assert [] == list(words.spans(b"device_id is gone, label"))
    assert compile_rules(rules(IP)).key_words is None


def test_applies() -> None:
    """`where` selects, `except` takes away."""
    rule = rules(
        "id: t/x\nmatch: {pattern: a}\nwhere: ['a.**']\nexcept: [a.b]\nredact: {method: remove}"
    )[0]
    assert applies(rule, ("a", "c"), "string", "event")
    assert not applies(rule, ("a", "b"), "string", "event")
    assert not applies(rule, ("c",), "string", "event")
    assert applies(rules(IP)[0], ("c", 0), "string", "event")


def test_digest() -> None:
    """The digest names the set: its order does not count, each word of a rule does."""
    one = compile_rules(rules(IP, NUMBER)).digest
    assert one == compile_rules(rules(NUMBER, IP)).digest
    others = {
        one,
        compile_rules(rules(IP)).digest,
        compile_rules(rules(IP, NUMBER.replace("{4,}", "{5,}"))).digest,
        compile_rules(rules(IP, NUMBER.replace("[n]", "[m]"))).digest,
        compile_rules(rules(IP, NUMBER + "\nstatus: shadow")).digest,
        compile_rules(rules(IP, NUMBER + "\nwhere: [a]")).digest,
        compile_rules(rules(IP, HASHED)).digest,
    }
    assert 7 == len(others)
    assert Status.ENFORCE is rules(IP)[0].status


def test_a_key_with_a_star_stands_for_all_that_end_so() -> None:
    """`*password` finds user_password and dbPassword, in maps and in text, and no passwordHint."""
    body = "id: t/p\nmatch: {key: ['*password']}\nredact: {method: replace, text: '[p]'}"
    made = scrubber(body)
    document = {"user_password": "a", "dbPassword": {"x": 1}, "passwordHint": "b", "password": "c"}
    assert {
        "user_password": "[p]", "dbPassword": "[p]", "passwordHint": "b", "password": "[p]",
    } == plain(made, document)  # fmt: skip
    assert "x_password=[p]&password_hint=b" == made.scrub_text("x_password=abc&password_hint=b")
