"""Removals over HTTP, on real rows: draft, review, confirm, cancel, lists and reports."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.auth import Role
from contracts.envelope import Message
from contracts.inventory import LEGEND, NOT_REMOVABLE, Bucket
from contracts.removals import REFUSALS
from inventory.domain import legend
from removals import tables
from removals.api import UNPROCESSABLE

from support.eventually import eventually
from support.removals import (
    CENTER,
    an_address,
    held,
    parcel,
    picking,
    refused,
    snapshot,
)
from support.removals_shop import DISPOSAL, DRAFT, ITEMS, OWN_ID, REMOVALS, SHIP_TO, pending, tell
from support.shop import SELLER, Shop


async def details(shop: Shop, removal_id: str = "r-1", role: Role = Role.SELLER) -> Any:
    response = await shop.get(f"{REMOVALS}/{removal_id}", role)
    assert response.status_code == 200, response.text
    return response.json()


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_a_removal_is_drafted_once_under_a_made_id_or_the_sellers_own(shop: Shop) -> None:
    first, again = await shop.post(REMOVALS, DRAFT, "k1"), await shop.post(REMOVALS, DRAFT, "k1")
    own = await shop.post(REMOVALS, OWN_ID, "k2")

    assert (first.status_code, own.status_code) == (201, 201)
    assert re.fullmatch(r"R-\d{17}", first.json()["removal_id"])
    assert first.headers["location"] == f"{REMOVALS}/{first.json()['removal_id']}"
    assert again.json() == first.json()
    assert own.json() == {"removal_id": "r-1", "status": "Draft", "draft": 1, "leave_by": None}
    assert len((await shop.get(REMOVALS)).json()["rows"]) == 2


async def test_a_draft_shows_what_there_is_to_remove_and_why_not_more(shop: Shop) -> None:
    places = ((CENTER, Bucket.AVAILABLE, 5), (CENTER, Bucket.RESERVED, 4), (CENTER, Bucket.DEFECTIVE, 2))
    elsewhere = (("seller:GB:home", Bucket.AVAILABLE, 7), ("network:FR:CDG1", Bucket.AVAILABLE, 6))
    await tell(shop, snapshot(3, *places, *elsewhere))
    await shop.post(REMOVALS, OWN_ID, "k1")
    mug, plate = (await details(shop))["review"]

    assert (mug["sku"], mug["fulfillable"], mug["unfulfillable"]) == ("mug", 3, 1)
    assert (plate["fulfillable"], plate["unfulfillable"], plate["stock"]) == (2, 0, None)
    stock = mug["stock"]
    assert (stock["total"], stock["available_fulfillable"], stock["available_unfulfillable"]) == (24, 5, 2)
    reasons = {one["code"]: one["quantity"] for one in stock["not_available"]}
    assert reasons == {"pending_customer_order": 4, "not_in_network": 7, "other_marketplace": 6}
    assert all(one["sentence"] == LEGEND[one["code"]] for one in stock["not_available"])


def test_the_legend_is_inventorys() -> None:
    assert {reason.code: reason.sentence for reason in legend.REASONS} == LEGEND
    assert {bucket.value: reason.code for bucket, reason in legend.LEGEND.items()} == {
        bucket.value: code for bucket, code in NOT_REMOVABLE.items()
    }


async def test_only_the_draft_that_was_reviewed_can_be_confirmed(shop: Shop) -> None:
    await shop.post(REMOVALS, OWN_ID, "k1")
    changed = await shop.put(f"{REMOVALS}/r-1/draft", DISPOSAL, "k2")
    old = await shop.post(f"{REMOVALS}/r-1/confirmation", {"draft": 1}, "k3")
    new = await shop.post(f"{REMOVALS}/r-1/confirmation", {"draft": 2}, "k4")
    late = await shop.put(f"{REMOVALS}/r-1/draft", DRAFT, "k5")

    assert changed.json()["draft"] == 2
    assert code_of(old) == (409, "draft_changed")
    assert (new.status_code, new.json()["status"]) == (202, "Planning")
    assert code_of(late) == (409, "no_draft")


@pytest.mark.parametrize(("answer", "status"), [(held(), "Pending"), (refused(), "Refused")])
async def test_a_seller_that_waits_gets_inventorys_answer(shop: Shop, answer: Message, status: str) -> None:
    await shop.post(REMOVALS, OWN_ID, "k1")
    waiting = asyncio.create_task(shop.post(f"{REMOVALS}/r-1/confirmation", {}, "k2", Prefer="wait=20"))

    await eventually(lambda: _is(shop, "Planning"), within_seconds=10)
    await tell(shop, answer)
    confirmed = await waiting
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, status)
    assert confirmed.headers["preference-applied"] == "wait=20"
    assert (confirmed.json()["leave_by"] is not None) == (status == "Pending")


async def _is(shop: Shop, status: str) -> bool:
    return bool((await details(shop))["status"] == status)


async def test_a_refused_removal_says_per_item_what_is_missing_and_why(shop: Shop) -> None:
    await shop.post(REMOVALS, OWN_ID, "k1")
    await shop.post(f"{REMOVALS}/r-1/confirmation", {}, "k2")
    await tell(shop, refused())
    removal = await details(shop)
    reason = {"code": "pending_customer_order", "sentence": LEGEND["pending_customer_order"], "quantity": 4}

    assert (removal["status"], removal["units_canceled"]) == ("Refused", 6)
    assert removal["shortages"] == [{"line": 1, "quantity": 1, "not_available": [reason]}]


async def test_a_cancel_wins_before_processing_and_loses_after(shop: Shop) -> None:
    await pending(shop)
    await pending(shop, removal_id="r-2")
    early = await shop.post(f"{REMOVALS}/r-1/cancellation", {}, "x1")
    again = await shop.post(f"{REMOVALS}/r-1/cancellation", {}, "x2")
    await tell(shop, picking(), removal_id="r-2")
    late = await shop.post(f"{REMOVALS}/r-2/cancellation", {}, "x3")

    assert early.json() == {"removal_id": "r-1", "facts": ["RemovalCanceled"]}
    assert again.json() == {"removal_id": "r-1", "facts": []}
    assert code_of(late) == (409, "removal_processing")
    assert late.json()["title"] == REFUSALS["removal_processing"]
    assert [(await details(shop, one))["status"] for one in ("r-1", "r-2")] == ["Canceled", "Processing"]


PO_BOX = DRAFT | {"ship_to": SHIP_TO | {"address": an_address(line1="PO Box 12").model_dump(mode="json")}}
NO_PHONE = DRAFT | {"ship_to": SHIP_TO | {"address": an_address(phone=None).model_dump(mode="json")}}
BAD_PHONE = DRAFT | {"ship_to": SHIP_TO | {"address": an_address(phone="12345").model_dump(mode="json")}}
CENTER_ADDRESS = DRAFT | {"ship_to": SHIP_TO | {"address": an_address(line2="LTN1").model_dump(mode="json")}}


US_ADDRESS = an_address(country="US", region="IL", postal_code="").model_dump(mode="json")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (DRAFT | {"ship_to": None}, "address_missing"),
        (DISPOSAL | {"ship_to": SHIP_TO}, "address_not_wanted"),
        (PO_BOX, "po_box"),
        (NO_PHONE, "phone_missing"),
        (BAD_PHONE, "phone_invalid"),
        (CENTER_ADDRESS, "fulfillment_center"),
        (DRAFT | {"items": [{"sku": "mug"}]}, "no_units"),
        (DRAFT | {"items": [ITEMS[0], ITEMS[0]]}, "item_twice"),
        (DRAFT | {"items": []}, "invalid_request"),
        (DRAFT | {"items": [{"sku": "mug", "fulfillable": 1_000_001}]}, "invalid_request"),
        (DRAFT | {"removal_id": "has space"}, "invalid_request"),
        (DRAFT | {"ship_to": SHIP_TO | {"recipient": "customer"}}, "invalid_request"),
        (DRAFT | {"items": [{"sku": "mug", "fulfilable": 3}]}, "invalid_request"),
        (DRAFT | {"ship_to": SHIP_TO | {"recipients": "own"}}, "invalid_request"),
        (DRAFT | {"ship_to": SHIP_TO | {"address": SHIP_TO["address"] | {"line3": "Dock 4"}}}, "invalid_request"),
        (DRAFT | {"ship_to": SHIP_TO | {"address": US_ADDRESS}}, "postal_code_missing"),
        (DRAFT | {"removal_id": "."}, "invalid_request"),
        (DRAFT | {"removal_id": ".."}, "invalid_request"),
    ],
)
async def test_what_can_not_be_removed_so_is_refused_with_its_code(shop: Shop, body: Any, code: str) -> None:
    assert code_of(await shop.post(REMOVALS, body, "k1")) == (422, code)
    assert (await shop.get(REMOVALS)).json()["rows"] == []


def test_every_refusal_is_of_the_draft_or_of_the_state() -> None:
    assert set(REFUSALS) - UNPROCESSABLE == {
        "removal_exists",
        "no_draft",
        "draft_changed",
        "removal_processing",
        "removal_completed",
        "removal_ended",
    }


async def test_a_new_removal_under_an_id_with_other_content_is_refused_and_changes_nothing(shop: Shop) -> None:
    await shop.post(REMOVALS, OWN_ID, "k1")
    again = await shop.post(REMOVALS, OWN_ID, "k2")
    other = await shop.post(REMOVALS, DISPOSAL | {"removal_id": "r-1"}, "k3")
    assert (again.status_code, again.json()["draft"]) == (201, 1)
    assert code_of(other) == (409, "removal_exists")
    assert ((await details(shop))["method"], (await details(shop))["draft"]) == ("ship_to", 1)


@pytest.mark.parametrize("removal_id", ["...", ".a", "..a", "a.", "-"])
async def test_dots_in_an_id_are_dots(shop: Shop, removal_id: str) -> None:
    response = await shop.post(REMOVALS, DRAFT | {"removal_id": removal_id}, "k1")
    assert response.status_code == 201
    assert (await details(shop, removal_id))["status"] == "Draft"


async def test_a_draft_can_not_be_written_under_an_id_that_a_path_swallows(shop: Shop) -> None:
    for removal_id in ("%2E", "%2E%2E"):
        response = await shop.put(f"{REMOVALS}/{removal_id}/draft", DRAFT, f"k{removal_id}")
        assert response.status_code in {404, 422}
    assert (await shop.get(REMOVALS)).json()["rows"] == []


@pytest.mark.parametrize("path", ["", "/confirmation", "/cancellation"])
async def test_a_removal_of_which_only_early_messages_speak_is_not_found(shop: Shop, path: str) -> None:
    await tell(shop, picking())
    address = f"{REMOVALS}/r-1{path}"
    response = await (shop.post(address, {}, "k1") if path else shop.get(address))
    assert code_of(response) == (404, "not_found")


async def test_removals_are_listed_latest_first_page_by_page_and_by_status(shop: Shop) -> None:
    for number in range(5):
        await shop.post(REMOVALS, DRAFT | {"removal_id": f"r-{number}"}, f"k{number}")
    await shop.post(f"{REMOVALS}/r-3/cancellation", {}, "x")
    first = (await shop.get(REMOVALS, limit=3)).json()
    second = (await shop.get(REMOVALS, limit=3, cursor=first["next_cursor"])).json()

    assert [row["removal_id"] for row in (*first["rows"], *second["rows"])] == ["r-4", "r-3", "r-2", "r-1", "r-0"]
    assert second["next_cursor"] is None
    assert [row["removal_id"] for row in (await shop.get(REMOVALS, status="Canceled")).json()["rows"]] == ["r-3"]
    assert len((await shop.get(REMOVALS, status=["Draft", "Canceled"])).json()["rows"]) == 5
    assert (await shop.get(REMOVALS, status="Expected")).status_code == 422


async def test_late_removals_are_listed_until_they_have_left(shop: Shop, engine: AsyncEngine) -> None:
    for removal_id in ("r-1", "r-2", "r-3"):
        await pending(shop, removal_id=removal_id)
    async with engine.begin() as connection:
        await connection.execute(tables.removal.update().where(tables.removal.c.removal_id != "r-3").values(late=True))
    await tell(shop, parcel(), removal_id="r-2")
    assert [row["removal_id"] for row in (await shop.get(REMOVALS, late=True)).json()["rows"]] == ["r-1"]
    assert (await details(shop, "r-2"))["late"]


async def test_stock_for_removal_is_listed_by_item(shop: Shop) -> None:
    skus = ["bowl", "cup", "mug", "plate"]
    await tell(shop, *(snapshot(1, (CENTER, Bucket.AVAILABLE, n), sku=sku) for n, sku in enumerate(skus)))
    address = f"/sellers/{SELLER}/removal-stock"
    first = (await shop.get(address, limit=3)).json()
    second = (await shop.get(address, limit=3, cursor=first["next_cursor"])).json()
    some = (await shop.get(address, sku=["plate", "cup", "none"])).json()

    assert [row["sku"] for row in (*first["rows"], *second["rows"])] == skus
    assert {row["sku"]: row["available_fulfillable"] for row in some["rows"]} == {"cup": 1, "plate": 3}


async def test_a_foreign_sellers_token_sees_and_changes_nothing(shop: Shop) -> None:
    await pending(shop)
    headers = shop.headers(seller_id="s2", key="k9")
    theirs = await shop.http.get(f"{REMOVALS}/r-1", headers=headers)
    own = await shop.http.get("/sellers/s2/removals/r-1", headers=headers)
    addresses = [f"/sellers/{seller}/removals/r-1/cancellation" for seller in (SELLER, "s2")]
    canceled = [await shop.http.post(address, json={}, headers=headers) for address in addresses]

    assert (theirs.status_code, own.status_code) == (403, 404)
    assert [response.status_code for response in canceled] == [403, 404]
    assert (await details(shop, role=Role.OPERATOR))["status"] == "Pending"
