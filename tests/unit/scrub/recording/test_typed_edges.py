"""Typed text and pictures of a recording at their edges: which fields, buttons and bytes."""

import json
from typing import Any

import pytest

from relay.scrub.recording import scrub_recording


def clean(*events: Any) -> str:
    """Scrub a recording with rules that find nothing."""
    payload = b'{"segment_id":0}\n' + json.dumps(events).encode()
    return scrub_recording(payload, lambda value, size: value, 1_000_000).decode()


def element(tag: str, *children: Any, **attributes: Any) -> dict[str, Any]:
    """A page with one element."""
    node = {"type": 2, "tagName": tag, "id": 5, "attributes": attributes}
    root = {"type": 0, "id": 1, "childNodes": [{**node, "childNodes": list(children)}]}
    return {"type": 2, "data": {"node": root}}


def text(content: str) -> dict[str, Any]:
    """A text."""
    return {"type": 3, "textContent": content, "id": 6}


def given(**attributes: Any) -> dict[str, Any]:
    """A change of the element's attributes."""
    data = {"source": 0, "attributes": [{"id": 5, "attributes": attributes}]}
    return {"type": 3, "data": data}


@pytest.mark.parametrize("tag", ["input", "INPUT", "select", "textarea"])
def test_fields_hold_what_was_typed(tag: str) -> None:
    """From the beginning, or later; elsewhere a value is the page's own."""
    assert "hunter2" not in clean(element(tag, value="hunter2"))
    assert "hunter2" not in clean(element(tag), given(value="hunter2"))
    assert "*******" in clean(element(tag), given(value="hunter2"))
    assert "hunter2" in clean(element("li", value="hunter2"))
    # One that nobody has described may be a field.
    assert "hunter2" not in clean(given(value="hunter2"))


@pytest.mark.parametrize("kind", ["button", "checkbox", "image", "radio", "reset", "submit"])
def test_buttons_say_what_the_page_says(kind: str) -> None:
    """Unless they were fields of another kind at any time."""
    assert "Send it" in clean(element("input", type=kind, value="Send it"))
    assert "Send it" in clean(element("input", type=kind.upper(), value="Send it"))
    assert "Send it" not in clean(element("input", type=kind, value="Send it"), given(type="text"))


@pytest.mark.parametrize("kind", ["text", "password", "hidden", 5, None])
def test_other_inputs_do_not(kind: Any) -> None:
    """Also where their kind is none."""
    assert "hunter2" not in clean(element("input", type=kind, value="hunter2"))


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("", "*"), ("true", "*"), ("plaintext-only", "*"), (True, "*"), ("false", ""), ("FALSE", ""),
     (False, ""), (None, "")],
)  # fmt: skip
def test_what_can_be_edited_is_typed(value: Any, hidden: str) -> None:
    """As HTML reads the attribute: all but a word for no."""
    shown = clean(element("div", text("hunter2"), contenteditable=value))
    assert bool(hidden) is ("*******" in shown)
    assert bool(hidden) is ("hunter2" not in shown)


def test_a_box_for_text_is_typed_and_its_blanks_stay() -> None:
    """A role says so; blanks of a page's layout tell nothing."""
    assert "hunter2" not in clean(element("div", text("hunter2"), role="textbox"))
    assert "hunter2" in clean(element("div", text("hunter2"), role="button"))
    assert r"\n  " in clean(element("textarea", text("\n  ")))


@pytest.mark.parametrize("value", [5, 1.5, ["a"], {"a": 1}])
def test_a_value_that_is_no_text_is_hidden(value: Any) -> None:
    """A number is typed too; a choice between yes and no is none."""
    assert '"value":"***"' in clean(element("input", value=value))
    assert '"value":true' in clean(element("input", value=True))


def test_bytes_of_what_is_drawn_go() -> None:
    """In each form that rrweb gives them; what else it says of an object stays."""
    buffer = {"rr_type": "ArrayBuffer", "base64": "QUJDREVG", "other": "stays"}
    blob = {"rr_type": "Blob", "data": [buffer], "kind": "image/png"}
    shown = clean({"type": 5, "data": {"tag": "x", "payload": {"a": blob, "b": buffer}}})
    assert "QUJDREVG" not in shown
    assert '"kind":"image/png"' in shown
    assert "stays" in shown
    assert '"data":[]' in shown


def test_commands_of_a_canvas_go() -> None:
    """One alone, or a list of them, and what a font is made of."""
    one = {"source": 9, "id": 5, "property": "fillText", "args": ["QUJDREVG"], "setter": True}
    shown = clean({"type": 3, "data": one})
    assert '{"source":9,"id":5,"commands":[]}' in shown
    for buffer in (True, False):
        font = {"source": 10, "fontSource": "[81,85]", "buffer": buffer}
        assert buffer is ("[81,85]" not in clean({"type": 3, "data": font}))


@pytest.mark.parametrize("size", [2_000, 2_001])
def test_how_long_a_style_is(size: int) -> None:
    """A picture made of shadows or gradients is longer."""
    style = "color:red;".ljust(size, "x")
    assert (size == 2_000) is (style in clean(element("div", style=style)))
    assert (size == 2_000) is (style in clean(element("div"), given(style=style)))
    for part in (style, [style, "important"]):
        assert (size == 2_000) is (style in clean(element("div"), given(style={"width": part})))
