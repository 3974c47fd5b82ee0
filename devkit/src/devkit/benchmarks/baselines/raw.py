"""The same hops with nothing in between: raw clients that pass each record on under the next type's name, and decide and keep
nothing. What the way through the topics takes by itself.

Run in the place of a service's own `app`, which WHARF_SERVICE names.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import uvloop
from aiokafka import AIOKafkaConsumer

from chassis.broker import stop_consumer
from chassis.sender import kafka_producer
from contracts.inventory import RESERVATIONS, StockReserved
from contracts.orders import COMMANDS, FACTS, OrderPlaced, OrderReserved, PlaceOrder
from devkit.benchmarks.baselines.decision import setting, tell_ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from contracts.envelope import Message

FETCH_MILLISECONDS = 200
TYPE = "ce_type"
HOPS: Mapping[str, Mapping[type[Message], type[Message]]] = {
    "orders": {PlaceOrder: OrderPlaced, StockReserved: OrderReserved},
    "inventory": {OrderPlaced: StockReserved},
}
"""By service what it reads, and as what it passes that on."""
READS = {"orders": (COMMANDS.name, RESERVATIONS.name), "inventory": (FACTS.name,)}


async def serve(service: str) -> None:
    """Until a signal."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    producer = kafka_producer(setting("KAFKA"))
    await producer.start()
    async with asyncio.TaskGroup() as group:
        for topic in READS[service]:
            group.create_task(_pass_on(service, topic, producer, stopping))
        tell_ready()
    await producer.stop()


async def _pass_on(service: str, topic: str, producer: AIOKafkaProducer, stopping: asyncio.Event) -> None:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=setting("KAFKA"),
        group_id=f"{service}.{topic}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        while not stopping.is_set():
            fetched = await consumer.getmany(timeout_ms=FETCH_MILLISECONDS)
            sending = [_send(producer, record, service) for records in fetched.values() for record in records]
            await asyncio.gather(*sending)
            if fetched:
                await consumer.commit({at: records[-1].offset + 1 for at, records in fetched.items()})
    finally:
        await stop_consumer(consumer)


async def _send(producer: AIOKafkaProducer, record: ConsumerRecord, service: str) -> None:
    headers = dict(record.headers)
    for read, told in HOPS[service].items():
        if headers[TYPE] == read.__name__.encode():
            headers[TYPE] = told.__name__.encode()
            await producer.send_and_wait(told.topic.name, key=record.key, value=record.value, headers=list(headers.items()))


if __name__ == "__main__":
    uvloop.run(serve(setting("SERVICE")))
