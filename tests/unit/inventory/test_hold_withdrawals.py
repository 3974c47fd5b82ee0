"""Removals among those who give way when units turn out to be gone, and removals that take what they do not hold any more."""

from contracts.inventory import DiscrepancyOpened, Disposition, HoldWithdrawn, ReservationWithdrawn, UnitsRemoved
from contracts.warehouse import Adjustment
from inventory.domain.stock import Bucket, Outside

from support.inventory import (
    LEEDS,
    PARIS,
    YORK,
    Warehouse,
    adjusted,
    canceled,
    lost,
    names,
    of_kind,
    placed,
    received,
    shipped_after_cancel,
    units,
)
from support.inventory_removals import BAD, called_off, disposed, not_found, out, requested, sent_out

TORN, DEFECTIVE = Disposition.CUSTOMER_DAMAGED, Disposition.DEFECTIVE


def test_orders_and_removals_give_way_together_the_youngest_first() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(6), placed("o-1", units(1, 2)), requested("r-1", out(1, 2)), placed("o-2", units(1, 2)))
    facts = warehouse.tell(lost(4))
    assert names(facts) == ["ReservationWithdrawn", "HoldWithdrawn"]
    assert [fact.subject.id for fact in facts] == ["o-2", "r-1"]
    assert (warehouse.available(), warehouse.reserved(), warehouse.held()) == (0, 2, 0)


def test_a_late_shipment_of_an_order_takes_the_units_of_a_younger_removal() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3), placed("o-1"), canceled("o-1"), requested("r-1", out(1, 3)))
    facts = warehouse.tell(shipped_after_cancel("o-1", units(1, 3)))
    assert names(facts) == ["StockShipped", "HoldWithdrawn"]
    assert (warehouse.held(), warehouse.gone(Outside.CUSTOMER), warehouse.gone(Outside.REMOVED)) == (0, 3, 0)


def test_a_removal_that_left_though_it_was_canceled_takes_what_is_free_before_anybody_gives_way() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(4), requested("r-1", out(1, 2)), called_off("r-1"), placed("o-1", units(1, 3)))
    facts = warehouse.tell(sent_out("r-1", units(1, 1)))
    assert names(facts) == ["UnitsRemoved"]
    facts = warehouse.tell(disposed("r-1", units(1, 1)))
    assert names(facts) == ["UnitsRemoved", "ReservationWithdrawn"]
    assert (warehouse.available(), warehouse.reserved(), warehouse.gone(Outside.REMOVED)) == (2, 0, 2)


def test_units_that_a_removal_has_beyond_its_line_are_a_discrepancy_and_no_other_condition_pays_for_it() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), received(2, disposition=TORN), requested("r-1", out(1, 2, BAD)))
    facts = warehouse.tell(sent_out("r-1", units(1, 3)))
    assert [(fact.location_id, fact.quantity) for fact in of_kind(facts, DiscrepancyOpened)] == [(LEEDS, 1)]
    assert warehouse.available() == 5


def test_damaged_units_that_are_gone_are_taken_from_the_youngest_removal_that_holds_such_units() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2), received(3, disposition=TORN), received(2, disposition=DEFECTIVE))
    warehouse.tell(requested("r-1", out(1, 2, BAD)), requested("r-2", out(1, 3, BAD)), requested("r-3", out(1, 1)))
    facts = warehouse.tell(adjusted(Adjustment.LOST, 1, disposition=DEFECTIVE), placed("o-1", units(1, 1)), lost(1))
    assert [fact.subject.id for fact in of_kind(facts, ReservationWithdrawn)] == ["o-1"]
    (withdrawn,) = of_kind(warehouse.facts, HoldWithdrawn)
    assert withdrawn.removal_id == "r-2"
    assert {(line.bucket, line.quantity) for line in withdrawn.lines} == {("customer_damaged", 1), ("defective", 2)}
    assert warehouse.units(Bucket.CUSTOMER_DAMAGED) == warehouse.units(Bucket.DEFECTIVE) == 1
    assert warehouse.held() == 3


def test_other_lines_and_other_countries_of_a_removal_that_gives_way_stay_held() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2), received(2, disposition=TORN), received(2, at=PARIS))
    warehouse.tell(requested("r-1"), requested("r-2", out(1, 2), country="FR"))
    facts = warehouse.tell(lost(1))
    (withdrawn,) = of_kind(facts, HoldWithdrawn)
    assert [(line.line, line.location_id, line.quantity) for line in withdrawn.lines] == [(1, LEEDS, 2)]
    assert warehouse.held() == 4
    assert warehouse.available() == 1


def test_a_late_parcel_of_damaged_units_takes_them_from_any_disposition_first_from_where_they_were() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(1, disposition=TORN), received(1, disposition=DEFECTIVE))
    warehouse.tell(received(1, at=YORK, disposition=TORN), received(1, at=YORK, disposition=Disposition.EXPIRED))
    warehouse.tell(requested("r-1", out(1, 2, BAD)), called_off("r-1"))
    (removed,) = of_kind(warehouse.tell(sent_out("r-1", units(1, 3))), UnitsRemoved)
    assert [(line.location_id, line.bucket) for line in removed.lines] == [
        (LEEDS, "customer_damaged"),
        (YORK, "customer_damaged"),
        (LEEDS, "defective"),
    ]
    hold = warehouse.hold("r-1")
    assert hold is not None
    assert sum(line.taken for line in hold.lines) == 5
    assert sum(line.released for line in hold.lines) == 2
    assert sum(line.shipped for line in hold.lines) == 3


def test_units_that_were_not_found_are_written_off_and_those_that_no_book_has_are_a_discrepancy() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3), requested("r-1", out(1, 3)))
    assert names(warehouse.tell(not_found("r-1", out(1, 2)))) == ["HeldUnitsWrittenOff"]
    assert names(warehouse.tell(not_found("r-1", out(1, 2)))) == ["HeldUnitsWrittenOff", "DiscrepancyOpened"]
    assert names(warehouse.tell(not_found("r-1", out(1, 2)))) == ["DiscrepancyOpened"]
    assert warehouse.gone(Outside.WRITTEN_OFF) == 3
    assert warehouse.held() == 0
