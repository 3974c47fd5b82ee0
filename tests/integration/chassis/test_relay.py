"""Facts from the outbox to Kafka: nothing lost, order kept, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import outbox
from chassis.outbox import Outgoing
from chassis.relay import Relay, Sent, relay_once
from chassis.sender import KafkaSender, kafka_producer, murmur2
from chassis.topics import TopicShape, ensure_topics
from chassis.transaction import Transactions
from contracts.envelope import Topic
from devkit.kafka import EmbeddedKafka
from devkit.runs import Run

from support.embedded import unique_name
from support.eventually import eventually
from support.toy import TABLES
from support.toy_database import toy_on_postgres

PARTITIONS = 3


@dataclass
class Recording:
    """A sender that keeps what it was given, and fails for keys in `refused`."""

    refused: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    crash: bool = False

    async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
        results: list[Sent] = []
        for fact in facts:
            refused = fact.key in self.refused
            results.append(KafkaError("refused") if refused else True)
            self.sent += [] if refused else [fact.body]
        if self.crash:
            raise asyncio.CancelledError
        return results


@pytest.fixture
async def transactions(postgres_dsn: str) -> AsyncIterator[Transactions]:
    async with toy_on_postgres(postgres_dsn) as transactions:
        yield transactions


def fact(key: str, body: str, topic: str = "t") -> Outgoing:
    return Outgoing(topic, key, "{}", body)


async def commit(transactions: Transactions, *facts: Outgoing) -> None:
    async with transactions.begin() as tx:
        await outbox.add(tx, facts)


async def left(transactions: Transactions) -> list[str]:
    async with transactions.begin() as tx:
        rows = await tx.rows.due(TABLES.outbox, "position", 2**62, 1_000)
    return [one.body for row in rows for one in outbox.facts_of(row.facts)]


async def test_acknowledged_facts_leave_in_the_order_of_their_batches(transactions: Transactions) -> None:
    sender = Recording()
    await commit(transactions, fact("a", "1"), fact("b", "2"))
    await commit(transactions, fact("a", "3"))
    relayed = await relay_once(transactions, sender, 10)
    assert (relayed.rows, relayed.sent, relayed.kept) == (2, 3, 0)
    assert sender.sent == ["1", "2", "3"]
    assert await left(transactions) == []


async def test_a_crash_between_publishing_and_deleting_publishes_again(transactions: Transactions) -> None:
    await commit(transactions, fact("a", "1"), fact("a", "2"))
    crashing, next_one = Recording(crash=True), Recording()
    with suppress(asyncio.CancelledError):
        await relay_once(transactions, crashing, 10)
    await relay_once(transactions, next_one, 10)
    assert crashing.sent == next_one.sent == ["1", "2"]


async def test_what_is_refused_stays_and_the_rest_of_its_row_goes_once(transactions: Transactions) -> None:
    sender = Recording(refused={"b"})
    await commit(transactions, fact("a", "1"), fact("b", "2"), fact("c", "3"))
    assert isinstance((await relay_once(transactions, sender, 10)).failure, KafkaError)
    assert await left(transactions) == ["2"]
    sender.refused.clear()
    await relay_once(transactions, sender, 10)
    assert sender.sent == ["1", "3", "2"]


async def test_a_row_that_another_process_has_finished_meanwhile_does_not_come_back(transactions: Transactions) -> None:
    await commit(transactions, fact("a", "1"), fact("b", "2"))

    class Overtaken(Recording):
        async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
            results = await super().send(facts)
            await relay_once(transactions, Recording(), 10)  # another that leads by now
            return results

    await relay_once(transactions, Overtaken(refused={"b"}), 10)
    assert await left(transactions) == []


async def test_a_row_of_which_two_have_sent_a_part_each_is_finished(transactions: Transactions) -> None:
    """Found by seed 1668: it stayed, empty, and no relay could read it or what came after it."""
    await commit(transactions, fact("a", "1"), fact("b", "2"))

    class Overtaken(Recording):
        async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
            results = await super().send(facts)
            await relay_once(transactions, Recording(refused={"a"}), 10)  # another that leads by now
            return results

    await relay_once(transactions, Overtaken(refused={"b"}), 10)
    await commit(transactions, fact("c", "3"))
    relayed = await relay_once(transactions, next_one := Recording(), 10)
    assert (relayed.rows, next_one.sent) == (1, ["3"])


async def test_an_empty_row_of_an_earlier_release_holds_up_nothing(transactions: Transactions) -> None:
    async with transactions.begin() as tx:
        await tx.rows.insert(TABLES.outbox, [("",)])
    await commit(transactions, fact("a", "1"))
    assert (await relay_once(transactions, Recording(), 10)).sent == 1
    async with transactions.begin() as tx:
        assert await tx.rows.due(TABLES.outbox, "position", 2**62, 10) == []


async def test_the_relay_goes_on_beyond_rows_of_a_partition_that_is_away(transactions: Transactions) -> None:
    for number in range(40):
        await commit(transactions, fact("away", f"stuck {number}"))
    await commit(transactions, fact("here", "goes"))
    sender = Recording(refused={"away"})
    async with running(Relay(transactions, sender)):
        await eventually(lambda: sender.sent == ["goes"])


async def test_rows_with_few_facts_are_relayed_many_at_a_time_and_in_order(transactions: Transactions) -> None:
    class Rounds(Recording):
        async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
            sizes.append(len(facts))
            return await super().send(facts)

    sizes: list[int] = []
    told = [str(number) for number in range(500)]
    for number in told:
        await commit(transactions, fact("here", number))
    sender = Rounds()
    async with running(Relay(transactions, sender)):
        await eventually(lambda: sender.sent == told)
    assert sizes == [16, 32, 64, 128, 128, 128, 4]


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[KafkaSender]:
    producer = kafka_producer(bootstrap)
    await producer.start()
    try:
        yield KafkaSender(producer)
    finally:
        await producer.stop()


async def a_topic(bootstrap: str) -> str:
    name = unique_name("facts")
    await ensure_topics(bootstrap, [Topic(name, "tests", "nothing", "for tests")], TopicShape(partitions=PARTITIONS))
    return name


async def bodies(bootstrap: str, topic: str, count: int) -> dict[str, list[str]]:
    """The first `count` records by key, in order."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    found: dict[str, list[str]] = {}
    try:
        for _ in range(count):
            record = await asyncio.wait_for(consumer.getone(), 20)
            found.setdefault(record.key.decode(), []).append(record.value.decode())
    finally:
        await consumer.stop()
    return found


async def test_facts_arrive_in_order_where_other_producers_put_their_keys(kafka_bootstrap: str) -> None:
    topic = await a_topic(kafka_bootstrap)
    facts = [fact(f"s1/purse/p{n % 10}", str(n), topic) for n in range(500)]
    async with producing(kafka_bootstrap) as sender:
        assert set(await sender.send(facts)) == {True}
    found = await bodies(kafka_bootstrap, topic, 500)
    assert all(found[f"s1/purse/p{n}"] == [str(m) for m in range(n, 500, 10)] for n in range(10))
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    theirs = {n: (await producer.send_and_wait(topic, b"x", f"s1/purse/p{n}".encode())).partition for n in range(10)}
    await producer.stop()
    assert theirs == {n: (murmur2(f"s1/purse/p{n}".encode()) & 0x7FFFFFFF) % PARTITIONS for n in range(10)}


async def test_facts_larger_than_a_batch_go_one_by_one(kafka_bootstrap: str) -> None:
    topic = await a_topic(kafka_bootstrap)
    facts = [fact("k", str(n) + "x" * 899_000, topic) for n in range(3)]
    async with producing(kafka_bootstrap) as sender:
        assert list(await sender.send(facts)) == [True] * 3
    assert [body[0] for body in (await bodies(kafka_bootstrap, topic, 3))["k"]] == ["0", "1", "2"]


async def test_while_the_broker_is_away_facts_wait_and_then_arrive_in_order(run: Run, transactions: Transactions) -> None:
    with EmbeddedKafka(run, name=unique_name("kafka")) as broker:
        topic = await a_topic(broker.bootstrap)
        async with producing(broker.bootstrap) as sender:
            async with running(Relay(transactions, sender)) as relay:
                await commit(transactions, fact("k", "1", topic))
                await eventually(lambda: relay.progress.sent == 1)
                await asyncio.to_thread(broker.stop)
                for number in range(2, 6):
                    await commit(transactions, fact("k", str(number), topic))
                    relay.knock()
                assert await left(transactions) == ["2", "3", "4", "5"]
                await asyncio.to_thread(broker.start)
                await eventually(lambda: _empty(transactions), within_seconds=60)
            found = (await bodies(broker.bootstrap, topic, 5))["k"]
            assert list(dict.fromkeys(found)) == ["1", "2", "3", "4", "5"]


async def _empty(transactions: Transactions) -> bool:
    return await left(transactions) == []
