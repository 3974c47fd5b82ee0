"""Orders over HTTP, on real rows: what each caller may do and see, and what an order answers in each of its states."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.auth import Role
from chassis.operator import router as operator_router
from chassis.pruning import prune_once
from contracts.envelope import Message
from contracts.inventory import HeldLine, MissingUnits, StockRefused, StockReserved
from contracts.orders import PlaceOrder
from contracts.payments import PaymentVerified
from orders import tables
from orders.api import router
from orders.decisions import desk
from orders.domain.policy import Policies, Policy

from support.alone import received
from support.shop import SELLER, Shop, open_shop

ORDERS = f"/sellers/{SELLER}/orders"
ADDRESS = {"name": "Ada Moreau", "line1": "12 Harbour Street", "city": "Leeds", "postal_code": "LS1 4AB", "country": "GB"}
MUG = {"sku": "mug", "quantity": 3, "unit_price": {"amount": 250, "currency": "GBP"}, "asin": "B00EXAMPLE"}
PLATE = {"sku": "plate", "quantity": 1, "unit_price": {"amount": 900, "currency": "GBP"}}
CHECKOUT = {
    "marketplace_id": "GB",
    "buyer": {"buyer_id": "buyer-1", "mail": "ada@example.org"},
    "delivery_address": ADDRESS,
    "lines": [MUG, PLATE],
}
PACKAGE = {"package_id": "P-1", "carrier": "Post", "tracking_number": "T1", "shipped_at": "2026-03-03T16:40:00Z"}


@pytest.fixture
async def shop(orders_dsn: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Shop]:
    """A service whose orders have no hold, so that stock and payment release them at once."""
    assert engine
    policies = Policies(Policy(hold_minutes=0))
    async with open_shop(orders_dsn, tmp_path, desk(policies), tables.SERVICE, [router, operator_router]) as shop:
        yield shop


@pytest.fixture
async def held_shop(orders_dsn: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Shop]:
    """With the hold of 30 minutes."""
    assert engine
    async with open_shop(orders_dsn, tmp_path, desk(Policies()), tables.SERVICE, [router]) as shop:
        yield shop


async def place(shop: Shop, key: str = "k1", body: Any = CHECKOUT, **headers: str) -> httpx.Response:
    return await shop.post(ORDERS, body, key, Role.STOREFRONT, **headers)


async def tell(shop: Shop, *messages: Message) -> None:
    batch = [received(message, repr(message), shop.edge.works.clock.now()) for message in messages]
    await shop.edge.commands.lane.run(batch, asyncio.sleep)


def stock_of(order_id: str) -> StockReserved:
    where = {"location_id": "seller:GB:HOME"}
    lines = (HeldLine(line=1, sku="mug", quantity=3, **where), HeldLine(line=2, sku="plate", quantity=1, **where))
    return StockReserved(seller_id=SELLER, order_id=order_id, lines=lines)


async def released(shop: Shop, key: str = "k1") -> str:
    order_id: str = (await place(shop, key)).json()["order_id"]
    await tell(shop, stock_of(order_id), PaymentVerified(seller_id=SELLER, order_id=order_id))
    return order_id


async def details(shop: Shop, order_id: str, role: Role = Role.SELLER) -> Any:
    response = await shop.get(f"{ORDERS}/{order_id}", role)
    assert response.status_code == 200, response.text
    return response.json()


async def test_an_order_is_placed_once_whatever_happens_to_the_request(shop: Shop) -> None:
    first = await place(shop)
    again = await place(shop)
    other = await place(shop, "k2")

    assert first.status_code == 202
    assert re.fullmatch(r"\d{3}-\d{7}-\d{7}", first.json()["order_id"])
    assert first.headers["location"] == f"{ORDERS}/{first.json()['order_id']}"
    assert (first.json()["status"], first.json()["stock"]) == ("Pending", "unknown")
    assert again.json() == first.json()
    assert other.json()["order_id"] != first.json()["order_id"]
    assert len((await shop.get(ORDERS)).json()["rows"]) == 2


async def test_an_order_placed_again_when_its_answer_is_forgotten_is_told_as_it_stands(shop: Shop) -> None:
    order_id = await released(shop)
    works = shop.edge.works
    assert await prune_once(works.transactions, works.clock.now(), 10) == 3
    again = await place(shop)
    waited = await place(shop, Prefer="wait=1")
    other = await place(shop, body={**CHECKOUT, "lines": [MUG]})

    assert (again.status_code, waited.status_code) == (202, 201)
    told = {name: again.json()[name] for name in ("order_id", "status", "stock")}
    assert told == {"order_id": order_id, "status": "Unshipped", "stock": "reserved"}
    assert waited.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_another_basket_for_an_order_whose_answer_is_forgotten_is_refused(shop: Shop) -> None:
    await place(shop)
    works = shop.edge.works
    await prune_once(works.transactions, works.clock.now(), 10)
    other = await place(shop, body={**CHECKOUT, "lines": [MUG]})

    assert (other.status_code, other.json()["code"]) == (409, "order_exists")


async def test_the_same_key_with_another_basket_is_refused(shop: Shop) -> None:
    await place(shop)
    reused = await place(shop, body={**CHECKOUT, "lines": [MUG]})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_callers_that_choose_the_same_key_get_orders_of_their_own(shop: Shop) -> None:
    one = await shop.post(ORDERS, CHECKOUT, "k1", Role.STOREFRONT)
    other = await shop.post(ORDERS, CHECKOUT, "k1", Role.SYSTEM)
    assert (one.status_code, other.status_code) == (202, 202)
    assert one.json()["order_id"] != other.json()["order_id"]


@pytest.mark.parametrize("answer", ["reserved", "refused"])
async def test_a_storefront_that_waits_gets_the_order_with_inventorys_answer(shop: Shop, answer: str) -> None:
    order_id = (await place(shop)).json()["order_id"]
    waiting = asyncio.create_task(place(shop, Prefer="wait=20"))
    missing = StockRefused(seller_id=SELLER, order_id=order_id, missing=(MissingUnits(sku="mug", quantity=1),))
    await tell(shop, stock_of(order_id) if answer == "reserved" else missing)
    placed = await waiting

    assert placed.status_code == 201
    assert placed.headers["preference-applied"] == "wait=20"
    expected = ("Pending", "reserved") if answer == "reserved" else ("Canceled", "refused")
    assert (placed.json()["status"], placed.json()["stock"]) == expected


async def test_a_storefront_waits_no_longer_than_it_wants(shop: Shop) -> None:
    placed = await place(shop, Prefer="wait=1")
    assert (placed.status_code, placed.json()["stock"]) == (202, "unknown")


async def test_a_pending_order_shows_no_address_and_no_price_and_cannot_be_shipped_or_canceled_by_the_seller(
    held_shop: Shop,
) -> None:
    order_id = (await place(held_shop)).json()["order_id"]
    order = await details(held_shop, order_id)
    shipped = await held_shop.post(f"{ORDERS}/{order_id}/shipments", {"packages": [PACKAGE]}, "s")
    canceled = await held_shop.post(f"{ORDERS}/{order_id}/cancellation", {"reason": "PricingError"}, "c")

    assert (order["actionable"], order["delivery_address"], order["total"]) == (False, None, None)
    assert order["lines"][0]["unit_price"] is None
    assert [(r.status_code, r.json()["code"]) for r in (shipped, canceled)] == [(409, "order_pending")] * 2


async def test_a_buyer_cancels_within_the_hold_and_not_after(held_shop: Shop, shop: Shop) -> None:
    held = (await place(held_shop)).json()["order_id"]
    within = await held_shop.post(f"{ORDERS}/{held}/cancellation", {}, "c1", Role.STOREFRONT)
    over = await released(shop, "k2")
    after = await shop.post(f"{ORDERS}/{over}/cancellation", {}, "c2", Role.STOREFRONT)

    assert within.json() == {"order_id": held, "facts": ["OrderCanceled"]}
    assert (after.status_code, after.json()["code"]) == (409, "hold_over")
    assert after.json()["title"] == "The 30 minutes in which the buyer may cancel are over; ask the seller."


async def test_a_seller_ships_in_packages_and_cancels_items(shop: Shop) -> None:
    order_id = await released(shop)
    parcel = PACKAGE | {"lines": [{"line": 1, "sku": "mug", "quantity": 2}]}
    first = await shop.post(f"{ORDERS}/{order_id}/shipments", {"packages": [parcel]}, "s1")
    items = {"reason": "NoInventory", "memo": "broken", "items": [{"asin": "B00EXAMPLE", "quantity": 1}]}
    canceled = await shop.post(f"{ORDERS}/{order_id}/cancellation", items, "c1")
    rest = await shop.post(f"{ORDERS}/{order_id}/shipments", {"packages": [PACKAGE | {"package_id": "P-2"}]}, "s2")
    order = await details(shop, order_id)

    assert first.json()["facts"] == ["PackageShipped"]
    assert canceled.json()["facts"] == ["ItemsCanceled"]
    assert rest.json()["facts"] == ["PackageShipped", "OrderShipped"]
    assert (order["status"], order["units_shipped"], order["units_canceled"]) == ("Shipped", 3, 1)
    assert order["delivery_address"]["city"] == "Leeds"
    assert [told["memo"] for told in order["cancellations"]] == ["broken"]


async def test_a_memo_is_for_the_seller_only(shop: Shop) -> None:
    order_id = await released(shop)
    await shop.post(f"{ORDERS}/{order_id}/cancellation", {"reason": "PricingError", "memo": "typo"}, "c1")

    shown = {role: (await details(shop, order_id, role))["cancellations"][0]["memo"] for role in Role}
    assert shown == {Role.SELLER: "typo", Role.OPERATOR: "typo", Role.STOREFRONT: "", Role.SYSTEM: ""}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("cancellation", {"reason": "Fraud"}, 422, "reason_not_allowed"),
        ("cancellation", {"reason": "PricingError", "items": [{"line": 9, "quantity": 1}]}, 422, "unknown_line"),
        ("cancellation", {"reason": "PricingError", "items": [{"asin": "B00NOTHERE", "quantity": 1}]}, 422, "unknown_asin"),
        ("cancellation", {"reason": "PricingError", "items": [{"line": 1, "quantity": 9}]}, 409, "too_many_units"),
        ("cancellation", {"reason": "Whim"}, 422, "invalid_request"),
        ("shipments", {"packages": []}, 422, "invalid_request"),
        ("shipments", {"packages": [PACKAGE | {"shipped_at": "2026-03-03T16:40:00"}]}, 422, "invalid_request"),
    ],
)
async def test_what_a_seller_may_not_do_is_refused_with_its_code(
    shop: Shop, path: str, body: Any, status: int, code: str
) -> None:
    order_id = await released(shop)
    refused = await shop.post(f"{ORDERS}/{order_id}/{path}", body, "k9")
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await details(shop, order_id))["status"] == "Unshipped"


async def test_mixed_currencies_are_refused_and_no_order_appears(shop: Shop) -> None:
    euros = PLATE | {"unit_price": {"amount": 1, "currency": "EUR"}}
    refused = await place(shop, body={**CHECKOUT, "lines": [MUG, euros]})
    assert (refused.status_code, refused.json()["code"]) == (422, "mixed_currencies")
    assert (await shop.get(ORDERS)).json()["rows"] == []


@pytest.mark.parametrize("path", ["", "/cancellation", "/shipments"])
async def test_an_order_that_is_not_there_is_not_found_and_nothing_is_kept_of_it(shop: Shop, path: str) -> None:
    address = f"{ORDERS}/111-0000000-0000000"
    bodies = {"/cancellation": {"reason": "PricingError"}, "/shipments": {"packages": [PACKAGE]}}
    response = await (shop.post(address + path, bodies[path], "k1") if path else shop.get(address))
    body = {**CHECKOUT, "seller_id": SELLER, "order_id": "111-0000000-0000000"}
    await tell(shop, PlaceOrder.model_validate_json(json.dumps(body)))

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert (await details(shop, "111-0000000-0000000"))["status"] == "Pending"


async def test_an_order_of_which_only_early_messages_speak_is_not_found(shop: Shop) -> None:
    await tell(shop, PaymentVerified(seller_id=SELLER, order_id="early"))
    assert (await shop.get(f"{ORDERS}/early")).status_code == 404
    canceled = await shop.post(f"{ORDERS}/early/cancellation", {"reason": "PricingError"}, "k1")
    assert canceled.status_code == 404


async def test_orders_are_listed_latest_first_page_by_page_and_by_status_and_date(shop: Shop) -> None:
    days = [f"2026-03-{day:02d}T12:00:00Z" for day in range(1, 6)]
    for n, day in enumerate(days):
        await place(shop, f"k{n}", {**CHECKOUT, "placed_at": day})
    first = (await shop.get(ORDERS, limit=3)).json()
    second = (await shop.get(ORDERS, limit=3, cursor=first["next_cursor"])).json()
    ranged = (await shop.get(ORDERS, placed_from=days[1], placed_before=days[3])).json()

    assert [row["placed_at"] for row in (*first["rows"], *second["rows"])] == days[::-1]
    assert second["next_cursor"] is None
    assert [row["placed_at"] for row in ranged["rows"]] == [days[2], days[1]]
    assert len((await shop.get(ORDERS, status=["Pending", "Shipped"])).json()["rows"]) == 5
    assert (await shop.get(ORDERS, status="Canceled")).json()["rows"] == []
    assert (await shop.get(ORDERS, status="Expected")).status_code == 422
    assert (await shop.get(ORDERS, cursor="abc")).json()["code"] == "invalid_cursor"


async def test_a_foreign_sellers_token_sees_and_changes_nothing(shop: Shop) -> None:
    order_id = await released(shop)
    headers = shop.headers(seller_id="s2", key="k9")
    through_theirs = await shop.http.get(f"{ORDERS}/{order_id}", headers=headers)
    through_own = await shop.http.get(f"/sellers/s2/orders/{order_id}", headers=headers)
    body = {"reason": "PricingError"}
    canceled = [
        await shop.http.post(f"/sellers/{seller}/orders/{order_id}/cancellation", json=body, headers=headers)
        for seller in (SELLER, "s2")
    ]

    assert (through_theirs.status_code, through_own.status_code) == (403, 404)
    assert [response.status_code for response in canceled] == [403, 404]
    assert (await details(shop, order_id))["status"] == "Unshipped"
