"""docs/states/reservation.md against the decisions: every cell is walked."""

from collections.abc import Callable

import pytest

from contracts.envelope import Message
from contracts.inventory import Disposition
from contracts.orders import CancelReason
from contracts.removals import DepartedUnits
from contracts.warehouse import Adjustment
from inventory.domain.stock import Bucket

from support.inventory import (
    LEEDS,
    Warehouse,
    adjusted,
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
from support.inventory_removals import BAD, called_off, disposed, not_found, out, requested, returned, sent_out
from support.states import Cell, cells

O, R = "o-1", "r-1"  # noqa: E741 - the one order and the one removal of the example
ORDER: dict[str, tuple[Message, ...]] = {
    "absent": (),
    "early": (canceled(O),),
    "held": (placed(O),),
    "refused": (placed(O, units(1, 9)),),
    "ended": (placed(O), canceled(O)),
}
REMOVAL: dict[str, tuple[Message, ...]] = {
    "absent": (),
    "early": (called_off(R),),
    "held": (requested(R),),
    "refused": (requested(R, out(1, 9), out(2, 9, BAD)),),
    "ended": (requested(R), called_off(R)),
}
OF_ORDERS: dict[str, Callable[[], Message]] = {
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
OF_REMOVALS: dict[str, Callable[[], Message]] = {
    "RemovalRequested": lambda: requested(R),
    "RemovalRequested, too many": lambda: requested(R, out(1, 9), out(2, 9, BAD)),
    "RemovalCanceled": lambda: called_off(R, out(1, 2), out(2, 2, BAD)),
    "RemovalUnitsReturned, one unit": lambda: returned(R, out(1, 1)),
    "RemovalUnitsReturned, all units": lambda: returned(R, out(1, 2), out(2, 2, BAD)),
    "RemovalUnitsMissing, one unit": lambda: not_found(R, out(2, 1, BAD)),
    "RemovalUnitsMissing, all units": lambda: not_found(R, out(1, 2), out(2, 2, BAD)),
    "RemovalUnitsMissing, of a place": lambda: not_found(R, out(2, 1, BAD), at=LEEDS),
    "RemovalShipped, one line": lambda: sent_out(R, units(1, 2)),
    "RemovalShipped, all units": lambda: sent_out(R),
    "RemovalDisposed, all units": lambda: disposed(R, units(1, 2), units(2, 2)),
    "RemovalShipped, too many damaged": lambda: sent_out(R, units(2, 9)),
    "RemovalDisposed, too many known to be damaged": lambda: disposed(
        R, DepartedUnits(line=2, sku="mug", quantity=9, condition=BAD)
    ),
    "UnitsAdjusted, all five lost": lambda: lost(5),
    "UnitsAdjusted, all damaged ones lost": lambda: adjusted(Adjustment.LOST, 3, disposition=Disposition.CUSTOMER_DAMAGED),
}
MESSAGES = OF_ORDERS | OF_REMOVALS
CELLS = cells("reservation.md")


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_of_the_page_is_what_happens(cell: Cell) -> None:
    warehouse = Warehouse()
    before = (ORDER if cell.message in OF_ORDERS else REMOVAL)[cell.state]
    warehouse.tell(received(5), received(3, disposition=Disposition.CUSTOMER_DAMAGED), *before)
    facts = warehouse.tell(MESSAGES[cell.message]())
    reservation = warehouse.reservation(O) if cell.message in OF_ORDERS else warehouse.hold(R)
    assert (reservation.status if reservation else "absent") == cell.after
    assert names(facts) == cell.facts
    bound = Bucket.RESERVED if cell.message in OF_ORDERS else Bucket.HELD
    assert warehouse.units(bound) == sum(line.open for line in (reservation.lines if reservation else ()))


def test_the_page_has_each_message_in_each_state() -> None:
    assert {(cell.message, cell.state) for cell in CELLS} == {(m, s) for m in MESSAGES for s in ORDER}
