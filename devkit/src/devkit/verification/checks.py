"""What must hold in each database by itself: one row of the result of `violations` is one violation, in words and with ids."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import INBOX_RETENTION_DAYS_MIN

INSIDE = """('available', 'reserved', 'reserved_transfer', 'reserved_processing', 'held', 'inbound_working', 'inbound_shipped',
    'inbound_receiving', 'researching', 'customer_damaged', 'warehouse_damaged', 'distributor_damaged', 'carrier_damaged',
    'defective', 'expired')"""

LEDGER = f"""
    SELECT seller_id, sku, location_id, account AS bucket, sum(quantity) AS quantity FROM (
        SELECT seller_id, sku, location_id, target AS account, quantity FROM movement
        UNION ALL SELECT seller_id, sku, location_id, source, -quantity FROM movement) AS side
    WHERE account IN {INSIDE} GROUP BY 1, 2, 3, 4"""

HELD = """
    SELECT seller_id, sku, location_id, sum(taken - released - shipped) AS quantity FROM reservation_line GROUP BY 1, 2, 3"""

HOLDER_MOVES = """
    SELECT seller_id, holder_kind AS kind, holder_id, line, location_id, sku,
        coalesce(sum(quantity) FILTER (WHERE target = 'reserved'), 0) AS taken,
        coalesce(sum(quantity) FILTER (WHERE source = 'reserved' AND target <> 'customer'), 0) AS released,
        coalesce(sum(quantity) FILTER (WHERE source = 'reserved' AND target = 'customer'), 0) AS shipped
    FROM movement WHERE holder_id IS NOT NULL AND line IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6"""


@dataclass(frozen=True, slots=True)
class Check:
    """`count` says how many things were looked at; where there must be some, none is a failure by itself.

    `{now}` in the SQL stands for the stack's time, as a parameter.
    """

    name: str
    service: str
    count: str
    violations: str
    must_find: bool = True


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
        "what is reserved is held by open reservations (S4, S7)",
        "inventory",
        "SELECT count(*) FROM reservation_line",
        f"""SELECT format('%s %s %s: %s reserved, %s held', seller_id, sku, location_id, b.quantity, h.quantity)
            FROM (SELECT * FROM balance WHERE bucket = 'reserved') AS b
            FULL JOIN ({HELD}) AS h USING (seller_id, sku, location_id)
            WHERE coalesce(b.quantity, 0) <> coalesce(h.quantity, 0)""",
    ),
    Check(
        "per holder and line: taken = released + shipped + held, as the ledger says (S7)",
        "inventory",
        f"SELECT count(*) FROM ({HOLDER_MOVES}) AS m",
        f"""SELECT format('%s %s line %s at %s', seller_id, holder_id, line, location_id)
            FROM reservation_line AS r FULL JOIN ({HOLDER_MOVES}) AS m
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
)  # fmt: skip

OPEN = "('Pending', 'Unshipped', 'PartiallyShipped')"

ORDERS = (
    Check(
        "units of an order are open, shipped or canceled, and none twice",
        "orders",
        "SELECT count(*) FROM customer_order WHERE status <> 'Expected'",
        """SELECT format('%s %s: %s ordered, %s shipped, %s canceled, %s', seller_id, order_id, units_ordered, units_shipped,
                units_canceled, status) FROM customer_order WHERE status <> 'Expected' AND (
                units_shipped + units_canceled > units_ordered
                OR (status IN ('Shipped', 'Canceled')) <> (units_shipped + units_canceled = units_ordered)
                OR units_ordered <> (SELECT sum((line ->> 'ordered')::int) FROM jsonb_array_elements(lines) AS line)
                OR units_shipped <> (SELECT sum((line ->> 'shipped')::int) FROM jsonb_array_elements(lines) AS line))""",
    ),
    Check(
        "no order is past its deadline, and each open one has a deadline to come (S5, S9)",
        "orders",
        "SELECT count(*) FROM customer_order",
        f"""SELECT format('%s %s: %s, next deadline %s', o.seller_id, o.order_id, o.status, min(d.due_at))
            FROM customer_order AS o
            LEFT JOIN deadline AS d ON (d.seller_id, d.kind, d.object_id) = (o.seller_id, 'order', o.order_id)
            WHERE (o.status IN {OPEN} OR o.status = 'Expected' AND jsonb_array_length(o.early::jsonb) > 0) AND NOT EXISTS (
                SELECT FROM parked AS p WHERE (p.seller_id, p.kind, p.object_id) = (o.seller_id, 'order', o.order_id))
            GROUP BY o.seller_id, o.order_id, o.status
            HAVING min(d.due_at) IS NULL OR min(d.due_at) <= {{now}}""",
    ),
    Check(
        "orders that have ended have no deadline (S9)",
        "orders",
        f"SELECT count(*) FROM customer_order WHERE status NOT IN {OPEN}",
        """SELECT format('%s %s %s', seller_id, object_id, deadline) FROM deadline AS d
            WHERE kind = 'order' AND EXISTS (SELECT FROM customer_order AS o WHERE o.status IN ('Shipped', 'Canceled')
                AND (o.seller_id, o.order_id) = (d.seller_id, d.object_id))""",
        must_find=False,
    ),
)  # fmt: skip


def everywhere(service: str) -> tuple[Check, ...]:
    """What the chassis promises in every service's database."""
    return (
        Check(
            "the outbox is empty (S1)",
            service,
            "SELECT count(*) FROM inbox",
            "SELECT format('batch %s', position) FROM outbox",
        ),
        Check(
            "no deadline is overdue (S9)",
            service,
            "SELECT count(*) FROM deadline",
            "SELECT format('%s %s %s at %s', seller_id, object_id, deadline, due_at) FROM deadline WHERE due_at <= {now}",
            must_find=False,
        ),
        Check(
            "what the inbox calls parked is listed as parked, and nothing else is (S5)",
            service,
            "SELECT count(*) FROM inbox",
            """SELECT format('%s %s', source, message_id)
                FROM (SELECT source, message_id FROM inbox WHERE outcome = 'parked') AS i
                FULL JOIN parked AS p USING (source, message_id) WHERE i.source IS NULL OR p.position IS NULL""",
        ),
    )


CHECKS = (*INVENTORY, *ORDERS, *everywhere("orders"), *everywhere("inventory"))
