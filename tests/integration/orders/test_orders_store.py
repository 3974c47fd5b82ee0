"""The store gives back what the decisions wrote, on real PostgreSQL and on the rows in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chassis.clock import DrivenClock
from chassis.deadlines import find_due
from chassis.early import Expected
from chassis.failures import StorageError
from chassis.memory import Memory
from chassis.outcomes import Absent, Accepted, Outcome, Via
from chassis.processor import process
from chassis.transaction import MemoryTransactions, PostgresTransactions, Transactions
from contracts.envelope import Message
from contracts.orders import CanceledBy, CancelReason, PlaceOrder
from contracts.values import Channel
from orders import store, tables
from orders.decisions import desk
from orders.domain.policy import Policies
from orders.store import Root

from support.alone import names, received
from support.orders import (
    NOON,
    ORDER,
    SELLER,
    SUBJECT,
    Decided,
    a_line,
    a_package,
    an_order,
    canceled,
    confirmed,
    declined,
    delayed,
    parcel,
    refused,
    reserved,
    short,
    units,
    verified,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

MINUTE = timedelta(minutes=1)
HOLD, DAY = timedelta(minutes=30), timedelta(days=1)
NETWORK = an_order(channel=Channel.NETWORK)
SELLER_CANCELS = canceled(CanceledBy.SELLER, CancelReason.PRICING_ERROR)

Steps = Sequence[tuple[timedelta, Message]]
RELEASED: Steps = [(MINUTE, reserved()), (HOLD, verified())]
LIVES: dict[str, Steps] = {
    "pending": [(MINUTE, an_order()), (MINUTE, delayed())],
    "early": [(MINUTE, verified()), (2 * MINUTE, SELLER_CANCELS)],
    "merged": [(MINUTE, verified()), (2 * MINUTE, delayed()), (3 * MINUTE, an_order())],
    "not an order": [(MINUTE, an_order(a_line(), a_line(currency="EUR")))],
    "released": [(MINUTE, an_order()), *RELEASED],
    "network": [(MINUTE, NETWORK), *RELEASED, (HOLD, parcel(a_package("1", units(1, 2)))), (DAY, short(units(2, 1)))],
    "shipped": [(MINUTE, an_order()), *RELEASED, (HOLD, confirmed(a_package("1", units(2, 1)))), (DAY, confirmed())],
    "canceled": [(MINUTE, an_order()), *RELEASED, (DAY, SELLER_CANCELS), (2 * DAY, declined(fraud=True))],
    "shipped late": [(MINUTE, NETWORK), (MINUTE, canceled(CanceledBy.BUYER)), (DAY, parcel())],
    "refused": [(MINUTE, an_order(placed_at=NOON - DAY)), (MINUTE, refused()), (DAY, verified())],
}


@pytest.fixture(params=["postgres", "memory"])
def transactions(request: pytest.FixtureRequest) -> Transactions:
    if request.param == "memory":
        return MemoryTransactions(Memory(), tables.SERVICE)
    engine: AsyncEngine = request.getfixturevalue("engine")
    return PostgresTransactions(engine, tables.SERVICE)


async def decide(transactions: Transactions, at: datetime, *messages: Message, via: Via = Via.KAFKA) -> list[Outcome]:
    batch = [received(message, f"{at} {number} {message!r}", at, via) for number, message in enumerate(messages)]
    return await process(transactions, DrivenClock(at), desk(Policies()), batch)


async def stored(transactions: Transactions) -> Root | None:
    async with transactions.begin() as tx:
        return (await store.load(Policies(), tx, [verified()])).orders[SUBJECT]


@pytest.mark.parametrize("life", LIVES)
async def test_an_order_comes_back_as_it_was_decided(transactions: Transactions, life: str) -> None:
    expected = Decided()
    told: list[str] = []
    for after, message in LIVES[life]:
        expected.at(after).tell(message)
        (outcome,) = await decide(transactions, NOON + after, message)
        assert isinstance(outcome, Accepted)
        told += [fact.type for fact in outcome.facts]
    assert told == names(expected.facts)
    found, wanted = await stored(transactions), expected.root
    if isinstance(wanted, Expected):
        assert isinstance(found, Expected)
        assert [early.body for early in found.early] == [early.body for early in wanted.early]
        assert found.sequence == wanted.sequence
    else:
        assert found == wanted


@pytest.mark.parametrize("life", LIVES)
async def test_one_batch_decides_as_one_message_after_another_does(transactions: Transactions, life: str) -> None:
    alone = Decided().at(HOLD)
    alone.tell(*(message for _, message in LIVES[life]))
    outcomes = await decide(transactions, NOON + HOLD, *(message for _, message in LIVES[life]))
    told = [fact.type for outcome in outcomes if isinstance(outcome, Accepted) for fact in outcome.facts]
    assert told == names(alone.facts)


async def test_deadlines_fire_from_the_tables_and_end_the_order(transactions: Transactions) -> None:
    await decide(transactions, NOON, an_order(), reserved(), verified())
    now, told = NOON, []
    for _ in range(3):
        now += 20 * DAY
        async with transactions.begin() as tx:
            due = await find_due(tx, desk(Policies()).types, "orders", now, 10)
        outcomes = await process(transactions, DrivenClock(now), desk(Policies()), due)
        told += [fact.type for outcome in outcomes if isinstance(outcome, Accepted) for fact in outcome.facts]
    assert told == ["OrderReleased", "ConfirmByWarned", "OrderCanceled"]
    async with transactions.begin() as tx:
        assert await tx.rows.due(tables.SERVICE.deadline, "due_at", NOON + 1000 * DAY, 10) == []


async def test_messages_whose_order_never_came_end_in_quarantine(transactions: Transactions) -> None:
    await decide(transactions, NOON, verified(), confirmed())
    async with transactions.begin() as tx:
        due = await find_due(tx, desk(Policies()).types, "orders", NOON + 22 * DAY, 10)
    await process(transactions, DrivenClock(NOON + 22 * DAY), desk(Policies()), due)
    async with transactions.begin() as tx:
        aside = await tx.rows.due(tables.SERVICE.quarantine, "received_at", NOON + DAY, 10)
    assert {row.topic for row in aside} == {"payments.facts", "orders.commands"}
    root = await stored(transactions)
    assert isinstance(root, Expected)
    assert root.early == ()


async def test_over_http_an_order_that_only_early_messages_speak_of_is_absent(transactions: Transactions) -> None:
    await decide(transactions, NOON, verified())
    assert await decide(transactions, NOON + DAY, confirmed(), SELLER_CANCELS, via=Via.HTTP) == [Absent(), Absent()]
    (placed,) = await decide(transactions, NOON + DAY, an_order(), via=Via.HTTP)
    assert isinstance(placed, Accepted)


async def test_a_batch_over_many_orders_keeps_them_apart(transactions: Transactions) -> None:
    placed = [an_order(order_id=f"o-{number}", seller_id=f"s-{number % 7}") for number in range(40)]
    await decide(transactions, NOON, *placed)
    async with transactions.begin() as tx:
        books = await store.load(Policies(), tx, placed)
    found = [books.orders[order.subject] for order in placed]
    assert [(root.purchase.seller_id, root.purchase.order_id) for root in found if not isinstance(root, Expected) and root] == [
        (order.seller_id, order.order_id) for order in placed
    ]


@pytest.mark.parametrize("counts", [(5, 3, 3), (5, -1, 0), (5, 0, -1)])
async def test_the_database_refuses_units_that_do_not_add_up(transactions: Transactions, counts: tuple[int, ...]) -> None:
    row = [SELLER, ORDER, 0, 0, "Unshipped", NOON, *[None] * 7, False, *[None] * 5, NOON, b"", None, *counts, "[]", None, None]
    with pytest.raises(StorageError) as caught:
        async with transactions.begin() as tx:
            await tx.rows.insert(tables.customer_order, [tuple(row)])
    assert caught.value.sqlstate == "23514"


def test_the_samples_speak_of_one_order() -> None:
    assert isinstance(LIVES["pending"][0][1], PlaceOrder)
    assert {message.subject for steps in LIVES.values() for _, message in steps} == {SUBJECT}
