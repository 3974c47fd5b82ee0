"""What a lane does when the database refuses, on real PostgreSQL and in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.failures import StorageError
from chassis.gate import Gate
from chassis.lane import IntakeStoppedError, Lane, UnavailableError, Works
from chassis.outcomes import Accepted, Failed, Parked, Via
from chassis.transaction import Transaction, Transactions
from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.toy import CURSED, FORBIDDEN, START, PutIn, Shelf, put, received, toy_desk
from support.toy_database import toy_in_memory, toy_on_postgres


@dataclass(slots=True)
class Troubled:
    """Transactions that fail with these SQLSTATEs first, one each."""

    real: Transactions
    states: list[str] = field(default_factory=list)
    begun: int = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        self.begun += 1
        async with self.real.begin() as tx:
            if self.states:
                raise StorageError(self.states.pop(0), "planted")
            yield tx


@dataclass(slots=True)
class Bench:
    """A lane over troubled transactions, that keeps how long it would have waited."""

    transactions: Troubled
    waited_seconds: list[float] = field(default_factory=list)
    lane: Lane[Shelf] = field(init=False)

    def __post_init__(self) -> None:
        works = Works(
            self.transactions, DrivenClock(START), toy_desk(), Gate(2), Breaker(), committed=lambda: None, jitter=lambda: 1.0
        )
        self.lane = Lane("test", works)

    async def wait(self, seconds: float) -> None:
        self.waited_seconds.append(seconds)


@pytest.fixture(params=["postgres", "memory"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield Bench(Troubled(toy_in_memory()))
        return
    server: DatabaseServer = request.getfixturevalue("postgres")
    name = unique_name("lane")
    async with toy_on_postgres(server.create_database(name)) as opened:
        yield Bench(Troubled(opened))
    server.drop_database(name)


async def test_halving_finds_the_one_message_that_the_database_refuses(bench: Bench) -> None:
    batch = [put(f"p{n}", FORBIDDEN if n == 5 else 1, f"{n}") for n in range(9)]
    outcomes = await bench.lane.run(batch, bench.wait)

    assert [type(outcome) for outcome in outcomes] == [Accepted] * 5 + [Parked] + [Accepted] * 3
    assert await bench.lane.run([put("p5", 1, "behind")], bench.wait) == [Parked(f"behind: {outcomes[5].reason}")]  # type: ignore[union-attr] # Parked


async def test_a_culprit_over_http_is_told_and_keeps_nothing(bench: Bench) -> None:
    (outcome,) = await bench.lane.run([put("a", FORBIDDEN, via=Via.HTTP)], bench.wait)

    assert isinstance(outcome, Failed)
    assert [type(o) for o in await bench.lane.run([put("a", 1)], bench.wait)] == [Accepted]


@pytest.mark.parametrize("state", ["08006", "40P01", "40001", "55000", "57P01", "58030"])
async def test_what_passes_by_itself_is_waited_for(bench: Bench, state: str) -> None:
    bench.transactions.states = [state] * 3
    outcomes = await bench.lane.run([put("a", 1), put("b", 1)], bench.wait)

    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted]
    assert bench.waited_seconds == sorted(bench.waited_seconds)
    assert len(bench.waited_seconds) == 3


@pytest.mark.parametrize("state", ["53200", "54000", "55P03", "57014"])
async def test_after_a_limit_the_next_try_has_half_the_messages(bench: Bench, state: str) -> None:
    bench.transactions.states = [state]
    outcomes = await bench.lane.run([put(f"p{n}", 1) for n in range(8)], bench.wait)

    assert [type(outcome) for outcome in outcomes] == [Accepted] * 8
    assert (bench.transactions.begun, bench.waited_seconds) == (3, [])


async def test_one_message_that_always_runs_into_a_limit_is_a_culprit(bench: Bench) -> None:
    bench.transactions.states = ["57014"] * 4
    (outcome,) = await bench.lane.run([put("a", 1)], bench.wait)

    assert isinstance(outcome, Parked)


@pytest.mark.parametrize("state", ["53100", "53300"])
async def test_a_full_disk_or_too_many_connections_are_no_message_s_fault(bench: Bench, state: str) -> None:
    bench.transactions.states = [state] * 10
    (outcome,) = await bench.lane.run([put("a", 1)], bench.wait)

    assert isinstance(outcome, Accepted)


@pytest.mark.parametrize("state", ["42P01", "XX000"])
async def test_what_nobody_understands_stops_the_lane(bench: Bench, state: str) -> None:
    bench.transactions.states = [state]
    with pytest.raises(StorageError, match=state):
        await bench.lane.run([put("a", 1)], bench.wait)

    assert [type(o) for o in await bench.lane.run([put("a", 1)], bench.wait)] == [Accepted]


async def test_a_client_is_not_kept_waiting_for_long(bench: Bench) -> None:
    bench.transactions.states = ["08006"] * 100
    with pytest.raises(UnavailableError):
        await bench.lane.run([put("a", 1, via=Via.HTTP)], bench.wait, patience_seconds=0.5)
    assert bench.lane.progress.waiting_because is None, "who has given up does not wait: nothing else would ever say so"


async def test_a_lane_whose_work_is_taken_away_does_not_wait_any_more(bench: Bench) -> None:
    """As the deadlines of a process that has lost the lead: it would be unready for good."""
    bench.transactions.states = ["08006"] * 100
    waiting = asyncio.Event()

    async def wait(_seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(bench.lane.run([put("a", 1)], wait))
    await waiting.wait()
    assert bench.lane.progress.waiting_because is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.lane.progress.waiting_because is None


async def test_many_failures_of_many_sellers_stop_intake_and_those_of_one_do_not(bench: Bench) -> None:
    await bench.lane.run([put(f"p{n}", CURSED) for n in range(100)], bench.wait)
    assert not bench.lane.works.breaker.open

    cursed = [PutIn(seller_id=f"s{n % 4}", purse_id=f"q{n}", coins=CURSED) for n in range(120)]
    await bench.lane.run([received(body, f"q{n}") for n, body in enumerate(cursed)], bench.wait)
    with pytest.raises(IntakeStoppedError):
        await bench.lane.run([put("z", 1)], bench.wait)
