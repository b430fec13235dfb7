"""Source code: whether what stands behind a name and a `:` or `=` is an expression, and no value.

Frames carry lines of code, and messages quote them: `label=label`, `password: this.password`,
`token=get(x)`. A literal in quotes is a value wherever it stands; this file is only asked about
what has no quotes. Law of this file: what could be a value is one. An expression is the key's own
name, or stands in a line of code; and it is judged whole, to where the value ends.
"""

import re
from typing import Final

from relay.scrub.code_lines import CodeLines

CODE_WINDOW: Final = 240
"""So many characters of a value are looked at."""
_WINDOW: Final = 120
_SHORT: Final = 3
"""Names in minified code are no longer, mostly."""

# Fixed shapes, not rule patterns; each is matched at one place, or over a text of bounded size.
_EXPRESSION: Final = re.compile(  # noqa: TID251
    r"(?:[!~+-]|\.\.\.)?(?P<chain>[A-Za-z_$][\w$]*(?:\??\.#?[A-Za-z_$][\w$]*)*)"
)
_WORDS: Final = re.compile(  # noqa: TID251
    r"(?:async|await|case|class|delete|function|if|lambda|new|return|switch|this|throw|typeof|void"
    r"|yield|self|None|True|False|null|true|false|undefined|not)(?![\w$-])"
)
"""Words that no expression but one of code begins with; in prose they begin other sentences."""
NOTHING: Final = re.compile(  # noqa: TID251
    r"(?:None|True|False|null|true|false|undefined|self|this|![01])"
    r"|[\])},;:]+\.?|\{snip\}|\d{1,3}(?:,\w{1,2}=[\w|]*){2,}"
    r"|\$?\{(?:[A-Za-z_][A-Za-z_.]*)?(?:[!:][a-z]*)?\}|\$?\{(?:\d|\w*\[\w*\])\}|\{\w+=\}.*"
    r"|%\(\w+\)[sdr]|%[sdrvq](?:\\n)?|[A-Z]\w*[a-z][A-Z]\w* object"
    r"|\$[A-Z]*(?:TOKEN|PASSWORD|SECRET|KEY|PASS|USER)[A-Z_]*"
    r"|(?i:<your[\w -]*>|<[a-z -]*(?:token|password|secret|key|address|name)>)"
    r"|your_(?:\w+_)?(?:token|password|secret|key|label|address|name|here)"
)
"""Placeholders and constants; nothing stands before or behind."""
_TYPE: Final = re.compile(  # noqa: TID251
    r"(?:[Ss]tring|int|float|bool|dictionary)(?: or (?:a )?[A-Za-z]{1,20}|, optional)"
    r"|(?:string|str|String|bytes|bytearray|number|boolean|bool|int|integer|[Aa]ny|object|Uint8Array|float"
    r"|dict|list|set|tuple|memoryview"
    r"|Buffer|SecretStr|Promise<\w+>?"
    r"|(?:Callable|ClassVar|Final|Iterable|Mapping|Morsel|Optional|Sequence|Union|[Ll]ist|[Ss]et"
    r"|[Dd]ict|defaultdict|[Tt]uple|[Tt]ype)\[[A-Za-z_., |\[\]]+?"
    r"|[A-Z][A-Za-z]+(?= \| \w))(?:\[\])?(?: \| [\w\[\], ]+?|/\w+)*"
    r"(?:[;,?)]|, \w+: .*|\) ->.*| = (?:None|True|False|\"\"|''|'<\w+>'"
    r"|[a-z_]+(?:\.[a-z_]+)*\(|\[|\{|\w+ or ).*)?"
)
_READ: Final = re.compile(  # noqa: TID251
    r"(?:[A-Za-z_]\w*\.)*(?:(?:get|read|load|make|create|parse|from|to|fetch|find)(?:[A-Z_]\w*)?|dumps)"
    r"\((?:[A-Za-z_\"'][^()]*)?\)|_\([^()]*\)|[a-z]+\[\w*:\w*\]"
    r"|[a-z_]+(?:\.\w+)*(?:\[[\"'][A-Za-z_]+[\"']\])+"
    r"|(?:base64\.)?b64encode\([A-Za-z_.]+\)(?:\.decode\([\"'\w-]*\))?"
    r"|[A-Za-z]+\(\)\.[a-z_]+(?:\(\))?|type\(\w+\)(?:\.\w+)*(?:\(\))?|_[a-z_]+\([a-z_]*\)"
)
"""What code asks for a value; the call is closed."""
_ARGUMENT: Final = re.compile(  # noqa: TID251
    r"\s{4,}(?:\w+(?P<sign>=|: )|[\"'][\w-]+[\"']: +)(?P<chain>[A-Za-z_]+(?:\.[A-Za-z_]+)*),"
)
_GOES_ON: Final = re.compile(r" (?:\|\||\?\?|if|or|and) ")  # noqa: TID251
_MEMBER: Final = re.compile(r"[a-z]+\.[A-Z][A-Za-z]+")  # noqa: TID251
_CLASS: Final = re.compile(r"\s{8,}\w+: [A-Z][a-z]*\d{0,2}(?:[A-Z][a-z]+)+,")  # noqa: TID251
_ITEM: Final = re.compile(r"[a-z]+\[\w\](?=[,)]|$| if )")  # noqa: TID251
_CALL: Final = re.compile(  # noqa: TID251
    r"\s*[\"']?[\w.-]+[\"']?(?:: |=)(?:str|bytes|int|[a-z]+(?:[A-Z_.][A-Za-z_]+)+)"
    r"\((?:[A-Za-z_*\"'][\w ,.=+*\"'-]*)?\),?"
    r"|\s{4,}[\"']?\w+[\"']?(?:: |=)[A-Za-z_.]+\("
    r"|\s{4,}[\"'][\w-]+[\"']: _?[a-z]+\((?:[a-z_]+\.)+[a-z_]+\),?"
)
"""Lines that are a name and a call of another, closed, of words of code."""
_SEED: Final = re.compile(r"\d{1,10}(?=[)\]},;:`\s]|$)(?![)\]},;:`]*\s*\d)")  # noqa: TID251
"""What random numbers begin with; a wallet's seed is longer, or more than one number."""
_NUMBER: Final = re.compile(r"\d{1,3}(?:e\d)?[,;:)]")  # noqa: TID251
_NUMBERS: Final = re.compile(r",\w{1,2}=\d[\de*]*,\w{1,2}=")  # noqa: TID251
_REGEX: Final = re.compile(r"/\^?(?:\(\?|\[[^\]\s]*-|\\[wdsb])")  # noqa: TID251
_CAMEL: Final = re.compile(r"[a-z0-9][A-Z]{1,3}[a-z]")  # noqa: TID251
_COUNTED: Final = re.compile(r"_\d{1,2}$")  # noqa: TID251
_APOSTROPHE: Final = re.compile(r"(?<=[A-Za-z])'(?=[A-Za-z])")  # noqa: TID251
_CLOSED: Final = re.compile(r"\s?(?:[+,)%;\]]|$|\.\w+\()")  # noqa: TID251
_OPENED: Final = re.compile(r"[^\s\"'`]*[\"'`](?=[\s,;)\]}]|$)")  # noqa: TID251
"""A value behind the quote that opens it, and no end of a string."""
_HOLE: Final = r"(?:\$?\{[a-z_$][A-Za-z_$]*(?:\??\.[A-Za-z_$]+)*(?:\([\w ,.+-]*\))?(?:![rsa])?\})"
_HOLES: Final = re.compile(  # noqa: TID251
    rf"(?:(?:Bearer|Basic|Token|token) )?(?:{_HOLE}|[ ./:_-])+"
)
_FORMATS: Final = re.compile(r"(?:%\(?\w*\)?[sdr](?!\w)|\{\w*\}|[ ./:_-]){2,}")  # noqa: TID251
_SETTING: Final = re.compile(  # noqa: TID251
    r"(?:(?:Bearer|Basic|Token|token) )?\$\{\{? ?[A-Za-z_.]*"
    r"(?i:token|password|secret|key|pass|user|name|auth)[A-Za-z_]* ?\}?\}"
)
_ANY_HOLE: Final = re.compile(r"\$?\{[^{}]*\}")  # noqa: TID251
_FORMS: Final = ("_bytes", "_str", "_hex", "_obj", "_value", "_data", "_raw", "_arg", "_param")
"""What ends names of values in code."""
_SEPARATORS: Final = re.compile(r"[_.-]")  # noqa: TID251
_LETTERS: Final = re.compile(r"[^a-z0-9]")  # noqa: TID251


def is_code(lines: CodeLines, start: int, key: str, span: tuple[int, int]) -> bool:
    """Return whether what stands at `span` without quotes is plainly an expression of code.

    Args:
        lines: any text.
        start: where the key stands, without its quotes.
        key: the key.
        span: the value, as it is read where nothing is known of code.
    """
    text = lines.text
    at, stop = span
    value = text[at : min(stop, at + CODE_WINDOW)].rstrip(",;:)]} \t") or text[at:stop]
    if is_choice(text, start) or _is_nothing(text, at, (at + len(value), stop, stop + 1)):
        return True
    found = _EXPRESSION.match(text, at)
    if found is None:
        if _SEED.match(text, at) and _SEPARATORS.split(key.lower())[-1] == "seed":
            return True
        if _REGEX.match(text, at):
            return True
        if _NUMBER.match(text, at) is None:
            return text[at] == "/" and lines.near(start)
        return _NUMBERS.search(lines.line(start)) is not None or lines.near(start)
    chain, end = found["chain"], found.end()
    whole = end >= at + len(value) or ("." in chain and text.startswith(").", end))
    if whole and (is_own(key, chain) or _is_attribute(key, chain) or _is_told(text, start, chain)):
        return True
    read = _READ.match(text, at)
    if read is not None and (
        _GOES_ON.match(text, read.end())
        or (read.end() >= at + len(value) - 1 and ends(text, read.end()))
    ):
        return True
    return _is_argument(lines, start, key, at, chain) or (
        _may_be_named(text, key, chain, at, end) and lines.near(start)
    )


def _is_argument(lines: CodeLines, start: int, key: str, at: int, chain: str) -> bool:
    """Tell whether the line holds nothing but a key and an expression, as long calls are written.

    Lines that are indented are as often YAML: the comma tells, or a form that no value has.
    """
    line = lines.line(start)
    argument = _ARGUMENT.fullmatch(line)
    if argument is not None and (
        _is_named(key, chain)
        or ("." in chain and (argument["sign"] == "=" or _MEMBER.fullmatch(chain) is not None))
    ):
        return True
    if _CLASS.fullmatch(line) or (line.startswith("    ") and _ITEM.match(lines.text, at)):
        return True
    return line.startswith("  ") and _CALL.fullmatch(line) is not None


def _may_be_named(text: str, key: str, chain: str, at: int, end: int) -> bool:
    """Tell whether an expression is made of what code has for names, and goes on as code does."""
    called = text[end : end + 1] in ("(", "[")
    plain = (
        _is_named(key, chain.rstrip("0123456789"))
        or not any(map(str.isdigit, _COUNTED.sub("", chain)))
        or _CAMEL.search(chain) is not None
    )
    if not (plain or called or len(chain) <= _SHORT or "." in chain):
        return False
    return called or _WORDS.match(text, at) is not None or ends(text, end)


def closes(text: str, start: int, at: int) -> bool:
    """Return whether the quote before `at` ends a string that the key stands in, and opens none.

    So it is in `raise ValueError("no label: " + line)`.

    Args:
        text: any text.
        start: where the key stands; no quote follows it.
        at: the place behind the quote.
    """
    before = text[max(0, start - _WINDOW) : start]
    before = before[before.rfind("\n") + 1 :]
    quotes = _APOSTROPHE.sub("", before).count(text[at - 1])
    if quotes % 2 == 0 or _CLOSED.match(text, at) is None:
        return False
    return _OPENED.match(text, at, at + _WINDOW) is None


def is_template(lines: CodeLines, start: int, at: int, stop: int) -> bool:
    """Return whether the literal between two quotes is a template of code with holes in it.

    Args:
        lines: any text.
        start: where the key stands.
        at: where the literal begins, behind its quote.
        stop: where it ends.
    """
    if stop - at > CODE_WINDOW:
        return False
    text = lines.text
    value = text[at:stop]
    if _FORMATS.fullmatch(value) or _SETTING.fullmatch(value):
        return True
    filled = text[at - 1] == "`"
    filled = filled or text[max(0, at - 3) : at - 1].lower().endswith(("f", "fr", "rf"))
    if not filled or "{" not in value:
        return False
    if _HOLES.fullmatch(value):
        return True
    around = _ANY_HOLE.sub("", value)
    return not any(map(str.isdigit, around)) and ("{self." in value or lines.near(start))


def _is_nothing(text: str, at: int, stops: tuple[int, ...]) -> bool:
    """Tell whether a placeholder, a constant or a type is all there is, up to one of the places.

    None of them is long, and not every shape is given up soon.
    """
    return any(
        shape.fullmatch(text, at, stop) is not None
        for shape in (NOTHING, _TYPE)
        for stop in stops
        if stop - at <= CODE_WINDOW
    )


def is_choice(text: str, start: int) -> bool:
    """Tell whether a quoted key is a branch: `case "label":`, `x?"label":y`."""
    before = text[max(0, start - 8) : start]
    quoted = before[-1:] in ('"', "'", "`")
    head = before[:-1].rstrip()
    return quoted and (head.endswith("case") or head[-1:] in ("?", "="))


def is_own(key: str, chain: str) -> bool:
    """Tell whether a name is the key itself: `pwd=pwd`, `label: this._label`."""
    own = _LETTERS.sub("", key.rpartition(".")[2].lower())
    name = chain.rpartition(".")[2].lower()
    if name.endswith(_FORMS):
        name = name.rpartition("_")[0]
    flat = _LETTERS.sub("", name)
    own_word = _LETTERS.split(key.lower())[-1]
    # The whole may say it, too: `"UserName": user.name`.
    if _LETTERS.sub("", chain.lower()) == own:
        return True
    return flat in (own, own_word) or (len(flat) > _SHORT and "-" in key and own.endswith(flat))


def _is_attribute(key: str, chain: str) -> bool:
    """Tell whether a name is one of an object of its own, named as the key: `self.all_label`."""
    root, _, rest = chain.partition(".")
    last = _SEPARATORS.split(key.lower())[-1]
    return root in ("self", "this", "cls") and last in rest.lower().split("_")


def _is_told(text: str, start: int, chain: str) -> bool:
    """Tell whether what stands before a key says that a name of code follows.

    After a key in quotes no document has a name without quotes; `:type key:` names a type.
    """
    if any(map(str.isdigit, chain)):
        return False
    quoted = text[start - 1 : start] in ("'", '"') and chain.startswith(("self.", "this.", "cls."))
    return quoted or text.endswith(":type ", 0, start)


def _is_named(key: str, name: str) -> bool:
    """Tell whether a name is the key's, or shares a word with it: `pwd=auth_pwd`."""
    own = key.lower()
    if name.lower().endswith(own) and len(name) > len(own):
        return name[-len(own) - 1] == "_" or name[-len(own)].isupper()
    words = name.lower().split("_")
    if not (name.islower() or name.isupper()):
        return False
    return any(map(own.startswith, words)) or not set(words).isdisjoint(_SEPARATORS.split(own))


def ends(text: str, end: int) -> bool:
    """Tell whether an expression may end, or go on with an operator, at a place."""
    rest = text[end : end + 2]
    if not rest or rest[0] in ",;)]}?:|*\r\n \t=" or rest in ("!=", "&&"):
        return True
    return rest[0] == "+" and rest[1:].isalpha()
