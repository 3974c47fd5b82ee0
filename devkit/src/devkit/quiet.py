"""Whether all is quiet: nothing is under way, waits, or is due in any process, twice in a row with nothing in between.

Asked by the demo between two steps and by `verify`. Each process tells about itself (`/status`); what lies between them, the
broker tells.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import AwareDatetime, BaseModel, ConfigDict

from chassis.broker import stop_consumer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self

POLL_SECONDS_FIRST, POLL_SECONDS_MAX = 0.01, 0.1
"""Each question costs the processes some milliseconds in which they could work, so it is asked ever less often."""
POLL_GROWTH = 1.5
REQUEST_SECONDS_MAX = 20.0
TIMEOUT_SECONDS = 120.0


class NotQuietError(Exception):
    """Something was still going on when the time was over; the text says what."""


class Status(BaseModel):
    """What a process says of itself at `/status`. `busy`: batches under way, records fetched and not yet acknowledged."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: str
    tick: AwareDatetime | None = None
    busy: int
    messages_decided: int = 0
    facts_sent: int = 0
    outbox_rows: int = 0
    due_deadlines: int = 0
    due_work: int = 0
    next_due_at: AwareDatetime | None = None
    parked: int = 0
    quarantined: int = 0
    repeated: int = 0

    def troubles(self, tick: datetime | None) -> list[str]:
        """What is not quiet here. With `tick`: it must be applied."""
        found = [
            f"{number} {what}"
            for number, what in (
                (self.busy, "batches or records under way"),
                (self.outbox_rows, "rows in the outbox"),
                (self.due_deadlines, "deadlines due"),
                (self.due_work, "pieces of work due"),
            )
            if number
        ]
        if tick is not None and self.tick != tick:
            found.append(f"its time is {self.tick}, not {tick}")
        return found

    @property
    def counters(self) -> tuple[int, int, int]:
        return self.messages_decided, self.facts_sent, self.repeated


class Pauses:
    """Ever longer pauses up to a limit."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._until = time.monotonic() + timeout_seconds
        self._seconds = POLL_SECONDS_FIRST

    @property
    def over(self) -> bool:
        return time.monotonic() > self._until

    async def next(self, trouble: str) -> None:
        """Pause. Raises NotQuietError with the trouble when the time is over."""
        if self.over:
            raise NotQuietError(f"not quiet after {self._timeout_seconds:g} s: {trouble}")
        await asyncio.sleep(self._seconds)
        self._seconds = min(POLL_SECONDS_MAX, self._seconds * POLL_GROWTH)


@dataclass(slots=True)
class Quiet:
    """Asks all processes (`urls` by name) and the broker about all groups (`topics` by group)."""

    urls: Mapping[str, str]
    topics: Mapping[str, str]
    client: httpx.AsyncClient
    admin: AIOKafkaAdminClient
    consumer: AIOKafkaConsumer
    coordinators: Mapping[str, int]
    partitions: Sequence[TopicPartition]

    @classmethod
    async def open(cls, urls: Mapping[str, str], topics: Mapping[str, str], bootstrap: str) -> Self:
        """`close` it. Raises KafkaError when the broker does not answer."""
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        await admin.start()
        await consumer.start()
        coordinators = {group: await admin.find_coordinator(group) for group in topics}
        described = await admin.describe_topics(sorted(set(topics.values())))
        partitions = [TopicPartition(one["topic"], at["partition"]) for one in described for at in one["partitions"]]
        client = httpx.AsyncClient(timeout=REQUEST_SECONDS_MAX)
        return cls(urls, topics, client, admin, consumer, coordinators, partitions)

    async def close(self) -> None:
        await self.client.aclose()
        await stop_consumer(self.consumer)
        await self.admin.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def statuses(self) -> dict[str, Status]:
        """Of each process, by its name. Raises NotQuietError when one does not answer."""
        answers = await asyncio.gather(*(self._status(name, url) for name, url in self.urls.items()))
        return dict(zip(self.urls, answers, strict=True))

    async def applied(self, tick: datetime, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Wait until each process has this time. Raises NotQuietError."""
        pauses = Pauses(timeout_seconds)
        while late := [name for name, status in (await self.statuses()).items() if status.tick != tick]:
            await pauses.next(f"the time is not {tick} yet in {', '.join(late)}")

    async def wait(self, tick: datetime | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> dict[str, Status]:
        """Wait for two quiet rounds with equal counters; returns the last statuses. Raises NotQuietError."""
        pauses, before = Pauses(timeout_seconds), None
        while True:
            # The broker first: to ask it takes nothing from the processes.
            troubles = [f"{number} records of {group} are not acknowledged" for group, number in await self.lags()]
            counters = None
            if not troubles:
                statuses = await self.statuses()
                troubles = [f"{name}: {what}" for name, status in statuses.items() for what in status.troubles(tick)]
                counters = [status.counters for status in statuses.values()]
                if not troubles and counters == before:
                    return statuses
            before = None if troubles else counters
            if troubles or pauses.over:
                await pauses.next("; ".join(troubles) or "messages are decided on and on")

    async def lags(self) -> list[tuple[str, int]]:
        """Groups that have not acknowledged all there is, with the number of records."""
        ends: Mapping[TopicPartition, int] = await self.consumer.end_offsets(self.partitions)
        committed = await asyncio.gather(*(self._committed(group) for group in self.topics))
        lags = [
            (group, sum(max(0, end - offsets.get(at, 0)) for at, end in ends.items() if at.topic == topic))
            for (group, topic), offsets in zip(self.topics.items(), committed, strict=True)
        ]
        return [(group, lag) for group, lag in lags if lag]

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        found = await self.admin.list_consumer_group_offsets(group, group_coordinator_id=self.coordinators[group])
        return {at: max(0, committed.offset) for at, committed in found.items()}

    async def _status(self, name: str, url: str) -> Status:
        try:
            answer = await self.client.get(f"{url}/status")
            answer.raise_for_status()
            return Status.model_validate_json(answer.content)
        except httpx.HTTPError as error:
            raise NotQuietError(f"{name} does not answer: {error!r}") from error
