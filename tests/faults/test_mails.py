"""The processes that send mails are killed while the mail server is slow and cuts: no mail comes twice, none is forgotten, and
what nobody knows is shown (S8, N9).
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from support.eventually import eventually
from support.mail import MailHouse
from support.market import Market
from support.removals import an_item
from support.removing import Removing
from support.seller import Seller
from support.wire import wire

REMOVALS = 120
ROUGH = ("take", "cut after", "defer", "take", "cut before", "take", "take", "take")
SLOW = 4
"""Mails that the server has, and says nothing of: the senders wait for its word when they are killed."""
PAUSE = timedelta(minutes=5)
"""After which a mail that was deferred is tried again."""
LIST_ROWS_MAX = 100


async def test_mails_are_sent_once_or_unknown_when_their_senders_are_killed(
    market: Market, seller: Seller, house: MailHouse
) -> None:
    removing = Removing(market, seller)
    ids = [f"r-{number}" for number in range(REMOVALS)]
    await market.say(seller.receipt(REMOVALS + 3), seller.order("o-1"), removing.contact())
    house.plan.extend([*ROUGH * 2, *["silent"] * SLOW])
    await market.send(*(wire(removing.request(removal_id, an_item("mug", 1))) for removal_id in ids))
    await eventually(lambda: house.held == SLOW, because="senders wait for the server's word")
    for process in market.running_of("notifications"):
        process.child.kill()
    before = len(mails_of(removing, house))
    house.plan.clear()
    house.plan.extend(ROUGH)
    await market.start("notifications", "notifications")
    await market.recovered()
    await market.pass_time(PAUSE)
    assert 0 < before < len(mails_of(removing, house)), "some were sent before, some after"
    await assert_each_once_or_unknown(removing, house, ids)
    await market.assert_sound()


async def assert_each_once_or_unknown(removing: Removing, house: MailHouse, ids: list[str]) -> None:
    """One mail each; what is called sent has come; what may have come, once at most, is listed as unknown."""
    mails = await removing.mails()
    assert Counter(row["removal_id"] for row in mails) == Counter(ids)
    assert {row["status"] for row in mails} == {"sent", "unknown"}
    sent, unknown = ({row["mail_id"] for row in mails if row["status"] == status} for status in ("sent", "unknown"))
    arrived = mails_of(removing, house)
    assert set(arrived.values()) == {1}
    assert sent <= arrived.keys() <= sent | unknown
    assert SLOW + ROUGH.count("cut after") <= len(unknown), "those that the server was silent about, and cut, at least"
    assert {row["mail_id"] for row in await listed(removing, "/mails")} & (sent | unknown) == unknown
    assert {row["mail_id"] for row in await listed(removing, removing.path("mails"))} == unknown


async def listed(removing: Removing, path: str) -> list[Any]:
    answer = await removing.market.get(path, status="unknown", limit=LIST_ROWS_MAX)
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return list(answer.json()["rows"])


def mails_of(removing: Removing, house: MailHouse) -> Counter[str]:
    """How often the server has each of the seller's mails, by the mail's id."""
    return Counter(str(mail["Message-ID"])[1:].split("@")[0] for mail in house.mails if mail["To"] == removing.address)
