"""Brings facts from the outbox to Kafka, in order. The core (`relay_once`) knows neither database nor broker; which process relays
is decided in `election`, how facts are sent in `sender`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from chassis.outbox import Outgoing, facts_of, text_of
from chassis.transaction import Transaction, Transactions

POSITION_MAX = 2**63 - 1

Sent: TypeAlias = bool | Exception
"""True: acknowledged. False: not tried, since an earlier fact of its partition failed. An exception: why it failed."""


class Sender(Protocol):
    async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
        """One result a fact. Facts of a partition go in order; after the first that fails none of that partition is sent."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What came of one round. `rows` were read; `failure` is the first reason why facts had to stay."""

    rows: int
    sent: int
    kept: int
    failure: Exception | None


async def relay_once(transactions: Transactions, sender: Sender, rows_max: int) -> Relayed:
    """Send the facts of the first rows and take out those that are acknowledged.

    A crash between the two sends them again, which their readers' inboxes absorb. Raises StorageError."""
    async with transactions.begin() as tx:
        rows = await tx.rows.due(tx.tables.outbox, "position", POSITION_MAX, rows_max)
    if not rows:
        return Relayed(0, 0, 0, None)
    facts = [(row.position, fact) for row in rows for fact in facts_of(row.facts)]
    results = await sender.send([fact for _, fact in facts])
    pairs = list(zip(facts, results, strict=True))
    kept = {position for (position, _), result in pairs if result is not True}
    acknowledged = {position: set[str]() for position in kept}
    for (position, fact), result in pairs:
        if position in kept and result is True:
            acknowledged[position].add(fact.line)
    async with transactions.begin() as tx:
        await tx.rows.delete(tx.tables.outbox, [(row.position,) for row in rows if row.position not in kept])
        await _strike(tx, {position: lines for position, lines in acknowledged.items() if lines})
    sent = sum(result is True for result in results)
    failure = next((result for result in results if isinstance(result, Exception)), None)
    return Relayed(len(rows), sent, len(results) - sent, failure)


async def _strike(tx: Transaction, acknowledged: dict[int, set[str]]) -> None:
    """Take acknowledged facts out of rows that still have others. Looks again under a lock: when another process took the
    relay over meanwhile, a row that it has finished must not come back."""
    held = await tx.rows.lock(tx.tables.outbox, [(position,) for position in acknowledged])
    await tx.rows.upsert(tx.tables.outbox, [_remainder(row, acknowledged[row.position]) for row in held])


def _remainder(row: Any, acknowledged: set[str]) -> tuple[int, str]:
    return row.position, text_of(fact for fact in facts_of(row.facts) if fact.line not in acknowledged)
