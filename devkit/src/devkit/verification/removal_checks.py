"""What must hold in removals' database."""

from __future__ import annotations

from devkit.verification.check import Check

GONE = "units_shipped + units_disposed + units_canceled"
ENDED = "('Completed', 'Canceled', 'Refused')"

REMOVALS = (
    Check(
        "units of a removal are open, shipped, disposed of or canceled, and none twice",
        "removals",
        "SELECT count(*) FROM removal WHERE status <> 'Expected'",
        f"""SELECT format('%s %s: %s asked for, %s shipped, %s disposed, %s canceled, %s', seller_id, removal_id,
                units_requested, units_shipped, units_disposed, units_canceled, status)
            FROM removal WHERE status <> 'Expected' AND (
                {GONE} > units_requested OR status IN {ENDED} AND {GONE} <> units_requested
                OR (units_requested, units_shipped, units_disposed, units_canceled) <> (
                    SELECT sum((line ->> 'requested')::int), sum((line ->> 'shipped')::int),
                        sum((line ->> 'disposed')::int), sum((line ->> 'canceled')::int)
                    FROM jsonb_array_elements(lines) AS line))""",
        must_find=False,
    ),
    Check(
        "no removal is past its deadline, and each open one has a deadline to come (S5, S9)",
        "removals",
        "SELECT count(*) FROM removal",
        f"""SELECT format('%s %s: %s, next deadline %s', r.seller_id, r.removal_id, r.status, min(d.due_at))
            FROM removal AS r
            LEFT JOIN deadline AS d ON (d.seller_id, d.kind, d.object_id) = (r.seller_id, 'removal', r.removal_id)
            WHERE (r.status NOT IN {ENDED} AND r.status <> 'Expected'
                OR r.status = 'Expected' AND jsonb_array_length(r.early::jsonb) > 0) AND NOT EXISTS (
                SELECT FROM parked AS p WHERE (p.seller_id, p.kind, p.object_id) = (r.seller_id, 'removal', r.removal_id))
            GROUP BY r.seller_id, r.removal_id, r.status
            HAVING min(d.due_at) IS NULL OR min(d.due_at) <= {{now}}""",
        must_find=False,
    ),
    Check(
        "removals that have ended have no deadline (S9)",
        "removals",
        f"SELECT count(*) FROM removal WHERE status IN {ENDED}",
        f"""SELECT format('%s %s %s', seller_id, object_id, deadline) FROM deadline AS d
            WHERE kind = 'removal' AND EXISTS (SELECT FROM removal AS r WHERE r.status IN {ENDED}
                AND (r.seller_id, r.removal_id) = (d.seller_id, d.object_id))""",
        must_find=False,
    ),
)  # fmt: skip
