"""Groups of people that are too small to be shown lose what sets them apart, or are left out.

The model is k-anonymity (L. Sweeney, "k-anonymity: a model for protecting privacy", 2002): whatever
a row says of a person or their device, k people or more are in rows that say the same. It is
reached by local suppression: a value that would set a few people apart is null in their rows, and
stays in those of others. Which goes first is as in her Datafly (1997; "Achieving k-anonymity
privacy protection using generalization and suppression", 2002): the column with the most distinct
values.

How:

1. Rows with the same values are one combination. Those of k people or more are shown as they are.
2. Of all others the first column is taken away, and what is the same now is one combination, or
   joins one that is shown already; then the second column, and so on to the last.
3. What is left after that are fewer than k people together. Either their rows are suppressed
   (`Rest.SUPPRESS`), or the smallest combination that is shown is hidden with them, so that null
   too is k people or more (`Rest.MERGE`): else the few could be told by what is missing.

It is people that count, never rows; a row that names nobody counts as nobody. Whatever joins a
combination makes it larger, so at the end each has k people or more: by construction, and the tests
count it again in their own way.

What this does not promise: that the values of other columns differ within a group (l-diversity),
and nothing against somebody who knows many things that one person did on a day.
"""

# ruff: noqa: S608 - what is put into statements are names of ours and numbers

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.usage.export_columns import quoted
from relay.usage.export_engine import Engine


class Rest(StrEnum):
    """What becomes of fewer than k people who are left after all columns were taken away."""

    SUPPRESS = "suppress"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Grouping:
    """What is grouped.

    Attributes:
        source: a table with a column `person` and those that follow.
        fixed: columns that each group is within; they are shown as they are.
        lose: columns that may be taken away, the first one first.
        least: people that a group has at least.
        rest: what becomes of the rest.
    """

    source: str
    fixed: Sequence[str]
    lose: Sequence[str]
    least: int
    rest: Rest

    def place(self, engine: Engine, into: str) -> None:
        """Make a table: for each combination that is shown, how it is shown.

        Its columns are `fixed` by name, `was_0`, `was_1`, … for `lose` as it is in the source,
        and `now_0`, `now_1`, … for what is shown of it. `matches` joins the source with it.

        Raises:
            EngineError: memory or disk are full.
        """
        left = self._number(engine)
        for lost in range(len(self.lose) + 1):
            left -= self._show(engine, lost)
            if not left:
                break
        if left and self.rest is Rest.MERGE:
            self._merge(engine)
        names = [*map(quoted, self.fixed), *self._was]
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {_list(names)}, {_list(self._now)} "
            "FROM combinations JOIN shown USING (combination)"
        )

    def matches(self, source: str, into: str) -> str:
        """Return the condition by which a row of the source, and how it is shown, are joined."""
        return _same(
            [f"{source}.{quoted(name)}" for name in (*self.fixed, *self.lose)],
            [f"{into}.{name}" for name in (*map(quoted, self.fixed), *self._was)],
        )

    def shown(self, name: str) -> str:
        """Return the column of the table made that holds what is shown of one of these columns."""
        return f"now_{self.lose.index(name)}" if name in self.lose else quoted(name)

    def _number(self, engine: Engine) -> int:
        """Number the combinations, and note who is in which; return how many there are."""
        names = [*map(quoted, self.fixed), *map(quoted, self.lose)]
        kept = [*map(quoted, self.fixed), *self._was]
        given = _list(f"{name} AS {to}" for name, to in zip(names, kept, strict=True))
        ((count,),) = engine.run(
            "CREATE OR REPLACE TEMP TABLE combinations AS SELECT row_number() OVER () "
            f"AS combination, * FROM (SELECT DISTINCT {given} FROM {self.source})"
        )
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE pairs AS SELECT DISTINCT combination, person "
            f"FROM {self.source} AS s JOIN combinations AS c ON {self.matches('s', 'c')} "
            "WHERE person IS NOT NULL"
        )
        return int(count)

    def _show(self, engine: Engine, lost: int) -> int:
        """Show what is large enough without the first so many columns, or joins what is shown.

        Returns:
            How many combinations that are.
        """
        fixed = [quoted(name) for name in self.fixed]
        now = [
            f"{_null(was) if nth < lost else was} AS {to}"
            for nth, (was, to) in enumerate(zip(self._was, self._now, strict=True))
        ]
        whole = [*fixed, *self._now]
        columns = _list(whole)
        others, joined = "", ""
        if lost:
            others = " ANTI JOIN shown USING (combination)"
            joined = f" UNION SELECT {columns} FROM shown JOIN combinations USING (combination)"
        ((count,),) = engine.run(
            f"{'INSERT INTO shown' if lost else 'CREATE OR REPLACE TEMP TABLE shown AS'} "
            f"WITH candidates AS (SELECT {_list(['combination', *fixed, *now])} "
            f"FROM combinations{others}), "
            f"people AS (SELECT DISTINCT {columns}, person FROM candidates "
            "JOIN pairs USING (combination)), "
            f"large AS (SELECT {columns} FROM people GROUP BY {columns} "
            f"HAVING count(*) >= {self.least}{joined}) "
            f"SELECT combination, {_list(self._now)} FROM candidates AS a SEMI JOIN large AS b "
            f"ON {_same([f'a.{name}' for name in whole], [f'b.{name}' for name in whole])}"
        )
        return int(count)

    def _merge(self, engine: Engine) -> None:
        """Hide the smallest of what is shown together with what is left, where anything is."""
        fixed = [quoted(name) for name in self.fixed]
        whole = [*fixed, *self._now]
        left = "(SELECT * FROM combinations ANTI JOIN shown USING (combination))"
        within = _same([f"a.{name}" for name in fixed], [f"b.{name}" for name in fixed])
        parts = f"PARTITION BY {_list(fixed)} " if fixed else ""
        engine.run(
            "CREATE OR REPLACE TEMP TABLE hidden AS WITH people AS (SELECT DISTINCT "
            f"{_list(whole)}, person FROM shown JOIN combinations USING (combination) "
            "JOIN pairs USING (combination)), "
            f"sizes AS (SELECT {_list(whole)}, count(*) AS size FROM people GROUP BY ALL), "
            f"near AS (SELECT * FROM sizes AS a SEMI JOIN {left} AS b ON {within}) "
            f"SELECT * FROM near QUALIFY row_number() OVER ({parts}ORDER BY size, "
            f"{_list(self._now)}) = 1"
        )
        same = _same([f"a.{name}" for name in whole], [f"b.{name}" for name in whole])
        engine.run(
            f"UPDATE shown SET {_list(f'{name} = NULL' for name in self._now)} WHERE combination "
            f"IN (SELECT combination FROM (SELECT combination, {_list(whole)} FROM shown "
            f"JOIN combinations USING (combination)) AS a SEMI JOIN hidden AS b ON {same})"
        )
        nothing = _list(_null(name) for name in self._was)
        engine.run(f"INSERT INTO shown SELECT combination, {nothing} FROM {left}")

    @property
    def _was(self) -> list[str]:
        return [f"was_{nth}" for nth in range(len(self.lose))]

    @property
    def _now(self) -> list[str]:
        return [f"now_{nth}" for nth in range(len(self.lose))]


def by_distinct_values(
    engine: Engine, source: str, columns: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return columns that are the same in all rows, and the others as they are taken away.

    The one with the most distinct values goes first; of two with as many, the later one. What is
    the same for all sets nobody apart, and need not go.

    Raises:
        EngineError: memory or disk are full.
    """
    names = [quoted(name) for name in columns]
    values = [f"count(DISTINCT {name}) + (count({name}) < count(*))::INTEGER" for name in names]
    (counts,) = engine.run(
        f"SELECT {_list(values)} FROM (SELECT DISTINCT {_list(names)} FROM {source})"
    )
    order = sorted(range(len(columns)), key=lambda nth: (-counts[nth], -nth))
    same = [columns[nth] for nth in range(len(columns)) if counts[nth] <= 1]
    return same, [columns[nth] for nth in order if counts[nth] > 1]


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _null(name: str) -> str:
    """Return null of the type of a column."""
    return f"CASE WHEN false THEN {name} END"


def _same(these: Sequence[str], those: Sequence[str]) -> str:
    """Return the condition that all of these are as those are, null too."""
    pairs = zip(these, those, strict=True)
    return " AND ".join(f"{a} IS NOT DISTINCT FROM {b}" for a, b in pairs) or "true"
