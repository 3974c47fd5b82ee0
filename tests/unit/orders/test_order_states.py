"""Every cell of docs/states/order.md, against the real decisions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chassis.early import Expected
from contracts.orders import CanceledBy, CancelReason, ItemUnits
from contracts.values import Channel
from orders.decisions import desk
from orders.domain.order import Order
from orders.domain.policy import Policies

from support.alone import names
from support.orders import (
    Decided,
    a_deadline,
    a_line,
    a_package,
    an_order,
    canceled,
    confirmed,
    declined,
    delayed,
    held,
    parcel,
    refused,
    reserved,
    short,
    status_of,
    stock_released,
    units,
    verified,
    withdrawn,
)

if TYPE_CHECKING:
    from contracts.envelope import Message

PAGE = Path(__file__).parents[3] / "docs" / "states" / "order.md"
STATES = ["absent", "Expected", "Pending", "Unshipped", "PartiallyShipped", "Shipped", "Canceled"]
IN_HOLD, AFTER_HOLD = timedelta(minutes=5), timedelta(hours=1)
FIRST = partial(a_package, "0", units(1, 1))
BY_BUYER, BY_SELLER = partial(canceled, CanceledBy.BUYER), partial(canceled, CanceledBy.SELLER)
NO_STOCK, SYSTEM_REASON = CancelReason.NO_INVENTORY, CancelReason.PAYMENT_LIMIT
ONE_MUG, SIX_MUGS = ItemUnits(line=1, quantity=1), ItemUnits(line=1, quantity=6)


@dataclass(frozen=True)
class Row:
    """A message, and what was there before it while the order was Pending."""

    message: Message
    before: tuple[Message, ...] = (reserved(), verified())
    channel: Channel = Channel.SELLER
    after: timedelta = AFTER_HOLD


network = partial(Row, channel=Channel.NETWORK)
ROWS = {
    "PlaceOrder": Row(an_order()),
    "PlaceOrder, other content": Row(an_order(a_line(quantity=7))),
    "PlaceOrder, two currencies": Row(an_order(a_line(), a_line("plate", currency="EUR"))),
    "PaymentVerified": Row(verified(), (reserved(),)),
    "PaymentVerified, stock not answered": Row(verified(), ()),
    "PaymentVerified, in the hold": Row(verified(), (reserved(),), after=IN_HOLD),
    "PaymentDelayed": Row(delayed(), (reserved(),)),
    "PaymentDeclined": Row(declined(), (reserved(),)),
    "PaymentDeclined, fraud": Row(declined(fraud=True), (reserved(),)),
    "StockReserved": Row(reserved(), (verified(),)),
    "StockReserved, network order": network(reserved(), (verified(),)),
    "StockReserved, not paid": Row(reserved(), ()),
    "StockRefused": Row(refused(), (verified(),)),
    "StockReleased, some units": Row(stock_released(held(1, 1)), (reserved(),)),
    "ReservationWithdrawn, one line": Row(withdrawn(held(2, 2))),
    "ReservationWithdrawn, all lines": Row(withdrawn(held(1, 3), held(2, 2))),
    "ReservationWithdrawn, network order": network(withdrawn(held(2, 2))),
    "CancelOrder by buyer, in the hold": Row(BY_BUYER(), after=IN_HOLD),
    "CancelOrder by buyer, some units in the hold": Row(BY_BUYER(CancelReason.BUYER_CANCELED, ONE_MUG), after=IN_HOLD),
    "CancelOrder by buyer, hold over": Row(BY_BUYER()),
    "CancelOrder by seller": Row(BY_SELLER(NO_STOCK)),
    "CancelOrder by seller, some units": Row(BY_SELLER(NO_STOCK, ONE_MUG)),
    "CancelOrder by seller, too many units": Row(BY_SELLER(NO_STOCK, SIX_MUGS)),
    "CancelOrder by seller, network order": network(BY_SELLER(NO_STOCK)),
    "CancelOrder by seller, reason of the system": Row(BY_SELLER(SYSTEM_REASON)),
    "ConfirmShipment, all that is open": Row(confirmed()),
    "ConfirmShipment, some units": Row(confirmed(a_package("1", units(1, 1)))),
    "ConfirmShipment, the first package again": Row(confirmed(FIRST())),
    "ConfirmShipment, the first package with other content": Row(confirmed(FIRST(tracking="other"))),
    "ConfirmShipment, network order": network(confirmed()),
    "OrderParcelShipped, all that is open": network(parcel()),
    "OrderParcelShipped, one unit": network(parcel(a_package("1", units(1, 1)))),
    "OrderParcelShipped, the first parcel again": network(parcel(FIRST())),
    "OrderParcelShipped, the seller ships": Row(parcel()),
    "OrderPickShort, some units": network(short(units(1, 1))),
    "OrderPickShort, all units": network(short(units(1, 3), units(2, 2))),
    "OrderPickShort, the seller ships": Row(short(units(1, 1))),
    "HoldEnded": Row(a_deadline("HoldEnded")),
    "HoldEnded, payment not verified": Row(a_deadline("HoldEnded"), (reserved(), delayed())),
    "PaymentLimitReached": Row(a_deadline("PaymentLimitReached")),
    "ConfirmByNear": Row(a_deadline("ConfirmByNear")),
    "ConfirmByReached": Row(a_deadline("ConfirmByReached")),
    "EarlyMessagesExpired": Row(a_deadline("EarlyMessagesExpired")),
}


def table() -> dict[str, list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    start = next(n for n, line in enumerate(lines) if line.startswith("| message |"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]]
    assert rows[0][1:] == STATES
    return {row[0]: row[1:] for row in rows[2:]}


CELLS = [(label, state, cell) for label, cells in table().items() for state, cell in zip(STATES, cells, strict=True)]


def in_state(state: str, row: Row) -> Decided:
    decided = Decided()
    if state == "Expected":
        decided.tell(delayed())
    if state in {"absent", "Expected"}:
        return decided.at(row.after)
    decided.tell(an_order(channel=row.channel))
    if state == "Canceled":
        decided.at(IN_HOLD).tell(BY_BUYER())
        return decided.at(row.after)
    if state == "Pending":
        decided.at(IN_HOLD).tell(*row.before)
        return decided.at(row.after)
    decided.at(IN_HOLD).tell(reserved(), verified())
    decided.fire("HoldEnded")
    send = parcel if row.channel is Channel.NETWORK else confirmed
    if state != "Unshipped":
        decided.tell(send(FIRST()))
    if state == "Shipped":
        decided.tell(send(a_package("rest")))
    return decided.at(row.after)


def test_the_table_has_a_row_for_every_message_that_orders_decides() -> None:
    decided = {kind.__name__ for kind in desk(Policies()).rules}
    assert {re.split(r"[ ,]", label)[0] for label in table()} == decided
    assert set(table()) == set(ROWS)


@pytest.mark.parametrize(("label", "state", "cell"), CELLS, ids=[f"{label} in {state}" for label, state, _ in CELLS])
def test_each_cell_says_what_happens(label: str, state: str, cell: str) -> None:
    row = ROWS[label]
    decided = in_state(state, row)
    before = decided.root
    assert status_of(before) == state
    facts = decided.decide(row.message)
    after, put_aside = decided.root, decided.books.quarantined.added
    what, _, rest = cell.replace(":", " ").partition(" ")
    assert bool(put_aside) == (what == "quarantined")
    match what:
        case "nothing":
            assert (after, names(facts)) == (before, [])
        case "noted":
            assert names(facts) == []
            assert after != before
            assert isinstance(after, Order)
            assert after.status.value == state
        case "waits":
            kept = len(before.early) if isinstance(before, Expected) else 0
            assert names(facts) == []
            assert isinstance(after, Expected)
            assert len(after.early) == kept + 1
        case "quarantined":
            assert names(facts) == []
            assert isinstance(after, Expected) == (state == "Expected")
        case "refused":
            assert [(type(fact).__name__, getattr(fact, "code", "")) for fact in facts] == [("OrderCommandRefused", rest)]
            assert status_of(after) == ("Expected" if state == "absent" else state)
        case status:
            assert names(facts) == rest.strip().split(", ")
            assert status_of(after) == status
