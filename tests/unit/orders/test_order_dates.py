"""The dates of an order: hold, payment limit, estimates and confirm-by, on the marketplace's business days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from orders.calendar import calendar_of
from orders.domain.calendar import Calendar
from orders.domain.policy import Policies, Policy, Profile, released

from support.orders import NOON, an_order, pending, reserved, unshipped, verified

GB = calendar_of("GB")
ORDER_DATE, BUSINESS_DAYS = Policy(), Policy(profile=Profile.BUSINESS_DAYS)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "business_days", "expected"),
    [
        (date(2010, 12, 1), 2, date(2010, 12, 3)),
        (date(2010, 12, 3), 1, date(2010, 12, 6)),
        (date(2010, 12, 4), 0, date(2010, 12, 6)),
        (date(2010, 12, 23), 2, date(2010, 12, 29)),  # Christmas and its substitute days
    ],
)
def test_weekends_and_holidays_are_no_business_days(day: date, business_days: int, expected: date) -> None:
    assert GB.after(day, business_days) == expected


def test_a_country_unknown_to_the_library_has_weekends_only() -> None:
    assert calendar_of("XX") == Calendar()


def test_a_calendar_that_never_opens_is_refused_instead_of_counting_for_ever() -> None:
    with pytest.raises(ValueError, match="no business day"):
        Calendar(weekend=range(7)).after(date(2010, 12, 1), 1)


def test_estimates_count_from_the_release() -> None:
    dates = released(ORDER_DATE, GB, NOON, NOON + timedelta(days=9))
    assert (dates.ship_by, dates.deliver_from, dates.deliver_until) == (
        date(2010, 12, 14),
        date(2010, 12, 14),
        date(2010, 12, 21),
    )


def test_confirm_by_is_thirty_days_after_the_order_time() -> None:
    assert released(ORDER_DATE, GB, NOON, NOON + timedelta(days=20)).confirm_by == NOON + timedelta(days=30)


def test_confirm_by_of_the_other_profile_is_the_end_of_the_seventh_business_day_after_ship_by() -> None:
    dates = released(BUSINESS_DAYS, GB, NOON, NOON)
    assert dates.ship_by == date(2010, 12, 3)
    assert dates.confirm_by == at(date(2010, 12, 15), 0)
    assert dates.confirm_day == date(2010, 12, 14)


def test_confirm_by_is_never_before_the_ship_by_day_is_over() -> None:
    late = released(Policy(confirm_days=5), GB, NOON, NOON + timedelta(days=20))
    assert late.ship_by == date(2010, 12, 23)
    assert late.confirm_by == at(date(2010, 12, 24), 0)


def test_a_warning_that_is_overdue_at_the_release_comes_at_once() -> None:
    decided = pending(policies=Policies(Policy(confirm_days=5)))
    decided.at(timedelta(hours=1)).tell(reserved(), verified())
    assert decided.deadlines == {"ConfirmByNear": decided.now, "ConfirmByReached": NOON + timedelta(days=5)}


def test_the_warning_comes_seven_days_before_confirm_by() -> None:
    assert unshipped().deadlines["ConfirmByNear"] == NOON + timedelta(days=23)


def test_the_hold_runs_from_the_order_time() -> None:
    decided = pending(an_order(placed_at=NOON - timedelta(minutes=10)))
    assert decided.deadlines == {"HoldEnded": NOON + timedelta(minutes=20)}


def test_the_payment_limit_runs_from_the_order_time_too_and_is_waited_for_once_the_hold_is_over() -> None:
    decided = pending(an_order(placed_at=NOON - timedelta(minutes=10)))
    decided.fire("HoldEnded")
    assert decided.deadlines == {"PaymentLimitReached": NOON - timedelta(minutes=10) + timedelta(days=21)}


def test_an_order_time_to_come_counts_as_now() -> None:
    assert pending(an_order(placed_at=NOON + timedelta(days=1))).order.purchase.placed_at == NOON


def test_an_order_time_out_of_all_reason_counts_as_the_earliest_there_is() -> None:
    absurd = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert pending(an_order(placed_at=absurd)).order.purchase.placed_at == datetime(2000, 1, 1, tzinfo=UTC)


def test_an_order_keeps_the_policy_it_was_placed_under() -> None:
    policies = Policies(Policy(), {"GB": Policy(hold_minutes=5)})
    decided = pending(policies=policies)
    assert decided.order.purchase.hold_until == NOON + timedelta(minutes=5)
    assert policies.policy_of("DE") == Policy()
