"""Removals from the draft to the last parcel, over all services, Kafka, PostgreSQL and mails (R2-R9, R18, N6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from contracts.inventory import Disposition
from contracts.removals import RemovalRefused
from devkit.mail.folder import part_of

from support.eventually import eventually
from support.market import Market
from support.removals import an_item, parcel, units
from support.removing import Removing
from support.seller import Seller

ASKED = an_item("mug", 5, 2)
FREE, DAMAGED, BOUND = 7, 4, 3
"""Mugs in the center: to sell, broken, and sold but not shipped."""
SUBJECTS = {
    "en": {
        "placed": "Removal order r-1 has been placed",
        "completed": "Removal order r-1 is completed",
        "refused": "Removal order r-2 could not be placed",
    },
    "zh": {"placed": "移除订单 r-1 已提交", "completed": "移除订单 r-1 已完成", "refused": "移除订单 r-2 无法提交"},
}


@pytest.mark.parametrize("language", SUBJECTS)
async def test_a_removal_is_drafted_reviewed_confirmed_picked_shipped_and_told_of(
    market: Market, seller: Seller, language: str
) -> None:
    removing, subjects = Removing(market, seller), SUBJECTS[language]
    await the_shelf_is_filled(removing, language)
    await the_draft_shows_what_there_is(removing)
    await the_confirmation_holds_the_units(removing)
    await bound_units_are_refused(removing)
    await everything_leaves_in_two_parcels(removing)
    await the_reports_show_both(removing)
    caught = market.caught(removing.address)
    assert [mail["Subject"] for mail in caught] == [subjects["placed"], subjects["refused"], subjects["completed"]]
    shown = [await removing.look("mails", row["mail_id"]) for row in await removing.mails()]
    assert {one["message_id"]: (one["subject"], one["text"].split()) for one in shown} == {
        mail["Message-ID"]: (mail["Subject"], part_of(mail, "plain").split()) for mail in caught
    }
    await market.assert_sound()


async def the_shelf_is_filled(removing: Removing, language: str) -> None:
    """And one buyer has been there."""
    market, seller = removing.market, removing.seller
    contact = removing.contact(language)
    told = await market.put(removing.path("contact"), contact.model_dump(exclude={"seller_id"}), of=seller)
    assert (told.status_code, told.json()) == (200, {"facts": ["ContactSet"]})
    broken = seller.receipt(DAMAGED).model_copy(update={"disposition": Disposition.CUSTOMER_DAMAGED})
    await market.say(seller.receipt(FREE + BOUND), broken, seller.order("o-1"))


async def the_draft_shows_what_there_is(removing: Removing) -> None:
    drafted = await removing.draft_by_http("r-1", ASKED)
    assert (drafted["status"], drafted["draft"]) == ("Draft", 1)
    item = await eventually(lambda: reviewed(removing), because="screens hear of all units after a moment")
    assert (item["fulfillable"], item["unfulfillable"]) == (5, 2)
    (listed,) = (await removing.look("removal-stock", marketplace_id="GB"))["rows"]
    assert item["stock"] == listed
    assert (listed["available_fulfillable"], listed["available_unfulfillable"]) == (FREE, DAMAGED)
    assert reasons(listed) == {"pending_customer_order": BOUND}
    assert await removing.units() == {"available": FREE, "customer_damaged": DAMAGED, "reserved": BOUND}, "nothing is held"


async def reviewed(removing: Removing) -> Any:
    """The draft's item, once its numbers are of now."""
    (item,) = (await removing.look("removals", "r-1"))["review"]
    statement = "SELECT version FROM item WHERE seller_id = $1"
    ((version,),) = await removing.market.rows("inventory", statement, removing.seller.id)
    assert item["stock"] is not None
    assert (item["stock"]["version"], item["stock"]["total"]) == (version, FREE + DAMAGED + BOUND)
    return item


async def the_confirmation_holds_the_units(removing: Removing) -> None:
    assert await removing.confirm_by_http("r-1") == "Pending"
    await removing.market.quiet()
    removal = await removing.look("removals", "r-1")
    assert removal["cancelable"]
    assert datetime.fromisoformat(removal["leave_by"]) > removing.market.now
    assert await removing.units() == {"available": 2, "customer_damaged": 2, "reserved": BOUND, "held": 7}


async def bound_units_are_refused(removing: Removing) -> None:
    """One more than is free: nothing is held, and the seller hears why."""
    await removing.draft_by_http("r-2", an_item("mug", 3, 2))
    assert await removing.confirm_by_http("r-2") == "Refused"
    await removing.market.quiet()
    (short,) = (await removing.look("removals", "r-2"))["shortages"]
    why = {"pending_customer_order": BOUND, "other_removal": 7}
    assert (short["line"], short["quantity"], reasons(short)) == (1, 1, why)
    ((*_, refused),) = await removing.facts(["r-2"])
    assert isinstance(refused, RemovalRefused)
    assert {one.code: one.quantity for one in refused.missing[0].unavailable} == why
    assert {row["removal_id"]: row["template"] for row in await removing.mails()} == {
        "r-1": "removal_placed",
        "r-2": "removal_refused",
    }
    assert await removing.units() == {"available": 2, "customer_damaged": 2, "reserved": BOUND, "held": 7}


async def everything_leaves_in_two_parcels(removing: Removing) -> None:
    tell, of = removing.market.tell, removing.of
    await tell(removing.pick("r-1"))
    assert (await removing.look("removals", "r-1"))["status"] == "Processing"
    await tell(of("r-1", parcel("P1", units(1, 3), units(2, 2, "mug"), tracking="T1")))
    assert (await removing.look("removals", "r-1"))["status"] == "Processing"
    await tell(of("r-1", parcel("P2", units(1, 2), tracking="T2")))
    assert (await removing.look("removals", "r-1"))["status"] == "Completed"
    told = ["RemovalDrafted", "RemovalRequested", "RemovalPlaced", "RemovalProcessing", "RemovalShipped", "RemovalShipped"]
    assert await removing.told("r-1") == [*told, "RemovalCompleted"]
    assert await removing.holdings("r-1") == ["UnitsHeld", "UnitsRemoved", "UnitsRemoved"]
    assert await removing.units() == {"available": 2, "customer_damaged": 2, "reserved": BOUND}


async def the_reports_show_both(removing: Removing) -> None:
    lines = (await removing.look("reports", "removal-orders"))["rows"]
    counted = ("requested_quantity", "shipped_quantity", "canceled_quantity", "in_process_quantity")
    assert {(row["order_id"], row["order_status"], row["disposition"], *(row[name] for name in counted)) for row in lines} == {
        ("r-1", "Completed", "Sellable", 5, 5, 0, 0),
        ("r-1", "Completed", "Unsellable", 2, 2, 0, 0),
        ("r-2", "Refused", "Sellable", 3, 0, 3, 0),
        ("r-2", "Refused", "Unsellable", 2, 0, 2, 0),
    }
    parcels = (await removing.look("reports", "removal-shipments"))["rows"]
    assert [(row["tracking_number"], row["disposition"], row["shipped_quantity"]) for row in parcels] == [
        ("T1", "Sellable", 3),
        ("T1", "Unsellable", 2),
        ("T2", "Sellable", 2),
    ]


def reasons(shown: Any) -> dict[str, int]:
    return {one["code"]: one["quantity"] for one in shown["not_available"]}
