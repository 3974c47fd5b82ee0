"""The toy service as processes on real Kafka and PostgreSQL: taken once, told in order, stopped without loss."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.eventually import eventually
from support.toy import COMMANDS, CURSED, PutIn
from support.toy_process import ToyProcess, ToyStack, publish_raw, record_of, toy_stack


@dataclass
class Toy:
    stack: ToyStack
    server: DatabaseServer
    database: str


@pytest.fixture
async def toy(postgres: DatabaseServer, kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Toy]:
    name = unique_name("toy")
    async with toy_stack(postgres.create_database(name), kafka_bootstrap, tmp_path) as stack:
        yield Toy(stack, postgres, name)
    postgres.drop_database(name)


@pytest.fixture
def stack(toy: Toy) -> ToyStack:
    return toy.stack


def puts(count: int, *, purses: int = 20, first: int = 0) -> list[tuple[PutIn, str]]:
    """Two coins each: an even number is never the one that the toy's database refuses."""
    return [(PutIn(seller_id="s1", purse_id=f"p{n % purses}", coins=2), f"put-{n}") for n in range(first, first + count)]


async def test_what_comes_twice_has_its_effect_once(stack: ToyStack) -> None:
    messages = puts(300) * 2
    random.Random(1).shuffle(messages)
    await stack.publish(messages)
    process = await (await stack.start()).ready()
    await stack.publish(puts(300))
    await eventually(stack.all_told)
    assert set((await stack.coins()).values()) == {30}
    assert (await process.status())["repeated"] == 600


async def test_facts_of_an_object_are_told_in_order_and_once(stack: ToyStack) -> None:
    await (await stack.start()).ready()
    await stack.publish(puts(400))
    await eventually(stack.all_told)
    told: dict[bytes, list[int]] = defaultdict(list)
    for record in await stack.facts():
        told[record.key].append(int(dict(record.headers)["ce_sequence"]))
    assert len(told) == 20
    assert all(sequences == list(range(1, 21)) for sequences in told.values())


async def test_poison_holds_up_nobody(stack: ToyStack) -> None:
    key, headers, value = record_of(*puts(1)[0])
    poison: list[Any] = [
        (None, [], b""),
        (key, [("ce_type", None)], value),
        (key, [*headers, ("ce_source", b"\xff")], value),
        (key, headers, b"{"),
        (b"s2/purse/p0", headers, value),
        (key, [("ce_type", b"Elsewhere"), ("reply_to", COMMANDS.name.encode())], b"\xff"),
    ]
    good = [record_of(*put) for put in puts(60, first=100)]
    mixed = poison * 10 + good
    random.Random(2).shuffle(mixed)
    await publish_raw(stack.kafka, mixed)
    process = await (await stack.start()).ready()
    await eventually(stack.all_told)
    assert sum((await stack.coins()).values()) == 120
    status = await process.status()
    assert (status["quarantined"], status["parked"]) == (50, 0)


async def test_a_bug_parks_its_object_and_nothing_else(stack: ToyStack) -> None:
    cursed = [(PutIn(seller_id="s1", purse_id="p3", coins=CURSED), "cursed")]
    await stack.publish([*puts(10), *cursed, *puts(90, first=10)])
    process = await (await stack.start()).ready()
    await eventually(stack.all_told)
    coins = await stack.coins()
    assert coins.pop("p3") == 2
    assert set(coins.values()) == {10}
    assert (await process.status())["parked"] == 5


async def test_the_leader_forgets_old_messages_and_those_that_are_parked_stay(stack: ToyStack) -> None:
    for outcome in ("accepted", "parked"):
        old = f"gen_random_uuid(), '', now() - interval '61 days', '{outcome}'"
        await stack.execute(f"INSERT INTO inbox (source, message_id, body_hash, received_at, outcome) VALUES ('/old', {old})")  # noqa: S608  # our own
    await stack.publish(puts(10))
    await (await stack.start()).ready()
    await eventually(stack.all_told)
    left = "SELECT outcome, count(*) FROM inbox GROUP BY outcome ORDER BY outcome"
    await eventually(lambda: _tells(stack, left, [("accepted", 10), ("parked", 1)]))


async def test_killed_processes_lose_and_repeat_nothing(stack: ToyStack) -> None:
    for first in (0, 1_000, 2_000):
        process = await (await stack.start()).ready()
        publishing = asyncio.create_task(_publish_slowly(stack, 1_000, first=first))
        await eventually(lambda process=process: _decided(process, 200))
        await process.kill()
        await publishing
    await (await stack.start()).ready()
    await eventually(stack.all_told, within_seconds=60)
    assert set((await stack.coins()).values()) == {300}
    assert len(await stack.fact_counts()) == 3_000


async def test_a_stop_in_the_middle_of_load_ends_in_order_and_loses_nothing(stack: ToyStack) -> None:
    publishing = asyncio.create_task(_publish_slowly(stack, 3_000))
    first = await (await stack.start()).ready()
    second = await (await stack.start()).ready()
    await eventually(lambda: _decided(first, 200))
    assert await first.stop() == 0
    await publishing
    await eventually(stack.all_told, within_seconds=60)
    assert await second.stop() == 0
    assert set((await stack.coins()).values()) == {300}
    assert set((await stack.fact_counts()).values()) == {1}  # an orderly stop repeats nothing
    assert first.records("stopped_badly") == second.records("stopped_badly") == []


async def test_while_the_database_is_away_it_waits_unready_and_goes_on_when_it_is_back(toy: Toy) -> None:
    process = await (await toy.stack.start()).ready()
    toy.server.execute(
        f"ALTER DATABASE {toy.database} ALLOW_CONNECTIONS false;",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{toy.database}';",  # noqa: S608  # our own
    )
    await toy.stack.publish(puts(100))
    await eventually(lambda: _unready(process, "lanes"))
    assert (await process.get("/livez")).status_code == 200
    toy.server.execute(f"ALTER DATABASE {toy.database} ALLOW_CONNECTIONS true;")
    await process.ready()
    await eventually(toy.stack.all_told)
    assert sum((await toy.stack.coins()).values()) == 200


async def test_a_schema_that_does_not_fit_stops_the_service_and_acknowledges_nothing(stack: ToyStack) -> None:
    process = await (await stack.start()).ready()
    await stack.execute("ALTER TABLE purse RENAME TO handbag")
    await stack.publish(puts(10))
    assert await asyncio.wait_for(process.process.wait(), 30) == 1
    assert await stack.lag() == 10
    assert len(process.records("failed")) == 1


async def test_it_starts_once_its_schema_is_there_and_says_what_it_waits_for(stack: ToyStack) -> None:
    await stack.execute("UPDATE purses_version SET version_num = '0000'")
    process = await stack.start()
    await eventually(lambda: _waits_for_schema(process))
    assert (await process.get("/livez")).status_code == 200
    other = await stack.start()
    await eventually(lambda: _waits_for_schema(other))
    assert await other.stop() == 0
    await stack.execute("UPDATE purses_version SET version_num = '0001'")
    await process.ready()
    assert (await process.get("/startupz")).status_code == 200


async def test_when_too_much_fails_it_stops_taking_and_stays_for_somebody_to_look(stack: ToyStack) -> None:
    process = await (await stack.start()).ready()
    cursed = [(PutIn(seller_id=f"s{n % 5}", purse_id=f"c{n}", coins=CURSED), f"cursed-{n}") for n in range(60)]
    await stack.publish(cursed)
    await eventually(lambda: _unready(process, "breaker"))
    await stack.publish(puts(30))
    assert (await process.get("/livez")).status_code == 200
    assert await stack.lag() >= 30
    assert await process.stop() == 0
    assert await stack.coins() == {}


async def test_metrics_count_what_happened(stack: ToyStack) -> None:
    process = await (await stack.start()).ready()
    await stack.publish(puts(50) + puts(10))
    await eventually(stack.all_told)
    text = (await process.get("/metrics")).text
    assert f'wharf_messages_total{{lane="{COMMANDS.name}",outcome="accepted"}} 50.0' in text
    assert f'wharf_messages_total{{lane="{COMMANDS.name}",outcome="repeated"}} 10.0' in text
    assert 'wharf_facts_sent_total{relay="outbox"} 50.0' in text


async def _publish_slowly(stack: ToyStack, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count, 100):
        await stack.publish(puts(100, first=number))


async def _decided(process: ToyProcess, count: int) -> bool:
    return (await process.status())["messages_decided"] >= count


async def _unready(process: ToyProcess, check: str) -> bool:
    response = await process.get("/readyz")
    return response.status_code == 503 and response.json()["checks"][check][0]["status"] == "fail"


async def _waits_for_schema(process: ToyProcess) -> bool:
    return "schema is at 0000" in await process.start_waits_for()


async def _tells(stack: ToyStack, statement: str, rows: list[Any]) -> bool:
    return await stack.rows(statement) == rows
