"""What `verify` takes for explained when orders and inventory differ."""

import pytest

from devkit.verification.agreement import _lacks


@pytest.mark.parametrize(
    ("in_orders", "in_inventory", "gone", "explained"),
    [(5, 0, 5, True), (5, 3, 5, True), (5, 0, 4, False), (5, 5, 9, False), (3, 5, 9, False), (5, 0, 0, False)],
)
def test_only_units_that_are_listed_as_missing_explain_a_difference(
    in_orders: int, in_inventory: int, gone: int, *, explained: bool
) -> None:
    assert _lacks({"shipped": in_orders}, {"shipped": in_inventory}, gone) is explained
