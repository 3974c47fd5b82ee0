"""Brings facts from the outbox to Kafka, in order. The core (`relay_once`) knows neither database nor broker; which process
relays is decided in `election`, how facts are sent in `sender`.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import structlog

from chassis.failures import Failure, StorageError, failure_of
from chassis.outbox import Outgoing, facts_of, text_of
from chassis.transaction import Transaction, Transactions

log = structlog.get_logger()

POSITION_MAX = 2**63 - 1
ROUND_ROWS_MAX = 16
"""Rows a round; each has the facts of a whole batch."""
ROUND_FACTS = 500
"""A round with fewer facts is not worth its transactions, when more rows wait."""
THIN_ROWS_MAX = 128
"""Rows a round, at most, where rows have few facts: a service that is asked over HTTP commits many small batches."""
STUCK_ROWS_MAX = 1_024
"""How far a round looks past rows whose partitions can't be written, for those of partitions that can."""
POLL_SECONDS = 0.5
"""How often the outbox is looked at when nobody knocks: the process that had something to tell may have died before."""
BACKOFF_SECONDS_FIRST = 0.1
BACKOFF_SECONDS_MAX = 5.0

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

    A crash between the two sends them again, which their readers' inboxes absorb. Raises StorageError.
    """
    async with transactions.once() as tx:
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
    async with transactions.begin() if kept else transactions.once() as tx:
        await tx.rows.delete(tx.tables.outbox, [(row.position,) for row in rows if row.position not in kept])
        if kept:
            await _strike(tx, {position: lines for position, lines in acknowledged.items() if lines})
    sent = sum(result is True for result in results)
    failure = next((result for result in results if isinstance(result, Exception)), None)
    return Relayed(len(rows), sent, len(results) - sent, failure)


async def _strike(tx: Transaction, acknowledged: dict[int, set[str]]) -> None:
    """Take acknowledged facts out of rows that still have others. Looks again under a lock: when another process took the
    relay over meanwhile, a row that it has finished must not come back, and one of which it has sent the rest is finished now.
    """
    held = await tx.rows.lock(tx.tables.outbox, [(position,) for position in acknowledged])
    left = {row.position: _remainder(row, acknowledged[row.position]) for row in held}
    await tx.rows.delete(tx.tables.outbox, [(position,) for position, facts in left.items() if not facts])
    await tx.rows.upsert(tx.tables.outbox, [(position, text_of(facts)) for position, facts in left.items() if facts])


def _remainder(row: Any, acknowledged: set[str]) -> list[Outgoing]:
    return [fact for fact in facts_of(row.facts) if fact.line not in acknowledged]


@dataclass(slots=True)
class RelayProgress:
    """What health, metrics and `quiet` look at. `moved_at` is on the monotonic clock, in seconds."""

    sent: int = 0
    failures: int = 0
    sending: bool = False
    waiting_because: str | None = None
    moved_at: float = field(default_factory=time.monotonic)


def _rows_next(relayed: Relayed | None, rows_max: int) -> int:
    """How many rows the next round reads: more when this one was full, and was stuck or found few facts in its rows."""
    if relayed is None or relayed.rows < rows_max:
        return ROUND_ROWS_MAX
    if relayed.failure is not None:
        return min(rows_max * 2, STUCK_ROWS_MAX)
    if relayed.sent >= ROUND_FACTS * 2:
        return max(ROUND_ROWS_MAX, rows_max // 2)
    return min(rows_max * 2, THIN_ROWS_MAX) if relayed.sent < ROUND_FACTS else rows_max


@dataclass(slots=True)
class Relay:
    """Relays while its process leads."""

    transactions: Transactions
    sender: Sender
    progress: RelayProgress = field(default_factory=RelayProgress)
    _knock: asyncio.Event = field(default_factory=asyncio.Event)
    _rounds: int = 0
    _whole_round: int = 0
    """The last one after which nothing was left of what the outbox had when it began."""
    _whole: asyncio.Event = field(default_factory=asyncio.Event)

    def knock(self) -> None:
        """There is something to send."""
        self._knock.set()

    async def drained(self) -> None:
        """Returns once all is sent that was committed before now, however much other processes go on committing."""
        wanted = self._rounds + 1
        while self._whole_round < wanted:
            self._whole.clear()
            self.knock()
            await self._whole.wait()

    async def run(self) -> None:
        """Relay until canceled. Raises a StorageError that does not pass by itself."""
        failed_rounds, rows_next = 0, ROUND_ROWS_MAX
        while True:
            self._knock.clear()
            self._rounds += 1
            rows_max = rows_next
            relayed = await self._round(rows_max)
            rows_next = _rows_next(relayed, rows_max)
            if relayed is None or relayed.failure is not None:
                failed_rounds = 1 if relayed is not None and relayed.sent else failed_rounds + 1
                await asyncio.sleep(min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2 ** min(failed_rounds, 10)))
                continue
            failed_rounds = 0
            if relayed.rows < rows_max:
                self._whole_round = self._rounds
                self._whole.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._knock.wait()

    async def _round(self, rows_max: int) -> Relayed | None:
        """None when the database could not be used."""
        progress = self.progress
        progress.sending, progress.moved_at = True, time.monotonic()
        try:
            relayed = await relay_once(self.transactions, self.sender, rows_max)
        except (StorageError, OSError) as error:
            if failure_of(error) is not Failure.PASSING:
                raise
            self._trouble(error)
            return None
        finally:
            progress.sending = False
            progress.moved_at = time.monotonic()
        progress.sent += relayed.sent
        if relayed.failure is None:
            progress.waiting_because = None
        else:
            self._trouble(relayed.failure, kept=relayed.kept)
        return relayed

    def _trouble(self, error: Exception, **more: int) -> None:
        self.progress.failures += 1
        self.progress.waiting_because = repr(error)
        log.warning("relay_waits", error=repr(error), **more)
