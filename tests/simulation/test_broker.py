"""The simulated broker behaves as Kafka does where the services could notice."""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

from chassis.outbox import Outgoing
from devkit.simulation.broker import PARTITIONS, Broker, BrokerSender, Consumer, Outage, Record
from devkit.simulation.scheduler import Scheduler, run

TOPIC = "orders.commands"


def filled(records: int = 12) -> Broker:
    broker = Broker()
    for number in range(records):
        broker.append(TOPIC, f"s1/order/o{number}".encode(), [("ce_type", b"PlaceOrder")], str(number).encode())
    return broker


def consumer_of(broker: Broker, member: str) -> Consumer:
    return Consumer(broker, broker.group("orders", TOPIC), member, Random(1))


def until_done(work: Coroutine[Any, Any, list[Record]]) -> list[Record]:
    return run(Scheduler(Random(1)), work)


async def take(consumer: Consumer, records: int, *, acknowledge: bool) -> list[Record]:
    taken: list[Record] = []
    while len(taken) < records:
        batch = await consumer.fetch()
        if acknowledge:
            assert consumer.acknowledge(batch)
        taken += batch
    return taken


def test_each_partition_comes_whole_and_in_order() -> None:
    taken = until_done(take(consumer_of(filled(), "orders-0"), 12, acknowledge=True))
    for partition in range(PARTITIONS):
        offsets = [record.offset for record in taken if record.partition == partition]
        assert offsets == list(range(len(offsets)))


def test_the_members_of_a_group_share_the_partitions() -> None:
    broker = filled()
    first, second = consumer_of(broker, "orders-0"), consumer_of(broker, "orders-1")
    group = broker.group("orders", TOPIC)
    assert sorted(group.partitions_of("orders-0") + group.partitions_of("orders-1")) == list(range(PARTITIONS))
    first.leave()
    assert group.partitions_of("orders-1") == list(range(PARTITIONS))
    second.leave()
    assert group.partitions_of("orders-1") == []


def test_what_was_not_acknowledged_comes_again_after_a_rebalance() -> None:
    broker = filled()
    consumer = consumer_of(broker, "orders-0")
    seen = until_done(take(consumer, 12, acknowledge=False))
    broker.rebalance(broker.group("orders", TOPIC))
    assert not consumer.acknowledge(seen)
    again = until_done(take(consumer, 12, acknowledge=True))
    assert {(record.partition, record.offset) for record in again} == {(record.partition, record.offset) for record in seen}
    assert broker.lag() == {}


def test_a_stalled_partition_delivers_nothing() -> None:
    broker = filled()
    broker.stalled = {(TOPIC, partition) for partition in range(PARTITIONS)}
    consumer = consumer_of(broker, "orders-0")

    async def nothing() -> list[Record]:
        fetching = asyncio.ensure_future(consumer.fetch())
        await asyncio.sleep(0)
        assert not fetching.done()
        broker.heal()
        return list(await fetching)

    assert until_done(nothing())


def facts(number: int) -> list[Outgoing]:
    return [Outgoing("orders.facts", "s1/order/o1", "{}", str(each)) for each in range(number)]


async def send(sender: BrokerSender, number: int) -> list[Any]:
    return list(await sender.send(facts(number)))


def test_after_a_failure_nothing_more_goes_to_that_partition() -> None:
    broker, outage = Broker(), Outage(refusals=1)
    results = run(Scheduler(Random(1)), send(BrokerSender(broker, outage, Random(3)), 20))
    failed = next(place for place, result in enumerate(results) if result is not True)
    assert isinstance(results[failed], ConnectionError)
    assert set(results[failed + 1 :]) <= {False}
    assert [record.value for record in broker.all_records()] == [str(each).encode() for each in range(failed)]


def test_a_silent_broker_keeps_what_it_does_not_acknowledge() -> None:
    broker, outage = Broker(), Outage(silent=1)
    results = run(Scheduler(Random(1)), send(BrokerSender(broker, outage, Random(3)), 20))
    assert len(list(broker.all_records())) == sum(result is True for result in results) + 1
