"""More buyers, and removals, than units, by every way in at once (S4, S6)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import httpx

from contracts import inventory
from contracts.envelope import Message
from contracts.removals import RemovalItem, RemovalRefused

from support.alone import names
from support.market import Market
from support.removals import an_item
from support.removing import Removing
from support.seller import Seller, a_line
from support.wire import Wire, wire

BUYERS, UNITS = 200, 100
ONE = a_line(quantity=1)
STOCK = {"StockReserved": "reserved", "StockRefused": "refused"}
REMOVALS = 20
BOUND = {"pending_customer_order", "other_removal"}


async def test_of_200_buyers_for_100_units_100_get_one_and_all_get_an_answer(market: Market, seller: Seller) -> None:
    """Half of them over HTTP, half over Kafka, at the same time, decided by two processes of inventory."""
    await market.tell(seller.receipt(UNITS))
    decided_before = await market.decided("inventory")
    by_kafka = [f"o-{number}" for number in range(BUYERS // 2)]
    answers, _ = await asyncio.gather(
        asyncio.gather(*(market.buy(seller, ONE) for _ in range(BUYERS // 2))),
        market.send(*(wire(seller.order(order_id, ONE)) for order_id in by_kafka)),
    )
    by_http = definite(answers)
    await market.quiet()
    told = await answers_to(market, seller, by_kafka)
    assert Counter([*by_http, *told]) == {"reserved": UNITS, "refused": BUYERS - UNITS}
    assert await statuses(market, seller) == {"Pending": UNITS, "Canceled": BUYERS - UNITS}
    assert await Removing(market, seller).units() == {"reserved": UNITS}
    assert all(after > before for before, after in zip(decided_before, await market.decided("inventory"), strict=True))
    await market.assert_sound()


async def test_200_buyers_and_20_removals_get_100_units_and_none_gets_anothers(market: Market, seller: Seller) -> None:
    """Half of both over HTTP, half over Kafka, decided by two processes of inventory. The first removal comes before them,
    the last when a buyer has heard that nothing is left, the others among them.
    """
    removing = Removing(market, seller)
    await market.tell(seller.receipt(UNITS))
    asked = {f"r-{number}": 2 + number % 2 for number in range(REMOVALS)}
    drafted, requested = list(asked)[: REMOVALS // 2], list(asked)[REMOVALS // 2 :]
    for removal_id in drafted:
        await removing.draft_by_http(removal_id, mugs(asked[removal_id]))
    placed = {f"o-{number}": seller.order(f"o-{number}", ONE) for number in range(BUYERS // 2)}
    decided_before = await market.decided("inventory")
    first, *others = drafted
    assert await removing.confirm_by_http(first) == "Pending"
    sold_out = asyncio.Event()
    confirmed, answers, _ = await asyncio.gather(
        one_after_another(removing, others, sold_out),
        asyncio.gather(*(buyer(market, seller, sold_out) for _ in range(BUYERS // 2))),
        market.send(*mixed([removing.request(one, mugs(asked[one])) for one in requested], list(placed.values()))),
    )
    by_http = definite(answers)
    await market.quiet()
    buyers = Counter([*by_http, *await answers_to(market, seller, list(placed))])
    became = await removing.statuses()
    assert [became[removal_id] for removal_id in others] == confirmed
    assert set(became.values()) == {"Pending", "Refused"}, "a definite answer"
    removed = sum(units for removal_id, units in asked.items() if became[removal_id] == "Pending")
    assert 0 < removed < UNITS, "both kinds got some"
    assert buyers == {"reserved": UNITS - removed, "refused": BUYERS - UNITS + removed}
    assert await statuses(market, seller) == {"Pending": buyers["reserved"], "Canceled": buyers["refused"]}
    assert await removing.units() == {"reserved": UNITS - removed, "held": removed}
    assert await held(market, seller) == {"order": UNITS - removed, "removal": removed}
    await assert_told_of_removals(removing, asked, became)
    assert all(after > before for before, after in zip(decided_before, await market.decided("inventory"), strict=True))
    await market.assert_sound()


def mugs(quantity: int) -> RemovalItem:
    return an_item("mug", quantity)


async def one_after_another(removing: Removing, drafted: Sequence[str], sold_out: asyncio.Event) -> list[str]:
    """Confirm drafts while buyers come, the last one when nothing is left for them; what has become of each."""
    *meanwhile, last = drafted
    answers = [await removing.confirm_by_http(removal_id) for removal_id in meanwhile]
    await sold_out.wait()
    return [*answers, await removing.confirm_by_http(last)]


async def buyer(market: Market, seller: Seller, sold_out: asyncio.Event) -> httpx.Response:
    answer = await market.buy(seller, ONE)
    if not answer.is_success or answer.json()["stock"] != "reserved":
        sold_out.set()
    return answer


def mixed(removals: Sequence[Message], orders: Sequence[Message]) -> list[Wire]:
    """A removal, some orders, the next removal."""
    each = len(orders) // len(removals)
    groups = [[removal, *orders[at * each : (at + 1) * each]] for at, removal in enumerate(removals)]
    return [wire(message) for message in chain.from_iterable(groups)]


async def assert_told_of_removals(removing: Removing, asked: dict[str, int], became: dict[str, str]) -> None:
    """Each once, with why if it got nothing: all other units are bound."""
    answers = {"Pending": "RemovalPlaced", "Refused": "RemovalRefused"}
    for removal_id, facts in zip(became, await removing.facts(became), strict=True):
        told = [name for name in names(facts) if name != "RemovalDrafted"]
        assert told == ["RemovalRequested", answers[became[removal_id]]]
        if isinstance(facts[-1], RemovalRefused):
            (short,) = facts[-1].missing
            assert {one.code for one in short.unavailable} <= BOUND
            free = asked[removal_id] - short.quantity
            assert sum(one.quantity for one in short.unavailable) == UNITS - free


async def held(market: Market, seller: Seller) -> dict[str, int]:
    """Units by the kind of their holder, as the holders' own lines say."""
    statement = "SELECT kind, sum(taken - released - shipped) FROM reservation_line WHERE seller_id = $1 GROUP BY 1"
    return {kind: int(units) for kind, units in await market.rows("inventory", statement, seller.id)}


async def answers_to(market: Market, seller: Seller, order_ids: list[str]) -> list[str]:
    """What inventory has told of each order: exactly one thing."""
    return [STOCK[answer] for (answer,) in await market.told(seller, inventory.RESERVATIONS.name, order_ids)]


def definite(answers: list[httpx.Response]) -> list[str]:
    """What each HTTP client was told of its order's stock: none may be left with `unknown`."""
    assert {answer.status_code for answer in answers} == {201}
    told = {answer.json()["order_id"]: answer.json()["stock"] for answer in answers}
    assert len(told) == len(answers)
    return list(told.values())


async def statuses(market: Market, seller: Seller) -> dict[str, int]:
    statement = "SELECT status, count(*) FROM customer_order WHERE seller_id = $1 GROUP BY status"
    return {row["status"]: row["count"] for row in await market.rows("orders", statement, seller.id)}
