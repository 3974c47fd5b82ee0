"""One batch consumer a topic, through FastStream: raw bytes in, offsets acknowledged after the database's commit. What becomes
of the records is in `intake`; what the broker has to look like in `topics`.

FastStream swallows what a handler raises and goes on with the next batch. So ours raises nothing: what can't be taken ends the
taking, is told to the service, and is acknowledged by nobody.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, cast

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream.kafka.subscriber.usecase import BatchSubscriber

from chassis.consumer import PatientConsumer
from chassis.desk import S
from chassis.intake import Intake
from chassis.lane import IntakeStoppedError

log = structlog.get_logger()

REVOKE_SECONDS_MAX = 20.0
"""How long a rebalance waits for the batch under way. Later both owners decide its records: the inbox makes it once."""
COMMIT_SECONDS_MAX = 20.0
POLL_SECONDS = 0.5
"""While a batch waits, how often the consumer is polled and a stop is noticed."""


class ClosingError(Exception):
    """The service stops: a batch that waits for the database is given up; it will be delivered again."""


@dataclass(eq=False, slots=True)
class Consumption(ConsumerRebalanceListener, Generic[S]):  # type: ignore[misc]  # published without types
    """One topic's consumer: takes batches, keeps the group alive while one waits, gives partitions up in order."""

    intake: Intake[S]
    failed: Callable[[BaseException], None]
    """Told once, with what ended the taking."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    revoke_seconds_max: float = REVOKE_SECONDS_MAX
    subscriber: BatchSubscriber | None = None
    taking: int = 0
    """Records that were fetched and are not yet acknowledged."""
    ended: bool = False
    _ends: dict[TopicPartition, int] = field(default_factory=dict)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _giving_up: bool = False
    """A rebalance waits for the batch under way."""

    def __post_init__(self) -> None:
        self._idle.set()

    @property
    def consumer(self) -> PatientConsumer | None:
        return None if self.subscriber is None else cast("PatientConsumer | None", self.subscriber.consumer)

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Take a batch and acknowledge it."""
        consumer = self.consumer
        if consumer is None or self.ended or self.closing.is_set():
            return
        held = {at.partition for at in consumer.assignment()}  # of the one topic that it takes
        mine = [record for record in records if record.partition in held]
        self.taking = len(mine)
        self._idle.clear()
        try:
            await self.intake.take(mine, self.wait)
            self._ends.update(await _acknowledge(consumer, mine))
        except ClosingError:
            log.info("batch_given_up", lane=self.intake.lane.name, records=len(mine))
        except IntakeStoppedError as stopped:
            self.ended = True
            self.failed(stopped)
            await self._hold_still()
        except Exception as error:  # noqa: BLE001  # the edge: FastStream would go on with the next batch
            self.ended = True
            self.failed(error)
        finally:
            self.taking = 0
            self._idle.set()
            consumer.resume(*consumer.paused())

    def lag_records(self) -> int:
        """How many records are behind what was taken, as far as is known."""
        consumer = self.consumer
        if consumer is None:
            return 0
        held = [at for at in consumer.assignment() if at in self._ends]
        return sum(max(0, (consumer.highwater(at) or 0) - self._ends[at]) for at in held)

    def heard(self) -> object | None:
        """Changes with every answer of the broker's; None while none is to be expected."""
        consumer = self.consumer
        if consumer is None or self.taking or not consumer.assignment() or consumer.paused():
            return None
        if consumer.trouble is not None:
            return consumer.trouble  # fetches may go well, and nobody gets what they bring
        return tuple(sorted((at, consumer.last_poll_timestamp(at) or 0) for at in consumer.assignment()))

    async def wait(self, seconds: float) -> None:
        """Let time pass with the partitions paused, so that the consumer can be polled and stays in its group."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.closing.is_set():
                raise ClosingError
            await self._poll(min(left, POLL_SECONDS))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._giving_up = True
        try:
            async with asyncio.timeout(self.revoke_seconds_max):
                await self._idle.wait()
        except TimeoutError:
            log.warning("partitions_given_up_early", lane=self.intake.lane.name, partitions=len(revoked))
        finally:
            self._giving_up = False

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        log.info("partitions_assigned", lane=self.intake.lane.name, partitions=sorted(at.partition for at in assigned))

    async def _hold_still(self) -> None:
        """Nothing more is taken, but the partitions stay with us: another process would fail on the same."""
        self._idle.set()
        while not self.closing.is_set():
            await self._poll(POLL_SECONDS)

    async def _poll(self, seconds: float) -> None:
        consumer = self.consumer
        if consumer is None:
            raise ClosingError
        if self._giving_up:  # a poll would wait for the new partitions, and they wait for this batch
            await asyncio.sleep(seconds)
            return
        consumer.pause(*consumer.assignment())
        try:
            fetched = await consumer.getmany()
        except KafkaError as error:  # the broker is away: no reason to stop waiting for the database
            log.debug("poll_failed", lane=self.intake.lane.name, error=repr(error))
        else:
            for at, records in fetched.items():  # of a partition that came just now: not ours to take yet
                consumer.seek(at, records[0].offset)
        await asyncio.sleep(seconds)


async def _acknowledge(consumer: AIOKafkaConsumer, records: Sequence[ConsumerRecord]) -> dict[TopicPartition, int]:
    """Commit exactly what was taken. That the group has moved on meanwhile is no error: what is delivered again is absorbed."""
    ends = {record.partition: record.offset + 1 for record in records}
    held = {at: ends[at.partition] for at in consumer.assignment() if at.partition in ends}
    if not held:
        return held
    try:
        async with asyncio.timeout(COMMIT_SECONDS_MAX):
            await consumer.commit(held)
    except (KafkaError, IllegalStateError, TimeoutError) as error:
        log.warning("offsets_not_committed", error=repr(error), partitions=len(held))
    return held
