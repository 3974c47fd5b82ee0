"""A lost broker is a lost broker on uvloop, too: no client stands still for good."""

from __future__ import annotations

import asyncio
from typing import Any

import aiokafka.conn
import pytest
import uvloop
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from chassis.connections import Connection, mend_connections


@pytest.fixture(autouse=True)
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiokafka.conn, "AIOKafkaConnection", aiokafka.conn.AIOKafkaConnection)  # put back at the end
    mend_connections()


@pytest.mark.parametrize("turns", range(6))
def test_a_write_to_a_connection_that_has_just_ended_finds_it_lost_however_far_the_news_has_come(
    kafka_bootstrap: str, turns: int
) -> None:
    uvloop.run(_write_to_an_ended_connection(kafka_bootstrap, turns))


async def _write_to_an_ended_connection(bootstrap: str, turns: int) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        connection: Any = await consumer._client._get_conn(consumer._client.get_random_node())
        assert isinstance(connection, Connection)
        connection._writer.transport.abort()
        for _ in range(turns):
            await asyncio.sleep(0)
        with pytest.raises(KafkaConnectionError):
            await connection.send(MetadataRequest([]))
        assert not connection.connected()
        assert await consumer.topics() is not None  # a new one
