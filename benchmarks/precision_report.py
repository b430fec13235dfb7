"""What was redacted that should not be, as sections of the report."""

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.code_precision import CodePrecision, Redaction
from benchmarks.precision import Precision
from benchmarks.report import NOT_MEASURED, Bar, Cell, Code, Listing, Section, Table

PER_MEGABYTE = 1.0
MOST_LISTED = 150

_ABOUT_LINES = """\
Random lines of what must survive: versions, ids, hashes, times, names of files, lines of code and
of stack traces, sentences. Each stands in every place that an event has for text, and counts as
unchanged only if it came out so in all of them. The peer has its *generous* ten rules; its
trimming of tags does not count."""

_ABOUT_CODE = """\
Real source code as SDKs send it: every file once as lines of stack frames and once as chunks of
text. *Python* is the standard library and the installed packages, *javascript* npm packages,
*bundles* minified ones. A redaction is a true one when what was taken is plainly what the rule is
for: an address with a valid checksum, an e-mail address, a literal in quotes under the name of a
secret; the tables count those apart. Whatever is not plainly so counts as false. Of the peer's,
those count as true that ours takes too; it gets the first of the same files, 8 MB of each kind."""


def lines_section(ours: Precision, peer: Precision) -> Section:
    """Return what was changed of lines that must survive, each change listed."""
    changed = ours.lines - ours.unchanged
    bar = Bar(
        "Changed of random lines that must survive",
        "none",
        f"{changed:,} of {ours.lines:,}"
        + (f"; {ours.failed} events dropped" if ours.failed else ""),
        not changed and not ours.failed,
    )
    total = ("all", ours.unchanged, ours.lines)
    rows = tuple(
        (kind, f"{lines:,}", f"{lines - same:,}", _percent(same, lines), _peer_share(kind, peer))
        for kind, same, lines in (*((kind, *pair) for kind, pair in ours.by_kind.items()), total)
    )
    table = Table(("kind", "lines", "changed", "unchanged", "unchanged by the peer"), rows)
    listing = _changes(ours)
    listings = (listing,) if listing.items else ()
    return Section("Precision: what must survive", _ABOUT_LINES, (bar,), (table,), listings)


def _peer_share(kind: str, peer: Precision) -> str:
    if kind == "all":
        return _percent(peer.unchanged, peer.lines)
    return _percent(*peer.by_kind[kind]) if kind in peer.by_kind else NOT_MEASURED


def _percent(part: int, whole: int) -> str:
    """Return a share; what is not all never reads as all."""
    return "100 %" if part == whole else f"{min(99.99, 100 * part / whole):.2f} %"


def _changes(found: Precision) -> Listing:
    """Return the lines that were changed, each once, with the number of places where it was."""
    counts = Counter((one.kind, one.before, one.after) for one in found.changed)
    items = [
        (f"{before}  ->  {after}", f"{kind}, {count} places")
        for (kind, before, after), count in counts.items()
    ]
    return Listing(
        "Changed lines", tuple(items[:MOST_LISTED]), max(0, len(items) - MOST_LISTED)
    )  # fmt: skip


def code_section(
    ours: Sequence[CodePrecision],
    peer: Sequence[CodePrecision],
    descriptions: Mapping[str, str],
) -> Section:
    """Return what was redacted in code, by corpus, rule and reason, each false one listed.

    `descriptions` says of our rules what each is for.
    """
    by_corpus = {one.corpus: one for one in peer}
    bars = tuple(_code_bar(one) for one in ours)
    tables = (
        Table(
            (
                "code", "files", "MB", "false", "false for 1 MB", "true", "not scrubbed",
                "the peer's false for 1 MB", "the peer's true for 1 MB",
            ),
            tuple(_code_row(one, by_corpus.get(one.corpus)) for one in ours),
        ),
        Table(("why true", "redactions"), _reasons(ours)),
        Table(("rule", "false for 1 MB", "what it is for"), _rules(ours, descriptions)),
        Table(("rule of the peer", "false for 1 MB", "such as"), _peer_rules(peer)),
    )  # fmt: skip
    listing = _listing("False redactions in code", [r for one in ours for r in one.false])
    return Section(
        "Precision: source code", _ABOUT_CODE, bars, tables, (listing,) if listing.items else ()
    )


def _code_bar(one: CodePrecision) -> Bar:
    return Bar(
        f"False redactions for 1 MB of code, {one.corpus}",
        f"fewer than {PER_MEGABYTE:.0f}",
        f"{one.false_per_megabyte:.2f}",
        one.false_per_megabyte < PER_MEGABYTE,
    )


def _code_row(one: CodePrecision, peer: CodePrecision | None) -> tuple[str, ...]:
    theirs = (
        (NOT_MEASURED, NOT_MEASURED)
        if peer is None
        else (f"{peer.false_per_megabyte:.1f}", f"{len(peer.true) / (peer.size / 1e6):.1f}")
    )
    return (
        one.corpus,
        f"{one.files:,}",
        f"{one.size / 1e6:.1f}",
        f"{len(one.false):,}",
        f"{one.false_per_megabyte:.2f}",
        f"{len(one.true):,}",
        f"{one.failed:,}",
        *theirs,
    )


def _reasons(found: Sequence[CodePrecision]) -> tuple[tuple[str, str], ...]:
    counts: Counter[str] = Counter()
    for one in found:
        counts.update(one.by_reason())
    return tuple((reason, f"{count:,}") for reason, count in counts.most_common())


def _rules(
    found: Sequence[CodePrecision], descriptions: Mapping[str, str]
) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (rule, share, descriptions.get(rule, "")) for rule, share, _ in _false_by_rule(found)
    )


def _peer_rules(found: Sequence[CodePrecision]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (rule, share, Code(f"{one.taken[:40]}")) for rule, share, one in _false_by_rule(found)
    )


def _false_by_rule(found: Sequence[CodePrecision]) -> list[tuple[str, str, Redaction]]:
    """Return each rule with how often it was wrong, most first, and one case of it."""
    false = [redaction for one in found for redaction in one.false]
    megabytes = sum(one.size for one in found) / 1e6
    counts = Counter(redaction.rule for redaction in false)
    cases = {one.rule: one for one in reversed(false)}
    return [(rule, f"{n / megabytes:.2f}", cases[rule]) for rule, n in counts.most_common()]


def _listing(title: str, found: Sequence[Redaction]) -> Listing:
    """Return the false ones, equal ones in one line, the most frequent first."""
    counts = Counter((one.rule, one.taken, one.before[-30:], one.after[:20]) for one in found)
    items = [
        (f"{before}>>>{taken}<<<{after}", f"{count:,} x {rule}")
        for (rule, taken, before, after), count in counts.most_common()
    ]
    left_out = sum(count for _, count in counts.most_common()[MOST_LISTED:])
    return Listing(title, tuple(items[:MOST_LISTED]), left_out)
