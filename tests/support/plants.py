"""Changes behind the services' back, each with the check of `verify` that must find it.

The orders in them are those of tests/integration/devkit/test_verification.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plant:
    """`named` is what the violation must speak of."""

    what: str
    service: str
    check: str
    statement: str
    named: str

    def __str__(self) -> str:
        return f"{self.service}: {self.what}"


PLANTS = (
    Plant(
        "a negative balance",
        "inventory",
        "balances are never negative (S3)",
        """ALTER TABLE balance DROP CONSTRAINT balance_never_negative;
            UPDATE balance SET quantity = -1 WHERE sku = 'plate' AND bucket = 'available'""",
        "plate",
    ),
    Plant(
        "one unit more than the ledger knows",
        "inventory",
        "balances are the sum of the ledger (S3)",
        "UPDATE balance SET quantity = quantity + 1 WHERE sku = 'plate' AND bucket = 'available'",
        "plate",
    ),
    Plant(
        "a receipt that is gone from the ledger",
        "inventory",
        "units are conserved: what came in is here or went out (S3)",
        "DELETE FROM movement WHERE sku = 'plate' AND source = 'supplier'",
        "plate",
    ),
    Plant(
        "a movement that is gone",
        "inventory",
        "versions of an item count its movements, without a gap (S3, S10)",
        "DELETE FROM movement WHERE sku = 'mug' AND item_version = 2",
        "mug",
    ),
    Plant(
        "reserved units that nobody holds",
        "inventory",
        "what is reserved is held by open reservations (S4, S7)",
        "UPDATE balance SET quantity = quantity + 1 WHERE sku = 'plate' AND bucket = 'reserved'",
        "plate",
    ),
    Plant(
        "a holder's line that says more than the ledger",
        "inventory",
        "per holder and line: taken = released + shipped + held, as the ledger says (S7)",
        "UPDATE reservation_line SET taken = taken + 1, released = released + 1 WHERE holder_id = 'o-canceled'",
        "o-canceled",
    ),
    Plant(
        "a movement made twice for one cause",
        "inventory",
        "no cause has moved units twice: its movements are numbered from one (S2)",
        "UPDATE movement SET n = n + 2 WHERE cause = (SELECT cause FROM movement WHERE holder_id = 'o-open' LIMIT 1)",
        "numbered 3 to",
    ),
    Plant(
        "a movement whose message the inbox does not know",
        "inventory",
        "every movement's cause is one decided message (S2)",
        "DELETE FROM inbox WHERE message_id = (SELECT cause FROM movement WHERE holder_id = 'o-open' LIMIT 1)",
        "decided 0 times",
    ),
    Plant(
        "a reservation that ended and still holds",
        "inventory",
        "ended reservations hold nothing (S7)",
        "UPDATE reservation SET status = 'ended' WHERE holder_id = 'o-open'",
        "o-open",
    ),
    Plant(
        "an order's line with one unit more",
        "orders",
        "units of an order are open, shipped or canceled, and none twice",
        "UPDATE customer_order SET lines = jsonb_set(lines, '{0,ordered}', '4') WHERE order_id = 'o-open'",
        "o-open",
    ),
    Plant(
        "an open order without a deadline",
        "orders",
        "no order is past its deadline, and each open one has a deadline to come (S5, S9)",
        "DELETE FROM deadline WHERE object_id = 'o-open'",
        "o-open",
    ),
    Plant(
        "early messages that nobody will put aside",
        "orders",
        "no order is past its deadline, and each open one has a deadline to come (S5, S9)",
        "DELETE FROM deadline WHERE object_id = 'o-never'",
        "o-never",
    ),
    Plant(
        "a deadline of an order that has ended",
        "orders",
        "orders that have ended have no deadline (S9)",
        "UPDATE deadline SET object_id = 'o-shipped' WHERE object_id = 'o-open'",
        "o-shipped",
    ),
    *(
        Plant(
            "a fact that was not sent",
            service,
            "the outbox is empty (S1)",
            "INSERT INTO outbox (position, facts) OVERRIDING SYSTEM VALUE VALUES (7777, 'topic')",
            "7777",
        )
        for service in ("orders", "inventory")
    ),
    Plant(
        "a deadline that nobody decided",
        "orders",
        "no deadline is overdue (S9)",
        "UPDATE deadline SET due_at = '2010-12-01T09:01Z' WHERE object_id = 'o-never'",
        "o-never",
    ),
    Plant(
        "a deadline that nobody decided",
        "inventory",
        "no deadline is overdue (S9)",
        "INSERT INTO deadline VALUES ('shop', 'item', 'mug', 'Any', gen_random_uuid(), gen_random_uuid(), '2010-12-01')",
        "mug",
    ),
    Plant(
        "a parked message that is not listed",
        "orders",
        "what the inbox calls parked is listed as parked, and nothing else is (S5)",
        "UPDATE inbox SET outcome = 'parked' WHERE message_id = (SELECT message_id FROM inbox WHERE source = '/test' LIMIT 1)",
        "/test",
    ),
    Plant(
        "a message that is listed as parked and was decided",
        "inventory",
        "what the inbox calls parked is listed as parked, and nothing else is (S5)",
        """INSERT INTO parked (seller_id, kind, object_id, source, message_id, type, via, envelope, body, reason, parked_at)
            SELECT 'shop', 'item', 'mug', source, message_id, '', '', '', '', '', received_at
            FROM inbox WHERE source = '/test' LIMIT 1""",
        "/test",
    ),
)

AGREEMENT_PLANTS = (
    Plant(
        "an order that is gone",
        "orders",
        "",
        "DELETE FROM customer_order WHERE order_id = 'o-open'",
        "o-open/1: inventory holds units for an order line that orders does not know",
    ),
    Plant(
        "a reservation that is gone",
        "inventory",
        "",
        "DELETE FROM reservation_line WHERE holder_id = 'o-open' AND line = 2",
        "o-open/2: 2 open",
    ),
    Plant(
        "a unit that orders canceled by itself",
        "orders",
        "",
        """UPDATE customer_order SET units_canceled = 1, lines = jsonb_set(lines, '{0,canceled}', '1')
            WHERE order_id = 'o-open'""",
        "o-open/1: 2 open in orders, 3 held by inventory",
    ),
    Plant(
        "a unit that inventory calls released and orders shipped",
        "inventory",
        "",
        "UPDATE reservation_line SET shipped = shipped - 1, released = released + 1 WHERE holder_id = 'o-shipped'",
        "o-shipped/1: 3 shipped in orders, 2 in inventory",
    ),
)
