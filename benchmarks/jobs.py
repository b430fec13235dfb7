"""What is run for either scrubber, each in a process of its own: functions of plain arguments."""

import dataclasses
from enum import StrEnum

import relay
from benchmarks import adversarial, code_precision, peer, precision, recall
from benchmarks.code_precision import CodePrecision, Redaction
from benchmarks.precision import Precision
from benchmarks.recall import Recall
from relay import jsonio


class Who(StrEnum):
    """Whose scrubber."""

    OURS = "ours"
    PEER = "peer"


def run_recall(who: Who, count: int, seed: int) -> Recall:
    """Measure recall; the peer has no door for whole envelopes."""
    if who is Who.PEER:
        return recall.measure(peer.scrub, count, seed)
    scrub, scrub_envelope = recall.ours()
    return recall.measure(scrub, count, seed, scrub_envelope)


def run_adversarial(size: int) -> list[adversarial.Row]:
    """Measure documents of a size that were made to be slow; of the peer there is no such aim."""
    return adversarial.measure(relay.load_scrubber(verify=False), size)


def run_precision(who: Who, lines: int, seed: int) -> Precision:
    """Measure what is changed of lines that must survive."""
    if who is Who.PEER:
        return precision.measure(_in_order, lines, seed)
    scrubber = relay.load_scrubber(verify=False)
    return precision.measure(lambda event: scrubber.scrub_json(event).body, lines, seed)


def _in_order(event: bytes) -> bytes:
    """Scrub with the peer, and undo what is no redaction: its order of keys, its trim of tags."""
    before, after = jsonio.loads(event), jsonio.loads(peer.scrub(event))
    tags = dict(after["tags"])
    for key, tag in before["tags"].items():
        if str(tags.get(key)).split() == tag.split():
            tags[key] = tag
    after["tags"] = {key: tags.get(key) for key in before["tags"]}
    after["extra"] = {key: after["extra"].get(key) for key in before["extra"]}
    return jsonio.dumps(after)


def run_code(who: Who, corpus: str, megabytes: float, seed: int) -> CodePrecision:
    """Measure what is redacted in a corpus of code."""
    scrubber = relay.load_scrubber(verify=False)
    if who is Who.OURS:
        return code_precision.measure_code(
            lambda event: scrubber.scrub_json(event).body, corpus, megabytes=megabytes, seed=seed
        )
    found = code_precision.measure_code(
        peer.scrub_with_remarks, corpus, megabytes=megabytes, seed=seed
    )
    return _judged(found, scrubber)


def _judged(found: CodePrecision, scrubber: relay.Scrubber) -> CodePrecision:
    """Count as true what the peer's patterns took and ours, which have checksums, take too."""
    false: list[Redaction] = []
    true = list(found.true)
    for one in found.false:
        if one.taken and one.taken not in scrubber.scrub_text(one.before + one.taken + one.after):
            true.append(dataclasses.replace(one, reason="ours takes it too"))
        else:
            false.append(one)
    return dataclasses.replace(found, true=tuple(true), false=tuple(false))
