"""Two processes of inventory on the same items: nothing is sold twice, and who gives way is decided under the locks (S4)."""

import asyncio
from collections import Counter

import pytest

from chassis.failures import Failure, StorageError, failure_of
from chassis.memory import Memory, Pause
from contracts.envelope import Message
from inventory import tables
from inventory.candidates import HoldersChangedError
from inventory.domain.stock import Bucket

from support.inventory import canceled, lost, placed, received, shipped, units
from support.inventory_database import Inventory
from support.inventory_removals import out, requested

ORDERS = 40
UNITS = 50


async def test_two_processes_reserve_what_is_there_and_no_more(inventory_dsn: str, on_postgres: Inventory) -> None:
    await on_postgres.tell(received(UNITS))
    other = Inventory.on_postgres(inventory_dsn)
    batches = [[placed(f"buyer-{n}-{i}", units(1, 2)) for i in range(ORDERS // 4)] for n in range(4)]
    services = [on_postgres, other] * 2
    facts = await asyncio.gather(*(each.tell(*batch) for each, batch in zip(services, batches, strict=True)))
    told = [name for each in facts for name in each]
    assert (told.count("StockReserved"), told.count("StockRefused")) == (UNITS // 2, ORDERS - UNITS // 2)
    balances = {row.bucket: row.quantity for row in await on_postgres.rows(tables.balance)}
    assert balances == {Bucket.AVAILABLE: 0, Bucket.RESERVED: UNITS}
    await other.close()


async def test_orders_and_removals_in_two_processes_get_each_unit_once(inventory_dsn: str, on_postgres: Inventory) -> None:
    await on_postgres.tell(received(UNITS))
    other = Inventory.on_postgres(inventory_dsn)
    buyers = [[placed(f"buyer-{n}-{i}", units(1, 1)) for i in range(15)] for n in range(4)]
    sellers = [[requested(f"removal-{n}-{i}", out(1, 5)) for i in range(2)] for n in range(4)]
    batches = [batch for pair in zip(buyers, sellers, strict=True) for batch in pair]
    services = [on_postgres, other, other, on_postgres] * 2
    facts = await asyncio.gather(*(each.tell(*batch) for each, batch in zip(services, batches, strict=True)))
    told = Counter(name for each in facts for name in each)
    reserved, held = told["StockReserved"], told["UnitsHeld"] * 5
    assert reserved + held == UNITS
    assert (reserved + told["StockRefused"], told["UnitsHeld"] + told["UnitsRefused"]) == (60, 8)
    balances = {row.bucket: row.quantity for row in await on_postgres.rows(tables.balance)}
    assert (balances.get(Bucket.RESERVED, 0), balances.get(Bucket.HELD, 0)) == (reserved, held)
    assert sum(row.taken for row in await on_postgres.rows(tables.reservation_line)) == UNITS
    await other.close()


async def test_a_batch_is_sent_back_when_a_removal_became_the_youngest_before_it_had_its_locks() -> None:
    memory = Memory()
    meanwhile = Inventory.in_memory(memory)
    await meanwhile.tell(received(3), placed("o-1"))
    late = Inventory.in_memory(memory, _once(meanwhile, canceled("o-1"), requested("r-1", out(1, 3))))
    loss = late.received(lost(2))
    with pytest.raises(HoldersChangedError):
        await late.take([loss])
    (outcome,) = await late.take([loss])
    assert [fact.type for fact in getattr(outcome, "facts", ())] == ["HoldWithdrawn"]


def _once(service: Inventory, *messages: Message) -> Pause:
    """While the first batch waits for its reservations, somebody else decides these."""
    waiting = list(messages)

    async def pause(operation: str, table: str) -> None:
        if (operation, table) == ("lock", "reservation") and waiting:
            now, waiting[:] = tuple(waiting), []
            await service.tell(*now)

    return pause


async def test_a_batch_is_sent_back_when_others_became_the_youngest_before_it_had_its_locks() -> None:
    memory = Memory()
    meanwhile = Inventory.in_memory(memory)
    await meanwhile.tell(received(3), placed("o-1"))
    late = Inventory.in_memory(memory, _once(meanwhile, canceled("o-1"), placed("o-2")))
    loss = late.received(lost(2))
    with pytest.raises(HoldersChangedError) as raised:
        await late.take([loss])
    assert failure_of(raised.value) is Failure.PASSING
    assert isinstance(raised.value, StorageError)
    (outcome,) = await late.take([loss])
    assert [fact.type for fact in getattr(outcome, "facts", ())] == ["ReservationWithdrawn"]
    held = {row.holder_id: row.status for row in await late.rows(tables.reservation)}
    assert held == {"o-1": "ended", "o-2": "ended"}


async def test_a_shipment_whose_units_were_lost_while_it_waited_takes_the_youngest_reservation() -> None:
    """What its holder held when it looked is not what it holds under the lock: no discrepancy while others have units."""
    memory = Memory()
    meanwhile = Inventory.in_memory(memory)
    await meanwhile.tell(received(4), placed("o-1", units(1, 2)), placed("o-2", units(1, 2)))
    late = Inventory.in_memory(memory, _once(meanwhile, canceled("o-1"), placed("o-3", units(1, 2))))
    shipment = late.received(shipped("o-1", units(1, 2)))
    with pytest.raises(HoldersChangedError):
        await late.take([shipment])
    (outcome,) = await late.take([shipment])
    told = [fact.type for fact in getattr(outcome, "facts", ())]
    assert "StockShipped" in told
    assert "ReservationWithdrawn" in told
    assert "DiscrepancyOpened" not in told
