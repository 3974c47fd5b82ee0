"""What a start waits for: the database with the schema at head, Kafka with its topics, the first tick of a driven clock. It
waits as long as it takes, unready, and says for what; what does not pass by itself ends it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy import text

from chassis.clock import DrivenClock
from chassis.failures import Failure, StorageError, failure_of
from chassis.health import Health
from chassis.parts import Parts
from chassis.postgres import translated
from chassis.settings import ServiceSettings
from chassis.topics import TopicsError, check_topics

log = structlog.get_logger()

RETRY_SECONDS = 0.5
REPEAT_SECONDS = 10.0
"""How often a start that waits says so again."""
UNDEFINED_TABLE = "42P01"
ABSENT_DATABASE_STATES = frozenset({"3D000", "28000", "28P01"})
"""The database, its role or its password is not there: whoever makes them may be at it."""


class NotYetError(RuntimeError):
    """What the start waits for; the text says it."""


class Startup:
    """The steps, each to be awaited in turn."""

    def __init__(self, settings: ServiceSettings, parts: Parts[Any], health: Health) -> None:
        self._settings = settings
        self._health = health
        self._parts = parts

    async def database(self) -> None:
        await self._until("the database", self._schema_at_head)

    async def topics(self) -> None:
        await self._until("Kafka and its topics", self._topics_ready)

    async def first_tick(self) -> None:
        await self._until("the first tick of the clock", self._clock_started)

    async def _until(self, what: str, look: Callable[[], Awaitable[None]]) -> None:
        said_at = float("-inf")
        while True:
            try:
                await look()
            except (NotYetError, TopicsError, KafkaError, StorageError, OSError) as error:
                if isinstance(error, StorageError) and not _may_pass(error):
                    raise
                reason = str(error) if isinstance(error, NotYetError | TopicsError) else type(error).__name__
                self._health.waiting_for = f"{what}: {reason}"
                if time.monotonic() - said_at > REPEAT_SECONDS:
                    said_at = time.monotonic()
                    log.warning("start_waits", what=what, error=str(error) or repr(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._health.waiting_for = None
                return

    async def _schema_at_head(self) -> None:
        plan = self._parts.plan
        table = f"{plan.desk.service}_version"
        with translated():
            async with self._parts.engines.questions.connect() as connection:
                found = (await connection.execute(text(f"SELECT version_num FROM {table}"))).scalars().all()  # noqa: S608  # ours
        if list(found) != [plan.schema_revision]:
            raise NotYetError(f"the schema is at {', '.join(found) or 'nothing'}, not at {plan.schema_revision}: migrate it")

    async def _topics_ready(self) -> None:
        settings = self._settings
        await check_topics(
            settings.kafka,
            self._parts.plan.topic_names(ticks=self._parts.ticks is not None),
            production=not settings.dev_mode,
            retention=settings.topic_retention_min,
            **settings.kafka_options(),
        )

    async def _clock_started(self) -> None:
        clock = self._parts.clock
        if isinstance(clock, DrivenClock) and not clock.started:
            raise NotYetError("there is none on its topic")


def _may_pass(error: StorageError) -> bool:
    return failure_of(error) is Failure.PASSING or error.sqlstate in {UNDEFINED_TABLE, *ABSENT_DATABASE_STATES}
