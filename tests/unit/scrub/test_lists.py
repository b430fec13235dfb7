"""Lists read as one text: what is spread over the elements of a list is found."""

import json

import pytest

import relay
from relay.scrub.hits import Hit
from relay.scrub.lists import are_numbered, field_words, list_text, words_text
from relay.scrub.scrubber import Scrubber

PHRASE = [
    "legal", "winner", "thank", "year", "wave", "sausage", "worth", "useful", "legal", "winner",
    "thank", "yellow",
]  # fmt: skip


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(verify=False)


def test_a_phrase_word_by_word_is_gone(scrubber: Scrubber) -> None:
    """A recovery phrase whose words are elements of a list is redacted, element by element."""
    body = json.loads(scrubber.scrub_json(json.dumps({"extra": {"words": PHRASE}}).encode()).body)
    assert ["[mnemonic]"] * 12 == body["extra"]["words"]


@pytest.mark.parametrize(
    "form",
    [
        [{"word": word} for word in PHRASE],
        [{"n": n, "word": word} for n, word in enumerate(PHRASE)],
        [[n, word] for n, word in enumerate(PHRASE, 1)],
        [[str(n), word] for n, word in enumerate(PHRASE, 1)],
        {f"word{n}": word for n, word in enumerate(PHRASE, 1)},
        {str(n): word for n, word in enumerate(PHRASE)},
        [[word] for word in PHRASE],
    ],
)
def test_a_phrase_with_each_word_in_a_field_is_gone(scrubber: Scrubber, form: object) -> None:
    """As a form with many inputs has it; all else of the form stays."""
    body = json.loads(scrubber.scrub_json(json.dumps({"extra": {"form": form}}).encode()).body)
    bare = json.dumps(form)
    for word in PHRASE:
        bare = bare.replace(f'"{word}"', '"[mnemonic]"')
    assert json.loads(bare) == body["extra"]["form"]


@pytest.mark.parametrize("new", [0, 1, 2])
@pytest.mark.parametrize(
    "form",
    [
        {str(n): word for n, word in enumerate(PHRASE)},
        PHRASE,
        [{"word": word} for word in PHRASE],
        [[n, word] for n, word in enumerate(PHRASE)],
    ],
)
def test_a_phrase_of_known_words_is_gone_each_time(
    scrubber: Scrubber, form: object, new: int
) -> None:
    """However often its words were seen, alone or together, and however much beside it is new."""
    for n in range(5):
        document = {"form": form} | {f"k{at}": f"text {n} {at} {new} {form}" for at in range(new)}
        body = json.loads(scrubber.scrub_json(json.dumps(document).encode()).body)
        assert "legal" not in json.dumps(body["form"]), n
        assert 12 == json.dumps(body["form"]).count("[mnemonic]"), n


def test_words_beside_a_phrase_in_fields_stay(scrubber: Scrubber) -> None:
    """Only the fields that the phrase covers are redacted."""
    form = [{"word": word} for word in ("Zaphod", *PHRASE, "Zaphod")]
    body = json.loads(scrubber.scrub_json(json.dumps({"extra": {"form": form}}).encode()).body)
    words = [field["word"] for field in body["extra"]["form"]]
    assert ["Zaphod", *["[mnemonic]"] * 12, "Zaphod"] == words


def test_ordinary_forms_stay(scrubber: Scrubber) -> None:
    """Maps with numbered keys and lists of small maps come back as they are."""
    document = {
        "a": {f"field{n}": "value" for n in range(12)},
        "b": [{"name": "value", "n": n} for n in range(12)],
        "c": [[n, "value"] for n in range(12)],
        "d": [{"word": word} for word in PHRASE[:5]],
        "e": [{"word": word} for word in PHRASE[:11]] + [{"other": "yellow"}],
    }
    body = scrubber.scrub_json(json.dumps({"extra": document}).encode()).body
    assert {"extra": document} == json.loads(body)


def test_words_beside_a_phrase_stay(scrubber: Scrubber) -> None:
    """Only the elements that the phrase covers are redacted."""
    words = ["step", "Zaphod", *PHRASE, "Zaphod"]
    body = json.loads(scrubber.scrub_json(json.dumps({"vars": {"argv": words}}).encode()).body)
    assert ["step", "Zaphod", *["[mnemonic]"] * 12, "Zaphod"] == body["vars"]["argv"]


def test_a_derivation_path_in_numbers_is_gone(scrubber: Scrubber) -> None:
    """A path as a list of hardened numbers is redacted."""
    path = [2147483692, 2147483648, 2147483648, 0, 5]
    body = json.loads(scrubber.scrub_json(json.dumps({"extra": {"p": path}}).encode()).body)
    assert ["[path]"] * 5 == body["extra"]["p"]


def test_ordinary_lists_stay(scrubber: Scrubber) -> None:
    """Lists of names and numbers come back as they are, and twice is once."""
    document = {"modules": ["Breadcrumbs", "Console", "Dedupe"], "n": [1, 2, 3], "x": ["a", 1]}
    body = scrubber.scrub_json(json.dumps(document).encode()).body
    assert document == json.loads(body)
    once = scrubber.scrub_json(json.dumps({"w": PHRASE}).encode()).body
    assert once == scrubber.scrub_json(once).body


def test_what_is_read_as_one_text() -> None:
    """Short strings and whole numbers are; other lists are not."""
    read = list_text(["ab", 12, "c"])
    assert read is not None
    assert ("ab, 12, c", (0, 4, 8)) == (read.text, read.starts)
    assert [None] * 5 == [
        list_text(node) for node in (["a", "b"], ["a", 1.5, "b"], ["a", "", "b"], ["a", [], "b"],
                                     ["a", "x" * 25, "b"])
    ]  # fmt: skip


def test_what_is_no_word_is_left_out() -> None:
    """What stands between words and numbers has no part in the text, and a marker says nothing."""
    odd = [None, True, 1.5, "", "x" * 25, {}, [], 1e300]
    read = list_text(["ab", *odd, "cd", 2147483648.0, "[mnemonic]"])
    assert read is not None
    assert "ab, cd, 2147483648, [x]" == read.text
    assert list_text(["ab", "cd", "ef", None], under="pre_context") is None
    assert {0: [Hit(0, 2, 1)], 9: [Hit(0, 2, 1)], 10: [Hit(0, 12, 1)]} == read.covered(
        [Hit(0, 10, 1)]
    )


@pytest.mark.parametrize("odd", [None, True, 1.5, "", "a note of more than a word", {}, [1]])
def test_a_phrase_with_something_else_in_it_is_gone(scrubber: Scrubber, odd: object) -> None:
    """One odd element in a list does not save the words around it, and is not touched itself."""
    words = {"extra": {"words": [*PHRASE[:5], odd, *PHRASE[5:]]}}
    once = scrubber.scrub_json(json.dumps(words).encode()).body
    marked = ["[mnemonic]"] * 12
    assert [*marked[:5], odd, *marked[5:]] == json.loads(once)["extra"]["words"]
    assert once == scrubber.scrub_json(once).body


def test_a_path_in_numbers_that_are_no_integers_is_gone(scrubber: Scrubber) -> None:
    """JSON does not tell 44.0 from 44."""
    path = [2147483692.0, 2147483708, None, 2147483648.0, 0]
    body = json.loads(scrubber.scrub_json(json.dumps({"extra": {"p": path}}).encode()).body)
    assert ["[path]", "[path]", None, "[path]", "[path]"] == body["extra"]["p"]


def test_a_phrase_among_names_of_the_sdk_is_gone(scrubber: Scrubber) -> None:
    """Each word has the shape of a name, which protects a name, and no phrase."""
    names = ["Breadcrumbs", "Console", "Dedupe"]
    event = {"sdk": {"name": "sentry.python", "integrations": [*names, *PHRASE]}}
    body = json.loads(scrubber.scrub_json(json.dumps(event).encode()).body)
    assert [*names, *["[mnemonic]"] * 12] == body["sdk"]["integrations"]


def test_a_key_in_one_element_has_no_value_in_others(scrubber: Scrubber) -> None:
    """A quote that is never closed does not take the rest of a list with it."""
    lines = ["{'ip': '203.0.113.77", "[xpub]", "Zaphod"]
    once = scrubber.scrub_json(json.dumps({"extra": {"lines": lines}}).encode()).body
    assert ["{'ip': '", "[xpub]", "Zaphod"] == json.loads(once)["extra"]["lines"]
    assert once == scrubber.scrub_json(once).body


def test_bytes_and_pieces_are_read_without_separators() -> None:
    """Numbers that are bytes of text are that text, and pieces of the same length are one word."""
    read = list_text(list(b"203.0.113.77"))
    assert read is not None
    assert ("203.0.113.77", range(12), 0) == (read.text, read.starts, read.gap)
    read = list_text(["1A1z", "P1eP", "5QGe", "fi"])
    assert read is not None
    assert ("1A1zP1eP5QGefi", (0, 4, 8, 12), 0) == (read.text, read.starts, read.gap)
    assert {1: [Hit(0, 4, 1)], 2: [Hit(0, 4, 1)]} == read.covered([Hit(4, 12, 1)])
    assert ["49, 50, 51", "200, 201, 202, 203, 204, 205, 206", "ab, cde, fg"] == [
        read.text if (read := list_text(node)) else None
        for node in ([49, 50, 51], list(range(200, 207)), ["ab", "cde", "fg"])
    ]


def test_bytes_of_an_address_are_gone(scrubber: Scrubber) -> None:
    """A Buffer that holds an address is redacted, number by number; other numbers stay."""
    document = {"extra": {"buffer": {"type": "Buffer", "data": list(b"at 203.0.113.77")}}}
    body = json.loads(scrubber.scrub_json(json.dumps(document).encode()).body)
    assert [*b"at ", *["[ip]"] * 12] == body["extra"]["buffer"]["data"]


def test_only_hits_over_several_elements_count() -> None:
    """What lies inside one element is found there; what covers several takes each as a whole."""
    read = list_text(["abc", "def", "ghi"])
    assert read is not None
    inside, over = Hit(0, 3, 1), Hit(2, 7, 2)
    assert {0: [Hit(0, 3, 2)], 1: [Hit(0, 3, 2)]} == read.covered([inside, over])


ADDRESS = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"


@pytest.mark.parametrize(
    "words",
    [
        # A marker parts what was a run of too many words, or makes a line short.
        ["sausage", ADDRESS, "useful", *PHRASE, ADDRESS],
        ["sausage", "label:", "thank", *PHRASE],
        ["label:", {"a": "b"}, *PHRASE],
        ["wave", *PHRASE, "sausage", "label:", "thank", "yellow"],
    ],
)
@pytest.mark.parametrize("key", ["x", "pre_context"])
def test_lists_come_to_rest(scrubber: Scrubber, words: list[object], key: str) -> None:
    """A list in which something was redacted is read again, as a second scrub would."""
    once = scrubber.scrub_json(json.dumps({key: words}).encode()).body
    twice = json.loads(scrubber.scrub_json(once).body)
    assert json.loads(once)[key] == twice[key]


def test_an_element_is_noted_once(scrubber: Scrubber) -> None:
    """Each has one remark, whichever time its list was read."""
    document = {"x": ["sausage", ADDRESS, "useful", *PHRASE, ADDRESS]}
    result = scrubber.scrub_json(json.dumps(document).encode())
    words = json.loads(result.body)["x"]
    changed = [f"x.{place}" for place, word in enumerate(words) if word != document["x"][place]]
    assert len(changed) > 12
    assert sorted(changed) == sorted(remark.path for remark in result.remarks)


MAPS = [{"word": word} for word in PHRASE]


@pytest.mark.parametrize(
    ("node", "slot"),
    [
        (MAPS[:6], "word"),
        ([{"n": n, "ok": True, "word": word} for n, word in enumerate(PHRASE)], "word"),
        ([[word] for word in PHRASE], 0),
        ([[n, word] for n, word in enumerate(PHRASE)], 1),
        ([["7", word] for word in PHRASE], 1),
        (MAPS[:5], None),
        ([*MAPS, {"word": "legal", "n": 1}], None),
        ([*MAPS, {"other": "legal"}], None),
        ([*MAPS, ["legal"]], None),
        ([*MAPS, {"word": "two words"}], None),
        ([*MAPS, {"word": 5}], None),
        ([{"a": word, "b": word} for word in PHRASE], None),
        ([{"a": 1, "b": 2, "c": 3, "word": word} for word in PHRASE], None),
        ([["a", word] for word in PHRASE], None),
        ([[1, 2, word] for word in PHRASE], None),
        (PHRASE, None),
    ],
)
def test_which_lists_hold_one_word_each(node: list[object], slot: object) -> None:
    """Maps or lists of one form, each with one word at the same place."""
    found = field_words(node)
    assert slot == (None if found is None else found[0])
    if found is not None:
        assert ", ".join(PHRASE[: len(node)]) == found[1].text


def test_which_keys_are_numbered() -> None:
    """At least six that differ in their last number alone."""
    six = [f"w{n}" for n in range(1, 7)]
    assert are_numbered(six)
    assert are_numbered([str(n) for n in range(98, 104)])
    for keys in (six[:5], [*six, "x7"], [*six, "w"], ["w", *six], [*six, "w7a"]):
        assert not are_numbered(keys), keys


def test_words_of_a_form_are_one_text() -> None:
    """Each a word of letters that is no longer than words are; the text says where each stands."""
    read = words_text(["ab", "c" * 24, "def"])
    assert read is not None
    assert (f"ab, {'c' * 24}, def", (0, 4, 30)) == (read.text, read.starts)
    assert {1: [Hit(0, 24, 1)], 2: [Hit(0, 3, 1)]} == read.covered([Hit(4, 33, 1)])
    assert [None] * 4 == [words_text(["ab", odd]) for odd in ("c" * 25, "c1", 5, "")]


def test_the_bounds_of_lists() -> None:
    """How long a word, how few bytes and pieces, and which floats are whole numbers."""
    word = "x" * 24
    assert [f"a, b, {word}", "1, 2, 0", f"1, 2, {2**53 - 1}", "2, 10, 13, 126, 127, 32, 65"] == [
        read.text if (read := list_text(node)) else None
        for node in (["a", "b", word], [1, 2, 0.0], [1, 2, float(2**53 - 1)],
                     [2, 10, 13, 126, 127, 32, 65])
    ]  # fmt: skip
    assert [None] * 3 == [list_text([1, 2, odd]) for odd in (-1.0, float(2**53), True)]
    read = list_text([32, 126, 9, 10, 13, 65, 66])
    assert read is not None
    assert " ~\t\n\rAB" == read.text
    assert "65, 66, 67, 68, 69, 70" == (list_text([65, 66, 67, 68, 69, 70]) or read).text
    assert "ab, cd, ef" == (list_text(["ab", "cd", "ef"]) or read).text
    assert "abcdefgh" == (list_text(["ab", "cd", "ef", "gh"]) or read).text
    assert "ab, cd, ef, 12" == (list_text(["ab", "cd", "ef", 12]) or read).text
    assert "ab, cd, ef, ghi" == (list_text(["ab", "cd", "ef", "ghi"]) or read).text
