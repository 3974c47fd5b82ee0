"""Changes behind the services' back, each with the check of `verify` that must find it.

The orders in them are those of tests/integration/devkit/test_verification.py, and so are the removals.
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
        "what is reserved or held for removals is held by open reservations (S4, S6, S7)",
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
        "UPDATE customer_order SET lines = jsonb_set(lines::jsonb, '{0,ordered}', '4')::text WHERE order_id = 'o-open'",
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
    Plant(
        "units bound to an order that went to a removal",
        "inventory",
        "a removal has taken no bound unit: held from free units, removed from its own hold (S6)",
        "UPDATE movement SET source = 'reserved' WHERE target = 'held' AND holder_id = 'r-open'",
        "from reserved to held for removal r-open",
    ),
    Plant(
        "units that left past their hold",
        "inventory",
        "a removal has taken no bound unit: held from free units, removed from its own hold (S6)",
        "UPDATE movement SET source = 'available' WHERE target = 'removed' AND holder_id = 'r-gone'",
        "from available to removed for removal r-gone",
    ),
    Plant(
        "units held that no removal holds",
        "inventory",
        "what is reserved or held for removals is held by open reservations (S4, S6, S7)",
        "UPDATE balance SET quantity = quantity + 1 WHERE sku = 'mug' AND bucket = 'held'",
        "mug",
    ),
    Plant(
        "a removal's line with one unit more",
        "removals",
        "units of a removal are open, shipped, disposed of or canceled, and none twice",
        "UPDATE removal SET lines = jsonb_set(lines, '{0,requested}', '9') WHERE removal_id = 'r-open'",
        "r-open",
    ),
    Plant(
        "an open removal without a deadline",
        "removals",
        "no removal is past its deadline, and each open one has a deadline to come (S5, S9)",
        "DELETE FROM deadline WHERE object_id = 'r-picking'",
        "r-picking",
    ),
    Plant(
        "a draft that will never end",
        "removals",
        "no removal is past its deadline, and each open one has a deadline to come (S5, S9)",
        "DELETE FROM deadline WHERE object_id = 'r-draft'",
        "r-draft",
    ),
    Plant(
        "a deadline of a removal that has ended",
        "removals",
        "removals that have ended have no deadline (S9)",
        "UPDATE deadline SET object_id = 'r-gone' WHERE object_id = 'r-open'",
        "r-gone",
    ),
    Plant(
        "a second mail for one cause",
        "notifications",
        "each cause has its mail once: by cause, template and recipient (S8)",
        """ALTER TABLE mail DROP CONSTRAINT mail_seller_id_cause_id_template_recipient_unique;
            UPDATE mail SET (cause_id, template, recipient) = (
                SELECT cause_id, template, recipient FROM mail WHERE removal_id = 'r-gone' AND template = 'removal_placed')
            WHERE removal_id = 'r-open'""",
        "removal_placed seller: 2 mails",
    ),
    Plant(
        "a mail that nobody sends",
        "notifications",
        "no mail is due or half sent (S8)",
        "UPDATE mail SET status = 'ready', due_at = '2010-12-01' WHERE template = 'order_sold'",
        "order_sold: ready",
    ),
    Plant(
        "a mail that nobody goes on sending",
        "notifications",
        "no mail is due or half sent (S8)",
        "UPDATE mail SET status = 'sending' WHERE status = 'unknown'",
        "removal_canceled: sending",
    ),
    Plant(
        "a mail whose text is gone",
        "notifications",
        "what was handed over is kept as it was sent (S8)",
        "DELETE FROM letter WHERE mail_id IN (SELECT mail_id FROM mail WHERE status = 'unknown')",
        "removal_canceled",
    ),
    Plant(
        "a buyer's address in a seller's mail",
        "notifications",
        "no mail to a seller has an address of a buyer",
        """UPDATE letter SET text = text || 'buyer@example.com'
            WHERE mail_id = (SELECT mail_id FROM mail WHERE template = 'order_sold' LIMIT 1)""",
        "order_sold",
    ),
    *(
        Plant(
            "a fact that was not sent",
            service,
            "the outbox is empty (S1)",
            "INSERT INTO outbox (position, facts) OVERRIDING SYSTEM VALUE VALUES (7777, 'topic')",
            "7777",
        )
        for service in ("orders", "inventory", "removals", "notifications")
    ),
    Plant(
        "a deadline that nobody decided",
        "removals",
        "no deadline is overdue (S9)",
        "UPDATE deadline SET due_at = '2010-12-01T09:01Z' WHERE object_id = 'r-draft'",
        "r-draft",
    ),
    Plant(
        "a deadline that nobody decided",
        "orders",
        "no deadline is overdue (S9)",
        "UPDATE deadline SET due_at = '2010-12-01T09:01Z' WHERE object_id = 'o-never'",
        "o-never",
    ),
    *(
        Plant(
            "a deadline that nobody decided",
            service,
            "no deadline is overdue (S9)",
            "INSERT INTO deadline VALUES ('shop', 'item', 'mug', 'Any', gen_random_uuid(), gen_random_uuid(), '2010-12-01')",
            "mug",
        )
        for service in ("inventory", "notifications")
    ),
    *(
        Plant(
            "a parked message that is not listed",
            service,
            "what the inbox calls parked is listed as parked, and nothing else is (S5)",
            """UPDATE inbox SET outcome = 'parked'
                WHERE message_id = (SELECT message_id FROM inbox WHERE source = '/test' LIMIT 1)""",
            "/test",
        )
        for service in ("orders", "removals", "notifications")
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
        """UPDATE customer_order SET units_canceled = 1, lines = jsonb_set(lines::jsonb, '{0,canceled}', '1')::text
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

REMOVAL_PLANTS = (
    Plant(
        "a removal that is gone",
        "removals",
        "",
        "DELETE FROM removal WHERE removal_id = 'r-open'",
        "r-open/1: inventory holds units for a removal's line that removals does not know",
    ),
    Plant(
        "a hold that is gone",
        "inventory",
        "",
        "DELETE FROM reservation_line WHERE holder_id = 'r-open' AND line = 1",
        "r-open/1: 2 open in removals (Pending), 0 held by inventory",
    ),
    Plant(
        "a unit that inventory calls returned and removals shipped",
        "inventory",
        "",
        "UPDATE reservation_line SET shipped = shipped - 1, released = released + 1 WHERE holder_id = 'r-gone' AND line = 1",
        "r-gone/1: 2 have left in removals, 1 in inventory",
    ),
)

MAIL_PLANTS = (
    Plant(
        "a confirmation that nobody got",
        "notifications",
        "",
        "DELETE FROM mail WHERE order_id = 'o-open' AND template = 'order_confirmed'",
        "o-open: 0 mails order_confirmed, 1 causes",
    ),
    Plant(
        "a mail about nothing",
        "removals",
        "",
        "UPDATE removal SET leave_by = NULL WHERE removal_id = 'r-gone'",
        "r-gone: 1 mails removal_placed, 0 causes",
    ),
    Plant(
        "a cancellation that the buyer never heard of",
        "notifications",
        "",
        "DELETE FROM mail WHERE order_id = 'o-canceled'",
        "o-canceled: 0 mails to the buyer about cancellations, 1 to 1 causes",
    ),
)
