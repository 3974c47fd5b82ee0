"""What inventory does about each message: the service's table of contents. Rules live in `domain`, SQL in `store`.

Each decision is total: what it does in each state is in docs/states/reservation.md and docs/states/item.md.
"""

from chassis.desk import Desk
from contracts.inventory import SetListing, SetProduct
from contracts.orders import ItemsCanceled, OrderCanceled, OrderPlaced, PackageShipped, ShippedAfterCancel
from contracts.removals import (
    RemovalCanceled,
    RemovalDisposed,
    RemovalRequested,
    RemovalShipped,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
)
from contracts.warehouse import CustomerReturned, UnitsAdjusted, UnitsReceived
from inventory import store
from inventory.decisions import catalog, orders, removals, shelf
from inventory.store import Books

DESK: Desk[Books] = Desk("inventory", store.load, store.save)

DESK.on(OrderPlaced, orders.reserve)
DESK.on(OrderCanceled, orders.release_all)
DESK.on(ItemsCanceled, orders.release_some)
DESK.on(PackageShipped, orders.ship)
DESK.on(ShippedAfterCancel, orders.ship)

DESK.on(RemovalRequested, removals.hold)
DESK.on(RemovalCanceled, removals.release_all)
DESK.on(RemovalUnitsReturned, removals.release_some)
DESK.on(RemovalUnitsMissing, removals.write_off)
DESK.on(RemovalShipped, removals.remove)
DESK.on(RemovalDisposed, removals.remove)

DESK.on(UnitsReceived, shelf.receive)
DESK.on(UnitsAdjusted, shelf.adjust)
DESK.on(CustomerReturned, shelf.take_back)

DESK.on(SetProduct, catalog.set_product, creates=True)
DESK.on(SetListing, catalog.set_listing)
