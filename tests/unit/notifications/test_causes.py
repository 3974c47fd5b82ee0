"""Which fact makes which mail, to whom, and when it does not (N1 to N6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from contracts.orders import CancelReason
from contracts.values import Buyer, Channel
from notifications.domain.mail import Status
from notifications.domain.occasion import OrderConfirmed, OrderSold, RemovalPlaced

from support.mails import (
    BUYER_MAIL,
    NOON,
    SELLER_MAIL,
    Ledger,
    cancel_refused,
    contact_set,
    items_canceled,
    order_canceled,
    placed,
    released,
    removal_canceled,
    removal_completed,
    removal_placed,
    removal_refused,
    sending,
    shortened,
    units_missing,
    warned,
)

if TYPE_CHECKING:
    from contracts.envelope import Message

NETWORK = placed(channel=Channel.NETWORK)
BY_BUYER = {"reason": "BuyerCanceled", "by": "buyer"}
BY_SYSTEM = {"reason": "NoInventory", "by": "system"}


def mails_after(*messages: Message) -> list[tuple[str, str]]:
    ledger = Ledger()
    ledger.tell(contact_set(), *messages)
    assert {status for _, _, status in ledger.kinds()} <= {"ready"}
    return [(template, recipient) for template, recipient, _ in ledger.kinds()]


CONFIRMED = [("order_confirmed", "buyer"), ("order_sold", "seller")]
CASES: dict[str, tuple[list[Message], list[tuple[str, str]]]] = {
    "placed": ([placed()], []),
    "released": ([placed(), released()], CONFIRMED),
    "released, again": ([placed(), released(), released()], CONFIRMED),
    "released, network": ([NETWORK, released()], [("order_confirmed", "buyer")]),
    "warned": ([placed(), warned()], [("confirm_by_warning", "seller")]),
    "warned, network": ([NETWORK, warned()], []),
    "canceled by the buyer in the hold": (
        [placed(), order_canceled(**BY_BUYER, confirmed=False)],
        [("order_canceled", "buyer")],
    ),
    "canceled since the payment was declined": ([placed(), order_canceled("PaymentDeclined", confirmed=False)], []),
    "canceled as a fraud": ([placed(), order_canceled("Fraud", confirmed=False)], []),
    "canceled by the seller": ([placed(), order_canceled("PricingError", "seller")], [("order_canceled", "buyer")]),
    "canceled by the system": (
        [placed(), order_canceled("NotConfirmedInTime")],
        [("order_canceled", "buyer"), ("sale_auto_canceled", "seller")],
    ),
    "items, before a confirmation": ([placed(), items_canceled(**BY_SYSTEM)], []),
    "items, by the buyer": ([placed(), items_canceled(**BY_BUYER)], [("items_canceled", "buyer")]),
    "items, withdrawn after a confirmation": (
        [placed(), released(), items_canceled(**BY_SYSTEM)],
        [*CONFIRMED, ("items_canceled", "buyer"), ("sale_auto_canceled", "seller")],
    ),
    "network, canceled by the system": (
        [NETWORK, released(), order_canceled("NotConfirmedInTime")],
        [("order_confirmed", "buyer"), ("order_canceled", "buyer")],
    ),
    "network, items withdrawn": (
        [NETWORK, released(), items_canceled(**BY_SYSTEM)],
        [("order_confirmed", "buyer"), ("items_canceled", "buyer")],
    ),
    "a draft's end": ([removal_canceled().model_copy(update={"lines": ()})], []),
    "removal placed": ([removal_placed()], [("removal_placed", "seller")]),
    "removal refused": ([removal_refused()], [("removal_refused", "seller")]),
    "removal canceled": ([removal_canceled()], [("removal_canceled", "seller")]),
    "cancel too late": ([cancel_refused()], [("removal_cancel_too_late", "seller")]),
    "nothing to cancel": ([cancel_refused("removal_ended")], []),
    "removal completed": ([removal_completed()], [("removal_completed", "seller")]),
    "units missing": ([units_missing()], [("removal_short", "seller")]),
    "units withdrawn": ([shortened()], [("removal_short", "seller")]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fact_makes_its_mails_and_no_others(case: str) -> None:
    messages, mails = CASES[case]
    assert mails_after(*messages) == mails


@pytest.mark.parametrize("reason", CancelReason)
def test_the_reason_goes_into_the_buyers_mail(reason: CancelReason) -> None:
    ledger = Ledger()
    ledger.tell(placed(), order_canceled(reason.value, "seller"))
    assert getattr(ledger.mail.origin.occasion, "reason", None) == reason.value


def test_what_was_canceled_before_the_release_is_not_confirmed() -> None:
    ledger = Ledger()
    ledger.tell(contact_set(), placed(), items_canceled(quantity=3, **BY_SYSTEM), released())
    confirmed, sold = (mail.origin.occasion for mail in ledger.mails)
    assert isinstance(confirmed, OrderConfirmed)
    assert isinstance(sold, OrderSold)
    assert (
        [(item.sku, item.quantity) for item in confirmed.items] == [("plate", 2)] == [(i.sku, i.quantity) for i in sold.items]
    )


def test_units_of_one_item_are_told_together_wherever_they_lie() -> None:
    ledger = Ledger()
    ledger.tell(contact_set(), removal_placed())
    occasion = ledger.mail.origin.occasion
    assert isinstance(occasion, RemovalPlaced)
    assert [(units.sku, units.condition, units.quantity) for units in occasion.lines] == [("mug", "unfulfillable", 7)]


def test_the_mail_of_a_buyer_goes_where_the_order_says_in_its_language() -> None:
    ledger = Ledger()
    ledger.tell(placed(buyer=Buyer(buyer_id="b", mail=BUYER_MAIL, language="zh")), released())
    buyers = next(mail for mail in ledger.mails if not mail.origin.for_seller)
    ledger.begin(buyers)
    sent = next(mail for mail in ledger.mails if mail.status is Status.SENDING)
    assert (sent.sent_to, sent.subject) == (BUYER_MAIL, "您的订单 o-1 已确认")


def test_a_mail_without_an_address_waits_and_says_so() -> None:
    ledger = Ledger()
    facts = ledger.tell(removal_canceled())
    assert [type(fact).__name__ for fact in facts] == ["MailWaits"]
    ledger.tell(contact_set(language="zh"))
    ledger.begin()
    assert (ledger.mail.sent_to, ledger.mail.subject) == (SELLER_MAIL, "移除订单 r-1 已取消")


def test_a_sellers_contact_wakes_no_mail_to_a_buyer() -> None:
    ledger = Ledger()
    ledger.tell(placed(buyer=Buyer(buyer_id="b")), order_canceled("PricingError", "seller"), contact_set())
    assert ledger.mail.status is Status.WAITING


def test_a_mail_goes_to_the_sellers_address_of_now() -> None:
    ledger = Ledger()
    ledger.tell(contact_set("old@shop.example"), removal_canceled(), contact_set("new@shop.example"))
    ledger.begin()
    assert ledger.mail.sent_to == "new@shop.example"


def test_a_cause_that_is_too_old_makes_a_mail_that_is_held_back_until_an_operator_wants_it() -> None:
    ledger = Ledger()
    ledger.tell(contact_set())
    facts = ledger.tell(removal_canceled(), told_at=NOON - timedelta(days=3, seconds=1))
    assert [type(fact).__name__ for fact in facts] == ["MailHeldBack"]
    ledger.tell(sending(ledger.id_of(ledger.mail)))
    ledger.begin()
    assert ledger.mail.status is Status.SENDING


def test_a_fact_of_an_order_that_nobody_told_of_is_put_aside() -> None:
    for fact in (released(), warned(), items_canceled(), order_canceled()):
        ledger = Ledger()
        assert ledger.tell(fact) == []
        assert ledger.mails == []
        assert [one.topic for one in ledger.books.quarantined.added] == ["orders.facts"]
