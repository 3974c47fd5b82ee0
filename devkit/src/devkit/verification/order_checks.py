"""What must hold in orders' database."""

from __future__ import annotations

from devkit.verification.check import Check

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
                OR units_ordered <> (SELECT sum((line ->> 'ordered')::int) FROM jsonb_array_elements(lines::jsonb) AS line)
                OR units_shipped <> (SELECT sum((line ->> 'shipped')::int) FROM jsonb_array_elements(lines::jsonb) AS line))""",
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
