"""Inventory over HTTP, on real rows: what a seller has, why, and what is offered."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chassis.auth import Role
from chassis.operator import router as operator_router
from contracts.envelope import Message
from contracts.warehouse import Adjustment, UnitsAdjusted, UnitsReceived
from inventory import tables
from inventory.api import router
from inventory.decisions import DESK

from support.alone import received
from support.inventory_database import Inventory
from support.shop import SELLER, Shop, open_shop

LEEDS, HOME = "network:GB:LBA1", "seller:GB:home"
SELLERS = f"/sellers/{SELLER}"
MUG = {"asin": "B00EXAMPLE", "fnsku": "X000EXAMPL", "title": "A mug"}


@pytest.fixture
async def shop(on_postgres: Inventory, inventory_dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    assert on_postgres
    async with open_shop(inventory_dsn, tmp_path, DESK, tables.SERVICE, [router, operator_router]) as shop:
        yield shop


async def tell(shop: Shop, *messages: Message) -> None:
    now = shop.edge.works.clock.now()
    batch = [received(message, f"{n} {message!r}", now) for n, message in enumerate(messages)]
    await shop.edge.commands.lane.run(batch, asyncio.sleep)


async def ask(shop: Shop, path: str, role: Role = Role.SELLER, **query: Any) -> Any:
    response = await shop.get(SELLERS + path, role, **query)
    assert response.status_code == 200, response.text
    return response.json()


def came(sku: str, quantity: int, location: str = LEEDS, **given: Any) -> UnitsReceived:
    return UnitsReceived(seller_id=SELLER, sku=sku, location_id=location, quantity=quantity, **given)


def lost(sku: str, quantity: int, location: str = LEEDS) -> UnitsAdjusted:
    return UnitsAdjusted(seller_id=SELLER, sku=sku, location_id=location, quantity=quantity, adjustment=Adjustment.LOST)


async def test_stock_is_listed_by_sku_page_by_page_with_its_quantities_by_location(shop: Shop) -> None:
    await tell(shop, came("c", 1), came("a/1", 5), came("a/1", 2, HOME), came("b", 3))
    first = await ask(shop, "/stock", limit=2)
    second = await ask(shop, "/stock", limit=2, cursor=first["next_cursor"])
    item = await ask(shop, f"/stock/{quote('a/1', safe='')}")

    assert [row["sku"] for row in (*first["rows"], *second["rows"])] == ["a/1", "b", "c"]
    assert second["next_cursor"] is None
    assert item["quantities"]["available"] == item["quantities"]["total"] == 7
    assert {place: quantities["available"] for place, quantities in item["locations"].items()} == {LEEDS: 5, HOME: 2}


async def test_an_item_that_is_not_there_is_not_found(shop: Shop) -> None:
    response = await shop.get(f"{SELLERS}/stock/none")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_balance_is_explained_line_by_line_over_pages(shop: Shop) -> None:
    await tell(shop, came("a/1", 5), lost("a/1", 2), came("a/1", 4))
    path = f"/stock/{quote('a/1', safe='')}/balances/{LEEDS}/available/lines"
    first = await ask(shop, path, limit=2)
    second = await ask(shop, path, limit=2, cursor=first["next_cursor"])
    lines = [*first["rows"], *second["rows"]]

    assert [(line["change"], line["balance"]) for line in lines] == [(5, 5), (-2, 3), (4, 7)]
    assert (first["opening"], second["opening"], first["balance"]) == (0, 3, 7)
    assert all(line["cause"] for line in lines)


@pytest.mark.parametrize("place", ["nowhere/available", f"{LEEDS}/pocket"])
async def test_a_balance_that_cannot_be_is_refused(shop: Shop, place: str) -> None:
    response = await shop.get(f"{SELLERS}/stock/a/balances/{place}/lines")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


async def test_a_product_is_described_once_a_key_and_can_be_described_back(shop: Shop) -> None:
    path = f"{SELLERS}/products/{quote('mug/1', safe='')}"
    for key, title in (("k1", "A mug"), ("k2", "A cup"), ("k3", "A mug")):
        assert (await shop.put(path, {**MUG, "title": title}, key)).status_code == 200
    again = await shop.put(path, {**MUG, "title": "A cup"}, "k2")

    assert again.json() == {"sku": "mug/1", "facts": []}
    assert (await ask(shop, f"/stock/{quote('mug/1', safe='')}"))["title"] == "A mug"


async def test_an_fnsku_that_is_taken_is_refused(shop: Shop) -> None:
    await shop.put(f"{SELLERS}/products/mug", MUG, "k1")
    taken = await shop.put(f"{SELLERS}/products/cup", MUG, "k2")
    assert (taken.status_code, taken.json()["code"]) == (409, "fnsku_taken")


async def test_an_item_is_offered_and_its_listing_says_whether_buyers_see_it(shop: Shop) -> None:
    absent = await shop.put(f"{SELLERS}/listings/mug/GB/network", {"offered": True}, "k1")
    await shop.put(f"{SELLERS}/products/mug", MUG, "k2")
    offered = await shop.put(f"{SELLERS}/listings/mug/GB/network", {"offered": True}, "k1")
    empty = (await ask(shop, "/listings"))["rows"]
    await tell(shop, came("mug", 1))
    (full,) = (await ask(shop, "/listings", Role.STOREFRONT))["rows"]

    assert (absent.status_code, offered.status_code) == (404, 200)
    assert [row["on_offer_page"] for row in empty] == [False]
    assert (full["sku"], full["marketplace_id"], full["channel"], full["on_offer_page"]) == ("mug", "GB", "network", True)


async def test_units_that_the_books_never_had_are_listed_until_somebody_looks(shop: Shop) -> None:
    await tell(shop, came("mug", 1), lost("mug", 3))
    (row,) = (await ask(shop, "/discrepancies"))["rows"]
    assert (row["sku"], row["location_id"], row["quantity"], row["closed_at"]) == ("mug", LEEDS, 2, None)


async def test_the_legend_has_a_sentence_for_each_reason(shop: Shop) -> None:
    reasons = (await shop.get("/legend")).json()
    assert len(reasons) > 3
    assert all(reason["code"] and reason["sentence"].endswith(".") for reason in reasons)


async def test_a_foreign_sellers_token_sees_and_changes_nothing(shop: Shop) -> None:
    await tell(shop, came("mug", 1))
    headers = shop.headers(seller_id="s2", key="k9")
    seen = await shop.http.get(f"{SELLERS}/stock/mug", headers=headers)
    own = await shop.http.get("/sellers/s2/stock/mug", headers=headers)
    changed = await shop.http.put(f"{SELLERS}/products/mug", json=MUG, headers=headers)

    assert (seen.status_code, own.status_code, changed.status_code) == (403, 404, 403)
    assert (await ask(shop, "/stock/mug"))["title"] is None
