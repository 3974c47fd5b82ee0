"""The load generator of `bench flow`, a process of its own: makes all records before anything is measured, then sends as it is
told and tells what came of it. Speaks JSON, a line a question and a line an answer, and ends with its parent.

python -m devkit.benchmarks.load '{"bootstrap": ..., "taste": ..., "run": ..., "orders": ...}'
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.broker import stop_consumer
from chassis.clock import SystemClock
from chassis.sender import kafka_producer, partition_of
from contracts.orders import COMMANDS, FACTS, OrderCanceled, OrderPlaced, OrderReserved
from devkit.benchmarks.demand import Demand, Taste

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from devkit.demo.messages import Record

CHUNK_ORDERS = 500
FACTS_AN_ORDER = 2
"""Placed, and how it ended: reserved or canceled."""
PLACED, RESERVED, CANCELED = OrderPlaced.__name__, OrderReserved.__name__, OrderCanceled.__name__
POLL_SECONDS = 0.03
PACE_SECONDS = 0.001
STILL_SECONDS_MAX = 30.0
"""After so long without a new fact it is taken that none comes."""
READ_MILLISECONDS = 200
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


class StalledError(Exception):
    """Orders were sent, and facts about them stopped coming."""


@dataclass(slots=True)
class Load:
    """Orders that are ready to go, and the connections to send them and to look for what is told of them."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    orders: Sequence[tuple[int, Record]]
    """Each with its partition."""
    facts: Sequence[TopicPartition]
    sent: int = 0
    asked: int = 0
    """Orders of the work that was asked for last."""
    before: dict[TopicPartition, int] = field(default_factory=dict)
    """Where facts ended when that began."""
    unanswered: list[asyncio.Future[Any]] = field(default_factory=list)

    async def flood(self, orders: int, backlog: int) -> dict[str, Any]:
        """Send so many, with never more than `backlog` under way, and wait for their last facts."""
        await self._begin(orders)
        begin, until = time.monotonic(), self.sent + orders
        first, done = self.sent, 0
        while self.sent < until:
            if self.sent - first - done < backlog:
                await self._send(min(CHUNK_ORDERS, until - self.sent))
                await self._answered()
            else:
                await asyncio.sleep(POLL_SECONDS)
            done = await self._told() // FACTS_AN_ORDER
        await self._wait_for(orders * FACTS_AN_ORDER)
        return {"seconds": time.monotonic() - begin}

    async def pace(self, orders: int, rate: float) -> dict[str, Any]:
        """Send at a rate, whatever comes back; how long each took from the instant at which it was meant to be sent."""
        await self._begin(orders)
        for at, offset in self.before.items():
            self.consumer.seek(at, offset)
        first, begin = self.sent, time.monotonic() + POLL_SECONDS
        due = {record.key: begin + place / rate for place, (_, record) in enumerate(self.orders[first : first + orders])}
        reading = asyncio.create_task(self._read(due))
        while self.sent < first + orders:
            wanted = min(orders, math.ceil((time.monotonic() - begin) * rate))
            if wanted > self.sent - first:
                await self._send(wanted - (self.sent - first))
            await asyncio.sleep(PACE_SECONDS)
        await self._answered()
        latencies = sorted(await reading)
        found = {name: latencies[max(0, math.ceil(share * len(latencies)) - 1)] * 1000 for name, share in SHARES.items()}
        return {"seconds": time.monotonic() - begin, "milliseconds": found}

    async def tally(self) -> dict[str, int]:
        """Read all facts since the last work began: how many orders have which, and how many there were that should not be."""
        told: dict[str, Counter[bytes]] = {PLACED: Counter(), RESERVED: Counter(), CANCELED: Counter()}
        wanted = {record.key for _, record in self.orders[self.sent - self.asked : self.sent]}
        strange = 0
        async for record in self._facts():
            if record.key in wanted and _type(record) in told:
                told[_type(record)][record.key] += 1
            else:
                strange += 1
        ended = told[RESERVED] + told[CANCELED]
        doubled = sum(count > 1 for count in (*told[PLACED].values(), *ended.values()))
        lost = len(wanted - told[PLACED].keys()) + len(wanted - ended.keys())
        counts = {"reserved": len(told[RESERVED]), "canceled": len(told[CANCELED])}
        return {**counts, "doubled": doubled, "lost": lost, "strange": strange}

    async def _begin(self, orders: int) -> None:
        self.asked, self.before = orders, await self._ends()

    async def _read(self, due: Mapping[bytes, float]) -> list[float]:
        """Seconds from each order's due time until its last fact was here."""
        latencies: list[float] = []
        moved_at = time.monotonic()
        while len(latencies) < len(due):
            fetched = await self.consumer.getmany(timeout_ms=READ_MILLISECONDS)
            now = time.monotonic()
            records = [record for each in fetched.values() for record in each]
            latencies += [now - due[record.key] for record in records if record.key in due and _type(record) != PLACED]
            moved_at = now if records else moved_at
            if now - moved_at > STILL_SECONDS_MAX:
                raise StalledError(f"{len(latencies)} of {len(due)} orders have ended")
        return latencies

    async def _send(self, orders: int) -> None:
        """The next so many, each partition's in one batch as far as it has space."""
        by_partition: dict[int, list[Record]] = {}
        for partition, record in self.orders[self.sent : self.sent + orders]:
            by_partition.setdefault(partition, []).append(record)
        for partition, records in by_partition.items():
            waiting = list(reversed(records))
            while waiting:
                batch = self.producer.create_batch()
                while waiting and _append(batch, waiting[-1]):
                    waiting.pop()
                self.unanswered.append(await self.producer.send_batch(batch, COMMANDS.name, partition=partition))
        self.sent += orders

    async def _answered(self) -> None:
        """All that was sent is Kafka's."""
        await asyncio.gather(*self.unanswered)
        self.unanswered.clear()

    async def _ends(self) -> dict[TopicPartition, int]:
        return dict(await self.consumer.end_offsets(self.facts))

    async def _told(self) -> int:
        """Facts since the work began."""
        return sum((await self._ends()).values()) - sum(self.before.values())

    async def _wait_for(self, facts: int) -> None:
        told, moved_at = 0, time.monotonic()
        while (now_told := await self._told()) < facts:
            if now_told > told:
                told, moved_at = now_told, time.monotonic()
            elif time.monotonic() - moved_at > STILL_SECONDS_MAX:
                raise StalledError(f"{told} of {facts} facts were told")
            await asyncio.sleep(POLL_SECONDS)

    async def _facts(self) -> AsyncIterator[ConsumerRecord]:
        """All since the work began, up to what there is now."""
        left = await self._told()
        for at, offset in self.before.items():
            self.consumer.seek(at, offset)
        while left > 0:
            for records in (await self.consumer.getmany(timeout_ms=READ_MILLISECONDS)).values():
                left -= len(records)
                for record in records:
                    yield record


def _append(batch: Any, record: Record) -> bool:
    """False when the batch is full."""
    return batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers)) is not None


def _type(record: ConsumerRecord) -> str:
    return next((value.decode() for name, value in record.headers if name == "ce_type"), "")


async def serve(spec: Mapping[str, Any]) -> None:
    """Make the orders, say so, and do what is asked until nobody asks any more."""
    demand = Demand(Taste(spec["taste"]), spec["run"], spec["orders"])
    producer, consumer = kafka_producer(spec["bootstrap"]), AIOKafkaConsumer(bootstrap_servers=spec["bootstrap"])
    await producer.start()
    await consumer.start()
    try:
        count = len(await producer.partitions_for(COMMANDS.name))
        orders = [(partition_of(record.key, count), record) for record in demand.records(SystemClock().now())]
        facts = [TopicPartition(FACTS.name, at) for at in sorted(await producer.partitions_for(FACTS.name))]
        consumer.assign(facts)
        load = Load(producer, consumer, orders, facts)
        gc.collect()
        gc.freeze()
        _answer({"ready": len(orders)})
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            works: dict[str, Callable[..., Awaitable[Mapping[str, Any]]]]
            works = {"flood": load.flood, "pace": load.pace, "tally": load.tally}
            try:
                _answer(await works[asked.pop("work")](**asked))
            except StalledError as error:
                _answer({"stalled": str(error)})
    finally:
        await stop_consumer(consumer)
        await producer.stop()


def _answer(content: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(serve(json.loads(sys.argv[1])))
