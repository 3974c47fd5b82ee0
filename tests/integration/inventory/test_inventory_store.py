"""What a batch does to inventory's tables: the same as its messages one by one, in memory and on PostgreSQL alike."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from contracts.envelope import Message, Subject
from contracts.inventory import Disposition
from contracts.warehouse import Adjustment
from devkit.verification.stock_checks import INVENTORY
from inventory import tables
from inventory.domain.stock import Bucket
from inventory.store import load

from support.inventory import (
    HOME,
    LEEDS,
    NEW_FNSKUS,
    ORDERS,
    REMOVALS,
    SELLER,
    SKUS,
    YORK,
    Warehouse,
    adjusted,
    canceled,
    described,
    found,
    items_canceled,
    lost,
    offered,
    placed,
    received,
    shipped,
    shipped_after_cancel,
    units,
)
from support.inventory_database import Inventory
from support.inventory_removals import (
    BAD,
    GOOD,
    called_off,
    disposed,
    not_found,
    out,
    requested,
    returned,
    sent_out,
)


def a_life(seed: int, length: int, skus: Sequence[str] = SKUS) -> list[Message]:
    """Messages of all kinds, drawn by seed."""
    draw = random.Random(seed)
    some = lambda: units(draw.randint(1, 2), draw.randint(1, 4), draw.choice(skus))  # noqa: E731 - three words for one draw
    some_out = lambda line=1: out(line, draw.randint(1, 3), draw.choice([GOOD, BAD]), draw.choice(skus))  # noqa: E731 - as above
    kinds = [
        lambda: received(draw.randint(1, 9), draw.choice(skus), at=draw.choice([LEEDS, YORK, HOME])),
        lambda: received(draw.randint(1, 5), draw.choice(skus), disposition=draw.choice(list(Disposition))),
        lambda: adjusted(
            draw.choice(list(Adjustment)),
            draw.randint(1, 4),
            draw.choice(skus),
            at=draw.choice([LEEDS, YORK]),
            disposition=draw.choice(list(Disposition)),
        ),
        lambda: placed(draw.choice(ORDERS), units(1, draw.randint(1, 4), draw.choice(skus)), units(2, 1, skus[0])),
        lambda: placed(draw.choice(ORDERS), units(1, draw.randint(1, 4), draw.choice(skus))),
        lambda: canceled(draw.choice(ORDERS)),
        lambda: items_canceled(draw.choice(ORDERS), some()),
        lambda: shipped(draw.choice(ORDERS), some()),
        lambda: shipped_after_cancel(draw.choice(ORDERS), some()),
        lambda: requested(draw.choice(REMOVALS), some_out(), some_out(2)),
        lambda: requested(draw.choice(REMOVALS), some_out()),
        lambda: called_off(draw.choice(REMOVALS)),
        lambda: returned(draw.choice(REMOVALS), some_out()),
        lambda: not_found(draw.choice(REMOVALS), some_out()),
        lambda: sent_out(draw.choice(REMOVALS), some()),
        lambda: disposed(draw.choice(REMOVALS), some()),
        lambda: offered(draw.choice(skus), offered=draw.random() < 0.8),
        lambda: described(draw.choice(skus), draw.choice(NEW_FNSKUS[:3])),
    ]
    return [draw.choice(kinds)() for _ in range(length)]


@pytest.mark.parametrize("batch", [1, 7, 60])
async def test_batches_of_any_size_leave_the_same_books(inventory: Inventory, batch: int) -> None:
    messages = a_life(seed=batch, length=120)
    expected = Warehouse(step_minutes=0)
    expected.tell(*messages)
    told = [fact for some in batched(messages, batch) for fact in await inventory.tell(*some)]
    assert told == [type(fact).__name__ for fact in expected.facts]
    await assert_same_books(inventory, expected)


async def assert_same_books(inventory: Inventory, expected: Warehouse) -> None:
    balances = {(row.sku, row.location_id, row.bucket): row.quantity for row in await inventory.rows(tables.balance)}
    wanted = {(sku, *place): n for sku in SKUS for place, n in expected.item(sku).balances.items()}
    assert {at: n for at, n in balances.items() if n} == {at: n for at, n in wanted.items() if n}
    items = {row.sku: (row.version, row.sequence) for row in await inventory.rows(tables.item)}
    known = [sku for sku in SKUS if expected.known(sku)]
    assert items == {sku: (expected.item(sku).version, expected.item(sku).sequence) for sku in known}
    assert _ledger(await inventory.rows(tables.movement)) == _ledger(expected.books.movements.added)
    for holder in expected.books.holders:
        reservation = expected.books.reservations[holder]
        roots = [row for row in await inventory.rows(tables.reservation) if row.holder_id == holder.id]
        assert [(row.status, row.sequence) for row in roots] == (
            [(reservation.status, reservation.sequence)] if reservation else []
        )
        lines = [row[3:] for row in await inventory.rows(tables.reservation_line) if row.holder_id == holder.id]
        told = [(*line, line.open > 0) for line in reservation.lines] if reservation else []
        assert sorted(lines) == sorted(told)
    missing = [(row.sku, row.location_id, row.quantity) for row in await inventory.rows(tables.discrepancy)]
    assert sorted(missing) == sorted((row.sku, row.location_id, row.quantity) for row in expected.books.discrepancies.added)


async def test_nothing_is_wrong_with_the_books_after_a_life_of_orders_and_removals(on_postgres: Inventory) -> None:
    for batch in batched(a_life(seed=5, length=300, skus=["mug"]), 9):
        await on_postgres.tell(*batch)
    assert on_postgres.engine is not None
    async with on_postgres.engine.connect() as connection:
        for check in INVENTORY:
            wrong = await connection.exec_driver_sql(check.violations.replace("{now}", "now()"))
            assert (check.name, wrong.all()) == (check.name, [])
    lines = await on_postgres.rows(tables.reservation_line)
    assert {(row.kind, row.bucket == "available") for row in lines} == {
        ("order", True),
        ("removal", True),
        ("removal", False),
    }


def batched(messages: Sequence[Message], size: int) -> list[Sequence[Message]]:
    return [messages[i : i + size] for i in range(0, len(messages), size)]


def _ledger(rows: list[Any]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            row.sku,
            row.item_version,
            row.location_id,
            row.source,
            row.target,
            row.quantity,
            row.n,
            row.holder_kind or "",
            row.holder_id or "",
            row.line or 0,
        )
        for row in rows
    )


@pytest.mark.parametrize("batch", [1, 2, 5])
async def test_a_late_shipment_of_units_sold_again_withdraws_the_youngest(inventory: Inventory, batch: int) -> None:
    messages = [
        *(received(3), placed("o-1"), canceled("o-1"), placed("o-2", units(1, 1)), placed("o-3", units(1, 2))),
        shipped_after_cancel("o-1", units(1, 3)),
    ]
    facts = [fact for some in batched(messages, batch) for fact in await inventory.tell(*some)]
    assert facts[-3:] == ["StockShipped", "ReservationWithdrawn", "ReservationWithdrawn"]
    lines = {row.holder_id: (row.taken, row.released, row.shipped) for row in await inventory.rows(tables.reservation_line)}
    assert lines == {"o-1": (6, 3, 3), "o-2": (1, 1, 0), "o-3": (2, 2, 0)}
    assert not any(row.quantity for row in await inventory.rows(tables.balance))
    assert await inventory.rows(tables.discrepancy) == []


async def test_a_loss_goes_on_to_older_holders_when_the_youngest_is_canceled_in_the_same_batch(inventory: Inventory) -> None:
    await inventory.tell(received(4), placed("o-1", units(1, 2)))
    await inventory.tell(placed("o-2", units(1, 2)))
    facts = await inventory.tell(canceled("o-2", "SunStorm"), lost(2))
    assert facts == ["StockReleased", "ReservationWithdrawn"]
    balances = {row.bucket: row.quantity for row in await inventory.rows(tables.balance)}
    assert balances == {Bucket.AVAILABLE: 0, Bucket.RESERVED: 0, Bucket.RESEARCHING: 2}


async def test_holders_of_what_nobody_takes_are_not_locked(inventory: Inventory) -> None:
    await inventory.tell(received(9), placed("o-1"), placed("o-2"), placed("o-3"))
    async with inventory.transactions.begin() as tx:
        books = await load(tx, [shipped("o-1", units(1, 3)), found(1)])
        assert set(books.holders) == {Subject(SELLER, "order", "o-1")}
        books = await load(tx, [lost(1)])
        assert set(books.holders) == {Subject(SELLER, "order", "o-3")}


@pytest.mark.parametrize("batch", [1, 2, 5])
async def test_orders_and_removals_give_way_to_units_that_are_gone(inventory: Inventory, batch: int) -> None:
    torn = Disposition.CUSTOMER_DAMAGED
    messages = [
        *(received(4), received(2, disposition=torn), placed("o-1", units(1, 2)), requested("r-1"), called_off("r-1")),
        *(requested("r-2", out(1, 1), out(2, 2, BAD)), placed("o-2", units(1, 1)), sent_out("r-1", units(1, 2), units(2, 1))),
    ]
    facts = [fact for some in batched(messages, batch) for fact in await inventory.tell(*some)]
    assert facts[-3:] == ["UnitsRemoved", "HoldWithdrawn", "ReservationWithdrawn"]
    lines = {(row.holder_id, row.line): tuple(row[6:10]) for row in await inventory.rows(tables.reservation_line)}
    assert lines == {
        ("o-1", 1): (2, 0, 0, "available"),
        ("o-2", 1): (1, 1, 0, "available"),
        ("r-1", 1): (4, 2, 2, "available"),
        ("r-1", 2): (3, 2, 1, "customer_damaged"),
        ("r-2", 1): (1, 1, 0, "available"),
        ("r-2", 2): (2, 2, 0, "customer_damaged"),
    }
    assert await inventory.rows(tables.discrepancy) == []


@pytest.mark.parametrize("batch", [1, 2, 6])
async def test_units_that_were_not_found_are_nobodys_whoever_bought_them_meanwhile(inventory: Inventory, batch: int) -> None:
    messages = [
        *(received(6), requested("r-1", out(1, 6)), lost(1), placed("o-1", units(1, 2)), placed("o-2", units(1, 3))),
        not_found("r-1", out(1, 4), at=LEEDS),
    ]
    facts = [fact for some in batched(messages, batch) for fact in await inventory.tell(*some)]
    assert facts[-3:] == ["HeldUnitsWrittenOff", "ReservationWithdrawn", "ReservationWithdrawn"]
    balances = {row.bucket: row.quantity for row in await inventory.rows(tables.balance)}
    assert balances == {"available": 1, "reserved": 0, "held": 0}


async def test_who_misses_no_more_than_it_holds_locks_nobody_else(inventory: Inventory) -> None:
    await inventory.tell(received(9), requested("r-1", out(1, 4)), placed("o-1", units(1, 2)), placed("o-2", units(1, 2)))
    async with inventory.transactions.begin() as tx:
        books = await load(tx, [not_found("r-1", out(1, 3)), sent_out("r-1", units(1, 1))])
        assert set(books.holders) == {_removal(1)}
        books = await load(tx, [not_found("r-1", out(1, 3)), sent_out("r-1", units(1, 2))])
        assert set(books.holders) == {_removal(1), *(Subject(SELLER, "order", f"o-{n}") for n in (1, 2))}


async def test_who_holds_units_in_another_condition_is_not_locked(inventory: Inventory) -> None:
    await inventory.tell(received(4), received(4, disposition=Disposition.DEFECTIVE))
    await inventory.tell(requested("r-1", out(1, 2, BAD)), requested("r-2", out(1, 2)), placed("o-1", units(1, 2)))
    async with inventory.transactions.begin() as tx:
        books = await load(tx, [adjusted(Adjustment.LOST, 1, disposition=Disposition.DEFECTIVE)])
        assert set(books.holders) == {Subject(SELLER, "removal", "r-1")}
        books = await load(tx, [lost(3)])
        assert set(books.holders) == {Subject(SELLER, "removal", "r-2"), Subject(SELLER, "order", "o-1")}
        books = await load(tx, [sent_out("r-2", units(1, 2)), called_off("r-1")])
        assert set(books.holders) == {Subject(SELLER, "removal", "r-2"), Subject(SELLER, "removal", "r-1")}
        books = await load(tx, [sent_out("r-9", units(1, 1))])
        assert set(books.holders) == {Subject(SELLER, "removal", "r-9"), *(_removal(n) for n in (1, 2))}


def _removal(number: int) -> Subject:
    return Subject(SELLER, "removal", f"r-{number}")


async def test_an_fnsku_names_one_item_of_its_seller(inventory: Inventory) -> None:
    first, second = NEW_FNSKUS[:2]
    assert await inventory.tell(described("mug", first)) == []
    assert await inventory.tell(described("plate", first)) == ["InventoryCommandRefused"]
    assert await inventory.tell(described("mug", second), described("plate", first), described("bowl", second)) == [
        "InventoryCommandRefused"
    ]
    products = {row.sku: row.fnsku for row in await inventory.rows(tables.product)}
    assert products == {"mug": second, "plate": first}


async def test_listings_are_kept_as_they_were_told(inventory: Inventory) -> None:
    assert await inventory.tell(offered(), received(1)) == ["ListingSoldOut", "ListingRestocked"]
    assert await inventory.tell(placed("o-1", units(1, 1))) == ["StockReserved", "ListingSoldOut"]
    assert await inventory.tell(received(1, at=HOME)) == []
    assert [row.sold_out for row in await inventory.rows(tables.listing)] == [True]
    assert await inventory.tell(canceled("o-1")) == ["StockReleased", "ListingRestocked"]
    assert [row.sold_out for row in await inventory.rows(tables.listing)] == [False]
