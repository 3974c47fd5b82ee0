"""docs/states/item.md against the decisions: every cell is walked."""

from collections.abc import Callable

import pytest

from contracts.envelope import Message
from contracts.inventory import Disposition
from contracts.warehouse import Adjustment

from support.inventory import (
    NEW_FNSKUS,
    Warehouse,
    adjusted,
    canceled,
    damaged,
    described,
    found,
    lost,
    names,
    offered,
    placed,
    received,
    sent_back,
    shipped,
    units,
)
from support.inventory_removals import BAD, called_off, disposed, not_found, out, requested, returned, sent_out
from support.states import Cell, cells

HOLDER, OTHER = "o-1", "o-2"
REMOVAL, NEXT = "r-1", "r-2"
STATES: dict[str, tuple[Message, ...]] = {
    "absent": (),
    "bare": (offered(),),
    "sellable": (offered(), received(5)),
    "bound": (offered(), received(3), placed(HOLDER)),
    "held": (offered(), received(3), requested(REMOVAL, out(1, 3))),
}
MESSAGES: dict[str, Callable[[], Message]] = {
    "UnitsReceived": lambda: received(2),
    "UnitsReceived, damaged": lambda: received(2, disposition=Disposition.DISTRIBUTOR_DAMAGED),
    "UnitsAdjusted, found": lambda: found(2),
    "UnitsAdjusted, lost": lambda: lost(2),
    "UnitsAdjusted, damaged": lambda: damaged(2),
    "UnitsAdjusted, all lost": lambda: adjusted(Adjustment.LOST, 5),
    "CustomerReturned": lambda: sent_back(2, Disposition.SELLABLE),
    "CustomerReturned, damaged": lambda: sent_back(2, Disposition.CUSTOMER_DAMAGED),
    "SetProduct": described,
    "SetProduct, FNSKU taken": lambda: described(fnsku=NEW_FNSKUS[1]),
    "SetListing": offered,
    "SetListing, ended": lambda: offered(offered=False),
    "OrderPlaced": lambda: placed(OTHER, units(1, 2)),
    "OrderPlaced, for all": lambda: placed(OTHER, units(1, 5)),
    "OrderCanceled, the holder": lambda: canceled(HOLDER),
    "PackageShipped, of the holder": lambda: shipped(HOLDER, units(1, 2)),
    "RemovalRequested": lambda: requested(NEXT, out(1, 2)),
    "RemovalRequested, for all": lambda: requested(NEXT, out(1, 5)),
    "RemovalRequested, damaged": lambda: requested(NEXT, out(1, 2, BAD)),
    "RemovalCanceled, the holder": lambda: called_off(REMOVAL),
    "RemovalUnitsReturned, the holder": lambda: returned(REMOVAL, out(1, 2)),
    "RemovalUnitsMissing, the holder": lambda: not_found(REMOVAL, out(1, 3)),
    "RemovalShipped, of the holder": lambda: sent_out(REMOVAL, units(1, 2)),
    "RemovalDisposed, of the holder": lambda: disposed(REMOVAL, units(1, 3)),
}
CELLS = cells("item.md")


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_of_the_page_is_what_happens(cell: Cell) -> None:
    warehouse = Warehouse()
    warehouse.tell(described("plate", NEW_FNSKUS[1]), *STATES[cell.state])
    assert _state(warehouse) == cell.state
    facts = warehouse.tell(MESSAGES[cell.message]())
    assert names(facts) == cell.facts
    assert _state(warehouse) == cell.after


def test_the_page_has_each_message_in_each_state() -> None:
    assert {(cell.message, cell.state) for cell in CELLS} == {(m, s) for m in MESSAGES for s in STATES}


def _state(warehouse: Warehouse) -> str:
    if not warehouse.known():
        return "absent"
    if warehouse.available():
        return "sellable"
    if warehouse.reserved():
        return "bound"
    return "held" if warehouse.held() else "bare"
