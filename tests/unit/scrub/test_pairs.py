"""Keys beside their values inside text."""

import pytest

from relay import load_scrubber
from relay.scrub.pairs import beside

SCRUBBER = load_scrubber()


def value(text: str, key: str = "password") -> str | None:
    """Return the value that stands beside a key."""
    start = text.index(key)
    comma = text.find(",", start) + 1
    span = beside(text, start, start + len(key), comma)
    return None if span is None else text[slice(*span)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[["password","hunter2"]]', "hunter2"),
        ("[('password', 'hunter two')]", "hunter two"),
        ('[["a", 1], ["password", 1234]]', "1234"),
        ("{('password', 'x y'), ('n', 1)}", "x y"),
        ('[[\\"password\\",\\"hunter2\\"]]', "hunter2"),
        ('[["password","hunter2"', "hunter2"),
        ('[["password","hunter', "hunter"),
        ('{"key":"password","value":"hunter2"}', "hunter2"),
        ('{"name": "password", "value": hunter2}', "hunter2"),
        ('{"name": "password", "value": hunter}', "hunter"),
        ('{"name": "password", "value": 42}', "42"),
        ('{"name": "password", "value": a1}', "a1"),
        ('{"name": "password", "value": hunter=>2}', "hunter=>2"),
        ("{'header': 'password', 'val': 'hunter two'}", "hunter two"),
        ('{\\"key\\":\\"password\\",\\"value\\":\\"hunter2\\"}', "hunter2"),
    ],
)
def test_a_pair(text: str, expected: str) -> None:
    """A list of two inside a list, and an object that names the name."""
    assert expected == value(text)


@pytest.mark.parametrize(
    "text",
    [
        '["password", "hunter2"]',
        '[["password", "label", "name"]]',
        'f("password", "hunter2")',
        '{"required": ["password", "hunter2"], "b": 1}',
        '{"kind":"password","value":"hunter2"}',
        '{"key":"password","title":"hunter2"}',
        '[["password",null]]',
        '[["a", 1], ["password", hunter]]',
        'headers.append(("password", value))',
        "name.endswith(('password', '_home'))",
        "namedtuple('Person', ['password', 'firstname'])",
        '{"key":"password","value":true}',
        'x={parameter:"password",value:s,message:"must be long"}',
        '[{header:"password",value:N}]',
        '{header:"password",value:t=>(0,a.d)(t.user)}',
        '{header:"password",value:()=>u(t)}',
        '"my password","hunter2"',
        '[["password","hunter2" + x]]',
        '[["password',
        '{"key":"password",',
    ],
)
def test_no_pair(text: str) -> None:
    """Two strings with a comma between them say nothing by themselves."""
    assert None is value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('posted [["password","hunter two"]]', 'posted [["password","[secret]"]]'),
        ('got {"key":"password","value":"hunter2"}', 'got {"key":"password","value":"[secret]"}'),
        ("Array ( [password] => hunter 2 [n] => 1 )", "Array ( [password] => [secret] [n] => 1 )"),
        ("Array\n(\n  [password] => hunter) 2\n)", "Array\n(\n  [password] => [secret]\n)"),
        ("[password] => null", "[password] => null"),
        ('["name", "password", "label"]', '["name", "password", "label"]'),
    ],
)
def test_in_text(text: str, expected: str) -> None:
    """Pairs, and arrays as PHP shows them, are found by the rules that ship, twice the same."""
    assert expected == SCRUBBER.scrub_text(text)
    assert expected == SCRUBBER.scrub_text(expected)
