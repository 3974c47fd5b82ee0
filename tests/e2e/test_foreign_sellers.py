"""Nobody's message reaches an object that is not theirs, or holds one up (S11, S12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.auth import Role
from contracts.envelope import Message
from contracts.notifications import DropMail, SendMail

from support.embedded import unique_name
from support.market import Market
from support.removals import OWN, an_item, disposed, missing, parcel, units
from support.removing import Removing
from support.seller import Seller, a_package
from support.wire import Wire, wire

HOLD = timedelta(minutes=30)
EARLY = timedelta(days=30)
"""How long messages wait for a removal that has not come."""
MUGS = an_item("mug", 2)


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


# ---- removals, mails, contacts --------------------------------------------------------------------------------------


def forged_about_removals(foreign: Removing, victim: Removing, mail_id: str) -> list[Wire]:
    """As `forged`, about a removal, a mail and the contact of the victim."""
    cancel, pick, contact = victim.cancel("r-1"), victim.pick("r-1"), victim.contact("zh")
    request, left = victim.request("r-2", MUGS), victim.of("r-1", parcel("1", units(1, 2)))
    sending = SendMail(seller_id=victim.seller.id, mail_id=mail_id, mail=foreign.address, reason="mine")
    own_sending = sending.model_copy(update={"seller_id": foreign.seller.id})
    return [
        *(in_the_name_of(message, foreign.seller) for message in (cancel, pick, left, request, contact, sending)),
        under_key_of(foreign.cancel("r-1"), cancel),
        under_key_of(foreign.request("r-2", MUGS), request),
        under_key_of(foreign.pick("r-1"), pick),
        under_key_of(foreign.contact(), contact),
        under_key_of(own_sending, sending),
        *(replace(wire(message), key=wire(foreign.cancel("r-1")).key) for message in (cancel, pick, sending)),
        *(replace(wire(message), key=None) for message in (cancel, left, contact, sending)),
        *(replace(wire(message), value=b"{") for message in (cancel, pick, contact, sending)),
        *(with_header(wire(message), "ce_sellerid", None) for message in (cancel, pick, contact, sending)),
        *(with_header(wire(message), "ce_source", b"/http/seller") for message in (cancel, pick, contact, sending)),
        with_header(wire(cancel), "ce_type", b"UnitsHeld"),
        with_header(wire(cancel), "ce_type", b"RemovalPickStarted"),
        with_header(wire(sending), "ce_type", b"MailTaken"),
        with_header(wire(sending), "ce_type", b"RemovalCanceled"),
    ]


async def a_removal_and_its_mail(removing: Removing) -> str:
    """A removal that may still be canceled, of which a mail has been sent; returns the mail's id."""
    await removing.market.tell(removing.seller.receipt(3), removing.contact())
    await removing.market.tell(removing.request("r-1", MUGS))
    (mail,) = await removing.mails()
    assert mail["status"] == "sent"
    return str(mail["mail_id"])


async def test_forged_records_about_removals_mails_and_contacts_change_nothing_and_are_put_aside(
    market: Market, seller: Seller, foreign: Seller
) -> None:
    victim = Removing(market, seller)
    mail_id = await a_removal_and_its_mail(victim)
    before = await everything_of(market, seller)
    records = forged_about_removals(Removing(market, foreign), victim, mail_id)
    await market.send(*records)
    await market.quiet()
    assert await everything_of(market, seller) == before
    assert await everything_of(market, foreign) == []
    reasons = [await market.quarantined(service, [foreign, seller]) for service in ("removals", "notifications")]
    assert sum(map(len, reasons)) == len(records)
    assert all(reasons)
    await market.tell(victim.cancel("r-1"))
    assert await victim.told("r-1") == ["RemovalRequested", "RemovalPlaced", "RemovalCanceled"], "the victim's own go on"
    assert len(market.caught(victim.address)) == 2
    await market.assert_sound()


async def test_messages_for_ids_of_another_sellers_removals_and_mails_find_none(
    market: Market, seller: Seller, foreign: Seller
) -> None:
    """They are about removals and mails of the sender, which do not exist."""
    victim, theirs = Removing(market, seller), Removing(market, foreign)
    mail_id = await a_removal_and_its_mail(victim)
    before = await everything_of(market, seller)
    about = (parcel("1", units(1, 2)), disposed("1", units(1, 2)), missing(units(1, 2)))
    early = [theirs.cancel("r-1"), theirs.pick("r-1"), *(theirs.of("r-1", message) for message in about)]
    given = {"seller_id": foreign.id, "mail_id": mail_id, "reason": "mine"}
    await market.tell(*early, SendMail(**given, mail=theirs.address), DropMail(**given), theirs.contact("zh"))
    assert await everything_of(market, seller) == before
    assert await market.rows("inventory", "SELECT FROM reservation WHERE seller_id = $1", foreign.id) == []
    assert await theirs.mails() == []
    assert market.caught(theirs.address) == []
    await market.pass_time(EARLY)
    assert len(await market.quarantined("removals", [foreign])) == len(early)
    await market.assert_sound()


async def test_a_sellers_token_opens_no_removal_mail_or_contact_of_another_seller(
    market: Market, seller: Seller, foreign: Seller
) -> None:
    victim, theirs = Removing(market, seller), Removing(market, foreign)
    mail_id = await a_removal_and_its_mail(victim)
    before = await everything_of(market, seller)
    draft = {"marketplace_id": "GB", "method": "ship_to", "ship_to": OWN.model_dump(mode="json"), "items": [MUGS.model_dump()]}
    contact = theirs.contact().model_dump(exclude={"seller_id"})
    looks = [
        ("removals",), ("removals", "r-1"), ("removal-stock",), ("reports", "removal-orders"), ("reports", "removal-shipments"),
        ("mails",), ("mails", mail_id), ("contact",),
    ]  # fmt: skip
    refused = [await market.get(victim.path(*look), role=Role.SELLER, of=foreign) for look in looks]
    acts = [("removals", {**draft, "removal_id": "r-2"}), ("removals/r-1/confirmation", {}), ("removals/r-1/cancellation", {})]
    refused += [await market.post(victim.path(act), body, role=Role.SELLER, of=foreign) for act, body in acts]
    refused += [
        await market.put(victim.path(at), body, of=foreign)
        for at, body in (("removals/r-1/draft", draft), ("contact", contact))
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(403, "foreign_seller")] * len(refused)
    absent = [await market.get(theirs.path(*look), role=Role.SELLER, of=foreign) for look in (looks[1], looks[6], looks[7])]
    absent.append(await market.post(theirs.path("removals/r-1/cancellation"), {}, role=Role.SELLER, of=foreign))
    assert [(answer.status_code, answer.json()["code"]) for answer in absent] == [(404, "not_found")] * len(absent)
    operators = [await market.get("/mails", role=Role.SELLER, of=seller)]
    operators += [
        await market.post(one.path("mails", mail_id, act), {"reason": "mine"}, role=Role.SELLER, of=foreign)
        for one in (victim, theirs)
        for act in ("send", "drop")
    ]
    assert [answer.status_code for answer in operators] == [403] * len(operators)
    assert await everything_of(market, seller) == before
    assert await everything_of(market, foreign) == []


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
        "removals": [
            "SELECT * FROM removal WHERE seller_id = $1 ORDER BY 1, 2",
            "SELECT * FROM deadline WHERE seller_id = $1 ORDER BY 1, 2, 3, 4",
        ],
        "notifications": [
            "SELECT * FROM seller_contact WHERE seller_id = $1",
            "SELECT * FROM mail WHERE seller_id = $1 ORDER BY 1, 2",
            "SELECT * FROM letter WHERE seller_id = $1 ORDER BY 1, 2",
        ],
    }
    return [
        tuple(row) for service, each in statements.items() for one in each for row in await market.rows(service, one, seller.id)
    ]
