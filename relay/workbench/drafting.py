"""A rule from a sample: a value is chosen, and a whole rule file with proven examples comes out.

Law of this file: nothing is handed out that does not load, pass its own examples and change the
value that was chosen; and no example holds that value, because rule files get committed.
"""

from typing import Final

from relay.errors import RelayError
from relay.rules.model import Method, Status
from relay.rules.paths import ValueType
from relay.rules.selectors import SelectorError
from relay.rules.sentry_import.model import Redact
from relay.rules.sentry_import.writing import rule_text
from relay.workbench.locating import Located, LocateError, every, locate, narrowed
from relay.workbench.planning import plans_for
from relay.workbench.proof import caught_by, left_at, proven
from relay.workbench.suggesting import Suggestion, Way, selects, suggest

__all__ = [
    "DraftError", "LocateError", "Located", "Suggestion", "Way", "caught_by", "draft", "every",
    "left_at", "locate", "narrowed", "suggest",
]  # fmt: skip

TO_FILL_IN: Final = "TODO: say why nobody upstream may see it."
"""The `why` of a draft whose author has not said it yet."""

_MARKERS: Final = {
    "network": "[host]", "paths": "[path]", "wallet": "[wallet]", "suite": "[id]",
    "people": "[person]", "secrets": "[secret]",
}  # fmt: skip


class DraftError(RelayError):
    """No rule can be drafted; `detail` says why, without the value."""

    reason = "draft"


def draft(
    rule_id: str,
    located: Located,
    *,
    description: str = "",
    why: str = "",
    way: Way | None = None,
    selector: str = "",
    key: str = "",
    status: Status = Status.ENFORCE,
    method: Method = Method.REPLACE,
    text: str = "",
) -> str:
    """Return a rule file that redacts what was chosen.

    It begins as `enforce`: the leak is known, the examples prove what goes, and a shadow rule would
    let it through until somebody comes back. A value under a telling key goes by that key, what a
    detector knows by its check, a part of a text by its shape; what says too little by itself is
    bound to its place.

    Args:
        rule_id: the id, `folder/name`.
        located: the value, of `locate`.
        description: what it finds; made from the value's place if empty.
        why: why nobody may see it; to be filled in if empty.
        way: what it goes by; the best that works if None.
        selector: its `where`, which must select the value.
        key: the key for `Way.KEY`, if not the value's own.
        status: the rule's status.
        method: what is done with what it finds.
        text: what `replace` writes; a marker of the folder if empty.

    Raises:
        DraftError: no rule that was tried changes the value and can prove it.
        RuleError: the id or a selector is none, with every mistake.
    """
    if located.value_type is ValueType.BOOLEAN or not located.value:
        raise DraftError("true, false, null, 0 and what is empty tell nothing, and stay")
    if selector:
        _hold(selector, located)
    redact = Redact(method, text or marker(rule_id))
    for plan in plans_for(located, way, selector, key):
        noun = plan.find.noun
        head = rule_text(
            rule_id, description or noun, why or TO_FILL_IN, plan.find, plan.where, (), redact,
            status=status,
        )  # fmt: skip
        made = proven(rule_id, head, plan.find, plan.where, located)
        if made is not None:
            return f"{plan.remark}{made}"
    raise DraftError("no rule of this kind changes what stands there and can prove it")


def marker(rule_id: str) -> str:
    """Return what a rule writes by default: the word of its folder, or the last of its own name."""
    folder, _, name = rule_id.rpartition("/")
    return _MARKERS.get(folder.partition("/")[0], f"[{name.rpartition('-')[2]}]")


def _hold(selector: str, located: Located) -> None:
    try:
        holds = selects(selector, located)
    except SelectorError as error:
        raise DraftError(f"the selector does not parse: {error}") from None
    if not holds:
        raise DraftError("the selector does not select the value that was chosen")
