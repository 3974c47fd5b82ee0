"""What decisions tell and remember, beyond the status: refusals, early messages, picks, the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.early import EARLY_MESSAGES_MAX, Expected
from chassis.outcomes import Cause
from chassis.quarantine import headers_from
from contracts.envelope import Message, envelope_from
from contracts.orders import (
    REFUSALS,
    CanceledBy,
    CancelOrder,
    CancelReason,
    ItemsCanceled,
    ItemUnits,
    OrderCanceled,
    OrderCommandRefused,
    OrderPlaced,
    Package,
    PackageShipped,
    PickCanceled,
    PickRequested,
    ShippedAfterCancel,
)
from contracts.values import Channel
from orders.domain.order import Payment, Status

from support.alone import names
from support.orders import (
    ADDRESS,
    NOON,
    SUBJECT,
    Decided,
    a_line,
    a_package,
    an_order,
    canceled,
    confirmed,
    declined,
    delayed,
    held,
    parcel,
    pending,
    refused,
    reserved,
    short,
    stock_released,
    units,
    unshipped,
    verified,
    withdrawn,
)

MUG, PLATE = "B000000001", "B000000002"
NETWORK = an_order(channel=Channel.NETWORK)
HOUR = timedelta(hours=1)
BY_BUYER = CanceledBy.BUYER


def seller_cancels(*items: ItemUnits) -> CancelOrder:
    return canceled(CanceledBy.SELLER, CancelReason.NO_INVENTORY, *items)


def code_of(facts: Sequence[Message]) -> str:
    (fact,) = facts
    assert isinstance(fact, OrderCommandRefused)
    assert fact.sentence == REFUSALS[fact.code]
    return fact.code


# ---- placing ----------------------------------------------------------------------------------------------------


def test_a_placed_order_tells_its_lines_by_number_and_its_hold() -> None:
    (placed,) = pending().facts
    assert isinstance(placed, OrderPlaced)
    assert [(line.line, line.sku, line.quantity) for line in placed.lines] == [(1, "mug", 3), (2, "plate", 2)]
    assert placed.hold_until == NOON + timedelta(minutes=30)


def test_the_same_order_again_is_a_repetition_even_after_its_end() -> None:
    decided = pending()
    decided.tell(canceled(BY_BUYER))
    assert decided.tell(an_order()) == []
    assert decided.order.status is Status.CANCELED


def test_a_refused_order_counts_its_refusal_and_may_be_placed_right_later() -> None:
    decided = Decided()
    assert code_of(decided.tell(an_order(a_line(), a_line(currency="EUR")))) == "mixed_currencies"
    assert decided.root == Expected(NOON, sequence=1)
    assert not decided.books.exists(SUBJECT)
    assert names(decided.tell(an_order())) == ["OrderPlaced"]
    assert decided.order.sequence == 2


def test_the_hash_that_tells_a_repetition_stays_what_was_stored_with_old_orders() -> None:
    assert pending().order.purchase.content.hex() == "81cf3a8e8a3d85c989409824cee89dea"


# ---- early messages ---------------------------------------------------------------------------------------------


def test_early_messages_are_decided_in_their_order_when_the_order_comes() -> None:
    decided = Decided()
    decided.tell(verified(), reserved(), declined())
    assert decided.deadlines == {"EarlyMessagesExpired": NOON + timedelta(days=21)}
    told = decided.at(HOUR).tell(an_order(placed_at=NOON))
    assert names(told) == ["OrderPlaced", "OrderReserved", "OrderReleased"]
    assert decided.order.late_payment is Payment.DECLINED
    assert set(decided.deadlines) == {"ConfirmByNear", "ConfirmByReached"}


def test_more_early_messages_do_not_postpone_the_day_on_which_they_expire() -> None:
    decided = Decided()
    decided.tell(verified())
    decided.at(HOUR).tell(reserved())
    assert decided.deadlines == {"EarlyMessagesExpired": NOON + timedelta(days=21)}


def test_a_refusal_of_an_early_command_names_that_command() -> None:
    decided = Decided()
    decided.tell(confirmed())
    kept = decided.root
    assert isinstance(kept, Expected)
    refusal = decided.tell(an_order())[-1]
    assert isinstance(refusal, OrderCommandRefused)
    assert (refusal.code, refusal.command_id) == ("order_pending", kept.early[0].message_id)


def test_what_exceeds_the_bound_of_early_messages_goes_to_quarantine() -> None:
    decided = Decided()
    decided.tell(*[delayed()] * (EARLY_MESSAGES_MAX + 2))
    assert isinstance(decided.root, Expected)
    assert len(decided.root.early) == EARLY_MESSAGES_MAX
    assert len(decided.books.quarantined.added) == 2


def test_expired_messages_are_quarantined_as_records_that_can_be_read_again() -> None:
    decided = Decided()
    decided.tell(verified())
    decided.fire("EarlyMessagesExpired")
    (aside,) = decided.books.quarantined.added
    envelope = envelope_from(headers_from(aside.headers), NOON)
    assert (envelope.type, envelope.seller_id, aside.topic) == ("PaymentVerified", "shop", "payments.facts")
    assert aside.value == verified().model_dump_json().encode()
    assert names(decided.tell(an_order())) == ["OrderPlaced"]


# ---- canceling --------------------------------------------------------------------------------------------------


def test_a_cancel_tells_whether_the_buyer_had_a_confirmation() -> None:
    (before,) = pending().tell(canceled(BY_BUYER))
    (after,) = unshipped().tell(seller_cancels())
    assert isinstance(before, OrderCanceled)
    assert isinstance(after, OrderCanceled)
    assert (before.confirmed, after.confirmed) == (False, True)
    assert after.lines == (units(1, 3), units(2, 2))


def test_items_are_canceled_by_asin_in_line_order() -> None:
    order = an_order(a_line(asin=MUG), a_line("plate", 2, asin=PLATE), a_line("mug", 2, asin=MUG))
    (fact,) = unshipped(order).tell(seller_cancels(ItemUnits(asin=MUG, quantity=4)))
    assert isinstance(fact, ItemsCanceled)
    assert fact.lines == (units(1, 3), units(3, 1, "mug"))


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (ItemUnits(line=3, quantity=1), "unknown_line"),
        (ItemUnits(quantity=1), "unknown_line"),
        (ItemUnits(asin="B000000009", quantity=1), "unknown_asin"),
        (ItemUnits(line=1, asin=PLATE, quantity=1), "unknown_asin"),
        (ItemUnits(line=2, quantity=3), "too_many_units"),
        (ItemUnits(asin=MUG, quantity=4), "too_many_units"),
    ],
)
def test_items_that_the_order_does_not_have_are_refused_and_nothing_is_canceled(item: ItemUnits, code: str) -> None:
    decided = unshipped(an_order(a_line(asin=MUG), a_line("plate", 2, asin=PLATE)))
    assert code_of(decided.tell(seller_cancels(ItemUnits(line=1, quantity=1), item))) == code
    assert decided.order.cancellations == ()


def test_nobody_cancels_in_the_name_of_the_system_or_the_buyer_with_a_sellers_reason() -> None:
    assert code_of(unshipped().tell(canceled(CanceledBy.SYSTEM))) == "reason_not_allowed"
    assert code_of(pending().tell(canceled(BY_BUYER, CancelReason.NO_INVENTORY))) == "reason_not_allowed"


def test_the_hold_is_over_at_its_end_even_before_its_deadline_has_fired() -> None:
    decided = pending().at(timedelta(minutes=30))
    assert code_of(decided.tell(canceled(BY_BUYER))) == "hold_over"
    assert names(decided.tell(reserved(), verified())) == ["OrderReleased"]


def test_stock_that_cannot_be_kept_cancels_at_most_what_is_open() -> None:
    decided = unshipped()
    decided.tell(seller_cancels(ItemUnits(line=1, quantity=2)))
    (fact,) = decided.tell(withdrawn(held(1, 3)))
    assert isinstance(fact, ItemsCanceled)
    assert (fact.lines, fact.reason, fact.by) == ((units(1, 1),), "NoInventory", "system")


def test_a_seller_sees_the_memo_but_no_fact_has_it() -> None:
    decided = unshipped()
    (fact,) = decided.tell(seller_cancels())
    assert decided.order.cancellations[0].memo == "a memo"
    assert "a memo" not in fact.model_dump_json()


# ---- payment and stock ------------------------------------------------------------------------------------------


def test_a_declined_payment_says_fraud_only_when_it_is() -> None:
    (plain,) = pending().tell(declined())
    (fraud,) = pending().tell(declined(fraud=True))
    assert isinstance(plain, OrderCanceled)
    assert isinstance(fraud, OrderCanceled)
    assert (plain.reason, fraud.reason) == ("PaymentDeclined", "Fraud")


def test_refused_stock_cancels_once_and_a_later_reservation_changes_nothing() -> None:
    decided = pending()
    assert names(decided.tell(refused())) == ["OrderCanceled"]
    assert decided.tell(refused()) == decided.tell(reserved()) == []


def test_a_message_that_was_decided_later_is_not_decided_earlier() -> None:
    decided = pending().at(HOUR)
    decided.tell(delayed())
    decided.at(timedelta(0)).tell(reserved(), verified())
    assert decided.order.release is not None
    assert decided.order.release.released_at == NOON + HOUR


# ---- shipping ---------------------------------------------------------------------------------------------------


def test_packages_are_told_one_by_one_with_their_lines_filled_in() -> None:
    told = unshipped().tell(confirmed(a_package("1", units(1, 1), units(1, 1)), a_package("2")))
    assert names(told) == ["PackageShipped", "PackageShipped", "OrderShipped"]
    packages = [fact.package.lines for fact in told if isinstance(fact, PackageShipped)]
    assert packages == [(units(1, 2),), (units(1, 1), units(2, 2))]


@pytest.mark.parametrize(
    ("packages", "code"),
    [
        ([a_package("1", units(1, 4))], "too_many_units"),
        ([a_package("1", units(1, 1)), a_package("2", units(1, 3))], "too_many_units"),
        ([a_package("1", units(1, 1, "plate"))], "unknown_line"),
        ([a_package("1", units(9, 1))], "unknown_line"),
        ([a_package("1"), a_package("2")], "nothing_open"),
        ([a_package("1", units(1, 1)), a_package("1", units(1, 2))], "package_exists"),
    ],
)
def test_one_wrong_package_refuses_the_whole_command(packages: list[Package], code: str) -> None:
    decided = unshipped()
    before = decided.order
    assert code_of(decided.tell(confirmed(*packages))) == code
    assert decided.order.lines == before.lines


def test_a_package_counts_once_and_new_ones_beside_it_count() -> None:
    decided = unshipped()
    decided.tell(confirmed(a_package("1", units(1, 1))))
    told = decided.tell(confirmed(a_package("1", units(1, 1)), a_package("2", units(1, 1))))
    assert [fact.package.package_id for fact in told if isinstance(fact, PackageShipped)] == ["2"]


def test_network_orders_are_picked_where_the_stock_is_held_less_what_was_canceled() -> None:
    decided = pending(NETWORK)
    decided.tell(canceled(BY_BUYER, CancelReason.BUYER_CANCELED, ItemUnits(line=1, quantity=2)))
    decided.tell(reserved(held(1, 2), held(1, 1, "network:GB:MAN1"), held(2, 2)), verified())
    decided.tell(stock_released(held(1, 2)))
    request = decided.fire("HoldEnded")[-1]
    assert isinstance(request, PickRequested)
    assert request.delivery_address == ADDRESS
    assert [(line.line, line.quantity, line.location_id) for line in request.lines] == [
        (1, 1, "network:GB:MAN1"),
        (2, 2, "network:GB:LTN1"),
    ]


def test_no_more_is_picked_than_is_open_while_inventory_has_not_said_what_it_released() -> None:
    decided = pending(NETWORK)
    decided.tell(canceled(BY_BUYER, CancelReason.BUYER_CANCELED, ItemUnits(line=1, quantity=2)), reserved(), verified())
    request = decided.fire("HoldEnded")[-1]
    assert isinstance(request, PickRequested)
    assert [(line.line, line.quantity) for line in request.lines] == [(1, 1), (2, 2)]


def test_an_order_that_ends_before_its_release_waits_for_no_deadline() -> None:
    decided = pending()
    decided.tell(canceled(BY_BUYER))
    assert decided.deadlines == {}


def test_the_warehouse_is_told_of_canceled_picks_but_not_of_those_it_found_short() -> None:
    decided = unshipped(NETWORK)
    assert names(decided.tell(short(units(1, 1)))) == ["ItemsCanceled"]
    pick = decided.tell(seller_cancels(ItemUnits(line=2, quantity=1)))[-1]
    assert isinstance(pick, PickCanceled)
    assert pick.lines == (units(2, 1),)


def test_a_parcel_with_open_and_canceled_units_ships_the_ones_and_corrects_the_others() -> None:
    decided = unshipped(NETWORK)
    decided.tell(seller_cancels(ItemUnits(line=1, quantity=2)))
    told = decided.tell(parcel(a_package("1", units(1, 3), units(2, 2))))
    assert names(told) == ["PackageShipped", "ShippedAfterCancel", "OrderShipped"]
    shipped, late, _ = told
    assert isinstance(shipped, PackageShipped)
    assert isinstance(late, ShippedAfterCancel)
    assert (shipped.package.lines, late.package.lines) == ((units(1, 1), units(2, 2)), (units(1, 2),))


def test_a_parcel_without_lines_after_a_cancel_holds_what_was_canceled() -> None:
    decided = unshipped(NETWORK)
    decided.tell(seller_cancels())
    (late,) = decided.tell(parcel())
    assert isinstance(late, ShippedAfterCancel)
    assert late.package.lines == (units(1, 3), units(2, 2))
    assert decided.order.status is Status.CANCELED
    assert len(decided.order.packages) == 1


def test_the_seller_is_warned_once() -> None:
    decided = unshipped()
    assert names(decided.fire("ConfirmByNear")) == ["ConfirmByWarned"]
    assert "ConfirmByNear" not in decided.deadlines


# ---- the draft --------------------------------------------------------------------------------------------------


def test_a_fact_without_a_root_is_a_bug_and_says_so() -> None:
    with pytest.raises(LookupError, match="shop/order/o-1"):
        Decided().books.number(verified())


def test_what_a_decision_wrote_is_gone_when_it_is_dropped() -> None:
    decided = Decided()
    decided.rules[type(an_order())].decide(decided.books, an_order(), Cause(UUID(int=5), NOON, UUID(int=5), NOON))
    decided.books.drop()
    assert decided.root is None
    assert decided.deadlines == {}
    assert decided.books.addresses[SUBJECT] is None


def test_a_payment_decided_by_a_clock_that_is_behind_still_releases_after_the_hold() -> None:
    decided = pending()
    decided.tell(reserved(held(1, 3), held(2, 2)))
    decided.now = decided.deadlines["HoldEnded"]
    decided.fire("HoldEnded")
    decided.now -= timedelta(milliseconds=20)

    assert "OrderReleased" in names(decided.tell(verified()))


def test_a_parcel_with_more_units_than_a_fact_can_tell_of_is_put_aside() -> None:
    decided = unshipped(NETWORK)
    decided.tell(parcel(a_package("1", units(1, 1_000_000), units(1, 1_000_000))))

    assert decided.order.status is Status.UNSHIPPED
    assert len(decided.books.quarantined.added) == 1


def test_a_network_order_without_an_address_is_a_bug_and_not_a_silent_release() -> None:
    decided = pending(NETWORK)
    decided.tell(reserved(held(1, 3), held(2, 2)))
    decided.at(timedelta(hours=1))
    decided.books.addresses._values[SUBJECT] = None
    with pytest.raises(LookupError):
        decided.tell(verified())
