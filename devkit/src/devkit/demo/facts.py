"""What Wharf has told the world, read by the demo's own consumer and counted; the same fact told twice counts once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts import inventory, orders
from contracts.orders import OrderCanceled, OrderCommandRefused
from devkit.demo.shop import HEARD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.envelope import Message

TOPICS = (orders.FACTS.name, inventory.RESERVATIONS.name, inventory.FACTS.name)
POLL_MILLISECONDS = 1_000
EMPTY_POLLS_MAX = 30


class FactsMissingError(Exception):
    """The broker has more records than it gives."""


@dataclass(slots=True)
class Tally:
    """Facts by type; canceled orders by reason; refused commands by code."""

    facts: Counter[str] = field(default_factory=Counter)
    canceled: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Facts:
    """Reads to the end of the topics, each record once.

    In between all partitions are paused: a fetch that waits for new records would make the next one wait for it.
    """

    consumer: AIOKafkaConsumer
    partitions: Sequence[TopicPartition]
    tally: Tally = field(default_factory=Tally)
    _seen: set[bytes] = field(default_factory=set)

    @classmethod
    async def open(cls, bootstrap: str, partitions: Mapping[str, int]) -> Facts:
        """`partitions`: how many each topic has."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        own = [TopicPartition(topic, number) for topic in TOPICS for number in range(partitions[topic])]
        consumer.assign(own)
        await consumer.seek_to_beginning(*own)
        consumer.pause(*own)
        return cls(consumer, own)

    async def close(self) -> None:
        await self.consumer.stop()

    async def read(self) -> list[tuple[Message, datetime]]:
        """The new facts that somebody acts upon, with the time of each. Raises FactsMissingError."""
        ends = await self.consumer.end_offsets(self.partitions)
        heard: list[tuple[Message, datetime]] = []
        empty_polls = 0
        while behind := [at for at, end in ends.items() if await self.consumer.position(at) < end]:
            self.consumer.resume(*behind)
            fetched = await self.consumer.getmany(timeout_ms=POLL_MILLISECONDS)
            empty_polls = 0 if fetched else empty_polls + 1
            if empty_polls > EMPTY_POLLS_MAX:
                raise FactsMissingError(f"no records for {EMPTY_POLLS_MAX} s, though there are more")
            for records in fetched.values():
                heard += [fact for record in records if (fact := self._fact(record)) is not None]
            self.consumer.pause(*behind)
        return heard

    def _fact(self, record: Any) -> tuple[Message, datetime] | None:
        headers = dict(record.headers)
        if headers["ce_id"] in self._seen:
            return None
        self._seen.add(headers["ce_id"])
        name = headers["ce_type"].decode()
        self.tally.facts[name] += 1
        if name not in HEARD:
            return None
        fact = HEARD[name].model_validate_json(record.value)
        if isinstance(fact, OrderCanceled):
            self.tally.canceled[fact.reason] += 1
        elif isinstance(fact, OrderCommandRefused):
            self.tally.refused[fact.code] += 1
        return fact, datetime.fromisoformat(headers["ce_time"].decode())
