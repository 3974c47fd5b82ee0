"""What may be asked about stock, on real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.inventory import Disposition
from contracts.warehouse import Adjustment
from inventory import queries

from support.inventory import (
    HOME,
    LEEDS,
    NOON,
    SELLER,
    YORK,
    adjusted,
    canceled,
    damaged,
    described,
    items_canceled,
    lost,
    offered,
    placed,
    received,
    sent_back,
    shipped,
    units,
)
from support.inventory_database import Inventory
from support.inventory_removals import BAD, out, requested


@pytest.fixture
async def connection(on_postgres: Inventory) -> AsyncIterator[AsyncConnection]:
    await on_postgres.tell(described(), offered(), received(10), received(5, at=YORK), received(4, at=HOME))
    await on_postgres.tell(placed("o-1"), placed("o-2", units(1, 2)), damaged(1))
    await on_postgres.tell(shipped("o-1", units(1, 3)), sent_back(1, Disposition.CUSTOMER_DAMAGED))
    await on_postgres.tell(items_canceled("o-2", units(1, 1), reason="SunStorm"))
    assert on_postgres.engine is not None
    async with on_postgres.engine.connect() as connection:
        yield connection


async def test_an_item_shows_every_unit_in_all_and_by_location(connection: AsyncConnection) -> None:
    item = await queries.get_item(connection, SELLER, "mug")
    assert item is not None
    assert (item.asin, item.title) == ("B000000001", "a mug")
    quantities = item.quantities
    assert (quantities.available, quantities.reserved_orders, quantities.researching) == (13, 1, 1)
    assert {name: n for name, n in quantities.unfulfillable.items() if n} == {"carrier_damaged": 1, "customer_damaged": 1}
    assert quantities.total == 10 + 5 + 4 - 3 + 1
    assert {place: each.available for place, each in item.locations.items()} == {LEEDS: 4, YORK: 5, HOME: 4}
    assert item.not_removable == {"pending_customer_order": 1, "researching": 1, "not_in_network": 4}
    assert sum(each.total for each in item.locations.values()) == quantities.total


async def test_a_sellers_items_come_in_pages_and_nobody_elses(on_postgres: Inventory, connection: AsyncConnection) -> None:
    foreign = received(1).model_copy(update={"seller_id": "another"})
    await on_postgres.tell(received(1, "bowl"), offered("plate"), foreign)
    first = await queries.list_stock(connection, SELLER, limit=2)
    second = await queries.list_stock(connection, SELLER, after=first[-1].sku, limit=2)
    assert [item.sku for item in (*first, *second)] == ["bowl", "mug", "plate"]
    assert second[0].quantities.total == 0
    assert await queries.get_item(connection, "another", "plate") is None


async def test_a_balance_is_explained_line_by_line_from_nothing_to_what_it_is(connection: AsyncConnection) -> None:
    whole = await queries.explain_balance(connection, SELLER, "mug", (LEEDS, "available"))
    assert whole.opening == 0
    assert [(line.counterpart, line.change, line.balance, line.holder_id, line.line) for line in whole.lines] == [
        ("supplier", 10, 10, None, None),
        ("reserved", -3, 7, "o-1", 1),
        ("reserved", -2, 5, "o-2", 1),
        ("carrier_damaged", -1, 4, None, None),
    ]
    assert whole.balance == whole.lines[-1].balance == 4


async def test_an_explanation_goes_on_where_the_page_before_ended(connection: AsyncConnection) -> None:
    place = (LEEDS, "available")
    first = await queries.explain_balance(connection, SELLER, "mug", place, limit=2)
    second = await queries.explain_balance(connection, SELLER, "mug", place, after=first.lines[-1].item_version, limit=2)
    assert second.opening == first.lines[-1].balance == 7
    whole = await queries.explain_balance(connection, SELLER, "mug", place)
    assert [*first.lines, *second.lines] == whole.lines


async def test_a_balance_that_never_was_is_nothing(connection: AsyncConnection) -> None:
    assert await queries.explain_balance(connection, SELLER, "mug", (YORK, "held")) == queries.Explanation(0, [], 0)


async def test_open_discrepancies_are_listed_oldest_first(on_postgres: Inventory, connection: AsyncConnection) -> None:
    for hours, quantity in ((1, 50), (2, 60), (3, 70)):
        on_postgres.clock.advance(NOON + timedelta(hours=hours))
        await on_postgres.tell(lost(quantity), adjusted(Adjustment.FOUND, 1))
    first = await queries.list_discrepancies(connection, SELLER, limit=2)
    rest = await queries.list_discrepancies(connection, SELLER, (first[-1].opened_at, first[-1].discrepancy_id))
    assert [row.quantity for row in (*first, *rest)] == [50 - 4 - 1, 60 - 1, 70 - 1]
    assert [row.location_id for row in first] == [LEEDS, LEEDS]


async def test_listings_tell_what_is_on_the_offer_page(on_postgres: Inventory, connection: AsyncConnection) -> None:
    await on_postgres.tell(offered("plate"), offered("mug", country="FR", offered=False))
    listings = await queries.list_listings(connection, SELLER)
    assert [(row.sku, row.marketplace_id, row.on_offer_page) for row in listings] == [
        ("mug", "FR", False),
        ("mug", "GB", True),
        ("plate", "GB", False),
    ]
    after = ("mug", "FR", "network")
    assert await queries.list_listings(connection, SELLER, after, limit=1) == listings[1:2]


def since(at: datetime) -> tuple[datetime, str, str]:
    """The place in the order of changes before all of an instant."""
    return (at, "", "")


async def test_snapshots_are_of_items_changed_since_with_all_their_units(
    on_postgres: Inventory, connection: AsyncConnection
) -> None:
    on_postgres.clock.advance(NOON + timedelta(hours=1))
    await on_postgres.tell(received(2, "plate"), canceled("o-2"))
    assert [snapshot.sku for snapshot in await queries.find_snapshots(connection, since(NOON), 1)] == ["mug"]
    snapshots = await queries.find_snapshots(connection, since(NOON + timedelta(minutes=1)), 10)
    assert [snapshot.sku for snapshot in snapshots] == ["mug", "plate"]
    item = await queries.get_item(connection, SELLER, "mug")
    assert item is not None
    assert sum(balance.quantity for balance in snapshots[0].balances) == item.quantities.total
    assert all(balance.quantity for balance in snapshots[0].balances)
    assert snapshots[0].version == item.version


async def test_snapshots_of_one_instant_come_page_by_page_those_without_units_too(
    on_postgres: Inventory, connection: AsyncConnection
) -> None:
    later = NOON + timedelta(hours=1)
    on_postgres.clock.advance(later)
    await on_postgres.tell(*(received(1, sku) for sku in ("bowl", "cup", "dish")), lost(1, "cup"))
    place, found = since(later), []
    while page := await queries.find_snapshots(connection, place, 2):
        found += page
        place = (page[-1].changed_at, page[-1].seller_id, page[-1].sku)
    assert [(one.sku, len(one.balances)) for one in found] == [("bowl", 1), ("cup", 0), ("dish", 1)]


async def test_a_snapshot_has_every_bucket_those_that_no_removal_may_touch_too(
    on_postgres: Inventory, connection: AsyncConnection
) -> None:
    await on_postgres.tell(requested("r-1", out(1, 1), out(2, 2, BAD)))
    (snapshot,) = await queries.find_snapshots(connection, since(NOON), 10)
    assert {(each.bucket, each.quantity) for each in snapshot.balances if each.location_id == LEEDS} == {
        ("available", 3),
        ("reserved", 1),
        ("held", 3),
        ("researching", 1),
    }
