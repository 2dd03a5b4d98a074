"""Evidence's checkers: what an auditor recomputes from the stored log."""

from collections.abc import Mapping
from itertools import pairwise

from sqlalchemy import select, text

from evidence.domain.checkpoint import checkpoint_text, note_is_signed
from evidence.domain.consistency import is_consistent
from evidence.domain.tree import Frontier, Node, consistency_path, hash_of, nodes_of
from evidence.outbound import tables
from evidence.outbound.storage import SqlNodes
from kernel.audit import VIOLATIONS_SHOWN_MAX, Checker, none_of
from kernel.connection import Connection

STEPS_AT_ONCE = 200
PLANTED = "tests/evidence/test_log_checkers.py::"

POSITIONS = """
    SELECT 'position' AS fault, p.log_index AS found, p.due AS due FROM (
        SELECT log_index, row_number() OVER (ORDER BY log_index) - 1 AS due FROM deposits WHERE log_index IS NOT NULL
    ) p WHERE p.log_index <> p.due
    UNION ALL
    SELECT 'two deposits at one position', log_index, count(*) FROM deposits
    WHERE log_index IS NOT NULL GROUP BY log_index HAVING count(*) > 1
    UNION ALL
    SELECT 'size of the log', l.size, d.placed FROM logs l, (SELECT count(log_index) AS placed FROM deposits) d
    WHERE l.size <> d.placed"""

NODES = """
    SELECT 'leaf differs from its deposit' AS fault, 0 AS level, COALESCE(d.log_index, n.place) AS place
    FROM (SELECT log_index, leaf_hash FROM deposits WHERE log_index IS NOT NULL) d
    FULL JOIN (SELECT place, hash FROM nodes WHERE level = 0) n ON n.place = d.log_index
    WHERE d.leaf_hash IS DISTINCT FROM n.hash
    UNION ALL
    SELECT 'not the hash of its children', p.level, p.place FROM nodes p
    LEFT JOIN nodes l ON l.level = p.level - 1 AND l.place = p.place * 2
    LEFT JOIN nodes r ON r.level = p.level - 1 AND r.place = p.place * 2 + 1
    WHERE p.level > 0 AND p.hash IS DISTINCT FROM sha256('\\x01'::bytea || l.hash || r.hash)
    UNION ALL
    SELECT 'subtree missing', due.level, (SELECT count(*) FROM nodes n WHERE n.level = due.level)
    FROM (SELECT level, size >> level AS complete FROM logs, generate_series(1, 62) AS level) due
    WHERE due.complete <> (SELECT count(*) FROM nodes n WHERE n.level = due.level)"""


async def _roots(conn: Connection) -> list[str]:
    """Grow the tree again from its leaves and compare at each size that was signed."""
    signed = {row.size: row.root for row in await conn.execute(text("SELECT size, root FROM checkpoints"))}
    leaves = await conn.stream(text("SELECT leaf_hash FROM deposits WHERE log_index IS NOT NULL ORDER BY log_index"))
    frontier, violations = Frontier(0, []), []
    async for row in leaves:
        for _ in frontier.append(row.leaf_hash):
            pass
        root = signed.pop(frontier.size, None)
        if root is not None and root != frontier.root:
            violations.append(f"the leaves up to size {frontier.size} have another root than was signed")
    violations += [f"size {size} was signed, the log holds {frontier.size}" for size in sorted(signed)]
    return violations[:VIOLATIONS_SHOWN_MAX]


async def _notes(conn: Connection) -> list[str]:
    """Check each signature, and that the note says what its row says."""
    log = (await conn.execute(select(tables.logs.c.origin, tables.logs.c.vkey))).one_or_none()
    violations = []
    async for row in await conn.stream(select(tables.checkpoints).order_by(tables.checkpoints.c.size)):
        due = checkpoint_text(row.origin, row.size, row.root)
        if log is None or row.origin != log.origin or not row.note.startswith(due + "\n"):
            violations.append(f"the note of size {row.size} says something else than its row")
        elif not note_is_signed(row.note, due, log.vkey):
            violations.append(f"the note of size {row.size} is not signed by the log's key")
    return violations[:VIOLATIONS_SHOWN_MAX]


async def _growth(conn: Connection) -> list[str]:
    """Prove each checkpoint to be the beginning of the next, from the stored nodes."""
    size = await conn.scalar(select(tables.logs.c.size)) or 0
    rows = (await conn.execute(select(tables.checkpoints).order_by(tables.checkpoints.c.size))).all()
    violations = [] if (rows[-1].size if rows else 0) == size else [f"no checkpoint covers the log's size {size}"]
    steps = list(pairwise(rows))
    for first in range(0, len(steps), STEPS_AT_ONCE):
        part = steps[first : first + STEPS_AT_ONCE]
        wanted = {node for old, new in part for node in nodes_of(consistency_path(old.size, new.size))}
        nodes = await SqlNodes(conn).get(wanted)
        for old, new in part:
            if new.signed_at < old.signed_at:
                violations.append(f"size {new.size} was signed before size {old.size}")
            path = _path(nodes, old.size, new.size)
            if path is None or not is_consistent(old.size, new.size, old.root, new.root, path):
                violations.append(f"size {new.size} is not proved to continue size {old.size}")
    return violations[:VIOLATIONS_SHOWN_MAX]


def _path(nodes: Mapping[Node, bytes], from_size: int, to_size: int) -> list[bytes] | None:
    spans = consistency_path(from_size, to_size)
    return [hash_of(span, nodes) for span in spans] if nodes_of(spans) <= nodes.keys() else None


CHECKERS = [
    Checker("A1", "Positions in the log are gap-free, and no two deposits have the same.",
            PLANTED + "test_a_gap_between_positions_is_found", none_of(POSITIONS)),
    Checker("A2", "The tree grown again from its leaves has the root of every checkpoint.",
            PLANTED + "test_an_edited_leaf_is_found", _roots),
    Checker("A3", "Every stored tree node is the hash of what stands beneath it, and none is missing.",
            PLANTED + "test_an_edited_node_is_found", none_of(NODES)),
    Checker("A4", "Every checkpoint is signed by the log's key and says what its row says.",
            PLANTED + "test_a_checkpoint_of_another_key_is_found", _notes),
    Checker("A5", "Checkpoints only grow: each is proved to continue the one before, and the newest covers the log.",
            PLANTED + "test_a_checkpoint_that_leads_elsewhere_is_found", _growth),
]  # fmt: skip
