"""The store gives back what the decisions wrote, on real PostgreSQL and on the rows in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

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
from contracts.inventory import Bucket
from contracts.removals import Method
from removals import store, tables
from removals.decisions import desk
from removals.domain.removal import Removal
from removals.domain.stock import StockView
from removals.store import Root

from support.alone import names, received
from support.removals import (
    CENTER,
    ITEM,
    NOON,
    OWN,
    REMOVAL,
    SELLER,
    SUBJECT,
    TERMS,
    Decided,
    an_address,
    canceled,
    confirmed,
    disposed,
    drafted,
    held,
    held_units,
    missing,
    parcel,
    picking,
    refused,
    requested,
    snapshot,
    units,
    withdrawn,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TO_A_BOX = drafted(ship_to=OWN.model_copy(update={"address": an_address(line1="PO Box 12")}))

Steps = Sequence[Message]
HELD = (requested(), held())
LIVES: dict[str, Steps] = {
    "draft": [drafted(), drafted(method=Method.DISPOSE, ship_to=None)],
    "early": [picking(), canceled()],
    "told before the units are held": [requested(), parcel("1", units(1, 1)), missing(units(2), report_id="a")],
    "held after the parcel": [requested(), parcel("1", units(1, 1)), missing(units(2), report_id="a"), held()],
    "over-full": [*HELD, parcel("1", units(1, 5))],
    "merged": [held(), picking(), requested()],
    "not a removal": [TO_A_BOX],
    "pending": [drafted(), confirmed(1), held()],
    "shipped": [*HELD, picking(), parcel("1", units(1, 2), units(3)), missing(units(2)), parcel("2", units(1, 1))],
    "disposed": [requested(method=Method.DISPOSE, ship_to=None), held(), disposed("1", units(2)), disposed("2", units(1, 3))],
    "shortened": [requested(), held(), withdrawn(held_units(3), held_units(1, 1))],
    "canceled": [requested(), held(), canceled(), picking(), parcel("1", units(1, 1))],
    "refused": [requested(), refused()],
}


@pytest.fixture(params=["postgres", "memory"])
def transactions(request: pytest.FixtureRequest) -> Transactions:
    if request.param == "memory":
        return MemoryTransactions(Memory(), tables.SERVICE)
    engine: AsyncEngine = request.getfixturevalue("engine")
    return PostgresTransactions(engine, tables.SERVICE)


async def decide(transactions: Transactions, at: datetime, *messages: Message, via: Via = Via.KAFKA) -> list[Outcome]:
    batch = [received(message, f"{at} {number} {message!r}", at, via) for number, message in enumerate(messages)]
    return await process(transactions, DrivenClock(at), desk(TERMS), batch)


async def stored(transactions: Transactions) -> Root | None:
    async with transactions.begin() as tx:
        return (await store.load(TERMS, tx, [canceled()])).removals[SUBJECT]


async def viewed(transactions: Transactions) -> StockView | None:
    async with transactions.begin() as tx:
        return (await store.load(TERMS, tx, [snapshot(1)])).stock[ITEM]


def told(outcomes: Sequence[Outcome]) -> list[str]:
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    return [fact.type for outcome in outcomes if isinstance(outcome, Accepted) for fact in outcome.facts]


def nameless(root: Root | None) -> Root | None:
    """What waits has the id of its message, which is another one in each of both ways."""
    if not isinstance(root, Removal):
        return root
    return replace(root, reports=tuple(replace(report, message_id=UUID(int=0)) for report in root.reports))


@pytest.mark.parametrize("life", LIVES)
async def test_a_removal_comes_back_as_it_was_decided(transactions: Transactions, life: str) -> None:
    expected = Decided()
    facts: list[str] = []
    for number, message in enumerate(LIVES[life]):
        expected.at(number * HOUR).tell(message)
        facts += told(await decide(transactions, NOON + number * HOUR, message))
    assert facts == names(expected.facts)
    found, wanted = await stored(transactions), expected.root
    if isinstance(wanted, Expected):
        assert isinstance(found, Expected)
        assert [early.body for early in found.early] == [early.body for early in wanted.early]
        assert found.sequence == wanted.sequence
    else:
        assert nameless(found) == nameless(wanted)


@pytest.mark.parametrize("life", LIVES)
async def test_one_batch_decides_as_one_message_after_another_does(transactions: Transactions, life: str) -> None:
    alone = Decided()
    alone.tell(*LIVES[life])
    assert told(await decide(transactions, NOON, *LIVES[life])) == names(alone.facts)


async def test_deadlines_fire_from_the_tables_and_end_the_removal(transactions: Transactions) -> None:
    await decide(transactions, NOON, requested(), held(), picking(), parcel("1", units(1, 1)))
    now, facts = NOON, []
    for _ in range(2):
        now += 50 * DAY
        async with transactions.begin() as tx:
            due = await find_due(tx, desk(TERMS).types, "removals", now, 10)
        facts += told(await process(transactions, DrivenClock(now), desk(TERMS), due))
    assert facts == ["RemovalLate", "RemovalUnitsReturned", "RemovalCompleted"]
    async with transactions.begin() as tx:
        assert await tx.rows.due(tables.SERVICE.deadline, "due_at", NOON + 1000 * DAY, 10) == []


async def test_messages_whose_removal_never_came_end_in_quarantine(transactions: Transactions) -> None:
    await decide(transactions, NOON, picking(), confirmed())
    async with transactions.begin() as tx:
        due = await find_due(tx, desk(TERMS).types, "removals", NOON + 31 * DAY, 10)
    await process(transactions, DrivenClock(NOON + 31 * DAY), desk(TERMS), due)
    async with transactions.begin() as tx:
        aside = await tx.rows.due(tables.SERVICE.quarantine, "received_at", NOON + DAY, 10)
    assert {row.topic for row in aside} == {"warehouse.progress", "removals.commands"}


async def test_over_http_a_removal_that_only_early_messages_speak_of_is_absent(transactions: Transactions) -> None:
    await decide(transactions, NOON, picking())
    assert await decide(transactions, NOON + DAY, confirmed(), canceled(), via=Via.HTTP) == [Absent(), Absent()]
    assert told(await decide(transactions, NOON + DAY, drafted(), via=Via.HTTP)) == ["RemovalDrafted"]


async def test_the_newest_snapshot_of_an_item_is_the_view_in_whatever_order_they_come(transactions: Transactions) -> None:
    newest = snapshot(7, (CENTER, Bucket.AVAILABLE, 5))
    await decide(transactions, NOON, snapshot(3, (CENTER, Bucket.AVAILABLE, 1)), snapshot(2))
    await decide(transactions, NOON + HOUR, newest, snapshot(5, (CENTER, Bucket.AVAILABLE, 9)))
    await decide(transactions, NOON + DAY, snapshot(6), snapshot(7))
    view = await viewed(transactions)
    assert view is not None
    assert (view.version, [one.quantity for one in view.balances]) == (7, [5])


async def test_of_a_cancel_and_a_pick_at_the_same_time_one_wins_and_the_other_is_told(engine: AsyncEngine) -> None:
    """Two processes, each with connections of its own: the lock on the removal decides (R9)."""
    won = set()
    for turn in range(10):
        one, two = (PostgresTransactions(engine, tables.SERVICE) for _ in range(2))
        about = {"seller_id": f"s-{turn}"}
        await decide(one, NOON, *(message.model_copy(update=about) for message in (requested(), held())))
        cancel, pick = canceled().model_copy(update=about), picking().model_copy(update=about)
        first = [decide(one, NOON, cancel), decide(two, NOON, pick)]
        outcomes = await asyncio.gather(*(first if turn % 2 else reversed(first)))
        facts = sorted(fact for outcome in outcomes for fact in told(outcome))
        assert facts in (["RemovalCancelRefused", "RemovalProcessing"], ["RemovalCanceled", "RemovalPickRefused"])
        won.add(facts[0])
    assert won


async def test_a_batch_over_many_removals_keeps_them_apart(transactions: Transactions) -> None:
    asked = [requested(removal_id=f"r-{number}", seller_id=f"s-{number % 7}") for number in range(40)]
    await decide(transactions, NOON, *asked)
    async with transactions.begin() as tx:
        books = await store.load(TERMS, tx, asked)
    found = [books.removals[command.subject] for command in asked]
    assert [(root.request.seller_id, root.request.removal_id) for root in found if root and not isinstance(root, Expected)] == [
        (command.seller_id, command.removal_id) for command in asked
    ]


@pytest.mark.parametrize(
    ("status", "counts"),
    [("Pending", (5, 3, 3, 0)), ("Pending", (5, 3, 0, 3)), ("Pending", (5, -1, 0, 0)), ("Completed", (5, 3, 1, 0))],
)
async def test_the_database_refuses_units_that_do_not_add_up(
    transactions: Transactions, status: str, counts: tuple[int, ...]
) -> None:
    dates = (NOON, NOON, NOON, False)
    row = (SELLER, REMOVAL, 0, 0, status, NOON, "GB", "dispose", *dates, *counts, b"", "[]", "[]", None, "{}", None)
    with pytest.raises(StorageError) as caught:
        async with transactions.begin() as tx:
            await tx.rows.insert(tables.removal, [row])
    assert caught.value.sqlstate == "23514"
