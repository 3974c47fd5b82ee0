"""What an operator does with parked messages: have them decided again, in order, or discard one, with a reason. Each locks the
object's root, as deciding does.
"""

from dataclasses import dataclass

import structlog

from chassis import inbox, parking
from chassis.clock import Clock
from chassis.desk import Desk, S
from chassis.failures import Failure, StorageError, failure_of
from chassis.inbox import Claims, Standing
from chassis.outcomes import Parked, Received, Via
from chassis.processor import Sitting, sit
from chassis.transaction import Transaction, Transactions
from contracts.envelope import Subject

log = structlog.get_logger()

RETRIED_MESSAGES_MAX = 500


class MovedMeanwhileError(StorageError):
    """More was parked between looking and locking: try again."""

    def __init__(self) -> None:
        super().__init__("40W03", "messages were parked meanwhile")


@dataclass(frozen=True, slots=True)
class Retried:
    """How many parked messages were decided, how many still wait, and why the first of those failed again."""

    decided: int
    waiting: int
    reason: str | None


async def retry(transactions: Transactions, clock: Clock, desk: Desk[S], subject: Subject) -> Retried:
    """Decide what is parked of an object in one transaction, first come first, up to the first failure.

    When the database refuses what was decided, fewer messages are tried: one that spoils does not hold up those before it.
    """
    messages_max = RETRIED_MESSAGES_MAX
    while True:
        try:
            return await _retry(transactions, clock, desk, subject, messages_max)
        except Exception as error:  # whatever a message brings out in load or save
            if _passes(error):
                raise
            log.exception("retry_failed", object=subject.key, messages_max=messages_max)
            if messages_max == 1:
                return Retried(0, await _count(transactions, desk, subject), repr(error))
            messages_max = min(messages_max, await _count(transactions, desk, subject)) // 2 or 1


async def _retry(transactions: Transactions, clock: Clock, desk: Desk[S], subject: Subject, messages_max: int) -> Retried:
    async with transactions.begin() as tx:
        messages, sitting = await _hold(tx, clock, desk, subject, messages_max)
        decided: list[tuple[int, Received]] = []
        reason = None
        for place, (position, received) in enumerate(messages):
            if sitting.is_superseded(received):
                decided.append((position, received))
            elif reason is None and place < messages_max:
                outcome = sitting.decide_now(received)
                if isinstance(outcome, Parked):
                    reason = outcome.reason
                else:
                    decided.append((position, received))
        sitting.newly_parked.clear()  # what failed again is where it was
        await sitting.save(tx)
        await parking.remove(tx, [position for position, _ in decided])
        await inbox.settle(tx, [received.identity for _, received in decided], Standing.ACCEPTED)
    return Retried(len(decided), len(messages) - len(decided), reason)


class NotDiscardableError(ValueError):
    """A deadline is never discarded, and what is not parked can't be."""


async def discard(transactions: Transactions, desk: Desk[S], subject: Subject, position: int, why: str) -> None:
    """Give one parked message up for good. Raises NotDiscardableError."""
    try:
        await _discard(transactions, desk, (subject, position), why, hold=True)
    except NotDiscardableError:
        raise
    except Exception as error:  # loading itself may be what the message spoils
        if _passes(error):
            raise
        await _discard(transactions, desk, (subject, position), why, hold=False)


async def _discard(transactions: Transactions, desk: Desk[S], place: tuple[Subject, int], why: str, *, hold: bool) -> None:
    subject, position = place
    async with transactions.begin() as tx:
        given = dict(await parking.find_messages(tx, subject, desk.types)).get(position)
        if given is None or given.via is Via.DEADLINE:
            raise NotDiscardableError(position)
        if hold:
            await desk.load(tx, [given.body])
        await parking.remove(tx, [position])
        await inbox.settle(tx, [given.identity], Standing.DISCARDED, why)


def _passes(error: Exception) -> bool:
    return isinstance(error, StorageError | OSError) and failure_of(error) is Failure.PASSING


async def _count(transactions: Transactions, desk: Desk[S], subject: Subject) -> int:
    async with transactions.begin() as tx:
        return len(await parking.find_messages(tx, subject, desk.types))


async def _hold(
    tx: Transaction, clock: Clock, desk: Desk[S], subject: Subject, messages_max: int
) -> tuple[list[tuple[int, Received]], Sitting[S]]:
    """What is parked of the object, with its state, under its root."""
    types = desk.types
    seen = await parking.find_messages(tx, subject, types)
    received = [message for _, message in seen[:messages_max]]
    claims = Claims({message.identity for message in received}, {})
    sitting = await sit(tx, clock, desk, received, claims)
    sitting.parked.clear()
    messages = await parking.find_messages(tx, subject, types)
    if [position for position, _ in messages] != [position for position, _ in seen]:
        raise MovedMeanwhileError
    return messages, sitting
