"""Units of a removal that were not on the shelf: whatever else happened to the hold, they are nobody's to buy any more."""

from itertools import permutations

import pytest

from contracts.inventory import DiscrepancyOpened, Disposition, HeldUnitsWrittenOff, ReservationWithdrawn
from inventory.domain.stock import Bucket, Outside

from support.inventory import LEEDS, PARIS, YORK, Warehouse, lost, names, of_kind, offered, placed, received, units
from support.inventory_removals import BAD, called_off, not_found, out, requested

TORN = Disposition.CUSTOMER_DAMAGED


def test_units_that_were_missing_after_their_hold_gave_way_cannot_be_bought() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(6), offered(), requested("r-1", out(1, 6)), lost(1))
    assert warehouse.available() == 5
    facts = warehouse.tell(not_found("r-1", out(1, 6)))
    assert names(facts) == ["HeldUnitsWrittenOff", "DiscrepancyOpened", "ListingSoldOut"]
    assert [(fact.location_id, fact.quantity) for fact in of_kind(facts, DiscrepancyOpened)] == [(LEEDS, 1)]
    assert (warehouse.available(), warehouse.held(), warehouse.gone(Outside.WRITTEN_OFF)) == (0, 0, 6)


@pytest.mark.parametrize("missing", [2, 6])
def test_a_loss_and_missing_units_leave_the_same_units_in_whatever_order_they_come(missing: int) -> None:
    ends = []
    for reports in permutations([lost(1), not_found("r-1", out(1, missing))]):
        warehouse = Warehouse()
        warehouse.tell(received(6), requested("r-1", out(1, 6)), *reports)
        opened = sum(fact.quantity for fact in of_kind(warehouse.facts, DiscrepancyOpened))
        ends.append((warehouse.available(), warehouse.held(), warehouse.gone(Outside.WRITTEN_OFF), opened))
    assert ends[0] == ends[1]


def test_missing_units_that_somebody_has_bought_meanwhile_are_taken_from_the_youngest() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(6), requested("r-1", out(1, 6)), lost(1), placed("o-1", units(1, 2)), placed("o-2", units(1, 3)))
    facts = warehouse.tell(not_found("r-1", out(1, 3)))
    assert names(facts) == ["HeldUnitsWrittenOff", "ReservationWithdrawn"]
    assert of_kind(facts, ReservationWithdrawn)[0].order_id == "o-2"
    assert (warehouse.available(), warehouse.reserved()) == (0, 2)


def test_missing_units_that_are_not_held_are_taken_from_where_they_had_been_held() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2, at=LEEDS), received(5, at=PARIS), received(4, disposition=TORN, at=YORK), received(9, at=YORK))
    warehouse.tell(requested("r-1", out(1, 3, BAD)), called_off("r-1"))
    (written_off,) = of_kind(warehouse.tell(not_found("r-1", out(1, 3, BAD))), HeldUnitsWrittenOff)
    assert [(line.location_id, line.bucket, line.quantity) for line in written_off.lines] == [(YORK, TORN, 3)]
    assert warehouse.available() == 16


def test_units_missing_at_a_place_are_written_off_there_and_stay_held_elsewhere() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3, at=LEEDS), received(3, at=YORK), requested("r-1", out(1, 6)))
    (written_off,) = of_kind(warehouse.tell(not_found("r-1", out(1, 2), at=YORK)), HeldUnitsWrittenOff)
    assert [(line.location_id, line.quantity) for line in written_off.lines] == [(YORK, 2)]
    assert (warehouse.units(Bucket.HELD, at=LEEDS), warehouse.units(Bucket.HELD, at=YORK)) == (3, 1)


def test_each_place_gives_its_own_missing_units_before_one_stands_for_the_other() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3, at=LEEDS), received(3, at=YORK), requested("r-1", out(1, 6)))
    warehouse.tell(not_found("r-1", out(1, 1)), not_found("r-1", out(1, 3), at=LEEDS))
    assert (warehouse.units(Bucket.HELD, at=LEEDS), warehouse.units(Bucket.HELD, at=YORK)) == (0, 2)


def test_units_missing_at_a_place_after_their_hold_gave_way_are_taken_there() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3, at=LEEDS), received(3, at=YORK), requested("r-1", out(1, 6)), lost(1, at=LEEDS))
    facts = warehouse.tell(not_found("r-1", out(1, 4), at=YORK))
    assert [fact.quantity for fact in of_kind(facts, DiscrepancyOpened)] == [1]
    assert (warehouse.units(Bucket.AVAILABLE, at=LEEDS), warehouse.units(Bucket.AVAILABLE, at=YORK)) == (2, 0)


def test_missing_units_of_a_line_that_was_never_held_are_taken_by_condition_where_the_place_is_told() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3), received(2, disposition=TORN), called_off("r-1"))
    assert names(warehouse.tell(not_found("r-1", out(1, 1, BAD)))) == ["DiscrepancyOpened"]
    assert names(warehouse.tell(not_found("r-1", out(1, 1, BAD), at=LEEDS))) == ["HeldUnitsWrittenOff"]
    assert (warehouse.available(), warehouse.units(Bucket.CUSTOMER_DAMAGED)) == (3, 1)
