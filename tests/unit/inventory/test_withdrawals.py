"""Who gives way when units turn out to be gone."""

from contracts.inventory import DiscrepancyOpened, HeldLine, ReservationWithdrawn, StockShipped
from inventory.domain.stock import Bucket, Outside

from support.inventory import (
    LEEDS,
    PARIS,
    YORK,
    Warehouse,
    canceled,
    damaged,
    lost,
    names,
    of_kind,
    placed,
    received,
    shipped,
    shipped_after_cancel,
    units,
)


def test_a_shipment_after_its_order_was_canceled_and_its_units_sold_again_withdraws_the_youngest() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3), placed("o-1"), canceled("o-1"), placed("o-2", units(1, 2)), placed("o-3", units(1, 1)))
    facts = warehouse.tell(shipped_after_cancel("o-1", units(1, 3)))
    assert names(facts) == ["StockShipped", "ReservationWithdrawn", "ReservationWithdrawn"]
    assert [fact.order_id for fact in of_kind(facts, ReservationWithdrawn)] == ["o-3", "o-2"]
    assert warehouse.units(Bucket.AVAILABLE) == warehouse.reserved() == 0
    assert warehouse.gone(Outside.CUSTOMER) == 3


def test_only_as_many_give_way_as_are_needed_and_what_is_left_of_a_line_can_be_sold_again() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), placed("o-1", units(1, 1)), canceled("o-1"))
    warehouse.tell(placed("o-2", units(1, 2)), placed("o-3", units(1, 3)))
    facts = warehouse.tell(shipped_after_cancel("o-1", units(1, 1)))
    line = HeldLine(line=1, sku="mug", location_id=LEEDS, quantity=3)
    assert [fact.lines for fact in of_kind(facts, ReservationWithdrawn)] == [(line,)]
    assert (warehouse.available(), warehouse.reserved()) == (2, 2)


def test_other_lines_of_a_holder_that_gives_way_stay_held() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2), received(4, "plate"), placed("o-1", units(1, 2), units(2, 4, "plate")))
    warehouse.tell(lost(1))
    reservation = warehouse.reservation("o-1")
    assert reservation is not None
    assert [line.open for line in reservation.lines] == [0, 4]
    assert reservation.status == "held"


def test_available_units_go_before_anyone_gives_way_first_those_where_the_order_held_them() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(3, at=YORK), placed("o-1"), canceled("o-1"), received(3, at=LEEDS))
    facts = warehouse.tell(shipped_after_cancel("o-1", units(1, 4)))
    (shipped,) = of_kind(facts, StockShipped)
    assert [(line.location_id, line.quantity) for line in shipped.lines] == [(YORK, 3), (LEEDS, 1)]
    assert warehouse.available() == 2


def test_nobody_in_another_country_gives_way() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(1), received(5, at=PARIS), placed("o-1", units(1, 1)), canceled("o-1"))
    warehouse.tell(placed("o-2", units(1, 5), country="FR"), lost(1))
    facts = warehouse.tell(shipped_after_cancel("o-1", units(1, 1)))
    assert [(fact.location_id, fact.quantity) for fact in of_kind(facts, DiscrepancyOpened)] == [(LEEDS, 1)]
    assert warehouse.reserved() == 5


def test_a_line_over_two_places_gives_way_whole_and_its_units_elsewhere_can_be_sold() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2, at=LEEDS), received(2, at=YORK), placed("o-1", units(1, 4)))
    facts = warehouse.tell(damaged(1, at=YORK))
    (withdrawn,) = of_kind(facts, ReservationWithdrawn)
    assert {(line.location_id, line.quantity) for line in withdrawn.lines} == {(LEEDS, 2), (YORK, 2)}
    assert warehouse.units(Bucket.AVAILABLE, at=LEEDS) == 2
    assert warehouse.units(Bucket.AVAILABLE, at=YORK) == 1
    assert warehouse.units(Bucket.CARRIER_DAMAGED, at=YORK) == 1


def test_a_place_whose_name_begins_like_the_one_that_lost_units_neither_gives_nor_covers() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(1, at=LEEDS), placed("o-1", units(1, 1)), received(2, at=f"{LEEDS}0"))
    assert names(warehouse.tell(lost(1, at=LEEDS))) == ["ReservationWithdrawn"]
    assert (warehouse.available(), warehouse.reserved()) == (2, 0)


def test_what_no_book_has_is_an_open_discrepancy_with_its_place() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(1), lost(3))
    (row,) = warehouse.books.discrepancies.added
    assert (row.sku, row.location_id, row.quantity, row.closed_at) == ("mug", LEEDS, 2, None)
    assert warehouse.available() == 0


def test_two_lines_that_no_book_has_are_two_discrepancies() -> None:
    warehouse = Warehouse()
    facts = warehouse.tell(shipped("o-1", units(1, 2), units(2, 2)))
    assert len({fact.discrepancy_id for fact in of_kind(facts, DiscrepancyOpened)}) == 2


def test_each_movement_of_a_late_shipment_has_a_version_of_its_own() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(1, at=LEEDS), received(1, at=YORK), placed("o-1", units(1, 2)), canceled("o-1"))
    warehouse.tell(shipped_after_cancel("o-1", units(1, 2)))
    assert [entry.item_version for entry in warehouse.books.movements.added] == list(range(1, 11))
    assert warehouse.item().version == 10
