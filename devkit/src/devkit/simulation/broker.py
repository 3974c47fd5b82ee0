"""A Kafka without network: topics in partitions, consumer groups with committed offsets, redelivery after a rebalance. What
goes wrong with it is switched on from outside (`faults`). Who reads and writes is in `process` and `workload`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias
from zlib import crc32

from chassis.outbox import Outgoing
from chassis.relay import Sent
from devkit.simulation.scheduler import Bell

PARTITIONS = 3
FETCH_RECORDS_MAX = 8
STRIKES = 0.5
"""During an outage, the share of the facts that it hits."""

Place: TypeAlias = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    timestamp: int

    @property
    def type(self) -> str:
        """What the header says, or nothing."""
        return next((value.decode(errors="replace") for name, value in self.headers if name == "ce_type" and value), "")


@dataclass(slots=True)
class Group:
    """The members of one service that share one topic. A new `generation` is a rebalance."""

    topic: str
    members: list[str] = field(default_factory=list)
    generation: int = 0
    turn: int = 0
    committed: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PARTITIONS), 0))

    def partitions_of(self, member: str) -> list[int]:
        if member not in self.members:
            return []
        place = self.members.index(member)
        return [p for p in range(PARTITIONS) if (p + self.turn) % len(self.members) == place]


class RefusedError(ConnectionError):
    """The broker does not take records at the moment, or does not say that it did."""


class Broker:
    """Everything that was ever published, and who has read how far."""

    def __init__(self) -> None:
        self.records: dict[Place, list[Record]] = defaultdict(list)
        self.groups: dict[tuple[str, str], Group] = {}
        self.arrived: defaultdict[str, Bell] = defaultdict(Bell)
        """Rung when there is something to look at in a topic."""
        self.stalled: set[Place] = set()
        """Partitions of which nothing new reaches anybody for a while."""
        self.milliseconds = 0
        """The time that records are stamped with."""

    def append(self, topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> Record:
        partition = crc32(key or b"") % PARTITIONS
        log = self.records[topic, partition]
        record = Record(topic, partition, len(log), key, tuple(headers), value, self.milliseconds)
        log.append(record)
        self.arrived[topic].ring()
        return record

    def group(self, service: str, topic: str) -> Group:
        return self.groups.setdefault((service, topic), Group(topic))

    def rebalance(self, group: Group) -> None:
        """Partitions change hands, whatever their readers are doing."""
        group.generation += 1
        group.turn += 1
        self.arrived[group.topic].ring()

    def all_records(self) -> Iterator[Record]:
        """Topic by topic, partition by partition, in order."""
        for place in sorted(self.records):
            yield from self.records[place]

    def lag(self) -> dict[tuple[str, str, int], int]:
        """Records that a service has not acknowledged, where there are any."""
        behind = {
            (service, topic, partition): len(self.records[topic, partition]) - offset
            for (service, topic), group in self.groups.items()
            for partition, offset in group.committed.items()
        }
        return {place: records for place, records in behind.items() if records}

    def rewind(self) -> None:
        """Deliver everything again, from the beginning."""
        for group in self.groups.values():
            group.committed = dict.fromkeys(group.committed, 0)
            self.rebalance(group)

    def heal(self) -> None:
        self.stalled.clear()
        for bell in self.arrived.values():
            bell.ring()


class Consumer:
    """One member of a group: its position is its own until a rebalance takes it back to what was committed."""

    def __init__(self, broker: Broker, group: Group, member: str, dice: Random) -> None:
        self._broker = broker
        self._group = group
        self._member = member
        self._dice = dice
        self._generation = -1
        self._positions: dict[int, int] = {}
        group.members = sorted({*group.members, member})
        broker.rebalance(group)

    def leave(self) -> None:
        if self._member in self._group.members:
            self._group.members.remove(self._member)
            self._broker.rebalance(self._group)

    async def fetch(self) -> Sequence[Record]:
        """Some of the next records of its partitions, each partition in order. Waits for the first."""
        while not (ready := self._ready()):
            await self._broker.arrived[self._group.topic].heard()
        batch: list[Record] = []
        for partition in self._dice.sample(ready, self._dice.randint(1, len(ready))):
            log, position = self._broker.records[self._group.topic, partition], self._positions[partition]
            taken = log[position : position + self._dice.randint(1, FETCH_RECORDS_MAX)]
            self._positions[partition] += len(taken)
            batch.extend(taken)
        return batch

    def acknowledge(self, records: Sequence[Record]) -> bool:
        """Commit what follows these; refused once the partitions have changed hands."""
        if self._generation != self._group.generation:
            return False
        for record in records:
            self._group.committed[record.partition] = record.offset + 1
        return True

    def _ready(self) -> list[int]:
        if self._generation != self._group.generation:
            self._generation = self._group.generation
            self._positions = {p: self._group.committed[p] for p in self._group.partitions_of(self._member)}
        return [p for p, position in self._positions.items() if self._has(p, position)]

    def _has(self, partition: int, position: int) -> bool:
        place = (self._group.topic, partition)
        return place not in self._broker.stalled and position < len(self._broker.records.get(place, ()))


@dataclass(slots=True)
class Outage:
    """How the broker treats those who publish: `refusals` come, `silent` ones after the record was taken."""

    refusals: int = 0
    silent: int = 0


class BrokerSender:
    """What the relay sends with."""

    def __init__(self, broker: Broker, outage: Outage, dice: Random, *, stop_at_failure: bool = True) -> None:
        self._broker = broker
        self._outage = outage
        self._dice = dice
        self._stop_at_failure = stop_at_failure

    async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
        """One result a fact; after the first failure in a partition nothing more goes there."""
        results: list[Sent] = []
        failed: set[Place] = set()
        for fact in facts:
            place = (fact.topic, crc32(fact.key.encode()) % PARTITIONS)
            results.append(place not in failed and self._send(fact))
            if results[-1] is not True and self._stop_at_failure:
                failed.add(place)
        return results

    def _send(self, fact: Outgoing) -> Sent:
        if self._outage.refusals > 0 and self._dice.random() < STRIKES:
            self._outage.refusals -= 1
            return RefusedError("no leader")
        self._broker.append(fact.topic, fact.key.encode(), fact.record_headers, fact.body.encode())
        if self._outage.silent > 0 and self._dice.random() < STRIKES:
            self._outage.silent -= 1
            return RefusedError("no answer")
        return True


def headers_of(headers: Mapping[str, str]) -> list[tuple[str, bytes | None]]:
    return [(name, value.encode()) for name, value in headers.items()]
