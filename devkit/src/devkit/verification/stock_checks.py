"""What must hold in inventory's database: stock, ledger, and who holds what."""

from __future__ import annotations

from chassis.settings import INBOX_RETENTION_DAYS_MIN
from devkit.verification.check import Check

INSIDE = """('available', 'reserved', 'reserved_transfer', 'reserved_processing', 'held', 'inbound_working', 'inbound_shipped',
    'inbound_receiving', 'researching', 'customer_damaged', 'warehouse_damaged', 'distributor_damaged', 'carrier_damaged',
    'defective', 'expired')"""

LEDGER = f"""
    SELECT seller_id, sku, location_id, account AS bucket, sum(quantity) AS quantity FROM (
        SELECT seller_id, sku, location_id, target AS account, quantity FROM movement
        UNION ALL SELECT seller_id, sku, location_id, source, -quantity FROM movement) AS side
    WHERE account IN {INSIDE} GROUP BY 1, 2, 3, 4"""

BOUND = "CASE kind WHEN 'removal' THEN 'held' ELSE 'reserved' END"
"""The bucket of units that a holder of this kind holds."""

HELD = f"""
    SELECT seller_id, sku, location_id, {BOUND} AS bucket, sum(taken - released - shipped) AS quantity
    FROM reservation_line GROUP BY 1, 2, 3, 4"""

HOLDER_LINES = """
    SELECT seller_id, kind, holder_id, line, location_id, sku, sum(taken) AS taken, sum(released) AS released,
        sum(shipped) AS shipped FROM reservation_line GROUP BY 1, 2, 3, 4, 5, 6"""

BINDING, LEAVING = "('reserved', 'held')", "('customer', 'removed')"
HOLDER_MOVES = f"""
    SELECT seller_id, holder_kind AS kind, holder_id, line, location_id, sku,
        coalesce(sum(quantity) FILTER (WHERE target IN {BINDING}), 0) AS taken,
        coalesce(sum(quantity) FILTER (WHERE source IN {BINDING} AND target NOT IN {LEAVING}), 0) AS released,
        coalesce(sum(quantity) FILTER (WHERE source IN {BINDING} AND target IN {LEAVING}), 0) AS shipped
    FROM movement WHERE holder_id IS NOT NULL AND line IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6"""

FREE = """('available', 'customer_damaged', 'warehouse_damaged', 'distributor_damaged', 'carrier_damaged', 'defective',
    'expired')"""

INVENTORY = (
    Check(
        "balances are never negative (S3)",
        "inventory",
        "SELECT count(*) FROM balance",
        "SELECT format('%s %s %s %s: %s', seller_id, sku, location_id, bucket, quantity) FROM balance WHERE quantity < 0",
    ),
    Check(
        "balances are the sum of the ledger (S3)",
        "inventory",
        f"SELECT count(*) FROM ({LEDGER}) AS l",
        f"""SELECT format('%s %s %s %s: balance %s, ledger %s', seller_id, sku, location_id, bucket, b.quantity, l.quantity)
            FROM balance AS b FULL JOIN ({LEDGER}) AS l USING (seller_id, sku, location_id, bucket)
            WHERE coalesce(b.quantity, 0) <> coalesce(l.quantity, 0)""",
    ),
    Check(
        "units are conserved: what came in is here or went out (S3)",
        "inventory",
        "SELECT count(*) FROM item",
        f"""WITH flow AS (
                SELECT seller_id, sku, sum(CASE WHEN source IN {INSIDE} THEN 0 ELSE quantity END)
                    - sum(CASE WHEN target IN {INSIDE} THEN 0 ELSE quantity END) AS net FROM movement GROUP BY 1, 2),
            stock AS (SELECT seller_id, sku, sum(quantity) AS units FROM balance GROUP BY 1, 2)
            SELECT format('%s %s: %s units here, %s came and stayed', seller_id, sku, units, net)
            FROM flow FULL JOIN stock USING (seller_id, sku) WHERE coalesce(net, 0) <> coalesce(units, 0)""",
    ),
    Check(
        "versions of an item count its movements, without a gap (S3, S10)",
        "inventory",
        "SELECT count(*) FROM movement",
        """SELECT format('%s %s: version %s, %s movements from %s to %s', i.seller_id, i.sku, i.version, n, low, high)
            FROM item AS i LEFT JOIN (
                SELECT seller_id, sku, count(*) AS n, min(item_version) AS low, max(item_version) AS high
                FROM movement GROUP BY 1, 2) AS m USING (seller_id, sku)
            WHERE i.version <> coalesce(n, 0) OR low <> 1 OR high <> i.version""",
    ),
    Check(
        "what is reserved or held for removals is held by open reservations (S4, S6, S7)",
        "inventory",
        "SELECT count(*) FROM reservation_line",
        f"""SELECT format('%s %s %s: %s %s, holders have %s', seller_id, sku, location_id, b.quantity, bucket, h.quantity)
            FROM (SELECT * FROM balance WHERE bucket IN {BINDING}) AS b
            FULL JOIN ({HELD}) AS h USING (seller_id, sku, location_id, bucket)
            WHERE coalesce(b.quantity, 0) <> coalesce(h.quantity, 0)""",
    ),
    Check(
        "per holder and line: taken = released + shipped + held, as the ledger says (S7)",
        "inventory",
        f"SELECT count(*) FROM ({HOLDER_MOVES}) AS m",
        f"""SELECT format('%s %s line %s at %s', seller_id, holder_id, line, location_id)
            FROM ({HOLDER_LINES}) AS r FULL JOIN ({HOLDER_MOVES}) AS m
                USING (seller_id, kind, holder_id, line, location_id, sku)
            WHERE (r.taken, r.released, r.shipped) IS DISTINCT FROM (m.taken, m.released, m.shipped)""",
    ),
    Check(
        "no cause has moved units twice: its movements are numbered from one (S2)",
        "inventory",
        "SELECT count(DISTINCT (seller_id, cause)) FROM movement",
        """SELECT format('%s %s: %s movements, numbered %s to %s', seller_id, cause, count(*), min(n), max(n))
            FROM movement GROUP BY seller_id, cause HAVING count(DISTINCT n) <> max(n) OR count(*) <> max(n) OR min(n) <> 1""",
    ),
    Check(
        "every movement's cause is one decided message (S2)",
        "inventory",
        "SELECT count(DISTINCT cause) FROM movement",
        f"""SELECT format('%s: decided %s times', cause, count(i.message_id))
            FROM (SELECT cause, max(moved_at) AS moved_at FROM movement GROUP BY cause) AS m
            LEFT JOIN inbox AS i ON i.message_id = m.cause AND i.outcome = 'accepted'
            GROUP BY cause, moved_at HAVING count(i.message_id) > 1 OR (count(i.message_id) = 0
                AND moved_at + interval '{INBOX_RETENTION_DAYS_MIN} days' > {{now}})""",
    ),
    Check(
        "ended reservations hold nothing (S7)",
        "inventory",
        "SELECT count(*) FROM reservation",
        """SELECT format('%s %s', seller_id, holder_id)
            FROM reservation AS r JOIN reservation_line USING (seller_id, kind, holder_id)
            WHERE r.status <> 'held' AND taken > released + shipped""",
    ),
    Check(
        "a removal has taken no bound unit: held from free units, removed from its own hold (S6)",
        "inventory",
        "SELECT count(*) FROM movement WHERE target IN ('held', 'removed')",
        f"""SELECT format('%s %s: %s units from %s to %s for %s %s', seller_id, sku, quantity, source, target, holder_kind,
                holder_id) FROM movement WHERE target IN ('held', 'removed') AND (holder_kind IS DISTINCT FROM 'removal'
                OR target = 'held' AND source NOT IN {FREE} OR target = 'removed' AND source <> 'held')""",
        must_find=False,
    ),
)  # fmt: skip
