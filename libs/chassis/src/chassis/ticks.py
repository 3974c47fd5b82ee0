"""Reads the driven clock's topic: every process from the last tick on, without a group. Time itself is in `clock`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from chassis.broker import stop_consumer
from chassis.clock import DrivenClock
from contracts.clock import TICKS, Tick

log = structlog.get_logger()

FETCH_WAIT_MILLISECONDS = 50
POLL_MILLISECONDS = 500


@dataclass(slots=True)
class TickReader:
    """Applies ticks to `clock`; `moved` is called after each."""

    bootstrap: str
    options: dict[str, Any]
    clock: DrivenClock
    moved: Callable[[], None]

    async def run(self) -> None:
        """Until canceled. The newest tick there is comes first. Raises KafkaError when the broker is away at the start."""
        at = TopicPartition(TICKS.name, 0)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap.split(","),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
            **self.options,
        )
        consumer.assign([at])
        await consumer.start()
        try:
            end = (await consumer.end_offsets([at]))[at]
            consumer.seek(at, max(0, end - 1))
            while True:
                for records in (await consumer.getmany(timeout_ms=POLL_MILLISECONDS)).values():
                    self._apply([record.value for record in records])
                await asyncio.sleep(0)
        finally:
            await stop_consumer(consumer)

    def _apply(self, values: list[bytes | None]) -> None:
        for value in values:
            try:
                self.clock.advance(Tick.model_validate_json(value or b"").now)
            except ValidationError as error:
                log.warning("tick_unreadable", problems=error.error_count())
            else:
                self.moved()
