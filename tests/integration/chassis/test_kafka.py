"""The consumer of one topic on real Kafka: what it acknowledges, how it waits, how it gives partitions up."""

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    KafkaConnectionError,
    KafkaError,
    UnsupportedCodecError,
)
from aiokafka.record.util import calc_crc32c

from chassis.broker import Timings, kafka_broker, start_taking, stop_consumer, stop_taking, subscribe
from chassis.failures import StorageError
from chassis.kafka import REVOKE_SECONDS_MAX, Consumption
from chassis.lane import Wait
from chassis.topics import TopicShape, ensure_topics
from contracts.envelope import Topic

from support.embedded import unique_name
from support.eventually import eventually

PARTITIONS = 4
QUICK = Timings(session=6_000, poll_interval_max=2_000)
PATIENT = Timings(session=30_000, poll_interval_max=300_000)
"""Nobody is put out of the group while a test lasts."""
CRC_AT = 17
"""Where a batch has its checksum, in bytes from its beginning; it is of all that comes behind it."""


@dataclass
class Ground:
    kafka: str
    topic: str
    group: str

    async def publish(self, values: Sequence[str]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka)
        await producer.start()
        for place, value in enumerate(values):
            await producer.send_and_wait(self.topic, value.encode(), partition=place % PARTITIONS)
        await producer.stop()

    async def publish_unreadable(self, partition: int, before: str, after: str) -> None:
        """A header's name is no UTF-8, in a record between two good ones; what is behind it in its batch can't be read, too."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka)
        await producer.start()
        batch = producer.create_batch()
        for value, name in ((before, "a"), ("?", "QQ"), (after, "a")):
            batch.append(key=None, value=value.encode(), timestamp=1_700_000_000_000, headers=[(name, b"1")])
        content = bytearray(batch._build().replace(b"QQ", b"\xff\xfe"))
        struct.pack_into(">I", content, CRC_AT, calc_crc32c(bytes(content[CRC_AT + 4 :])))
        batch._buffer = bytes(content)
        await (await producer.send_batch(batch, self.topic, partition=partition))
        await producer.stop()

    async def acknowledged(self) -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=self.group, enable_auto_commit=False)
        await consumer.start()
        try:
            ats = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
            return sum([await consumer.committed(at) or 0 for at in ats])
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def consumer(self, take: "Take", timings: Timings = QUICK) -> AsyncIterator["Consumer"]:
        intake: Any = SimpleNamespace(take=take, lane=SimpleNamespace(name=self.topic))
        failures: list[BaseException] = []
        broker = kafka_broker(self.kafka, stop_seconds_max=5)
        consumption = Counting(intake, failures.append)
        subscribe(broker, consumption, self.topic, self.group, timings)
        await start_taking(broker)
        try:
            yield Consumer(consumption, failures)
        finally:
            consumption.closing.set()
            await stop_taking(broker)


NO_VALUE = "none"
Take = Callable[[Sequence[Any], Wait], Awaitable[None]]


@dataclass(eq=False)
class Counting(Consumption[Any]):
    assignments: list[int] = field(default_factory=list)
    revoked: int = 0

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.revoked += len(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.assignments.append(len(assigned))
        await super().on_partitions_assigned(assigned)


@dataclass
class Consumer:
    consumption: Counting
    failures: list[BaseException]


@dataclass
class Taken:
    """What an intake was given; it counts as taken at the end."""

    values: Counter[str] = field(default_factory=Counter)

    async def __call__(self, records: Sequence[Any], _wait: Wait) -> None:
        self.values.update(NO_VALUE if record.value is None else record.value.decode() for record in records)

    def all_once(self, values: Sequence[str]) -> bool:
        return self.values == Counter(values)


@dataclass
class Slowly(Taken):
    """A batch waits until it may finish."""

    finish: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, records: Sequence[Any], wait: Wait) -> None:
        while not self.finish.is_set():
            await wait(0.1)
        await super().__call__(records, wait)


@pytest.fixture
async def ground(kafka_bootstrap: str) -> Ground:
    name = unique_name("records")
    await ensure_topics(kafka_bootstrap, [Topic(name, "tests", "nothing", "for tests")], TopicShape(partitions=PARTITIONS))
    return Ground(kafka_bootstrap, name, name)


def values(count: int, first: int = 0) -> list[str]:
    return [f"v{n}" for n in range(first, first + count)]


async def test_what_was_taken_is_acknowledged_and_not_delivered_again(ground: Ground) -> None:
    await ground.publish(values(20))
    taken = Taken()
    async with ground.consumer(taken):
        await eventually(lambda: taken.all_once(values(20)))
    async with ground.consumer(taken):
        await ground.publish(values(1, first=20))
        await eventually(lambda: taken.all_once(values(21)))
    assert await ground.acknowledged() == 21


async def test_a_crash_after_the_commit_and_before_the_acknowledgment_delivers_again(ground: Ground) -> None:
    await ground.publish(values(8))
    committed, again = Taken(), Taken()

    async def crash(records: Sequence[Any], wait: Wait) -> None:
        await committed(records, wait)
        raise asyncio.CancelledError

    async with ground.consumer(crash):
        await eventually(lambda: committed.values)
    async with ground.consumer(again):
        await eventually(lambda: again.all_once(values(8)))


async def test_a_batch_that_waits_longer_than_the_poll_interval_keeps_its_place_in_the_group(ground: Ground) -> None:
    await ground.publish(values(8))
    taken = Taken()

    async def wait_first(records: Sequence[Any], wait: Wait) -> None:
        await wait(2.5 * QUICK.poll_interval_max / 1000)
        await taken(records, wait)

    async with ground.consumer(wait_first) as consumer:
        await eventually(lambda: taken.all_once(values(8)))
        await eventually(lambda: _acknowledges(ground, 8))
        assert consumer.consumption.assignments == [PARTITIONS]


async def test_partitions_that_come_while_a_batch_waits_lose_no_record(ground: Ground) -> None:
    taken, gone, polls = Taken(), asyncio.Event(), Counter[bool]()

    async def wait_until_alone(records: Sequence[Any], wait: Wait) -> None:
        while not gone.is_set():
            await wait(0.5)
            polls[staying.consumption.assignments[-1] == PARTITIONS] += 1
        await taken(records, wait)

    async with ground.consumer(wait_until_alone) as staying:
        staying.consumption.revoke_seconds_max = 0.5
        async with ground.consumer(taken) as leaving:
            await eventually(lambda: staying.consumption.assignments[-1] == leaving.consumption.assignments[-1] == 2)
            leaving.consumption.closing.set()  # it takes nothing, so that what it has is left to the other
            await ground.publish(values(40))
            await eventually(lambda: staying.consumption.taking)
            polls.clear()
        await ground.publish(values(40, first=40))
        await eventually(lambda: polls[True] >= 2, because="it waits on with all partitions")
        gone.set()
        await eventually(lambda: set(taken.values) == set(values(80)))
        await eventually(lambda: _acknowledges(ground, 80))


async def test_a_rebalance_waits_for_the_batch_under_way(ground: Ground) -> None:
    await ground.publish(values(40))
    first, second = Slowly(), Taken()
    async with AsyncExitStack() as consumers:
        one = await consumers.enter_async_context(ground.consumer(first, PATIENT))
        await eventually(lambda: one.consumption.taking)
        joining = asyncio.create_task(consumers.enter_async_context(ground.consumer(second, PATIENT)))
        await eventually(lambda: one.consumption.revoked)
        with pytest.raises(AssertionError, match="not within"):
            await eventually(lambda: second.values, within_seconds=3)
        first.finish.set()
        await joining
        await eventually(lambda: (first.values + second.values).keys() == set(values(40)))
        assert first.values + second.values == Counter(values(40))


async def test_a_rebalance_goes_on_when_the_batch_under_way_is_done(ground: Ground) -> None:
    """Although the batch waits, and has polled meanwhile."""
    await ground.publish(values(40))
    first, second = Slowly(), Taken()
    async with AsyncExitStack() as consumers:
        one = await consumers.enter_async_context(ground.consumer(first, PATIENT))
        await eventually(lambda: one.consumption.taking)
        joining = asyncio.create_task(consumers.enter_async_context(ground.consumer(second, PATIENT)))
        await eventually(lambda: one.consumption.revoked)
        first.finish.set()
        await eventually(lambda: first.values, within_seconds=REVOKE_SECONDS_MAX / 2)
        await joining
        await eventually(lambda: first.values + second.values == Counter(values(40)))


async def test_a_record_that_cannot_be_read_costs_no_other(ground: Ground) -> None:
    await ground.publish(values(40))
    await ground.publish_unreadable(0, "v40", "v41")
    await ground.publish(values(40, first=42))
    taken = Taken()
    async with ground.consumer(taken):
        await eventually(lambda: set(taken.values) == {*values(82), NO_VALUE} - {"v41"})
        await eventually(lambda: _acknowledges(ground, 83))
    assert taken.values[NO_VALUE] == 2


@pytest.mark.parametrize("trouble", [CorruptRecordException, UnsupportedCodecError])
async def test_a_partition_that_cannot_be_read_holds_up_no_other(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, trouble: type[KafkaError]
) -> None:
    broken, whole = {0}, FetchResult.getall

    def getall(self: Any, max_records: int | None = None) -> Any:
        if self._topic_partition.partition in broken:
            raise trouble
        return whole(self, max_records)

    monkeypatch.setattr(FetchResult, "getall", getall)
    readable = {f"v{n}" for n in range(80) if n % PARTITIONS}
    taken = Taken()
    async with ground.consumer(taken) as consumer:
        await ground.publish(values(40))
        await eventually(lambda: len(taken.values) == 30)
        await ground.publish(values(40, first=40))
        await eventually(lambda: set(taken.values) == readable)
        broken.update(range(PARTITIONS))
        await ground.publish(values(4, first=80))
        await eventually(lambda: len(consumer.consumption.consumer._unreadable) == PARTITIONS)
        assert consumer.consumption.consumer.trouble is None, "what somebody has written is no reason to start anew"
        broken.clear()
        await eventually(lambda: set(taken.values) == set(values(84)))
        await eventually(lambda: _acknowledges(ground, 84))


async def test_polls_that_fail_for_good_are_no_sign_of_life(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ground.consumer(Taken()) as consumer:
        await eventually(consumer.consumption.heard)
        assert consumer.consumption.consumer is not None

        def fail() -> None:
            raise KafkaError("the group's task is gone")

        monkeypatch.setattr(consumer.consumption.consumer._coordinator, "check_errors", fail)
        await eventually(lambda: consumer.consumption.heard() == 'KafkaError("the group\'s task is gone")')


async def test_what_nobody_understands_ends_the_taking_and_is_acknowledged_by_nobody(ground: Ground) -> None:
    seen = Taken()

    async def fail(records: Sequence[Any], wait: Wait) -> None:
        await seen(records, wait)
        raise StorageError("42P01", "no such table")

    await ground.publish(values(4))
    async with ground.consumer(fail) as consumer:
        await eventually(lambda: consumer.failures)
        before = sum(seen.values.values())
        await ground.publish(values(4, first=4))
        assert consumer.consumption.consumer is not None
        await eventually(lambda: consumer.consumption.consumer.highwater(TopicPartition(ground.topic, 0)) == 2)
    assert sum(seen.values.values()) == before
    assert len(consumer.failures) == 1
    assert await ground.acknowledged() == 0


async def test_taking_stops_although_its_fetches_fail(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ground.consumer(Taken()) as consumer:
        await eventually(consumer.consumption.heard)
        await _cut(consumer.consumption.consumer, monkeypatch)


async def test_a_consumer_stops_although_its_fetches_fail(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = AIOKafkaConsumer(ground.topic, bootstrap_servers=ground.kafka)
    await consumer.start()
    await _cut(consumer, monkeypatch)
    await stop_consumer(consumer)
    with pytest.raises(ConsumerStoppedError):
        await consumer.getone()


async def _cut(consumer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on its requests fail, and its fetches wait to be tried again."""
    for at in consumer.assignment():
        await consumer.position(at)  # else it is the question for it that fails and waits
    tried = asyncio.Event()

    async def fail(*_: object, **__: object) -> None:
        tried.set()
        raise KafkaConnectionError

    monkeypatch.setattr(consumer._fetcher, "_retry_backoff", 60.0)
    monkeypatch.setattr(consumer._client, "send", fail)
    await tried.wait()
    await asyncio.sleep(0)


async def _acknowledges(ground: Ground, count: int) -> bool:
    return await ground.acknowledged() == count
