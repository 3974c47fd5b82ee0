"""The embedded parts are real, end with their run, and leave nothing behind when their parent is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from support.embedded import unique_name

if TYPE_CHECKING:
    from devkit.databases import DatabaseServer


async def pass_a_record(bootstrap: str) -> bytes:
    topic = unique_name("parcels")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, b"a parcel", key=b"seller/order/1")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest")
    async with consumer:
        record = await consumer.getone()
    return bytes(record.value or b"")


def plain(dsn: str) -> str:
    return dsn.replace("postgresql+asyncpg://", "postgresql://")


async def test_a_record_passes_through_the_broker(embedded_kafka: str) -> None:
    assert await pass_a_record(embedded_kafka) == b"a parcel"


async def test_a_record_passes_through_the_broker_of_the_official_image(kafka_in_container: str) -> None:
    assert await pass_a_record(kafka_in_container) == b"a parcel"


async def test_a_topic_is_never_made_by_writing_to_it(embedded_kafka: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=embedded_kafka, request_timeout_ms=2000)
    async with producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.send_and_wait(unique_name("nobody_made_this"), b"x")


async def test_a_role_gets_into_its_own_database_only(embedded_postgres: DatabaseServer) -> None:
    first, second = unique_name("orders"), unique_name("inventory")
    own, other = embedded_postgres.create_database(first), embedded_postgres.create_database(second)
    connection = await asyncpg.connect(plain(own))
    assert await connection.fetchval("SELECT current_user") == first
    await connection.close()
    foreign = plain(own).rsplit("/", 1)[0] + "/" + second
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(foreign)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(plain(other).replace(f"//{second}:", f"//{second}:not"))
    embedded_postgres.drop_database(first)
    embedded_postgres.drop_database(second)


async def test_the_server_writes_to_disk_before_it_answers(embedded_postgres: DatabaseServer) -> None:
    assert embedded_postgres.execute("SHOW fsync;", "SHOW server_version_num;").split() == ["on", "180004"]


async def test_the_official_image_takes_the_same_databases(postgres_in_container: DatabaseServer) -> None:
    name = unique_name("orders")
    connection = await asyncpg.connect(plain(postgres_in_container.create_database(name)))
    assert await connection.fetchval("SELECT current_database()") == name
    await connection.close()
