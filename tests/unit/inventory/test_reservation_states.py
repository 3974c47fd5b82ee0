"""docs/states/reservation.md against the decisions: every cell is walked."""

from collections.abc import Callable

import pytest

from contracts.envelope import Message
from contracts.orders import CancelReason

from support.inventory import (
    Warehouse,
    canceled,
    items_canceled,
    lost,
    names,
    placed,
    received,
    shipped,
    shipped_after_cancel,
    units,
)
from support.states import Cell, cells

O = "o-1"  # noqa: E741 - the one order of the example
STATES: dict[str, tuple[Message, ...]] = {
    "absent": (),
    "early": (canceled(O),),
    "held": (placed(O),),
    "refused": (placed(O, units(1, 9)),),
    "ended": (placed(O), canceled(O)),
}
MESSAGES: dict[str, Callable[[], Message]] = {
    "OrderPlaced": lambda: placed(O),
    "OrderPlaced, too many": lambda: placed(O, units(1, 9)),
    "OrderCanceled": lambda: canceled(O),
    "OrderCanceled, NoInventory": lambda: canceled(O, CancelReason.NO_INVENTORY),
    "OrderCanceled, a reason not known": lambda: canceled(O, "SunStorm"),
    "ItemsCanceled, one unit": lambda: items_canceled(O, units(1, 1)),
    "ItemsCanceled, all units": lambda: items_canceled(O, units(1, 3)),
    "PackageShipped, one unit": lambda: shipped(O, units(1, 1)),
    "PackageShipped, all units": lambda: shipped(O, units(1, 3)),
    "ShippedAfterCancel, all units": lambda: shipped_after_cancel(O, units(1, 3)),
    "PackageShipped, too many": lambda: shipped(O, units(1, 9)),
    "UnitsAdjusted, the whole place lost": lambda: lost(5),
}
CELLS = cells("reservation.md")


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_of_the_page_is_what_happens(cell: Cell) -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), *STATES[cell.state])
    facts = warehouse.tell(MESSAGES[cell.message]())
    reservation = warehouse.reservation(O)
    assert (reservation.status if reservation else "absent") == cell.after
    assert names(facts) == cell.facts
    assert warehouse.reserved() == sum(line.open for line in (reservation.lines if reservation else ()))


def test_the_page_has_each_message_in_each_state() -> None:
    assert {(cell.message, cell.state) for cell in CELLS} == {(m, s) for m in MESSAGES for s in STATES}
