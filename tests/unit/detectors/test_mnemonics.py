"""Recovery phrases, and English."""

import json
from secrets import token_bytes

import pytest
import shamir_mnemonic
from mnemonic import Mnemonic

from relay.detectors import CHECKS
from tests.unit.detectors.found import found

_LEGAL = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize("strength", [128, 160, 192, 224, 256])
def test_bip39_of_every_length(strength: int) -> None:
    """Fresh phrases of 12 to 24 words, in the usual dress."""
    words = Mnemonic("english").generate(strength).split()
    numbered = "\n".join(f"{n}. {word}" for n, word in enumerate(words, 1))
    quoted = ", ".join(f'"{word}"' for word in words)
    for text in (" ".join(words), " ".join(words).upper(), ",".join(words), numbered, quoted):
        trimmed = text[text.index(words[0]) :] if words[0] in text else text
        first = found("mnemonic", trimmed)
        assert 1 == len(first)
        assert len(first[0]) >= len(trimmed) - 1


def test_a_wrong_checksum_goes_as_well() -> None:
    """Twelve words of the list are a phrase, valid or not."""
    wrong = _LEGAL.replace("yellow", "zoo")
    assert [wrong] == found("mnemonic", wrong)


@pytest.mark.parametrize("strength", [128, 256])
def test_words_cut_to_the_letters_that_tell_them(strength: int) -> None:
    """As they stand on plates of metal: four letters of each, which are the whole phrase."""
    (share, *_), *_ = shamir_mnemonic.generate_mnemonics(1, [(2, 3)], token_bytes(strength // 8))
    for phrase in (Mnemonic("english").generate(strength), share):
        words = [word[:4] for word in phrase.split()]
        numbered = "\n".join(f"{n}. {word}" for n, word in enumerate(words, 1))
        assert [" ".join(words)] == found("mnemonic", " ".join(words))
        assert [numbered.removeprefix("1. ").upper()] == found("mnemonic", numbered.upper())
        assert ["".join(words)] == found("mnemonic_joined", "".join(words))


def test_repeated_words_that_were_cut_go_if_their_sum_is_right() -> None:
    """The checksum is that of the whole words."""
    short = " ".join(word[:4] for word in _LEGAL.split())
    assert [short] == found("mnemonic", short)


def test_a_few_short_words_stay() -> None:
    """Code is full of names of three and four letters, though never of twelve of them in a row."""
    text = "abs acos asin atan ceil char cos exp floor log max min rand sin sqrt tan time type"
    assert [] == found("mnemonic", text)


def test_slip39_shares() -> None:
    """Fresh shares of 20 words are found, the last word cut off too."""
    (group,) = shamir_mnemonic.generate_mnemonics(1, [(2, 3)], token_bytes(16))
    for share in group:
        assert [share] == found("mnemonic", share)
        cut = share[:-2]
        assert [cut] == found("mnemonic", cut)


def test_the_sentence_around_stays() -> None:
    """Only the run goes; a word before it stays unless it is on the list itself, as `seed` is."""
    text = f"My recovery words are {_LEGAL} (do not share)"
    assert [_LEGAL] == found("mnemonic", text)


@pytest.mark.parametrize(
    ("before", "behind"), [("address", "xyz end"), ("", "a b"), ("see ok", "")]
)
def test_words_glued_to_the_ends_are_still_found(before: str, behind: str) -> None:
    """A phrase that text is glued to is found without what is glued, also where words repeat."""
    assert [_LEGAL] == found("mnemonic", f"{before}{_LEGAL}{behind}")


@pytest.mark.parametrize(
    "text", ["Path: {} error", "{} zoo", "zoo {}", "seed {} zoo", "{}. Account closed"]
)
@pytest.mark.parametrize("phrase", [_LEGAL, "abandon " * 11 + "about"])
def test_other_words_of_the_list_on_both_sides(text: str, phrase: str) -> None:
    """A phrase in which words repeat is found between others of the list, with them."""
    (there,) = found("mnemonic", text.format(phrase))
    assert phrase in there


def test_six_words_are_for_rules_with_context() -> None:
    """The shorter check finds what the longer one leaves."""
    part = " ".join(_LEGAL.split()[:7])
    assert [] == found("mnemonic", part)
    assert [part] == found("mnemonic_part", part)
    assert [] == found("mnemonic_part", " ".join(_LEGAL.split()[:5]))


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog while they enjoy their summer holiday",
        "Please check your password, the seed and the address before you send the coin",
        "Could not connect to the device: it may be busy in another window of this browser",
        "This file will be used when there is no other; use the other one if you can",
    ],
)
def test_sentences_survive(text: str) -> None:
    """Ordinary English has short words that are on no list."""
    assert [] == found("mnemonic", text)
    assert [] == found("mnemonic_part", text)


@pytest.mark.parametrize(
    "text",
    [
        "start: this.start, type: this.type, option: this.option, case: this.case, name: this.name",
        "case 0: return start; case 1: return this; case 2: return name; case 3: return option;",
    ],
)
def test_code_made_of_listed_words_survives(text: str) -> None:
    """Code repeats its words, with several signs between them."""
    assert [] == found("mnemonic", text)


@pytest.mark.parametrize("text", ["1. all\n2. all, 3. all" + " all" * 9, "all, " * 11 + "all"])
def test_a_phrase_of_one_word_is_found(text: str) -> None:
    """Repeated words are a phrase where no sign of code stands between them."""
    assert 1 == len(found("mnemonic", text))


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("<ol><li>", "</li><li>", "</li></ol>"),
        ("<ul>\n  <li class='word'>", "</li>\n  <li class='word'>", "</li>\n</ul>"),
        ("<p>", "<br />", "</p>"),
        ("<td>1</td><td>", "</td></tr>\n<tr><td>7</td><td>", "</td>"),
    ],
)
def test_tags_of_html_separate_words(before: str, between: str, after: str) -> None:
    """They are read as white space, and what stands around the phrase stays."""
    phrase = between.join(_LEGAL.split())
    assert [phrase] == found("mnemonic", before + phrase + after, phrase)


def _camel(words: list[str]) -> str:
    return words[0] + "".join(map(str.title, words[1:]))


def test_words_with_nothing_between_them() -> None:
    """Camel case, one case; fresh phrases of both lists, glued to other words."""
    (group,) = shamir_mnemonic.generate_mnemonics(1, [(1, 1)], token_bytes(16))
    for phrase in (_LEGAL, Mnemonic("english").generate(256), group[0]):
        words = phrase.split()
        for joined in (_camel(words), "".join(words), "".join(words).upper()):
            assert [joined] == found("mnemonic_joined", joined)
            (longer,) = found("mnemonic_joined", f"xq{joined}Qx")
            assert joined in longer


@pytest.mark.parametrize(
    "text",
    [
        _camel(_LEGAL.split()[:11]),
        "getTheAccountInformationOfAllTheSelectedDevicesAndTheirCoinsFromTheServer",
        "thisisalongsentencewithoutanyspacesbetweenitswordsasindomainnamesofjokers",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "A" * 600,
    ],
)
def test_long_names_survive(text: str) -> None:
    """Twelve words of a list in a row are needed."""
    assert [] == found("mnemonic_joined", text)


@pytest.mark.parametrize("size", [500, 1024])
@pytest.mark.parametrize("words", range(6, 12))
@pytest.mark.parametrize("left", [1, 2, 4])
@pytest.mark.parametrize("between", [" ", ", ", '","'])
def test_a_phrase_that_was_cut_off(size: int, words: int, left: int, between: str) -> None:
    """Six words at the end of a text that was cut are a phrase, the last of them in part."""
    part = between.join(_LEGAL.split()[:words])
    part = part[: part.rindex(between) + len(between) + left]
    text = ("x1 " * 400)[: size - len(part)] + part
    start = size - len(part)
    spans = CHECKS["mnemonic_cut"](text, start, size)
    assert [part] == [text[a:b] for a, b in spans]
    assert () == CHECKS["mnemonic_cut"]("x" + text, start + 1, size + 1)
    assert () == CHECKS["mnemonic_cut"](text, start, size - 40)


def test_a_sentence_that_was_cut_off_survives() -> None:
    """Words that are on the list stand in sentences, a few in a row."""
    text = ("no. " * 200)[:447] + " and the winner may thank us one year from now on t"[:53]
    text = text.ljust(500, "h")
    assert () == CHECKS["mnemonic_cut"](text, 448, 500)


@pytest.mark.parametrize(
    "tail",
    ["(text.blue + name.yellow);  text = name = ''; };", "(text.blue + name.blue); text = name.te"],
)
def test_code_that_was_cut_off_survives(tail: str) -> None:
    """Names of fields are on the list, and code repeats them."""
    text = ("x1 " * 400)[: 500 - len(tail)] + tail
    assert () == CHECKS["mnemonic_cut"](text, 500 - len(tail), 500)


@pytest.mark.parametrize("key", ["word", "value", "w"])
def test_words_in_fields_of_json(key: str) -> None:
    """A list of objects with a word in each; the keys between are read as white space."""
    (group,) = shamir_mnemonic.generate_mnemonics(1, [(1, 1)], token_bytes(16))
    for phrase in (_LEGAL, group[0]):
        words = phrase.split()
        text = json.dumps([{key: word} for word in words])
        (span,) = CHECKS["mnemonic"](text, 0, len(text))
        assert words[0] in text[slice(*span)]
        assert text[slice(*span)].endswith(words[-1])


def test_fields_of_which_some_words_are_on_the_other_list() -> None:
    """`word` is on the list of BIP39, and so are many of SLIP-39's: still the whole share goes."""
    share = "peanut echo academic acid bolt lunch damage wrist answer clock type fawn owner snake"
    text = json.dumps([{"word": word} for word in share.upper().split()])
    (span,) = CHECKS["mnemonic"](text, 0, len(text))
    assert "PEANUT" in text[slice(*span)]
    assert text[slice(*span)].endswith("SNAKE")


@pytest.mark.parametrize(
    "text",
    [
        'time.sleep(0.1)\n  File "test/test_random.py", line 39, in test_seedarg',
        '"list-style","list-style-image","list-style-position","list-style-type","margin-left"',
        '"border-right","border-right-color","border-right-style","border-right-width","border-top"',
        "case 8:case 16:case 32:case 64:case 128:case 256:case 512:case 1024:case 2048:case 4096:",
        'case"custom":case"number":case"string":case"never":case"date":case"object":case"array":',
        "move_contact_solid move_contact_all move_outside_solid move_outside_all move_wrap index",
        "start: this.start, end: this.end, type: this.type, option: this.option, case: this.case",
    ],
)
def test_lists_of_names_stay(text: str) -> None:
    """Names that are made of the same few words are no phrase, nor a part of one."""
    for check in ("mnemonic", "mnemonic_part"):
        assert [] == found(check, text)
    padded = f"{'x' * (500 - len(text))} {text}"[-500:].rstrip('":')
    assert [] == found("mnemonic_cut", padded.rjust(500, "."))


def test_repeated_words_of_a_phrase_go() -> None:
    """Drawn words may be the same, and a phrase for tests may have one word only."""
    for phrase in (
        "abandon " * 11 + "about",
        "zoo " * 11 + "wrong",
        _LEGAL,
        _LEGAL.replace("yellow", "zoo"),
    ):
        assert [phrase] == found("mnemonic", phrase)
        commas = phrase.replace(" ", ", ")
        assert [commas] == found("mnemonic", commas)


@pytest.mark.parametrize(
    "text", ["<[({})]> main", "Path: {}", "main: ({})", "({}), main", "usage ({}) main"]
)
def test_a_phrase_with_repeated_words_beside_another_word(text: str) -> None:
    """One more word of the list, parted from a phrase by other signs, does not hide it."""
    (there,) = found("mnemonic", text.format(_LEGAL))
    assert _LEGAL in there
    assert [] == found("mnemonic", text.format(_LEGAL.replace("yellow", "zebra")))


def test_each_word_may_have_the_same_label() -> None:
    """What stands before every word is no repeated word of the phrase."""
    words = Mnemonic("english").generate(128).split()
    text = "\n".join(f"word {n}: {word}" for n, word in enumerate(words, 1))
    assert [text] == found("mnemonic", text)
    part = "\n".join(f"word {n}: {word}" for n, word in enumerate(_LEGAL.split()[:8], 1))
    assert [part] == found("mnemonic_part", part)


def test_every_drawn_phrase_is_varied() -> None:
    """Words of fresh phrases and shares are different enough, every one of hundreds."""
    shares = shamir_mnemonic.generate_mnemonics(1, [(16, 16)], token_bytes(32))[0]
    phrases = [Mnemonic("english").generate(128) for _ in range(300)]
    for phrase in (*shares, *phrases):
        mixed = phrase.replace(" ", ", ", 3)
        assert [mixed] == found("mnemonic", mixed)


@pytest.mark.parametrize(
    "lead", ["seed: ", "my seed: ", "phrase ", "error in seed (", "error seed "]
)
def test_a_word_that_says_what_follows_is_no_part(lead: str) -> None:
    """A telling word that is on the list itself stays outside, so that rules find it close by."""
    part = " ".join(_LEGAL.split()[:6])
    assert [part] == found("mnemonic_part", lead + part)
    assert ["seed " + " ".join(_LEGAL.split()[:5])] == found(
        "mnemonic_part", "seed " + " ".join(_LEGAL.split()[:5])
    )
