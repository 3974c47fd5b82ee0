"""What the services tell the world, as anybody may read it: facts of one object in order, each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.broker import stop_consumer
from contracts import inventory, notifications, orders, removals
from contracts.envelope import Message, Subject
from contracts.registry import MESSAGES
from devkit.topics import PARTITIONS

TOPICS = tuple(
    topic.name for topic in (orders.FACTS, inventory.RESERVATIONS, inventory.FACTS, removals.FACTS, notifications.FACTS)
)
POLL_MILLISECONDS = 200


@dataclass(slots=True)
class Ears:
    """Hears everything from the start on, each time `listen` is called."""

    consumer: AIOKafkaConsumer
    partitions: Sequence[TopicPartition]
    _heard: defaultdict[tuple[str, bytes], dict[bytes, Message]] = field(default_factory=lambda: defaultdict(dict))

    def heard(self, topic: str, subject: Subject) -> list[Message]:
        """What was told about the subject before the last `listen`; a fact that was sent twice is there once."""
        return list(self._heard[topic, subject.key.encode()].values())

    async def listen(self) -> None:
        """Hear all that has been told by now."""
        ends = await self.consumer.end_offsets(self.partitions)
        while [at for at, end in ends.items() if await self.consumer.position(at) < end]:
            for at, records in (await self.consumer.getmany(timeout_ms=POLL_MILLISECONDS)).items():
                for record in records:
                    headers = dict(record.headers)
                    fact = MESSAGES[headers["ce_type"].decode()].model_validate_json(record.value)
                    self._heard[at.topic, record.key].setdefault(headers["ce_id"], fact)


@asynccontextmanager
async def open_ears(bootstrap: str) -> AsyncIterator[Ears]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    partitions = [TopicPartition(topic, number) for topic in TOPICS for number in range(PARTITIONS)]
    consumer.assign(partitions)
    try:
        yield Ears(consumer, partitions)
    finally:
        await stop_consumer(consumer)
