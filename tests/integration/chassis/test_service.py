"""The toy service as processes on real Kafka and PostgreSQL: taken once, told in order, stopped without loss."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from devkit.databases import DatabaseServer
from support.embedded import unique_name
from support.eventually import eventually
from support.toy import PutIn, TakeOut
from support.toy_process import ToyStack, publish_raw, record_of, toy_stack


@pytest.fixture
async def stack(postgres: DatabaseServer, kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[ToyStack]:
    name = unique_name("toy")
    dsn = postgres.create_database(name)
    async with toy_stack(dsn, kafka_bootstrap, tmp_path) as stack:
        yield stack
    postgres.drop_database(name)


def puts(count: int, purses: int = 20, coins: int = 1) -> list[tuple[PutIn, str]]:
    return [(PutIn(seller_id="s1", purse_id=f"p{n % purses}", coins=coins), f"put-{n}") for n in range(count)]


async def test_what_comes_twice_has_its_effect_once(stack: ToyStack) -> None:
    messages = puts(300) * 2
    random.Random(1).shuffle(messages)
    await stack.publish(messages)
    await (await stack.start()).ready()
    await stack.publish(puts(300))

    async def all_taken() -> bool:
        return await stack.lag() == 0

    await eventually(all_taken)
    assert set((await stack.coins()).values()) == {15}
