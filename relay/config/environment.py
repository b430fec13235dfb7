"""Settings from the environment, laid over those of the file.

Law of this file: `RELAY_` and the path, joined by two underscores, in capitals:
`RELAY_LISTEN__PORT=3001`, `RELAY_PROJECTS__0__KEY=…`. Values are YAML scalars. A variable that
names no setting is a mistake like an unknown key, but for `RELAY_CONFIG`, which names the file, and
those that Kubernetes makes for a service named `relay`. With `_FILE` at its end a variable names
the file that has the value, as secrets of Docker and Kubernetes do.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from relay.config.files import read_file
from relay.config.reader import Origins
from relay.errors import Mistake
from relay.yamlio import Node, scalar

PREFIX: Final = "RELAY_"
CONFIG_VARIABLE: Final = "RELAY_CONFIG"
MAX_INDEX: Final = 999

IN_FILE: Final = "_FILE"
FILE_KEYS: Final = frozenset({
    "RELAY_HASH__SECRET_FILE", "RELAY_SPOOL__CREDENTIALS_FILE", "RELAY_USAGE__HASH__SECRET_FILE",
})  # fmt: skip
"""Variables of settings that are paths themselves: what their file has is read by who needs it."""

MAX_VALUE: Final = 65_536
"""Bytes of a file with one value."""

# https://kubernetes.io/docs/concepts/containers/container-environment/#cluster-information
_KUBERNETES: Final = r"RELAY_(SERVICE_(HOST|PORT(_.*)?)|PORT(_[0-9]+_.*)?)"


def overlay(
    root: Node, environment: Mapping[str, str], origins: Origins, mistakes: list[Mistake]
) -> Node:
    """Return the file's map with the environment's values laid over it.

    Maps are merged key by key. An index changes an entry of a list, or adds one at its end; indices
    beyond that are a mistake.
    """
    for name, variable in sorted(
        variables(environment).items(), key=lambda pair: _natural(pair[0])
    ):
        if variable != name and name in environment:
            mistakes.append(Mistake(variable, 1, f"{name} is given too", "give one"))
            continue
        path = [part.lower() for part in name.removeprefix(PREFIX).split("__")]
        raw = environment[name] if variable == name else _content(variable, environment, mistakes)
        leaf = origins.mark(Node(scalar(raw), 1, "scalar", raw), variable)
        if "" in path:
            mistakes.append(Mistake(variable, 1, "an empty name between underscores"))
            continue
        root = put(root, path, leaf, origins, mistakes)
    return root


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are settings, by the name without `_FILE` at its end."""
    return {_base(name): name for name in sorted(environment) if _is_setting(name)}


def _is_setting(name: str) -> bool:
    ours = name.startswith(PREFIX) and name != CONFIG_VARIABLE
    return ours and re.fullmatch(_KUBERNETES, name) is None


def _base(name: str) -> str:
    """Return the name of the setting whose value, or file with the value, a variable gives."""
    if name in FILE_KEYS or name.endswith(f"_{IN_FILE}"):
        return name
    return name.removesuffix(IN_FILE)


def _content(variable: str, environment: Mapping[str, str], mistakes: list[Mistake]) -> str:
    """Read the file that a variable names, without the line break at its end.

    Its path is not shown: somebody may have put the secret in its place.
    """
    message = ""
    text = ""
    try:
        data = read_file(environment[variable], MAX_VALUE)
        text = data.decode().removesuffix("\n").removesuffix("\r")
        if not text:
            message = "its file is empty"
    except UnicodeDecodeError:
        message = "its file is not UTF-8"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        message = f"its file cannot be read: {reason}"
    if message:
        mistakes.append(Mistake(variable, 1, message))
    return text


def put(
    node: Node, path: Sequence[str], leaf: Node, origins: Origins, mistakes: list[Mistake]
) -> Node:
    """Return a node with a leaf put under a path of keys and indices."""
    if not path:
        return leaf
    name, *rest = path
    source = origins.of(leaf)
    if node.kind == "scalar":
        node = Node([] if name.isdecimal() else {}, 1, "list" if name.isdecimal() else "map")
        origins.mark(node, source)
    nothing = Node(None, 1, "scalar")
    if node.kind == "map":
        child = put(node.value.get(name, nothing), rest, leaf, origins, mistakes)
        lines = {name: 1, **node.key_lines}
        changed = Node({**node.value, name: child}, node.line, "map", "", lines)
    else:
        entries: list[Node] = list(node.value)
        index = int(name) if re.fullmatch(r"[0-9]{1,3}", name, re.ASCII) else MAX_INDEX + 1
        if index > len(entries):
            hint = f"the next index is {len(entries)}"
            mistakes.append(Mistake(source, 1, f"no such entry of a list: {name}", hint))
            return node
        old = entries[index] if index < len(entries) else nothing
        entries[index:] = [put(old, rest, leaf, origins, mistakes), *entries[index + 1 :]]
        changed = Node(entries, node.line, "list")
    return origins.mark(changed, origins.of(node))


def _natural(name: str) -> list[tuple[int, str]]:
    """Order names so that index 2 comes before 10."""
    return [(int(p), "") if re.fullmatch(r"[0-9]{1,3}", p) else (0, p) for p in name.split("__")]
