"""What Wharf has told the world, read by the demo's own consumer and counted; the same fact told twice counts once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.broker import stop_consumer
from contracts import inventory, notifications, orders, removals
from contracts.inventory import StockSnapshot, UnitsRefused, UnitsRemoved
from contracts.notifications import MailFact
from contracts.orders import OrderCanceled, OrderCommandRefused
from contracts.removals import RemovalCancelRefused, RemovalCommandRefused
from devkit.demo import mails, shop
from devkit.demo.mails import Mails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.envelope import Message
    from contracts.removals import RemovalShortage
    from devkit.demo.shelf import Curves

TOPICS = tuple(
    topic.name
    for topic in (
        orders.FACTS,
        inventory.RESERVATIONS,
        inventory.FACTS,
        inventory.STOCK,
        removals.FACTS,
        notifications.FACTS,
    )
)
COUNTED: tuple[type[Message], ...] = (UnitsRefused, UnitsRemoved, RemovalCancelRefused, *mails.KINDS)
HEARD = shop.HEARD | {kind.__name__: kind for kind in COUNTED}
"""The facts that are read; of all others their number is enough."""
BOUND_CODES = frozenset({"pending_customer_order", "other_removal"})
"""Of the legend: units that belong to somebody else's order or removal."""
POLL_MILLISECONDS = 1_000
EMPTY_POLLS_MAX = 30


class FactsMissingError(Exception):
    """The broker has more records than it gives."""


@dataclass(slots=True)
class Tally:
    """Facts by type; canceled orders by reason; refused commands by code. `units_bound` were asked for and belong to others."""

    facts: Counter[str] = field(default_factory=Counter)
    canceled: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    units_removed: int = 0
    units_bound: int = 0
    retold: int = 0
    """Facts that came again: inventory tells the snapshots of items that changed lately once a day and after an election."""
    mails: Mails = field(default_factory=Mails)

    def count(self, fact: Message) -> None:
        """What a fact that has been read adds to the numbers."""
        match fact:
            case OrderCanceled(reason=reason):
                self.canceled[reason] += 1
            case OrderCommandRefused(code=code) | RemovalCommandRefused(code=code) | RemovalCancelRefused(code=code):
                self.refused[code] += 1
            case UnitsRemoved(lines=lines):
                self.units_removed += sum(line.quantity for line in lines)
            case UnitsRefused(missing=missing):
                self.units_bound += sum(map(_bound, missing))
            case MailFact():
                self.mails.hear(fact)
            case _:
                pass


@dataclass(slots=True)
class Facts:
    """Reads to the end of the topics, each record once. Snapshots of stock go to the curves.

    In between all partitions are paused: a fetch that waits for new records would make the next one wait for it.
    """

    consumer: AIOKafkaConsumer
    partitions: Sequence[TopicPartition]
    curves: Curves
    tally: Tally = field(default_factory=Tally)
    _seen: set[bytes] = field(default_factory=set)

    @classmethod
    async def open(cls, bootstrap: str, partitions: Mapping[str, int], curves: Curves) -> Facts:
        """`partitions`: how many each topic has."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        own = [TopicPartition(topic, number) for topic in TOPICS for number in range(partitions[topic])]
        consumer.assign(own)
        consumer.pause(*own)
        return cls(consumer, own, curves)

    async def close(self) -> None:
        await stop_consumer(self.consumer)

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
            self.tally.retold += 1
            return None
        self._seen.add(headers["ce_id"])
        name = headers["ce_type"].decode()
        self.tally.facts[name] += 1
        if name == StockSnapshot.__name__:
            self.curves.hear(record.key, record.value)
        if name not in HEARD:
            return None
        fact = HEARD[name].model_validate_json(record.value)
        self.tally.count(fact)
        return fact, datetime.fromisoformat(headers["ce_time"].decode())


def _bound(shortage: RemovalShortage) -> int:
    """Units that are missing since they are bound."""
    bound = sum(units.quantity for units in shortage.unavailable if units.code in BOUND_CODES)
    return min(shortage.quantity, bound)
