"""A seller cancels while the warehouse begins to pick, again and again: one of them wins, and the other is told (R9)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from contracts import inventory
from contracts.envelope import Message
from contracts.removals import RemovalCancelRefused, RemovalPickRefused

from support.alone import names
from support.market import Market
from support.removals import an_item
from support.removing import Removing
from support.seller import Seller
from support.wire import wire

ROUNDS, REMOVALS_A_ROUND = 30, 6
REMOVALS = ROUNDS * REMOVALS_A_ROUND
UNITS_EACH = 2
PLACED = ["RemovalRequested", "RemovalPlaced"]
CANCELED = [*PLACED, "RemovalCanceled", "RemovalPickRefused"]
PROCESSING = [*PLACED, "RemovalProcessing", "RemovalCancelRefused"]


@dataclass(slots=True)
class Race:
    """Many removals of one seller, and what was answered to those that were canceled over HTTP."""

    removing: Removing
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    async def run(self, removal_ids: list[str], *, picks_first: bool) -> None:
        """One round: every other removal is canceled over HTTP, the others over Kafka, while all picks begin."""
        by_http, by_kafka = removal_ids[::2], removal_ids[1::2]
        moves: list[Callable[[], Awaitable[Any]]] = [
            lambda: self._cancel(by_http),
            lambda: self._send(*(self.removing.cancel(one) for one in by_kafka)),
            lambda: self._send(*(self.removing.pick(one) for one in removal_ids)),
        ]
        await asyncio.gather(*(move() for move in (reversed(moves) if picks_first else moves)))

    async def _send(self, *messages: Message) -> None:
        await self.removing.market.send(*(wire(message) for message in messages))

    async def _cancel(self, removal_ids: list[str]) -> None:
        answers = await asyncio.gather(*(self.removing.cancel_by_http(one) for one in removal_ids))
        self.answers.update(zip(removal_ids, answers, strict=True))


async def test_a_cancel_and_a_pick_at_the_same_time_end_in_one_of_both_and_the_loser_hears_of_it(
    market: Market, seller: Seller
) -> None:
    """Thirty times, with two processes of removals that take commands, reports and requests."""
    removing = Removing(market, seller)
    ids = [f"r-{number}" for number in range(REMOVALS)]
    await market.tell(seller.receipt(REMOVALS * UNITS_EACH), removing.contact())
    await market.tell(*(removing.request(removal_id, an_item("mug", UNITS_EACH)) for removal_id in ids))
    assert await removing.units() == {"held": REMOVALS * UNITS_EACH}
    decided_before = await market.decided("removals")
    race = Race(removing)
    for number in range(ROUNDS):
        at = number * REMOVALS_A_ROUND
        await race.run(ids[at : at + REMOVALS_A_ROUND], picks_first=number % 2 == 0)
    await market.quiet()
    became = await removing.statuses()
    won = Counter(became.values())
    assert set(won) == {"Canceled", "Processing"}, "each has won at least once"
    await assert_told(race, ids, became)
    await assert_mailed(removing, ids, became)
    assert await removing.units() == {
        "available": won["Canceled"] * UNITS_EACH,
        "held": won["Processing"] * UNITS_EACH,
    }
    assert all(after > before for before, after in zip(decided_before, await market.decided("removals"), strict=True))
    await market.assert_sound()


async def assert_told(race: Race, ids: list[str], became: dict[str, str]) -> None:
    """The warehouse and the seller, and who asked over HTTP; inventory has given back what was canceled, once."""
    told, held = await race.removing.facts(ids), await race.removing.facts(ids, inventory.RESERVATIONS)
    for removal_id, facts, holdings in zip(ids, told, held, strict=True):
        answer = race.answers.get(removal_id)
        if became[removal_id] == "Canceled":
            assert names(facts) == CANCELED
            assert [fact.status for fact in facts if isinstance(fact, RemovalPickRefused)] == ["Canceled"]
            assert names(holdings) == ["UnitsHeld", "HoldReleased"]
            assert answer is None or (answer.status_code, answer.json()["facts"]) == (200, ["RemovalCanceled"])
        else:
            assert names(facts) == PROCESSING
            assert [fact.code for fact in facts if isinstance(fact, RemovalCancelRefused)] == ["removal_processing"]
            assert names(holdings) == ["UnitsHeld"]
            assert answer is None or (answer.status_code, answer.json()["code"]) == (409, "removal_processing")


async def assert_mailed(removing: Removing, ids: list[str], became: dict[str, str]) -> None:
    """The seller has a mail about each removal's place and one about how the race ended, and the mail server has them."""
    endings = {"Canceled": "removal_canceled", "Processing": "removal_cancel_too_late"}
    mails = await removing.mails()
    expected = Counter((one, template) for one in ids for template in ("removal_placed", endings[became[one]]))
    assert Counter((row["removal_id"], row["template"]) for row in mails) == expected
    assert {row["status"] for row in mails} == {"sent"}
    assert len(removing.market.caught(removing.address)) == len(mails)
