"""Lines of source code: whether the text around a key is one.

Law of this file: one sign alone is no proof, for messages hold `==`, `=>` and `new Error(` too. A
line is code by a statement that nothing but code has, or by two signs of different kinds. Each
stretch of text is judged once, and what that costs is told.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_BLOCK: Final = 120
"""So many characters, and those before and behind, are judged together."""
_PROOF: Final = 2
_JUDGING: Final = 20
"""What each character of a line costs that is judged, in units of the budget."""

# Fixed shapes, not rule patterns; each is matched over a window of bounded size.
_MAY_BE: Final = re.compile(r"[=>({;&|!?]|void 0")  # noqa: TID251
_SIGNS: Final = re.compile(  # noqa: TID251
    r"(?P<statement>"
    r"\bfunction\b\s?\*?\s?[\w$]*\s?\("
    r"|(?:^\s*|[;{}),]\s?)return(?:[;}]|\s?[({!\"'`\[]"
    r"| (?!to\b)[\w$.]+(?:[.(;,)}\[=?:]|\s?[=<>+*%&|?-]|$))|\w\[[\"']\w+[\"']\] = "
    r"|=require\([\"']|&& \w+ \? |\b(?:self|this)\.\w+ [+%] [\"'\w]"
    r"|\bvoid 0\b|[=:(,?&|]![01]\b|\b(?:const|let|var)\s?[{\[]|\b(?:const|let|var) [\w$]+\s?[=,;]"
    r"|^\s*(?:async )?def \w+\(|\blambda\b[^:\n]{0,30}:|^\s+(?:if|elif|assert|raise|yield) .*[:(]$"
    r"|\bcatch ?[({]|\bbreak;|\bcase ?[\"'`\d]|\bprototype\b|[(,]0,[\w$]+\.[\w$]+\)\("
    r"|[{;,)]this(?:\.[\w$]+)+=[^=]|\}\)[;,)\]}]|\)=>[{(]|=>\{|;[\w$]+(?:\.[\w$]+)+=[^=]"
    r"|^\s+[\w.]+ = (?:[\w.]+\(|\{)|^\s*\w+: _?[A-Z]\w+ = \w+[\[(]|^\s*@\w+"
    r"|^\s{4,}(?:(?:return|yield|yield from|await) )?\w+(?:\.\w+)+\("
    r"(?:[\w.]+, )*\w+=[\w.]+[),(]"
    r"|(?<=[,;)(])\w{1,2}\.[\w$]+=(?!=)|=[\w.]+ if [\w. ]+ else |^\s{4,}\w+=\{['\"]"
    r"|^\s{4,}(?:\w+\.[\w.]+, )(?:\w+=[\w.]+, )*\w+=\w+$"
    r"|(?:^|[\s(])(?P<same>[a-z_]{3,})=(?P=same)(?:\)|,(?!\w++[^\w=]|\w++$))"
    r"|(?:^|[\s(,])(?P<kept>[a-z_]{3,})=self\.(?P=kept)[,)]"
    r"|\bexports\.(?P<exported>[A-Za-z_$][\w$]*)=(?P=exported)(?:;|,(?=exports\.))"
    r"|[\w)]\?\.[\w\[(]| \?\? |^\s{2,}[\w\"'.-]+: .* \? .* : "
    r"|^\s{2,}\w+ = r?f[\"']|^\s{8,}(?:[\w.]+\([\w, ]*)?\w+=f[\"']"
    r"|^\s{2,}(?:yield|raise|await|yield from) [\w.]+\(|^\s{4,}(?:self|this)\.\w+ = "
    r")|(?P<root>(?<!=)\b(?:self|this|cls|exports)\.[A-Za-z_])"
    r"|(?P<arrow>[\w$)]\s?=>\s?[\w({\[!\"'`])"
    r"|(?P<compared>[=!]==)"
    r"|(?P<joined>[)\]]&&|&&[(!~]|[\w)\]]\|\|[\w(\"'\[{!])"
    r"|(?P<made>\bnew [A-Z]\w*\(|\bthrow new\b|\brequire\(|\bObject\.\w+\()"
    r"|(?P<word>\btypeof\b|\binstanceof\b|\basync\s?\()"
    r"|(?P<branch>\b(?:if|for|while|switch) ?\(|\)\s?\{)"
    r"|(?P<called>\(\)(?:[);]|,\w|\.\w+[(:])|\)\)\)|\]\)[,)}]|\.[a-z]+_[a-z_]+\()"
    r"|(?P<chosen>\)\?\w| \? [\w.]+[ .(]|\[\w\]=)"
    r"|(?P<argument>[(,] ?\w+=(?:None|True|False)\b)"
)
_MINIFIED: Final = re.compile(  # noqa: TID251
    r"[{,][A-Za-z_$][\w$]*:(?=[\"'`{\[!(/]|(?:async|function|class|void|new) |\w{1,2}[,}.(=])"
    r"|[{,]\"[\w.-]+\":[A-Za-z_$]{1,2}(?=[,}])"
)


@dataclass(slots=True)
class CodeLines:
    """The verdicts on one text.

    Attributes:
        text: any text.
        spend: told what judging costs.
    """

    text: str = field(repr=False)
    spend: Callable[[int], None] = field(default=lambda _: None, repr=False)
    _known: dict[tuple[int, int], bool] = field(default_factory=dict, repr=False)

    def near(self, at: int) -> bool:
        """Return whether a place stands in a line of code."""
        left, right = self._window(at)
        known = self._known.get((left, right))
        if known is None:
            line = self.text[left:right]
            self.spend(_JUDGING * len(line))
            known = is_code_line(line)
            self._known[left, right] = known
        return known

    def line(self, at: int) -> str:
        """Return the line around a place, as far as a window goes."""
        return self.text[slice(*self._window(at))]

    def _window(self, at: int) -> tuple[int, int]:
        block = at // _BLOCK
        left, right = max(0, (block - 1) * _BLOCK), (block + 2) * _BLOCK
        text = self.text
        left = max(left, text.rfind("\n", left, at) + 1, text.rfind("\r", left, at) + 1)
        for end in "\n\r":
            found = text.find(end, at, right)
            right = found if found >= 0 else right
        return left, min(right, len(text))


def is_code_line(line: str) -> bool:
    """Return whether a line holds a statement of code, or two signs of different kinds."""
    if _MAY_BE.search(line) is None:
        return False
    seen: set[str | None] = set()
    for sign in _SIGNS.finditer(line):
        seen.add(sign.lastgroup)
        if sign.lastgroup == "statement" or len(seen) >= _PROOF:
            return True
    pairs = _MINIFIED.finditer(line)
    return next(pairs, None) is not None and next(pairs, None) is not None


def has_sign(text: str) -> bool:
    """Return whether anything of code is in a text."""
    return _SIGNS.search(text) is not None


def is_minified(text: str, at: int) -> bool:
    """Return whether a bracket opens an object as minified code writes it."""
    return _MINIFIED.match(text, at) is not None
