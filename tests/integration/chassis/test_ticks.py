"""The driven clock, on a broker of its own: ticks are for everybody who reads the topic."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from chassis.topics import TopicShape, ensure_topics
from contracts.clock import TICKS, Tick
from devkit.databases import DatabaseServer
from devkit.kafka import EmbeddedKafka
from devkit.runs import Run

from support.embedded import unique_name
from support.eventually import eventually
from support.toy import NUDGE_AFTER, START, PutIn
from support.toy_process import ToyProcess, ToyStack, toy_stack

BLINK = timedelta(microseconds=1)


@pytest.fixture
async def stack(run: Run, postgres: DatabaseServer, tmp_path: Path) -> AsyncIterator[ToyStack]:
    name = unique_name("ticks")
    dsn = postgres.create_database(name)
    broker = await asyncio.to_thread(EmbeddedKafka(run, name=unique_name("kafka")).start)
    try:
        await ensure_topics(broker.bootstrap, [TICKS], TopicShape(partitions=1))
        async with toy_stack(dsn, broker.bootstrap, tmp_path) as stack:
            yield stack
    finally:
        await asyncio.to_thread(broker.stop)
        postgres.drop_database(name)


async def test_time_is_what_the_ticks_say(stack: ToyStack) -> None:
    await stack.publish([(PutIn(seller_id="s1", purse_id="p1", coins=2), "put")])
    first, second = await stack.start(clock="driven"), await stack.start(clock="driven")
    for process in (first, second):
        await eventually(lambda process=process: _waits_for_a_tick(process), within_seconds=40)
    assert await stack.coins() == {}

    await _tick(stack, START)
    for process in (first, second):
        await process.ready()
    await eventually(stack.all_told)

    await _tick(stack, START + NUDGE_AFTER - BLINK)
    await eventually(lambda: _applied([first, second], START + NUDGE_AFTER - BLINK))
    assert (await first.status())["due_deadlines"] == 0
    await _tick(stack, START + NUDGE_AFTER)
    await _tick(stack, START)  # time does not go back
    await eventually(lambda: _nudged(stack), within_seconds=10)
    await eventually(lambda: _applied([first, second], START + NUDGE_AFTER))
    assert (await first.status())["next_due_at"] is None


async def _tick(stack: ToyStack, now: datetime) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka)
    await producer.start()
    await producer.send_and_wait(TICKS.name, Tick(now=now).model_dump_json().encode())
    await producer.stop()


async def _waits_for_a_tick(process: ToyProcess) -> bool:
    return "first tick" in await process.start_waits_for()


async def _applied(processes: list[ToyProcess], now: datetime) -> bool:
    return {datetime.fromisoformat((await process.status())["tick"]) for process in processes} == {now}


async def _nudged(stack: ToyStack) -> bool:
    return await stack.rows("SELECT nudges FROM purse") == [(1,)]
