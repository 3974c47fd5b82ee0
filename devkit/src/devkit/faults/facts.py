"""What the services tell the world while things break: which facts, about what, how often, and when the broker had them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.broker import stop_consumer
from contracts import inventory, notifications, orders, removals
from contracts.removals import RemovalProcessing
from devkit.topics import PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOPICS = (orders.FACTS.name, inventory.RESERVATIONS.name, removals.FACTS.name, notifications.FACTS.name)
POLL_MILLISECONDS = 200
RETRY_SECONDS = 0.5
END_POLLS_MAX = 300
"""Sixty seconds for what is left at the end."""


class Flow(StrEnum):
    """What is measured: orders that have their stock, removals that are placed or refused, mails that are sent."""

    ORDERS = "orders"
    REMOVALS = "removals"
    MAILS = "mails"


FLOWS = {
    "OrderReserved": Flow.ORDERS,
    "RemovalPlaced": Flow.REMOVALS,
    "RemovalRefused": Flow.REMOVALS,
    "MailSent": Flow.MAILS,
}
ENDS = frozenset({"OrderReserved", "OrderCanceled", "RemovalPlaced", "RemovalRefused", "RemovalCanceled"})
"""After which nobody waits for inventory any more. An order that is canceled may never have come so far."""
REFUSALS = ("OrderCommandRefused", "RemovalCommandRefused", "RemovalCancelRefused", "NotificationCommandRefused")


class FactsMissingError(Exception):
    """The broker has facts that could not be read."""


@dataclass(slots=True)
class Facts:
    """Heard since the last `forget`. `told`: by type and key, each fact's id with the number of times it came."""

    consumer: AIOKafkaConsumer
    partitions: list[TopicPartition]
    told: dict[tuple[str, str], dict[bytes, int]] = field(default_factory=dict)
    finished: dict[Flow, dict[str, float]] = field(default_factory=lambda: {flow: {} for flow in Flow})
    ended: set[str] = field(default_factory=set)
    """Orders and removals that wait for nothing more, by key."""
    refused: set[str] = field(default_factory=set)
    """Ids of commands."""
    begun_by: set[str] = field(default_factory=set)
    """Ids of what made RemovalProcessing be told."""
    hear: Callable[[str, str, Mapping[str, Any]], None] | None = None
    """Told each fact that is in `wanted`, with its type, key and body, when it comes for the first time."""
    wanted: frozenset[str] = frozenset()

    @classmethod
    async def open(cls, bootstrap: str) -> Facts:
        """From now on; `close` it."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        partitions = [TopicPartition(topic, number) for topic in TOPICS for number in range(PARTITIONS)]
        consumer.assign(partitions)
        return cls(consumer, partitions)

    async def close(self) -> None:
        await stop_consumer(self.consumer)

    def forget(self) -> None:
        """Another cell begins."""
        self.told.clear()
        self.refused.clear()
        self.begun_by.clear()
        self.ended.clear()
        for finished in self.finished.values():
            finished.clear()

    async def listen(self) -> None:
        """Until canceled, whatever the broker does meanwhile."""
        while True:
            try:
                await self._take()
            except KafkaError:
                await asyncio.sleep(RETRY_SECONDS)

    async def catch_up(self) -> None:
        """Hear all that there is. Raises FactsMissingError; nobody else may listen meanwhile."""
        ends: Mapping[TopicPartition, int] = await self.consumer.end_offsets(self.partitions)
        for _ in range(END_POLLS_MAX):
            if all([await self.consumer.position(at) >= end for at, end in ends.items()]):
                return
            await self._take()
        raise FactsMissingError(f"the broker does not give all its facts within {END_POLLS_MAX * POLL_MILLISECONDS / 1000:g} s")

    def instants(self, flow: Flow) -> list[float]:
        """When something was finished, in order, in seconds since 1970."""
        return sorted(self.finished[flow].values())

    @property
    def retold(self) -> int:
        """Facts that came again."""
        return sum(times - 1 for ids in self.told.values() for times in ids.values())

    async def _take(self) -> None:
        for records in (await self.consumer.getmany(timeout_ms=POLL_MILLISECONDS)).values():
            for record in records:
                self._note(record)

    def _note(self, record: Any) -> None:
        headers = dict(record.headers)
        kind, key = headers["ce_type"].decode(), record.key.decode()
        ids = self.told.setdefault((kind, key), {})
        fact_id = headers["ce_id"]
        ids[fact_id] = ids.get(fact_id, 0) + 1
        if ids[fact_id] > 1:
            return
        if kind in ENDS:
            self.ended.add(key)
        flow = FLOWS.get(kind)
        if flow is not None:
            self.finished[flow].setdefault(key, record.timestamp / 1000)
        if kind == RemovalProcessing.__name__:
            self.begun_by.add(headers["ce_causationid"].decode())
        if kind in REFUSALS:
            self.refused.add(orjson.loads(record.value)["command_id"])
        if kind in self.wanted and self.hear is not None:
            self.hear(kind, key, orjson.loads(record.value))
