"""Nobody's message reaches an object that is not theirs, or holds one up (S11, S12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.auth import Role
from contracts.envelope import Message

from support.embedded import unique_name
from support.market import Market
from support.seller import Seller, a_package
from support.wire import Wire, wire

HOLD = timedelta(minutes=30)


@pytest.fixture
def foreign() -> Seller:
    return Seller(unique_name("foreign"))


def under_key_of(message: Message, victim: Message) -> Wire:
    """The sender's own message, sent among those of somebody else's object."""
    return replace(wire(message), key=wire(victim).key)


def in_the_name_of(message: Message, seller: Seller) -> Wire:
    """A message about somebody else's object whose envelope says that it is the sender's."""
    return with_header(wire(message), "ce_sellerid", seller.id.encode())


def with_header(record: Wire, name: str, value: bytes | None) -> Wire:
    return replace(record, headers=tuple((key, value if key == name else given) for key, given in record.headers))


def forged(foreign: Seller, victim: Seller) -> list[Wire]:
    """Records whose key, header and body do not agree, and records that can't be read, among the victim's own."""
    paid, order, receipt = victim.verified("o-1"), victim.order("o-2"), victim.receipt(50)
    return [
        in_the_name_of(paid, foreign),
        in_the_name_of(victim.cancel("o-1"), foreign),
        in_the_name_of(order, foreign),
        in_the_name_of(receipt, foreign),
        under_key_of(foreign.verified("o-1"), paid),
        under_key_of(foreign.receipt(50), receipt),
        replace(wire(paid), key=wire(foreign.verified("o-1")).key),
        replace(wire(paid), key=None),
        replace(wire(paid), value=b"{"),
        replace(wire(paid), value=None),
        replace(wire(paid), value=b"[" * 100_000),
        with_header(wire(paid), "ce_sellerid", None),
        with_header(wire(paid), "ce_id", b"\xff\xfe"),
        with_header(wire(paid), "ce_type", b"StockReserved"),
        with_header(wire(paid), "ce_source", b"/http/seller"),
    ]


async def test_forged_records_change_nothing_and_are_put_aside(market: Market, seller: Seller, foreign: Seller) -> None:
    await market.tell(seller.receipt(3))
    await market.tell(seller.order("o-1"))
    before = await everything_of(market, seller)
    records = forged(foreign, seller)
    await market.send(*records)
    await market.quiet()
    assert await everything_of(market, seller) == before
    assert await everything_of(market, foreign) == []
    reasons = [reason for service in ("orders", "inventory") for reason in await market.quarantined(service, [foreign, seller])]
    assert len(reasons) == len(records)
    await market.assert_sound()


async def test_the_victims_own_messages_go_on_between_forged_ones(market: Market, seller: Seller, foreign: Seller) -> None:
    """In the same partitions, before and after each of theirs."""
    await market.tell(seller.receipt(3))
    bad = forged(foreign, seller)
    own = [wire(seller.order("o-1")), wire(seller.verified("o-1"))]
    await market.send(*bad, own[0], *bad, own[1], *bad)
    await market.quiet()
    await market.pass_time(HOLD)
    assert await market.status(seller, "o-1") == "Unshipped"
    await market.tell(seller.parcel("o-1", a_package()))
    assert await market.status(seller, "o-1") == "Shipped"
    await market.assert_sound()


async def test_commands_for_ids_of_another_sellers_orders_find_none(market: Market, seller: Seller, foreign: Seller) -> None:
    """They are about orders of the sender, which do not exist: they wait, and end in quarantine."""
    await market.tell(seller.receipt(3))
    await market.say(seller.order("o-1"), seller.verified("o-1"))
    await market.pass_time(HOLD)
    before = await everything_of(market, seller)
    theirs = [foreign.cancel("o-1"), foreign.confirm("o-1"), foreign.parcel("o-1"), foreign.declined("o-1")]
    await market.tell(*theirs)
    assert await everything_of(market, seller) == before
    await market.tell(seller.parcel("o-1"))
    assert await market.status(seller, "o-1") == "Shipped"
    await market.pass_time(timedelta(days=21))
    assert len(await market.quarantined("orders", [foreign])) == len(theirs)
    assert await market.rows("inventory", "SELECT FROM reservation WHERE seller_id = $1", foreign.id) == []
    await market.assert_sound()


async def test_a_known_identity_with_another_body_is_put_aside(market: Market, seller: Seller, foreign: Seller) -> None:
    """A sender that uses the ids of another one's messages again does not undo them."""
    await market.tell(seller.receipt(3))
    first = wire(seller.order("o-1"), seller.id)
    reused = wire(foreign.order("o-1"), seller.id)
    await market.send(first)
    await market.quiet()
    before = await everything_of(market, seller)
    await market.send(reused)
    await market.quiet()
    assert await everything_of(market, seller) == before
    assert len(await market.quarantined("orders", [foreign])) == 1
    await market.assert_sound()


@pytest.mark.parametrize("path", ["cancellation", "shipments"])
async def test_a_sellers_token_opens_no_order_of_another_seller(
    market: Market, seller: Seller, foreign: Seller, path: str
) -> None:
    await market.tell(seller.receipt(3))
    await market.say(seller.order("o-1"), seller.verified("o-1"))
    await market.pass_time(HOLD)
    before = await everything_of(market, seller)
    bodies: dict[str, Any] = {
        "cancellation": {"reason": "GeneralAdjustment"},
        "shipments": {"packages": [a_package().model_dump(mode="json", exclude_defaults=True)]},
    }
    theirs = await market.post(f"/sellers/{seller.id}/orders/o-1/{path}", bodies[path], role=Role.SELLER, of=foreign)
    assert (theirs.status_code, theirs.json()["code"]) == (403, "foreign_seller")
    own = await market.post(f"/sellers/{foreign.id}/orders/o-1/{path}", bodies[path], role=Role.SELLER, of=foreign)
    assert (own.status_code, own.json()["code"]) == (404, "not_found")
    look = await market.get(f"/sellers/{seller.id}/orders/o-1", role=Role.SELLER, of=foreign)
    assert look.status_code == 403
    assert await everything_of(market, seller) == before


async def everything_of(market: Market, seller: Seller) -> list[Any]:
    """All that the services keep about a seller."""
    statements = {
        "orders": [
            "SELECT * FROM customer_order WHERE seller_id = $1 ORDER BY 1, 2",
            "SELECT * FROM deadline WHERE seller_id = $1 ORDER BY 1, 2, 3, 4",
        ],
        "inventory": [
            "SELECT * FROM movement WHERE seller_id = $1 ORDER BY 1, 2, 3",
            "SELECT * FROM balance WHERE seller_id = $1 ORDER BY 1, 2, 3, 4",
            "SELECT * FROM reservation WHERE seller_id = $1 ORDER BY 1, 2, 3",
        ],
    }
    return [
        tuple(row) for service, each in statements.items() for one in each for row in await market.rows(service, one, seller.id)
    ]
