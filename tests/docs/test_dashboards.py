"""Dashboard and alert rules ask for metrics and labels that there are, and lead somewhere."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import promql_parser as promql
import pytest
import yaml

from relay.metrics import Definition, load_register
from tests.docs.pages import ROOT

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/relay.json").read_text("utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SCRAPED = {"job", "instance"}
"""Labels that Prometheus itself puts on everything."""


@cache
def samples() -> dict[str, tuple[Definition, set[str]]]:
    """Every name that can be scraped, with its entry in the register and its labels."""
    found = {}
    for entry in load_register().values():
        labels = {*entry.labels} | SCRAPED
        if entry.type == "histogram":
            found[f"{entry.name}_bucket"] = (entry, labels | {"le"})
            found[f"{entry.name}_count"] = found[f"{entry.name}_sum"] = (entry, labels)
        else:
            found[entry.name] = (entry, labels)
    return found


def parsed(text: str) -> promql.Expr:
    """Parse an expression, with Grafana's variables filled in."""
    return promql.parse(text.replace("$__rate_interval", "5m"))


def inside(expression: promql.Expr) -> Iterator[promql.Expr]:
    """An expression, and every one that it is made of."""
    yield expression
    children = [
        getattr(expression, name, None)
        for name in ("lhs", "rhs", "expr", "vector_selector", "param")
    ]
    for child in [*children, *getattr(expression, "args", ())]:
        if isinstance(child, promql.Expr):
            yield from inside(child)


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    """What an expression reads."""
    return [part for part in inside(expression) if isinstance(part, promql.VectorSelector)]


def expressions() -> list[tuple[str, str]]:
    """Every expression, with the panel or alert that it stands in."""
    found = [(rule["alert"], rule["expr"]) for rule in RULES]
    found += [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
    return found


@pytest.mark.parametrize(("where", "text"), expressions())
def test_names_labels_and_values_are_of_the_register(where: str, text: str) -> None:
    """Each metric is there; each label is one of its; each value of a closed label can be seen."""
    read = selectors(parsed(text))
    assert read
    for selector in read:
        entry, labels = samples()[selector.name]
        for matcher in selector.matchers.matchers:
            assert matcher.name in labels
            closed = entry.labels.get(matcher.name)
            if closed is not None:
                assert set(matcher.value.split("|")) <= closed


@pytest.mark.parametrize(("where", "text"), expressions())
def test_what_is_grouped_by_is_there(where: str, text: str) -> None:
    """An aggregation by a label that its metric has not would silently be one line."""
    for part in inside(parsed(text)):
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            for selector in selectors(part.expr):
                assert set(part.modifier.labels) <= samples()[selector.name][1]


@pytest.mark.parametrize(("where", "text"), expressions())
def test_counters_are_read_as_rates(where: str, text: str) -> None:
    """A counter is shown or compared by how it grows; as it stands it tells of the last restart."""
    grown = set()
    for part in inside(parsed(text)):
        if isinstance(part, promql.Call) and part.func.name in ("rate", "increase"):
            grown |= {id(s) for a in part.args for s in selectors(a)} and {str(part)}
            assert {samples()[s.name][0].type for a in part.args for s in selectors(a)} <= {
                "counter",
                "histogram",
            }
    reads = {samples()[s.name][0].type for s in selectors(parsed(text))}
    assert grown or reads == {"gauge"} or "damaged" in text


def test_every_metric_is_shown() -> None:
    """Nothing is counted that nobody can see."""
    shown = {
        samples()[selector.name][0].name
        for panel in PANELS
        for target in panel["targets"]
        for selector in selectors(parsed(target["expr"]))
    }
    assert load_register().keys() == shown


# --- the dashboard -------------------------------------------------------------------------------


def test_the_dashboard_can_be_imported() -> None:
    """Grafana's classic model, for version 10 and newer; whose Prometheus it is, is asked."""
    assert 39 == DASHBOARD["schemaVersion"]
    assert "__inputs" not in DASHBOARD
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert {"datasource", "job", "instance"} == variables.keys()
    assert ("datasource", "prometheus") == (
        variables["datasource"]["type"],
        variables["datasource"]["query"],
    )
    source = {"type": "prometheus", "uid": "${datasource}"}
    asked = [panel["datasource"] for panel in PANELS]
    asked += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    asked += [variables[name]["datasource"] for name in ("job", "instance")]
    assert all(source == each for each in asked)


def test_panels_have_their_places() -> None:
    """Ids are of one panel each, titles too; nothing lies over another, or beside the page."""
    panels = DASHBOARD["panels"]
    assert len(panels) == len({panel["id"] for panel in panels})
    assert len(PANELS) == len({panel["title"] for panel in PANELS})
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_was_chosen(panel: dict[str, Any]) -> None:
    """Every metric is narrowed to the job and the instances that were chosen."""
    for target in panel["targets"]:
        for selector in selectors(parsed(target["expr"])):
            matchers = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            assert {"job": "$job", "instance": "$instance"}.items() <= matchers.items()
        if panel["type"] != "timeseries":
            continue
        labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        grouped = {
            label
            for part in inside(parsed(target["expr"]))
            if isinstance(part, promql.AggregateExpr) and part.modifier is not None
            for label in part.modifier.labels
        }
        assert labels == grouped - {"le"}


# --- alerts --------------------------------------------------------------------------------------


def test_alerts_have_names_of_their_own() -> None:
    """In one group, so that they are looked at together."""
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"Relay[A-Za-z]+", name) for name in names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """How urgent it is, what it means, and where it is written what to do."""
    assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    notes = rule["annotations"]
    assert {"summary", "description", "runbook"} == notes.keys()
    path, _, anchor = notes["runbook"].partition("#")
    assert anchor in anchors((ROOT / path).read_text("utf-8"))
    used = set(re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["description"]))
    assert used <= kept(parsed(rule["expr"]))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def kept(expression: promql.Expr) -> set[str]:
    """The labels that the outermost aggregation keeps."""
    for part in inside(expression):
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            return set(part.modifier.labels)
    return set()


def test_every_heading_is_led_to() -> None:
    """What to do stands in the documentation for what an alert can say, and for nothing else."""
    page = (ROOT / "docs/operate.md").read_text("utf-8")
    section = page.partition("\n## What to watch\n")[2].partition("\n## ")[0]
    headings = anchors(section) - {"refusals"}
    assert headings == {rule["annotations"]["runbook"].partition("#")[2] for rule in RULES}
