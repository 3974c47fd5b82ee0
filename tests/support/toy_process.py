"""Runs toy services as processes and looks at them from outside: their records, their purses, their health."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.topics import TopicShape, ensure_topics
from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id
from devkit.ports import free_ports

from support.eventually import eventually
from support.toy import COMMANDS, FACTS, START, metadata
from support.toy_service import REVISION

TESTS = Path(__file__).parents[1]
PARTITIONS = 3


@dataclass
class ToyProcess:
    """One process of the toy service."""

    process: asyncio.subprocess.Process
    port: int
    log: Path

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=5) as client:
            return await client.get(path)

    async def status(self) -> dict[str, Any]:
        return dict((await self.get("/status")).json())

    async def is_ready(self) -> bool:
        if self.process.returncode is not None:
            raise RuntimeError(self.log.read_text()[-3000:])
        try:
            return (await self.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def start_waits_for(self) -> str:
        """What a start that is not over says that it waits for."""
        try:
            response = await self.get("/startupz")
        except httpx.TransportError:
            return ""
        assert response.status_code == 503
        return str(response.json()["checks"]["start"][0]["output"])

    async def ready(self) -> "ToyProcess":
        await eventually(self.is_ready, within_seconds=30, because="the service is ready")
        return self

    def send(self, number: signal.Signals) -> None:
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        self.send(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 60)

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self.process.wait()

    def records(self, event: str) -> list[dict[str, Any]]:
        """Log records with this event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]


@dataclass
class ToyStack:
    """A database with the toy's schema, its topics, and processes on them."""

    dsn: str
    kafka: str
    engine: AsyncEngine
    logs: Path
    processes: list[ToyProcess] = field(default_factory=list)

    async def start(self, **settings: str) -> ToyProcess:
        (port,) = free_ports(1)
        given = {
            "WHARF_DEV_MODE": "true",
            "WHARF_DATABASE": self.dsn,
            "WHARF_KAFKA": self.kafka,
            "WHARF_HTTP_PORT": str(port),
            "WHARF_KAFKA_SESSION_SECONDS": "6",
            "PYTHONPATH": str(TESTS),
            **{f"WHARF_{name.upper()}": value for name, value in settings.items()},
        }
        log = self.logs / f"toy-{port}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "support.toy_service", env={**os.environ, **given}, stderr=output, stdout=output
            )
        toy = ToyProcess(process, port, log)
        self.processes.append(toy)
        return toy

    async def publish(self, messages: Iterable[tuple[Message, str]]) -> None:
        """Commands, each with a name that its id is made from."""
        await publish_raw(self.kafka, [record_of(body, name) for body, name in messages])

    async def coins(self) -> dict[str, int]:
        return dict(await self.rows("SELECT purse_id, coins FROM purse"))

    async def rows(self, statement: str) -> list[Any]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async def execute(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement))

    async def lag(self) -> int:
        """Records of the commands that the group has not acknowledged."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=f"purses.{COMMANDS.name}", enable_auto_commit=False)
        ends = [TopicPartition(COMMANDS.name, number) for number in range(PARTITIONS)]
        await consumer.start()
        try:
            last = await consumer.end_offsets(ends)
            committed = {at: await consumer.committed(at) or 0 for at in ends}
        finally:
            await consumer.stop()
        return sum(last[at] - committed[at] for at in ends)

    async def all_taken(self) -> bool:
        return await self.lag() == 0

    async def all_told(self) -> bool:
        return await self.all_taken() and await self.rows("SELECT 1 FROM outbox LIMIT 1") == []

    async def facts(self) -> list[Any]:
        """All records of the facts' topic, a partition after the other."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
        ats = [TopicPartition(FACTS.name, number) for number in range(PARTITIONS)]
        consumer.assign(ats)
        await consumer.start()
        try:
            ends, found = await consumer.end_offsets(ats), []
            while any([await consumer.position(at) < ends[at] for at in ats]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
        finally:
            await consumer.stop()
        return found

    async def fact_counts(self) -> Counter[bytes]:
        """How often each fact was published, by its id."""
        return Counter(dict(record.headers)["ce_id"] for record in await self.facts())


def record_of(body: Message, name: str) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    message_id = hashed_id("toy", name)
    envelope = Envelope("/test", message_id, type(body).__name__, START, body.seller_id, message_id)
    headers = [(key, value.encode()) for key, value in envelope.headers(body.subject).items()]
    return body.subject.key.encode(), headers, body.model_dump_json().encode()


async def publish_raw(kafka: str, records: Iterable[tuple[bytes | None, list[Any], bytes | None]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", max_batch_size=1_000_000, max_request_size=1_000_000)
    await producer.start()
    try:
        sends = [await producer.send(COMMANDS.name, value, key, headers=headers) for key, headers, value in records]
        await asyncio.gather(*sends)
    finally:
        await producer.stop()


@asynccontextmanager
async def toy_stack(dsn: str, kafka: str, logs: Path) -> AsyncIterator[ToyStack]:
    """Empty tables and topics, made anew; processes that still run in the end are killed."""
    engine = create_async_engine(dsn, pool_pre_ping=True)
    await _make_schema(engine)
    await _make_topics(kafka)
    stack = ToyStack(dsn, kafka, engine, logs)
    try:
        yield stack
    finally:
        for process in stack.processes:
            await process.kill()
        await engine.dispose()


async def _make_schema(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
        await connection.execute(text("CREATE TABLE IF NOT EXISTS purses_version (version_num text)"))
        await connection.execute(text("TRUNCATE purses_version"))
        await connection.execute(text("INSERT INTO purses_version VALUES (:revision)"), {"revision": REVISION})


async def _make_topics(kafka: str) -> None:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415  # only here

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = {COMMANDS.name, FACTS.name}
        await admin.delete_topics(sorted(names & set(await admin.list_topics())))

        async def gone() -> bool:
            return not names & set(await admin.list_topics())

        await eventually(gone)
    finally:
        await admin.close()
    await ensure_topics(kafka, [COMMANDS, FACTS], TopicShape(partitions=PARTITIONS))
