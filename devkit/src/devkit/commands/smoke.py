"""`./wharf smoke`: whether this machine can run the real parts, and how fast they come up."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from devkit.runs import Run
from devkit.stack import open_kafka, open_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    """Start Kafka and PostgreSQL, pass a record through the one and a row through the other, stop them."""
    with Run("smoke") as run:
        with _timed("Kafka is up"):
            bootstrap = open_kafka(run)
        with _timed("PostgreSQL is up"):
            server = open_postgres(run)
        with _timed("a record went through Kafka"):
            asyncio.run(_pass_a_record(bootstrap))
        with _timed("a database was made and dropped"):
            server.create_database("smoke")
            server.drop_database("smoke")
        with _timed("all is stopped"):
            run.close()


async def _pass_a_record(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("smoke", num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait("smoke", b"a record")
    async with AIOKafkaConsumer("smoke", bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        await consumer.getone()


@contextmanager
def _timed(what: str) -> Iterator[None]:
    begin = time.monotonic()
    yield
    typer.echo(f"{time.monotonic() - begin:5.1f} s  {what}")
