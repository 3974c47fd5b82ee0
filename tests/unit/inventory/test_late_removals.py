"""Parcels and disposals of removals that are not held any more, or never were."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import ClassVar

import pytest

from contracts.envelope import Message
from contracts.inventory import DiscrepancyOpened, Disposition, UnitsRemoved
from contracts.removals import DepartedUnits
from inventory.domain.reservation import Line, Missing, Reservation, Status, held_for
from inventory.domain.stock import Bucket, Outside

from support.inventory import LEEDS, YORK, Warehouse, names, of_kind, received, units
from support.inventory_removals import BAD, called_off, disposed, not_found, out, requested, returned, sent_out

PLACES = tuple(f"network:GB:C{number}" for number in range(6))
LATE: dict[str, Callable[[int], Message]] = {
    "a parcel": lambda n: sent_out("r-1", *(units(line, 6) for line in range(1, n + 1))),
    "a disposal": lambda n: disposed("r-1", *(units(line, 6) for line in range(1, n + 1))),
    "missing units": lambda n: not_found("r-1", *(out(line, 6) for line in range(1, n + 1))),
}


def calls(act: Callable[[], object]) -> int:
    """How many calls of functions, ours and built-in ones, it takes: a measure of work that no clock disturbs."""
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


class CountedNumber(int):
    """A line's number that counts how often it is compared."""

    __slots__ = ()
    comparisons: ClassVar[int] = 0

    def __eq__(self, other: object) -> bool:
        type(self).comparisons += 1
        return int(self) == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__


def held_and_called_off(lines: int) -> Warehouse:
    """Each line was held in six places."""
    warehouse = Warehouse()
    warehouse.tell(*(received(lines, at=place) for place in PLACES))
    hold = tuple(Line(line, place, "mug", 1, released=1) for line in range(1, lines + 1) for place in PLACES)
    subject = called_off("r-1").subject
    warehouse.books.reservations[subject] = Reservation(Status.ENDED, "GB", "network", hold)
    warehouse.books.keep()
    return warehouse


@pytest.mark.parametrize("late", LATE)
def test_the_work_for_late_units_grows_with_their_lines_and_not_with_their_square(late: str) -> None:
    few, many = held_and_called_off(20), held_and_called_off(160)
    work = calls(lambda: few.tell(LATE[late](20))), calls(lambda: many.tell(LATE[late](160)))
    assert work[1] < work[0] * 8 * 1.5
    assert (few.available(), many.available()) == (0, 0)


def test_the_work_to_find_what_is_held_grows_with_the_lines_and_not_with_their_square() -> None:
    """Of lines in one list: what is wanted is looked up, not searched for."""
    steps = []
    for count in (20, 160):
        reservation = Reservation(Status.HELD, "GB", "network", tuple(Line(n, LEEDS, "mug", 2) for n in range(1, count + 1)))
        lines = [CountedNumber(n) for n in range(1, count + 1)]
        CountedNumber.comparisons = 0
        assert len(held_for(reservation, [Missing(line, "mug", 1) for line in lines])) == count
        steps.append(CountedNumber.comparisons)
    assert steps[1] <= max(steps[0], 20) * 8


def test_a_disposal_of_damaged_units_that_were_never_held_takes_no_sellable_ones() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), received(3, disposition=Disposition.CUSTOMER_DAMAGED))
    warehouse.tell(requested("r-1", out(1, 9, BAD)), requested("r-2", out(1, 9, BAD)))
    facts = warehouse.tell(disposed("r-1", DepartedUnits(line=1, sku="mug", quantity=2, condition=BAD)))
    (removed,) = of_kind(facts, UnitsRemoved)
    assert [(line.bucket, line.quantity) for line in removed.lines] == [("customer_damaged", 2)]
    facts = warehouse.tell(sent_out("r-2", DepartedUnits(line=1, sku="mug", quantity=2, condition=BAD)))
    assert names(facts) == ["UnitsRemoved", "DiscrepancyOpened"]
    assert (warehouse.available(), warehouse.units(Bucket.CUSTOMER_DAMAGED)) == (5, 0)


def test_units_left_in_a_condition_that_is_not_known_are_taken_from_no_bucket() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), requested("r-1", out(1, 9)))
    facts = warehouse.tell(sent_out("r-1", DepartedUnits(line=1, sku="mug", quantity=2, condition="haunted")))
    assert names(facts) == ["DiscrepancyOpened"]
    assert warehouse.available() == 5


def test_late_units_of_another_item_are_never_booked_on_the_line_whose_number_they_have() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2), received(2, "plate"), requested("r-1", out(1, 2)))
    facts = warehouse.tell(sent_out("r-1", units(1, 1, "plate")))
    assert [(fact.sku, fact.quantity) for fact in of_kind(facts, DiscrepancyOpened)] == [("plate", 1)]
    assert of_kind(facts, UnitsRemoved) == []
    hold = warehouse.hold("r-1")
    assert hold is not None
    assert [(line.sku, line.taken, line.shipped) for line in hold.lines] == [("mug", 2, 0)]


def test_two_items_under_one_number_that_nobody_knew_are_told_apart() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2), received(2, "plate"), requested("r-1", out(2, 1)), returned("r-1", out(2, 1)))
    facts = warehouse.tell(sent_out("r-1", units(1, 1), units(1, 1, "plate")))
    assert names(facts) == ["UnitsRemoved", "DiscrepancyOpened"]
    assert (warehouse.gone(Outside.REMOVED), warehouse.gone(Outside.REMOVED, "plate")) == (1, 0)


def test_late_units_come_from_where_each_line_was_held() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(2, at=LEEDS), received(3, at=YORK), requested("r-1", out(1, 2), out(2, 3)), called_off("r-1"))
    (removed,) = of_kind(warehouse.tell(sent_out("r-1", units(1, 1), units(2, 2))), UnitsRemoved)
    hold = warehouse.hold("r-1")
    assert hold is not None
    first = {line.line: line.location_id for line in reversed(hold.lines)}
    assert [(line.line, line.location_id) for line in removed.lines] == list(first.items())[::-1]
