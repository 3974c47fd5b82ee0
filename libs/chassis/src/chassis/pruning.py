"""Forgets decided messages whose repetition nobody has to expect any more, in the process that leads. What is parked stays,
however old. What the inbox says of a message is in `inbox`; how long it says so is a setting.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from chassis.clock import Clock
from chassis.failures import Failure, StorageError, failure_of
from chassis.inbox import Standing
from chassis.outcomes import Identity
from chassis.transaction import Transaction, Transactions

log = structlog.get_logger()

BATCH_ROWS_MAX = 200
"""Rows a transaction: it is short, and what was answered over HTTP, which is read along, fits into memory."""
LOOK_ROWS_MAX = 100_000
"""How far a batch looks past parked messages for those that may go."""
PAUSE_SECONDS = 0.02
"""Between two batches when there is more: others want the database, too."""
POLL_SECONDS = 60.0
"""Real seconds, whatever a driven clock does: nobody waits for it."""


async def prune_once(transactions: Transactions, until: datetime, rows_max: int) -> int:
    """Forget messages received at `until` or before, the oldest first; returns how many: `rows_max` when there may be more.

    Raises StorageError.
    """
    async with transactions.begin() as tx:
        return await tx.rows.delete(tx.tables.inbox, await _find_old(tx, until, rows_max))


async def _find_old(tx: Transaction, until: datetime, rows_max: int) -> Sequence[Identity]:
    """Looks further while parked messages are in front, so that they keep none that came later."""
    look_rows = rows_max
    while True:
        rows = await tx.rows.due(tx.tables.inbox, "received_at", until, look_rows)
        old = [(row.source, row.message_id) for row in rows if row.outcome != Standing.PARKED.value]
        if len(old) >= rows_max or len(rows) < look_rows:
            return old[:rows_max]
        if look_rows >= LOOK_ROWS_MAX:
            log.error("inbox_kept", reason="too many parked messages are older", parked=len(rows) - len(old))
            return old
        look_rows = min(look_rows * 2, LOOK_ROWS_MAX)


@dataclass(slots=True)
class Pruner:
    """Prunes while its process leads. Two that lead for a moment do no harm. No part of `quiet`: it changes nothing that
    anybody waits for.
    """

    transactions: Transactions
    clock: Clock
    retention: timedelta

    async def run(self) -> None:
        """Prune until canceled. Raises a StorageError that does not pass by itself."""
        while True:
            more = await self._prune() == BATCH_ROWS_MAX
            await asyncio.sleep(PAUSE_SECONDS if more else POLL_SECONDS)

    async def _prune(self) -> int:
        try:
            pruned = await prune_once(self.transactions, self.clock.now() - self.retention, BATCH_ROWS_MAX)
        except (StorageError, OSError) as error:
            if failure_of(error) is not Failure.PASSING:
                raise
            log.warning("pruning_waits", error=repr(error))
            return 0
        if pruned:
            log.debug("inbox_pruned", rows=pruned)
        return pruned
