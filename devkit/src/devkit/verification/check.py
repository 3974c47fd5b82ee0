"""What a check is, and those that hold in every service's database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`count` says how many things were looked at; where there must be some, none is a failure by itself.

    One row of the result of `violations` is one violation, in words and with ids. `{now}` in the SQL stands for the stack's
    time, as a parameter.
    """

    name: str
    service: str
    count: str
    violations: str
    must_find: bool = True


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
