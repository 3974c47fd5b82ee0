"""Commands over HTTP on real PostgreSQL: one key, one effect, and a definite answer for whatever goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chassis.auth import Role
from chassis.failures import StorageError
from chassis.outcomes import Parked
from chassis.transaction import Transaction, Transactions
from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.eventually import eventually
from support.shop import Shop
from support.toy import CURSED, FORBIDDEN, put
from support.toy_api import toy_shop

COINS = "/sellers/s1/purses/a/coins"
SPENDING = "/sellers/s1/purses/a/spending"


class Crash(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Troubled:
    """Transactions that fail while `state` is set, wait for `through`, and after which the process may crash."""

    real: Transactions
    state: str | None = None
    crash_after_commit: bool = False
    through: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        self.begun += 1
        await self.through.wait()
        async with self.real.begin() as tx:
            if self.state:
                raise StorageError(self.state, "planted")
            yield tx
        if self.crash_after_commit:
            raise Crash


@pytest.fixture(scope="module")
def dsn(postgres: DatabaseServer) -> str:
    return postgres.create_database(unique_name("http"))


@pytest.fixture
async def shop(dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with toy_shop(dsn, tmp_path) as shop:
        yield shop


@pytest.fixture
async def troubled(dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Shop, Troubled]]:
    made: list[Troubled] = []

    def wrap(real: Transactions) -> Transactions:
        made.append(Troubled(real))
        made[0].through.set()
        return made[0]

    async with toy_shop(dsn, tmp_path, wrap) as shop:
        yield shop, made[0]


async def test_the_same_key_and_body_get_the_stored_answer_and_no_second_effect(shop: Shop) -> None:
    first = await shop.post(COINS, {"coins": 5}, "k1")
    again = await shop.post(COINS, {"coins": 5}, "k1")
    other = await shop.post(COINS, {"coins": 5}, "k2")

    assert (first.status_code, first.json()) == (200, {"coins": 5})
    assert again.json() == {"coins": 5}
    assert other.json() == {"coins": 10}


async def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    await shop.post(COINS, {"coins": 5}, "k1")
    reused = await shop.post(COINS, {"coins": 6}, "k1")

    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert (await shop.post(COINS, {"coins": 1}, "k2")).json() == {"coins": 6}


async def test_copies_that_arrive_together_have_one_effect_and_one_answer(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.post(COINS, {"coins": 5}, "k1") for _ in range(20)))

    assert {answer.text for answer in answers} == {'{"coins":5}'}
    assert (await shop.post(COINS, {"coins": 1}, "k2")).json() == {"coins": 6}


async def test_an_answer_that_a_crash_swallowed_is_given_after_the_restart(
    troubled: tuple[Shop, Troubled], dsn: str, tmp_path: Path
) -> None:
    shop, transactions = troubled
    transactions.crash_after_commit = True
    lost = await shop.post(COINS, {"coins": 5}, "k1")
    async with toy_shop(dsn, tmp_path, empty=False) as another:
        again = await another.post(COINS, {"coins": 5}, "k1")
        reused = await another.post(COINS, {"coins": 6}, "k1")
        after = await another.post(COINS, {"coins": 1}, "k2")

    assert lost.status_code == 503
    assert again.json() == {"coins": 5}
    assert reused.json()["code"] == "idempotency_key_reused"
    assert after.json() == {"coins": 6}


async def test_a_key_is_the_callers_own_and_the_routes_own(shop: Shop) -> None:
    assert (await shop.post(COINS, {"coins": 5}, "k1")).json() == {"coins": 5}
    system = shop.headers(Role.SYSTEM, key="k1")
    assert (await shop.http.post(COINS, json={"coins": 7}, headers=system)).json() == {"coins": 12}
    assert (await shop.post(SPENDING, {"coins": 1}, "k1")).json() == {"coins": 11}


async def test_a_refusal_is_a_problem_and_stays_the_same_when_asked_again(shop: Shop) -> None:
    await shop.post(COINS, {"coins": 5}, "k1")
    refused = await shop.post(SPENDING, {"coins": 6}, "k2")
    await shop.post(COINS, {"coins": 5}, "k3")
    again = await shop.post(SPENDING, {"coins": 6}, "k2")

    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "urn:wharf:problem:too_few_coins",
        "title": "The purse has fewer coins.",
        "status": 409,
        "code": "too_few_coins",
    }
    assert again.json() == refused.json()


async def test_an_absent_object_is_not_found_and_its_key_stays_free(shop: Shop) -> None:
    absent = await shop.post(SPENDING, {"coins": 1}, "k1")
    await shop.post(COINS, {"coins": 5}, "k2")

    assert (absent.status_code, absent.json()["code"]) == (404, "not_found")
    assert (await shop.post(SPENDING, {"coins": 1}, "k1")).json() == {"coins": 4}


@pytest.mark.parametrize("coins", [CURSED, FORBIDDEN])
async def test_a_bug_is_told_keeps_nothing_and_leaves_the_key_free(shop: Shop, coins: int) -> None:
    failed = await shop.post(COINS, {"coins": coins}, "k1")
    parked = await shop.get("/operator/parked", role=Role.OPERATOR)

    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert parked.json() == {"rows": [], "next_cursor": None}
    assert (await shop.post(COINS, {"coins": 5}, "k1")).json() == {"coins": 5}


async def test_a_parked_object_is_named_and_the_key_stays_free(shop: Shop) -> None:
    (outcome,) = await shop.edge.commands.lane.run([put("a", CURSED)], asyncio.sleep)
    blocked = await shop.post(COINS, {"coins": 5}, "k1")

    assert isinstance(outcome, Parked)
    assert (blocked.status_code, blocked.json()["code"]) == (409, "object_parked")
    assert (await shop.post("/sellers/s1/purses/b/coins", {"coins": 5}, "k1")).json() == {"coins": 5}


async def test_while_the_database_is_away_the_answer_is_503_with_retry_after_and_no_effect(
    troubled: tuple[Shop, Troubled],
) -> None:
    shop, transactions = troubled
    transactions.state = "57P01"
    away = await shop.post(COINS, {"coins": 5}, "k1")
    transactions.state = None

    assert (away.status_code, away.json()["code"]) == (503, "unavailable")
    assert int(away.headers["retry-after"]) > 0
    assert transactions.begun > 2
    assert (await shop.post(COINS, {"coins": 5}, "k1")).json() == {"coins": 5}


async def test_when_the_real_database_is_away_commands_and_questions_get_503_until_it_is_back(
    shop: Shop, postgres: DatabaseServer, dsn: str
) -> None:
    name = dsn.rpartition("/")[2]
    assert (await shop.post(COINS, {"coins": 5}, "k1")).json() == {"coins": 5}
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';"  # noqa: S608 - our own name
    await asyncio.to_thread(postgres.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false;", ended)
    command = await shop.post(COINS, {"coins": 5}, "k2")
    question = await shop.get("/operator/parked", role=Role.OPERATOR)
    await asyncio.to_thread(postgres.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true;")

    for answer in (command, question):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert (await shop.post(COINS, {"coins": 5}, "k2")).json() == {"coins": 10}


async def test_when_too_much_has_failed_nothing_is_taken_and_clients_are_told(shop: Shop) -> None:
    shop.edge.works.breaker.open = True
    stopped = await shop.post(COINS, {"coins": 5}, "k1")
    shop.edge.works.breaker.open = False

    assert (stopped.status_code, stopped.json()["code"]) == (503, "intake_stopped")
    assert (await shop.post(COINS, {"coins": 5}, "k1")).json() == {"coins": 5}


async def test_an_error_that_nobody_understands_stops_the_lane_and_answers_503(troubled: tuple[Shop, Troubled]) -> None:
    shop, transactions = troubled
    transactions.state = "42P01"
    answer = await shop.post(COINS, {"coins": 5}, "k1")
    assert shop.running is not None

    with pytest.raises(StorageError):
        await shop.running
    assert answer.status_code == 503
    assert (await shop.post(COINS, {"coins": 5}, "k1")).json()["code"] == "stopping"


async def test_what_comes_while_a_batch_is_under_way_is_decided_in_one_batch(troubled: tuple[Shop, Troubled]) -> None:
    shop, transactions = troubled
    transactions.through.clear()
    first = asyncio.create_task(shop.post(COINS, {"coins": 1}, "first"))
    await eventually(lambda: transactions.begun)
    later = [asyncio.create_task(shop.post(COINS, {"coins": 1}, f"k{n}")) for n in range(50)]
    await eventually(lambda: shop.edge.commands.waiting_messages == 50)
    transactions.through.set()

    assert (await first).json() == {"coins": 1}
    assert sorted(answer.json()["coins"] for answer in await asyncio.gather(*later)) == list(range(2, 52))
    assert transactions.begun == 2


async def test_a_client_that_goes_away_takes_nothing_back(troubled: tuple[Shop, Troubled]) -> None:
    shop, transactions = troubled
    transactions.through.clear()
    gone = asyncio.create_task(shop.post(COINS, {"coins": 5}, "gone"))
    await eventually(lambda: transactions.begun)
    gone.cancel()
    transactions.through.set()

    assert (await shop.post(COINS, {"coins": 5}, "gone")).json() == {"coins": 5}
    assert (await shop.post(COINS, {"coins": 1}, "k1")).json() == {"coins": 6}


async def test_a_service_that_stops_answers_what_it_has_taken_and_takes_no_more(troubled: tuple[Shop, Troubled]) -> None:
    shop, transactions = troubled
    transactions.through.clear()
    taken = asyncio.create_task(shop.post(COINS, {"coins": 5}, "k1"))
    await eventually(lambda: transactions.begun)
    shop.edge.commands.stop()
    late = await shop.post(COINS, {"coins": 5}, "k2")
    transactions.through.set()

    assert (late.status_code, late.json()["code"]) == (503, "stopping")
    assert (await taken).json() == {"coins": 5}
    assert shop.running is not None
    await shop.running
