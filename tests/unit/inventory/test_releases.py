"""Where units go when an order or a line will not ship (O15, O16)."""

import pytest

from contracts.inventory import StockReleased
from contracts.orders import CancelReason
from inventory.domain.stock import Account, Bucket, Outside

from support.inventory import LEEDS, YORK, Warehouse, canceled, items_canceled, of_kind, placed, received, units

RESTOCKING = set(CancelReason) - {CancelReason.NO_INVENTORY}


@pytest.mark.parametrize(
    ("reason", "account"),
    [
        *((reason, Bucket.AVAILABLE) for reason in sorted(RESTOCKING)),
        (CancelReason.NO_INVENTORY, Outside.WRITTEN_OFF),
        ("SunStorm", Bucket.RESEARCHING),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_the_reason_decides_whether_units_can_be_sold_again(reason: str, account: Account, *, whole: bool) -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3), placed("o-1"))
    facts = warehouse.tell(canceled("o-1", reason) if whole else items_canceled("o-1", units(1, 3), reason=reason))
    assert [fact.restocked for fact in of_kind(facts, StockReleased)] == [account is Bucket.AVAILABLE]
    assert warehouse.ledger()[None if isinstance(account, Outside) else LEEDS, account] == 3


def test_a_line_over_two_places_gives_back_from_the_last_so_that_the_rest_leaves_from_the_fewest() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2, at=LEEDS), received(2, at=YORK), placed("o-1", units(1, 4)))
    facts = warehouse.tell(items_canceled("o-1", units(1, 3)))
    (released,) = of_kind(facts, StockReleased)
    assert [(line.location_id, line.quantity) for line in released.lines] == [(YORK, 2), (LEEDS, 1)]
    assert warehouse.units(Bucket.RESERVED, at=LEEDS) == 1


def test_no_more_is_given_back_than_is_held() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), placed("o-1", units(1, 2)))
    warehouse.tell(items_canceled("o-1", units(1, 9), units(1, 9), units(2, 1)))
    assert (warehouse.available(), warehouse.reserved()) == (5, 0)
