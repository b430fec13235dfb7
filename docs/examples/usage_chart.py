#!/usr/bin/env python3
"""A chart of people by language, out of the sets for analysis: an SVG on standard output.

python docs/examples/usage_chart.py usage-data/sets suite-ready language
"""

import sys
from html import escape

import duckdb

WIDTH, ROW, LEFT = 640, 26, 120
FONT = 'font-family="sans-serif" font-size="13"'
DARK, GREEN = 'fill="#1f2933"', 'fill="#2b7a5b"'


def people(sets: str, event: str, column: str) -> list[tuple[str, int]]:
    """Return the values of a column with the people of the day that has most of them."""
    return duckdb.execute(
        """
        SELECT value, max(people) AS people
        FROM read_parquet(?, hive_partitioning = true)
        WHERE event = ? AND "column" = ?
        GROUP BY value ORDER BY people DESC, value LIMIT 12
        """,
        [f"{sets}/dt=*/people_by_value/*.parquet", event, column],
    ).fetchall()


def chart(title: str, found: list[tuple[str, int]]) -> str:
    """Return bars as SVG."""
    most = max((count for _, count in found), default=1)
    height = ROW * (len(found) + 2)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="{ROW}" font-size="15" {DARK}>{escape(title)}</text>',
    ]
    for nth, (value, count) in enumerate(found):
        top = ROW * (nth + 1) + 14
        width = round((WIDTH - LEFT - 80) * count / most)
        lines += [
            f'<text x="{LEFT - 10}" y="{top + 14}" text-anchor="end" {DARK}>{escape(value)}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{width}" height="{ROW - 8}" {GREEN}/>',
            f'<text x="{LEFT + width + 8}" y="{top + 14}" {DARK}>{count}+</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: usage_chart.py SETS EVENT COLUMN")
    folder, event, column = sys.argv[1:]
    if "://" in folder:
        sys.exit(f"{folder} is no folder: relay usage export --to makes sets in one")
    try:
        found = people(folder, event, column)
    except duckdb.IOException:
        sys.exit(f"no dt=… in {folder}: relay usage export makes such, in a folder called sets")
    if not found:
        sys.exit(f"no value of {column} in {event} that ten people have")
    sys.stdout.write(chart(f"People by {column} ({event})", found))
