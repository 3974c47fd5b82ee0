"""The reports of removals over HTTP, on real rows (R18)."""

from collections import Counter
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from removals import tables

from support.removals import canceled, disposed, held_units, missing, parcel, units, withdrawn
from support.removals_shop import DISPOSAL, DRAFT, REMOVALS, pending, tell
from support.shop import SELLER, Shop

REPORTS = f"/sellers/{SELLER}/reports"


async def all_rows(shop: Shop, name: str, limit: int) -> list[Any]:
    """Page by page."""
    rows: list[Any] = []
    query: dict[str, Any] = {}
    for _ in range(20):
        page = (await shop.get(f"{REPORTS}/{name}", limit=limit, **query)).json()
        assert len(page["rows"]) <= limit
        rows += page["rows"]
        if page["next_cursor"] is None:
            return rows
        query = {"cursor": page["next_cursor"]}
    raise AssertionError("a report without end")


async def test_the_order_report_has_a_row_a_line_whose_units_add_up(shop: Shop) -> None:
    await pending(shop)
    await pending(shop, DISPOSAL, "r-2")
    await shop.post(REMOVALS, DRAFT | {"removal_id": "not-requested"}, "k3")
    await tell(shop, parcel("1", units(1, 1)), missing(units(2)), withdrawn(held_units(3, 1)))
    await tell(shop, disposed(), removal_id="r-2")
    address = f"/sellers/{SELLER}/reports/removal-orders"
    rows, cursor = [], None
    while True:
        page = (await shop.get(address, limit=2, **({"cursor": cursor} if cursor else {}))).json()
        rows += page["rows"]
        if (cursor := page["next_cursor"]) is None:
            break

    names = ("requested", "canceled", "disposed", "shipped", "in_process")
    numbers = {(row["order_id"], row["row"]): tuple(row[f"{name}_quantity"] for name in names) for row in rows}
    assert list(numbers) == [("r-2", 1), ("r-2", 2), ("r-2", 3), ("r-1", 1), ("r-1", 2), ("r-1", 3)]
    assert [numbers["r-1", line] for line in (1, 2, 3)] == [(3, 0, 0, 1, 2), (1, 1, 0, 0, 0), (2, 1, 0, 0, 1)]
    assert all(requested == sum(others) for requested, *others in numbers.values())
    assert [(row["order_type"], row["order_status"], row["disposition"]) for row in rows[1:4]] == [
        ("Disposal", "Completed", "Unsellable"),
        ("Disposal", "Completed", "Sellable"),
        ("Return", "Processing", "Sellable"),
    ]
    future = (await shop.get(address, requested_from="2999-01-01T00:00:00Z")).json()
    assert future["rows"] == []


async def test_the_shipment_report_has_what_left_in_parcels_and_nothing_else(shop: Shop) -> None:
    await pending(shop)
    await pending(shop, DISPOSAL, "r-2")
    await tell(shop, parcel("1", units(1, 1), units(3)), parcel("2", units(1, 2), tracking="T2"), missing(units(2)))
    await tell(shop, disposed(), removal_id="r-2")
    address = f"/sellers/{SELLER}/reports/removal-shipments"
    first = (await shop.get(address, limit=2)).json()
    second = (await shop.get(address, limit=2, cursor=first["next_cursor"])).json()

    rows = [*first["rows"], *second["rows"]]
    assert [(row["order_id"], row["sku"], row["shipped_quantity"], row["tracking_number"]) for row in rows] == [
        ("r-1", "mug", 1, "T1"),
        ("r-1", "plate", 2, "T1"),
        ("r-1", "mug", 2, "T2"),
    ]
    assert second["next_cursor"] is None


async def test_both_reports_agree_though_more_left_than_was_asked_for(shop: Shop) -> None:
    await pending(shop)
    await tell(shop, missing(units(1, 1)), parcel("1", units(1, 4), units(3)), parcel("2", units(1, 2), units(2)))
    orders = {row["row"]: row["shipped_quantity"] for row in await all_rows(shop, "removal-orders", 2)}
    shipments = await all_rows(shop, "removal-shipments", 1)

    shipped: Counter[int] = Counter()
    for row in shipments:
        line = 3 if row["sku"] == "plate" else 1 if row["disposition"] == "Sellable" else 2
        shipped[line] += row["shipped_quantity"]
    assert shipped == orders == {1: 3, 2: 1, 3: 2}
    assert [(row["row"], row["shipped_quantity"], row["excess_quantity"]) for row in shipments] == [
        (1, 3, 1),
        (2, 2, 0),
        (3, 0, 2),
        (4, 1, 0),
    ]


async def test_units_that_left_after_a_cancel_count_in_both_reports(shop: Shop) -> None:
    await pending(shop)
    await tell(shop, canceled(), parcel("1", units(1, 2)))
    orders = await all_rows(shop, "removal-orders", 2)
    (shipment,) = await all_rows(shop, "removal-shipments", 2)
    assert [row["shipped_quantity"] for row in orders] == [2, 0, 0]
    assert (shipment["shipped_quantity"], shipment["excess_quantity"]) == (2, 0)


async def test_lists_and_reports_take_no_whole_removal(shop: Shop, engine: AsyncEngine) -> None:
    """A removal can have hundreds of lines: to read it for each row that is shown costs milliseconds."""
    await pending(shop)
    await tell(shop, parcel("1", units(1, 1)))
    async with engine.begin() as connection:
        await connection.execute(tables.removal.update().values(record="not to be read"))
    for path in (REMOVALS, f"{REPORTS}/removal-orders", f"{REPORTS}/removal-shipments"):
        page = await shop.get(path)
        assert page.status_code == 200
        assert page.json()["rows"]
