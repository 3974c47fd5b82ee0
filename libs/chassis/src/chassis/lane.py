"""A lane takes the batches of one topic, of HTTP or of the deadlines through the processor, whatever goes wrong on the way:
it waits for what passes, finds by halving the message that spoils a batch, and stops at what nobody understands.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import structlog

from chassis import inbox, parking
from chassis.breaker import Breaker
from chassis.clock import Clock
from chassis.desk import Desk, S
from chassis.failures import Failure, StorageError, failure_of, may_be_its_fault, wants_smaller_batch
from chassis.gate import Gate
from chassis.observer import Decided, Observer, Unobserved
from chassis.outcomes import Accepted, Failed, Outcome, Parked, Received, Repeated, Via
from chassis.processor import known, process
from chassis.progress import Progress
from chassis.transaction import Transactions
from contracts.envelope import Deadline

log = structlog.get_logger()

BACKOFF_SECONDS_FIRST = 0.05
BACKOFF_SECONDS_MAX = 5.0
SINGLE_TRIES_MAX = 4
"""How often one message alone may run into a limit of size or time until it is taken for the culprit."""
BACKLOG_MESSAGES_WHILE_HTTP_WAITS = 100
FAILURES: frozenset[type[Outcome]] = frozenset({Parked, Failed})

T = TypeVar("T")
Wait: TypeAlias = Callable[[float], Awaitable[None]]
"""Sleeps for some seconds; Kafka's keeps the group alive meanwhile."""


class UnavailableError(RuntimeError):
    """The database could not be used in the time that a client waits."""


class IntakeStoppedError(RuntimeError):
    """Too much has failed lately; nothing more is taken until an operator has looked and started the service anew."""


@dataclass(frozen=True, slots=True)
class Works(Generic[S]):
    """What all lanes of a service share. `committed` wakes the relay; `jitter` draws from 0 to 1."""

    transactions: Transactions
    clock: Clock
    desk: Desk[S]
    gate: Gate
    breaker: Breaker
    committed: Callable[[], None]
    jitter: Callable[[], float]
    observer: Observer = field(default_factory=Unobserved)


@dataclass(slots=True)
class Lane(Generic[S]):
    """One per topic, one for HTTP, one for deadlines."""

    name: str
    works: Works[S]
    hurried: bool = False
    progress: Progress = field(default_factory=Progress)

    async def run(self, batch: Sequence[Received], wait: Wait, *, patience_seconds: float | None = None) -> list[Outcome]:
        """Outcomes in order, when everything is committed. Raises UnavailableError when `patience_seconds` are over,
        IntakeStoppedError, or a StorageError that nobody understands: then the service stops.
        """
        until = None if patience_seconds is None else time.monotonic() + patience_seconds
        outcomes: list[Outcome] = []
        pieces = [batch]
        if not self.progress.batches_under_way:
            self.progress.moved_at = time.monotonic()
        self.progress.batches_under_way += 1
        try:
            while pieces:
                piece = pieces.pop()
                if len(piece) > self._piece_messages_max(len(piece)):
                    pieces.extend(_halves(piece))
                    continue
                done = await self._try(piece, wait, until)
                if done is None:
                    pieces.extend(_halves(piece))
                else:
                    outcomes.extend(done)
        finally:
            self.progress.batches_under_way -= 1
            self._wait_no_more()
        return outcomes

    async def persist(self, work: Callable[[], Awaitable[T]], wait: Wait, *, until: float | None = None) -> T:
        """Do `work`, a small transaction beside the batches, as often as it takes. Raises what does not pass by itself."""
        try:
            return await self._persist(work, wait, until)
        finally:
            self._wait_no_more()

    async def _persist(self, work: Callable[[], Awaitable[T]], wait: Wait, until: float | None) -> T:
        tries = 0
        while True:
            try:
                return await work()
            except (StorageError, OSError) as error:
                if failure_of(error) is not Failure.PASSING:
                    raise
                tries += 1
                await self._back_off(error, tries, wait, until)

    def _wait_no_more(self) -> None:
        """Also when the work was given up or taken away, as from a leader that is one no more: no later success in this process
        would say that the wait is over, and it would be unready for good.
        """
        self.progress.waiting_because = None

    def _piece_messages_max(self, wanted: int) -> int:
        """Backlog comes in smaller pieces while somebody waits at the gate."""
        crowded = self.works.gate.hurried_waiting and not self.hurried
        return BACKLOG_MESSAGES_WHILE_HTTP_WAITS if crowded else wanted

    async def _try(self, piece: Sequence[Received], wait: Wait, until: float | None) -> list[Outcome] | None:
        """Decide `piece`, as often as it takes; None when it should be halved."""
        tries, works, begun = 0, self.works, time.monotonic()
        while True:
            if works.breaker.open:
                raise IntakeStoppedError
            try:
                async with self.progress.turn(works.gate, hurried=self.hurried):
                    with works.observer.during(self.name, piece):
                        outcomes = await process(works.transactions, works.clock, works.desk, piece)
            except Exception as error:  # the edge at which every error is given a meaning
                tries += 1
                match self._meaning(error, piece, tries):
                    case Failure.FATAL:
                        raise
                    case Failure.CULPRIT:
                        return await self._reject(piece[0], error, wait, until) if len(piece) == 1 else None
                    case Failure.PASSING if wants_smaller_batch(error) and len(piece) > 1:
                        return None
                    case Failure.PASSING:
                        await self._back_off(error, tries, wait, until)
            else:
                works.observer.decided(Decided(self.name, piece, outcomes, time.monotonic() - begun, tries + 1))
                self._note(piece, outcomes)
                return outcomes

    def _meaning(self, error: Exception, piece: Sequence[Received], tries: int) -> Failure:
        if not isinstance(error, StorageError | OSError):
            return Failure.CULPRIT  # a bug in load or save: some message brings it out
        if may_be_its_fault(error) and len(piece) == 1 and tries >= SINGLE_TRIES_MAX:
            return Failure.CULPRIT
        return failure_of(error)

    async def _back_off(self, error: Exception, tries: int, wait: Wait, until: float | None) -> None:
        seconds = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2 ** min(tries, 10)) * (0.5 + self.works.jitter() / 2)
        if until is not None and time.monotonic() + seconds > until:
            raise UnavailableError(str(error)) from error
        self.progress.retries += 1
        self.progress.waiting_because = repr(error)
        self.progress.moved_at = time.monotonic()  # it lives: that the database is away is no reason to start it anew
        log.warning("batch_waits", lane=self.name, seconds=round(seconds, 3), error=repr(error))
        await wait(seconds)

    async def _reject(self, received: Received, error: Exception, wait: Wait, until: float | None) -> list[Outcome]:
        """The one message that spoils every batch it is in: it parks, or its HTTP client is told."""
        log.error("message_rejected", lane=self.name, type=received.envelope.type, id=str(received.envelope.id), exc_info=error)
        reason = repr(error)
        if received.via is Via.HTTP:
            outcomes: list[Outcome] = [Failed(reason)]
        else:
            outcomes = [await self.persist(lambda: park_alone(self.works, received, reason), wait, until=until)]
        self._note([received], outcomes)
        return outcomes

    def _note(self, piece: Sequence[Received], outcomes: Sequence[Outcome]) -> None:
        progress, desk, kinds = self.progress, self.works.desk, Counter(map(type, outcomes))
        progress.messages += len(piece)
        progress.repeated += kinds[Repeated]
        progress.parked += kinds[Parked]
        progress.waiting_because = None
        progress.moved_at = time.monotonic()
        pairs = zip(piece, outcomes, strict=True)
        self.works.breaker.note([desk.subject(got.body) if type(came) in FAILURES else None for got, came in pairs])
        self.works.committed()


async def park_alone(works: Works[S], received: Received, reason: str) -> Outcome:
    """Park a message that can't be decided, under its object's root if that can be held."""
    try:
        return await _park_alone(works, received, reason, hold=True)
    except Exception as error:  # loading itself may be what the message spoils
        if isinstance(error, StorageError | OSError) and failure_of(error) is Failure.PASSING:
            raise
        return await _park_alone(works, received, reason, hold=False)


async def _park_alone(works: Works[S], received: Received, reason: str, *, hold: bool) -> Outcome:
    subject = works.desk.subject(received.body)
    async with works.transactions.begin() as tx:
        claims = await inbox.claim(tx, [received])
        if received.identity not in claims.fresh:
            return known(received, claims.stored[received.identity])
        if hold:
            await works.desk.load(tx, [received.body])
        if isinstance(received.body, Deadline) and not await parking.take_out_of_due(tx, received.body):
            return Accepted()
        await parking.park(tx, [(received, subject, reason)], works.clock.now())
        await inbox.close(tx, answered=[], parked=[received], released=[])
    return Parked(reason)


def _halves(piece: Sequence[Received]) -> tuple[Sequence[Received], Sequence[Received]]:
    """Second half first: pieces are taken from the end."""
    middle = len(piece) // 2
    return piece[middle:], piece[:middle]
