"""The statements of the SQLite spool. Those that scan name their index, or do not work at all.

Law of this file: text only. `tests/unit/spool/test_queries.py` counts the steps that they take with
50,000 rows in the way.
"""

# ruff: noqa: S608 - the parts are constants of ours

from typing import Final

from relay.spool.schema import DUE, LANE, LATER, NOBODY

READ_TOTALS: Final = "SELECT last_id, living, dead, bytes, dead_bytes FROM totals"
WRITE_TOTALS: Final = (
    "UPDATE totals SET last_id = ?, living = ?, dead = ?, bytes = ?, dead_bytes = ?"
)

# --- put -----------------------------------------------------------------------------------------

REPEATS: Final = """
SELECT one.value FROM json_each(?1) AS one CROSS JOIN recent
WHERE recent.period IN (?5 - 1, ?5, ?5 + 1)
  AND recent.digest = substr(?2, 1 + 32 * one.value, 32) AND abs(?3 - recent.seen_at) < ?4
"""
"""Places of digests, 32 bytes each, that were seen inside the window. The distance, for a clock
that was set back must not make repeats of everything for hours."""

FORGET_RECENT: Final = "DELETE FROM recent WHERE period < ?"

ADD: Final = """
INSERT INTO envelopes
  (id, envelope_id, project, key, client, categories, size, stored_at, due_at, attempts, state)
SELECT ?3 + key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?2,
  0, 0, 'ready' FROM json_each(?1)
"""
ADD_BODIES: Final = """
INSERT INTO bodies
SELECT ?3 + (value ->> 0), substr(?2, value ->> 1, value ->> 2) FROM json_each(?1)
"""
ADD_RECENT: Final = """
INSERT OR REPLACE INTO recent SELECT ?4, substr(?2, 1 + 32 * value, 32), ?3 FROM json_each(?1)
"""

# --- claim ---------------------------------------------------------------------------------------

_COLUMNS: Final = "id, envelope_id, project, key, client, categories, size, attempts, stored_at"

LOOK: Final = f"""
SELECT
  EXISTS (SELECT 1 FROM envelopes INDEXED BY due_by_age WHERE {DUE} AND stored_at <= ?1)
  OR EXISTS (SELECT 1 FROM envelopes INDEXED BY later_by_age WHERE {LATER} AND stored_at <= ?1)
  OR EXISTS (SELECT 1 FROM envelopes INDEXED BY dead_by_age
    WHERE state = 'dead' AND stored_at <= ?2),
  EXISTS (SELECT 1 FROM envelopes INDEXED BY later_by_time WHERE {LATER} AND due_at <= ?3)
"""
"""Whether anything is too old, and whether anything has become due."""

GROW_DUE: Final = f"""
UPDATE envelopes SET due_at = 0 WHERE id IN (
  SELECT id FROM envelopes INDEXED BY later_by_time
  WHERE {LATER} AND due_at <= ? ORDER BY due_at LIMIT ?)
"""
CLAIM: Final = f"""
SELECT {_COLUMNS} FROM envelopes INDEXED BY due_by_age WHERE {DUE} ORDER BY stored_at, id LIMIT ?
"""
CLAIM_SKIPPING: Final = f"""
SELECT * FROM (
  SELECT {_COLUMNS} FROM envelopes INDEXED BY due_by_age WHERE {DUE}
  ORDER BY stored_at, id LIMIT ?3)
WHERE {LANE} NOT IN (SELECT value FROM json_each(?1)) ORDER BY stored_at, id LIMIT ?2
"""


def _lanes(where: str, index: str) -> str:
    """Every lane that has such rows, in their order, by one search in the index for each."""
    table = f"envelopes INDEXED BY {index} WHERE {where}"
    return f"""
lanes(lane) AS (
  SELECT min({LANE}) FROM {table}
  UNION ALL
  SELECT (SELECT min({LANE}) FROM {table} AND {LANE} > lane) FROM lanes WHERE lane IS NOT NULL
)"""


CLAIM_SKIPPING_MANY: Final = f"""
WITH RECURSIVE {_lanes(DUE, "due_by_lane")}
SELECT {_COLUMNS} FROM lanes CROSS JOIN envelopes
WHERE lane NOT IN (SELECT value FROM json_each(?1)) AND envelopes.id IN (
  SELECT id FROM envelopes INDEXED BY due_by_lane WHERE {DUE} AND {LANE} = lane
  ORDER BY stored_at, id LIMIT ?2)
ORDER BY stored_at, id LIMIT ?2
"""
MARK: Final = """
UPDATE envelopes SET state = 'claimed', owner = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
READ_BODY: Final = "SELECT body FROM bodies WHERE id = ?"

# --- settle --------------------------------------------------------------------------------------

PUT_BACK: Final = f"""
UPDATE envelopes SET state = 'ready', owner = {NOBODY}, due_at = ?, attempts = attempts + ?
WHERE id = ? AND state = 'claimed' AND owner = ?
"""
BURY: Final = f"""
UPDATE envelopes SET state = 'dead', owner = {NOBODY}, reason = ?, attempts = attempts + 1
WHERE id = ? AND state = 'claimed' AND owner = ?
"""
HELD: Final = """
SELECT id, size FROM envelopes
WHERE id IN (SELECT value FROM json_each(?2)) AND state = 'claimed' AND owner = ?1
"""
DROP: Final = "DELETE FROM envelopes WHERE id IN (SELECT value FROM json_each(?))"
DROP_BODIES: Final = "DELETE FROM bodies WHERE id IN (SELECT value FROM json_each(?))"

# --- waiting and status --------------------------------------------------------------------------

NEXT_DUE: Final = f"""
SELECT coalesce(
  (SELECT 0 FROM envelopes INDEXED BY due_by_age WHERE {DUE} LIMIT 1),
  (SELECT min(due_at) FROM envelopes INDEXED BY later_by_time WHERE {LATER}))
"""
NEXT_DUE_SKIPPING: Final = f"""
SELECT coalesce((
  WITH RECURSIVE {_lanes(DUE, "due_by_lane")}
  SELECT 0 FROM lanes
  WHERE lane IS NOT NULL AND lane NOT IN (SELECT value FROM json_each(?1)) LIMIT 1
), (
  WITH RECURSIVE {_lanes(LATER, "later_by_lane")}
  SELECT min((
    SELECT min(due_at) FROM envelopes INDEXED BY later_by_lane WHERE {LATER} AND {LANE} = lane
  )) FROM lanes
  WHERE lane IS NOT NULL AND lane NOT IN (SELECT value FROM json_each(?1))
))
"""
CLAIMED: Final = """
SELECT count(*), min(stored_at) FROM envelopes INDEXED BY claimed_by_owner WHERE state = 'claimed'
"""
OLDEST: Final = f"""
SELECT (SELECT min(stored_at) FROM envelopes INDEXED BY due_by_age WHERE {DUE}),
  (SELECT min(stored_at) FROM envelopes INDEXED BY later_by_age WHERE {LATER})
"""

# --- bounds --------------------------------------------------------------------------------------

OLD_DUE: Final = f"""
SELECT id, project, key, categories, size FROM envelopes INDEXED BY due_by_age
WHERE {DUE} AND stored_at <= ? ORDER BY stored_at LIMIT ?
"""
OLD_LATER: Final = f"""
SELECT id, project, key, categories, size FROM envelopes INDEXED BY later_by_age
WHERE {LATER} AND stored_at <= ? ORDER BY stored_at LIMIT ?
"""
OLD_DEAD: Final = """
SELECT id, project, key, categories, size FROM envelopes INDEXED BY dead_by_age
WHERE state = 'dead' AND stored_at <= ? ORDER BY stored_at LIMIT ?
"""
OLDEST_DEAD: Final = """
SELECT id, project, key, categories, size FROM envelopes INDEXED BY dead_by_id
WHERE state = 'dead' ORDER BY id
"""

# --- dead letters --------------------------------------------------------------------------------

LIST_DEAD: Final = """
SELECT id, envelope_id, project, key, categories, size, stored_at, attempts, reason
FROM envelopes INDEXED BY dead_by_id WHERE state = 'dead' AND id > ? ORDER BY id LIMIT ?
"""
READ_DEAD: Final = """
SELECT envelope_id, project, key, client, categories, body
FROM envelopes JOIN bodies USING (id) WHERE id = ? AND state = 'dead'
"""
CHOOSE_DEAD: Final = """
SELECT id, size FROM envelopes WHERE state = 'dead' AND id IN (SELECT value FROM json_each(?))
"""
ALL_DEAD: Final = """
SELECT id, size FROM envelopes INDEXED BY dead_by_id WHERE state = 'dead'
"""
REVIVE: Final = """
UPDATE envelopes SET state = 'ready', reason = '', attempts = 0, due_at = 0, stored_at = ?
WHERE id IN (SELECT value FROM json_each(?))
"""

# --- limits --------------------------------------------------------------------------------------

LEARN: Final = """
INSERT INTO limits VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET until = excluded.until, scope = excluded.scope, reason = excluded.reason
WHERE excluded.until > limits.until
"""
IN_FORCE: Final = """
SELECT upstream, key, category, namespace, scope, reason, until FROM limits WHERE until > ?
"""
FORGET_ENDED: Final = "DELETE FROM limits WHERE until <= ?"
FORGET_OVER: Final = """
DELETE FROM limits WHERE (upstream, key, category, namespace) IN (
  SELECT upstream, key, category, namespace FROM limits ORDER BY until DESC LIMIT -1 OFFSET ?)
"""
