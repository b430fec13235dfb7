"""Source code: whether what stands behind a name and a `:` or `=` is an expression, and no value.

Frames carry lines of code, and messages quote them: `label=label`, `password: this.password`,
`token=get(x)`. A literal in quotes is a value wherever it stands; this file is only asked about
what has no quotes. Law of this file: what could be a value is one. An expression needs its own
form to be told (a call, `self.x`, the key's own name), or code around it.
"""

import re
from typing import Final

_WINDOW: Final = 120
"""So many characters around a key are looked at for code."""
CODE_WINDOW: Final = 2 * _WINDOW
"""So many characters of a value are looked at."""
_SHORT: Final = 3
"""Names in minified code are no longer, mostly."""

# Fixed shapes, not rule patterns; each is matched at one place, or over a window of bounded size.
_EXPRESSION: Final = re.compile(  # noqa: TID251
    r"(?P<mark>[!~+-]|\.\.\.)?(?P<chain>[A-Za-z_$][\w$]*(?:\??\.#?[A-Za-z_$][\w$]*)*)"
)
_CALLED: Final = re.compile(r"\??\.?\(")  # noqa: TID251
_SUBSCRIPT: Final = re.compile(r"\[(?:[\"']|[\w$.:+-]{1,20}\])")  # noqa: TID251
_WORDS: Final = re.compile(  # noqa: TID251
    r"(?:async|await|case|class|delete|function|if|lambda|new|return|switch|this|throw|typeof|void"
    r"|yield|self|None|True|False|null|true|false|undefined|not)(?![\w$-])"
)
"""Words that no expression but one of code begins with; in prose they begin other sentences."""
_ALONE: Final = re.compile(  # noqa: TID251
    r"(?:None|True|False|null|true|false|undefined|self|this)\s?(?:[,;)\]}:]|$)|![01](?!\w)"
)
_ROOTS: Final = frozenset(
    ("self", "this", "cls", "args", "kwargs", "opts", "options", "config", "settings", "props",
     "request", "event", "params", "ctx", "exports", "module", "process", "window", "document",
     "os", "sys", "globals", "conf")
)  # fmt: skip
_MADE: Final = frozenset(
    ("array", "bytearray", "bytes", "deque", "dict", "frozenset", "list", "set", "str", "tuple")
)
"""Calls that values are shown as, but for those of a name."""
_ARGUED: Final = re.compile(r"\([A-Za-z_.]+[,)]")  # noqa: TID251
_PLACEHOLDER: Final = re.compile(  # noqa: TID251
    r"\$?\{(?:[A-Za-z_.!:#$]*(?:\[\w*\])?|\d)\}|\$\([^)]{0,60}\)|%\(\w+\)[sdr]|%[sdrvq]\b|\$[A-Z_]{2,}"
    r"|(?i:<your[\w -]*>|<[a-z -]*(?:token|password|secret|key|label|address|name)>|your_\w+)"
)
_CODE: Final = re.compile(  # noqa: TID251
    r"\b(?:self|this|cls|exports|prototype)\.[A-Za-z_]|\bprototype\b"
    r"|[\w$)]\s?=>\s?[\w({\[!\"'`]"
    r"|\bfunction\b\s?\*?\s?[\w$]*\s?\(|(?:^\s*|[;{}),:]\s?)return\b(?! to\b)"
    r"|[=!]==|[)\]]&&|&&[(!~]|[\w)\]]\|\|[\w(\"'\[{!]"
    r"|\bvoid 0\b|[=:(,?&|]![01]\b|\b(?:const|let|var)\s?[{\[]|\b(?:const|let|var) [\w$]+\s?[=,;]"
    r"|^\s*(?:async )?def \w+\(|\blambda\b[^:\n]{0,30}:|^\s+(?:if|elif|assert|raise|yield) .*[:(]$"
    r"|\bnew [A-Z]\w*\(|\btypeof\b|\binstanceof\b|\bthrow new\b|\bcatch ?[({]"
    r"|\bif\(|\bfor\(|\bwhile\(|\bswitch ?\(|\bcase ?[\"'`\d]|\bbreak;|\brequire\(|\basync\s?\("
    r"|\bObject\.\w+\(|\)\s?\{|\}\)[;,.)\]}]|\(\)(?:[);]|,\w|\.\w+[(:])|;[\w$]+(?:\.[\w$]+)+=[^=]"
    r"|[(,]0,[\w$]+\.[\w$]+\)\(|\)\)\)|\)\?\w|\]\)[,)}]|\[\w\]=| [!=]= | \? [\w.]+[ .(]"
    r"|\.[a-z]+_[a-z_]+\(|^\s+[\w.]+ = (?:[\w.]+\(|\{)"
    # statements of Python: a call with names as its arguments, one that goes on, a type
    r"|^\s{2,}(?:(?:return|yield|yield from|await) )?\w+(?:\.\w+)*\((?:[\w.]+, )*\w+=[\w.]+[),]"
    r"|^\s{2,}(?:\w+\.[\w.]+, )(?:\w+=[\w.]+, )*\w+=\w+$"
    r"|(?:^|[\s(])(?P<same>[a-z_]{3,})=(?P=same)[,)]|^\s*\w+: _?[A-Z]\w+ = \w+[\[(]"
)
_MINIFIED: Final = re.compile(  # noqa: TID251
    r"[{,][A-Za-z_$][\w$]*:(?=[\"'`{\[!(/]|(?:async|function|class|void|new) |\w{1,2}[,}.(=])"
)
_NUMBER: Final = re.compile(r"\d{1,3}(?:e\d)?[,;:)]")  # noqa: TID251
_DIGIT: Final = re.compile(r"\d")  # noqa: TID251
_CAMEL: Final = re.compile(r"[a-z0-9][A-Z][a-z]")  # noqa: TID251
_MIXED: Final = re.compile(r"[A-Za-z]\w*\d|\d\w*[A-Za-z]")  # noqa: TID251
_EACH: Final = re.compile(r"[\w)\]]\s{1,80}for [\w, ()]{1,40}(?: in |$)")  # noqa: TID251
_SUM: Final = re.compile(r"\([\d\s()+%-]*(?:\*|<<|//)[\d\s()*<>+/%-]*")  # noqa: TID251
"""What is worked out: no PIN has a sign of multiplication."""
_SCHEMA: Final = re.compile(  # noqa: TID251
    r"\{\s?[\"']type[\"']: ?[\"']string[\"'],? ?(?:[\"']format[\"']: ?[\"'][a-z-]+[\"'])?\s?\}?"
)
_NEXT_KEY: Final = re.compile(r", ?[\"'][\w-]+[\"']\s?:")  # noqa: TID251
_QUOTED: Final = re.compile(r"\"[^\"\n]*\"?|'[^'\n]*'?")  # noqa: TID251
_APOSTROPHE: Final = re.compile(r"(?<=[A-Za-z])'(?=[A-Za-z])")  # noqa: TID251
_CLOSED: Final = re.compile(r"\s?(?:[+,)%;\]]|$|\.\w+\()")  # noqa: TID251
_HOLES: Final = re.compile(r"(?:%\(?\w*\)?[sdr]|\{\w*\}|[ ./:_-]){2,}")  # noqa: TID251
_RAW: Final = re.compile(r"\b[rR][\"']|\b[A-Z]\w*\.[A-Z]\w*,")  # noqa: TID251
"""No value is shown with raw strings or attributes of classes in it."""
_PAIRS: Final = 2
_ARGUMENT: Final = re.compile(r"\s{2,}[\w.\"'-]+\s?[=:]\s?[\w.]+\(?,?")  # noqa: TID251
_LETTERS: Final = re.compile(r"[^a-z0-9]")  # noqa: TID251


def is_code(text: str, start: int, key: str, at: int) -> bool:
    """Return whether what stands at `at` without quotes is plainly an expression of code.

    Args:
        text: any text.
        start: where the key stands, without its quotes.
        key: the key.
        at: where the value begins.
    """
    if (
        text[at] in "})],"
        or _is_choice(text, start)
        or _PLACEHOLDER.match(text, at)
        or _ALONE.match(text, at)
    ):
        return True
    found = _EXPRESSION.match(text, at)
    if found is None:
        rest = _NUMBER.match(text, at) or text[at : at + 1] == "/"
        return bool(rest) and _is_near_code(_line(text, start, at + 1))
    chain, end = found["chain"], found.end()
    if _stands_alone(text, key, chain, end) or _is_unquoted(text, at, chain, end):
        return True
    line = _line(text, start, end)
    plain = not any(map(str.isdigit, chain)) or _CAMEL.search(chain) is not None
    if _ARGUMENT.fullmatch(line) and (plain or _is_named(key, chain.rstrip("0123456789"))):
        return True
    called = text[end : end + 1] in ("(", "[")
    if not (plain or called or len(chain) <= _SHORT or "." in chain):
        return False
    goes_on = called or _WORDS.match(text, at) is not None or _ends(text, end, assigned=True)
    return goes_on and _is_near_code(line)


def is_code_in_brackets(text: str, start: int, span: tuple[int, int]) -> bool:
    """Return whether a bracketed value is one of code: nothing in it, no literal, or minified.

    Args:
        text: any text.
        start: where the key stands, without its quotes.
        span: of the value, its brackets included.
    """
    at, stop = span
    inside = text[at + 1 : stop]
    first = text[at]
    if not inside.strip(" \t\r\n)]}") or _is_choice(text, start) or _PLACEHOLDER.match(text, at):
        return True
    literal = any(quote in inside for quote in "\"'`")
    if _SUM.fullmatch(text, at, stop) or _SCHEMA.fullmatch(text, at, stop):
        return True
    if first == "(" and _CODE.search(inside):
        return True
    bare = _QUOTED.sub("", inside) if first == "[" else ""
    if bare and (inside.startswith(("...", ":")) or _RAW.search(inside) or _is_made(bare)):
        return True
    line = _line(text, start, min(stop, at + _WINDOW))
    if first == "(" and not literal:
        words = _MIXED.search(inside) is None and any(map(str.isalpha, inside))
        return words or _is_near_code(line)
    if first == "{" and (_MINIFIED.match(text, at) or not literal):
        return len(_MINIFIED.findall(line)) >= _PAIRS or _is_near_code(line)
    return not literal and not any(map(str.isdigit, inside)) and _is_near_code(line)


def _is_made(bare: str) -> bool:
    """Tell whether a list, its literals left out, is one that code makes: `[f(x) for x in y]`."""
    return _EACH.search(bare) is not None or _CODE.search(bare) is not None


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
    return quotes % 2 == 1 and _CLOSED.match(text, at) is not None


def is_template(text: str, at: int, stop: int) -> bool:
    """Return whether the literal between two quotes is a template of code with holes in it."""
    if stop - at > CODE_WINDOW:
        return False
    value = text[at:stop]
    quote = text[at - 1]
    if (value.startswith("${") and value.endswith("}")) or _HOLES.fullmatch(value):
        return True
    if quote == "`":
        return "${" in value
    return text[max(0, at - 3) : at - 1].lower().endswith(("f", "fr", "rf")) and "{" in value


def _is_choice(text: str, start: int) -> bool:
    """Tell whether a quoted key is a branch: `case "label":`, `x?"label":y`."""
    before = text[max(0, start - 8) : start]
    quoted = before[-1:] in ('"', "'", "`")
    head = before[:-1].rstrip()
    return quoted and (head.endswith("case") or head[-1:] in ("?", "="))


def _stands_alone(text: str, key: str, chain: str, end: int) -> bool:
    """Tell whether an expression needs no code around it to be told."""
    first, _, rest = chain.partition(".")
    last = chain.rpartition(".")[2]
    if _CALLED.match(text, end):
        if text.startswith("()", end) or (rest and first[0].islower()):
            return True
        bare = last.lstrip("_$")
        if last in _MADE:
            return _ARGUED.match(text, end) is not None
        return not bare or bare[0].islower()
    if _SUBSCRIPT.match(text, end):
        return True
    if not _ends(text, end):
        return False
    return (bool(rest) and first in _ROOTS) or _is_named(key, last)


def _is_unquoted(text: str, at: int, chain: str, end: int) -> bool:
    """Tell whether a name stands between keys in quotes: a document would quote its text."""
    closed = text[max(0, at - 3) : at].rstrip()[:-1].rstrip()[-1:] in ('"', "'")
    return closed and chain.replace("_", "").isalpha() and _NEXT_KEY.match(text, end) is not None


def _is_named(key: str, name: str) -> bool:
    """Tell whether a name is the key itself, or has it in front or at its end: `pwd=auth_pwd`."""
    own = _LETTERS.sub("", key.rpartition(".")[2].lower())
    flat = _LETTERS.sub("", name.lower())
    if flat == own or (len(flat) > _SHORT and own.endswith(flat)):
        return True
    if name.lower().startswith((own + "_", key.lower() + "_")) and not _DIGIT.search(name):
        return True
    at = len(name) - len(own)
    ending = name[at:]
    return at > 0 and ending.lower() == own and (name[at - 1] in "_$" or ending[0].isupper())


def _ends(text: str, end: int, *, assigned: bool = False) -> bool:
    """Tell whether an expression may end, or go on with an operator, at a place."""
    rest = text[end : end + 2]
    if not rest or rest[0] in ",;)]}?:|*\r\n \t" or rest in ("==", "=>", "!=", "&&"):
        return True
    return assigned and (rest[0] == "=" or (rest[0] == "+" and rest[1:].isalpha()))


def _line(text: str, start: int, end: int) -> str:
    """Return the line that a key and its value stand in, as far as a window goes."""
    left = max(0, start - _WINDOW)
    before = text[left:start]
    after = text[end : end + _WINDOW]
    cut = max(before.rfind("\n"), before.rfind("\r")) + 1
    stops = [at for at in (after.find("\n"), after.find("\r")) if at >= 0]
    return before[cut:] + text[start:end] + after[: min(stops, default=len(after))]


def _is_near_code(line: str) -> bool:
    return _CODE.search(line) is not None or len(_MINIFIED.findall(line)) >= _PAIRS
