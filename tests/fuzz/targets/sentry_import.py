"""Sentry's PII configuration, imported: rules that load and prove themselves, and losses."""

import json
from random import Random
from typing import Any

from relay import jsonio
from relay.errors import RuleError
from relay.rules.examples import as_mistakes, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Rule
from relay.rules.sentry_import import FOLDER, ImportedRule, NotPiiConfigError, convert
from relay.scrub.scrubber import Scrubber
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import broken, some, word
from tests.fuzz.targets.rule_files import KEYS, draw_selector


def make(rules: tuple[Rule, ...]) -> Scrubber:
    return Scrubber.from_rules(rules, KEYS)


def run_import(data: bytes) -> None:
    """Any document is a PII configuration or none; a rule that comes out finished passes."""
    try:
        document = jsonio.loads(data)
        imported = convert(document, make)
    except (jsonio.JsonError, NotPiiConfigError):
        return
    ids = [rule.id for rule in imported.rules]
    assert len(set(ids)) == len(ids)
    for rule in imported.rules:
        assert rule.file == f"{rule.id}.yaml"
        assert rule.id.startswith(f"{FOLDER}/")
        assert ".." not in rule.file
        try:
            rules = load_rules([RuleText(rule.id, rule.file, rule.text)])
        except RuleError as error:
            _lacks_examples(rule, error)
            continue
        assert rule.finished
        if len(imported.rules) <= _PROVEN:
            assert () == as_mistakes(run_examples(rules, make))
    for loss in imported.losses:
        assert "" != loss.reason
        assert loss.path.isprintable()
    if len(imported.rules) <= _PROVEN:
        assert imported == convert(jsonio.loads(data), make)


def _lacks_examples(rule: ImportedRule, error: RuleError) -> None:
    assert not rule.finished, error.detail
    assert [] == [m for m in error.mistakes if "example" not in m.message]


_PROVEN = 2
"""Of more rules it would take too long: each try makes a scrubber."""

_BUILTIN = (
    "@ip", "@email", "@creditcard", "@iban", "@mac", "@uuid", "@userpath", "@usssn", "@imei",
    "@pemkey",
    "@urlauth", "@password", "@bearer", "@common", "@anything", "@ip:replace", "@email:hash",
    "@anything:remove", "@userpath:mask", "@common:filter", "@nothing", "own", "other", "many", "",
)  # fmt: skip


def draw_import(random: Random) -> bytes:
    def redaction() -> Any:
        return random.choice((
            {"method": "replace", "text": random.choice(("[x]", "", word(random)))},
            {"method": "remove"},
            {"method": "mask"}, {"method": "hash"}, {"method": "hash", "algorithm": "HMAC-SHA1"},
            {"method": "default"}, {"method": "burn"}, "replace", None, 1,
        ))  # fmt: skip

    def rule() -> Any:
        kind = random.choice((
            "pattern", "redact_pair", "redactPair", "multiple", "alias", "anything", "ip", "email",
            "imei",
            "creditcard", "iban", "userpath", "us_ssn", "url_auth", "password", "bearer",
            "device_name", 1,
        ))  # fmt: skip
        pattern = random.choice(
            ("abc", "(?i)a+", "a(?=b)", "(", "[0-9]{4}", "", "\\d+", "(?<x>a)", 7, ".*")
        )
        return {
            "type": kind, "pattern": pattern, "keyPattern": pattern, "redaction": redaction(),
            "rules": random.choice((["@ip", "own"], ["many"], [], "x")),
            "rule": random.choice(_BUILTIN),
            "hideInner": random.choice((True, False, None)), "replaceGroups": random.choice(([0],
            None)),
            "description": word(random),
        }  # fmt: skip

    rules = {name: rule() for name in random.sample(("own", "other", "many", word(random)), 3)}
    applications = {
        draw_selector(random, 2).decode("utf-8", "replace"): [
            random.choice(_BUILTIN) for _ in range(random.choice((1, 1, 2)))
        ]
        for _ in range(random.choice((0, 1, 1, 1, 2, 3)))
    }
    config = {"rules": rules, "applications": applications, "vars": {"hashKey": word(random)}}
    switches = {
        "scrubData": random.choice((True, False, 1)), "scrubDefaults": True,
        "scrubIpAddresses": random.choice((True, False)),
        "sensitiveFields": some(random, word), "excludeFields": some(random, word),
    }  # fmt: skip
    document = random.choice((
        config, {"piiConfig": config}, {"relayPiiConfig": json.dumps(config)}, {"config": config},
        {"datascrubbingSettings": switches}, {**switches, **config}, [], json.dumps(config),
        {"dataScrubber": True, "dataScrubberDefaults": True, "safeFields": some(random, word)},
    ))  # fmt: skip
    data = json.dumps(document).encode()
    return broken(data, random, _TOKENS) if random.random() < 0.3 else data


_TOKENS = (
    b'"rules": {', b'"applications": {', b'"type": ', b'"pattern"', b'"redact_pair"', b'"multiple"',
    b'"alias"', b'"keyPattern": ', b'"redaction": ', b'"method": ', b'"replace"', b'"hash"',
    b'"mask"',
    b'"hideInner": true', b'"piiConfig": ', b'"datascrubbingSettings": ', b'"sensitiveFields": [',
    b'"$string"', b'"**"', b"{", b"}", b"[", b"]", b'"', b":", b",",
    *(f'"{name}"'.encode() for name in _BUILTIN),
)  # fmt: skip

_SEED = {
    "rules": {"own": {"type": "pattern", "pattern": "abc", "redaction": {"method": "mask"}}},
    "applications": {"$string": ["own", "@email:replace"], "extra.**": ["@anything:remove"]},
}

TARGETS = (
    Target(
        "import", run_import, draw_import,
        lambda: [json.dumps(_SEED).encode(), json.dumps({"piiConfig": _SEED}).encode()], _TOKENS,
    ),
)  # fmt: skip
