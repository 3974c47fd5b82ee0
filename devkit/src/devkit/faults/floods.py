"""What comes in from outside and is too much, or wrong: poison, an item that everybody wants, what has piled up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from contracts.inventory import COMMANDS as INVENTORY_COMMANDS
from contracts.notifications import COMMANDS as NOTIFICATIONS_COMMANDS
from contracts.orders import COMMANDS as ORDERS_COMMANDS
from contracts.payments import FACTS as PAYMENTS
from contracts.removals import COMMANDS as REMOVALS_COMMANDS
from contracts.warehouse import STOCK
from devkit.benchmarks.ground import connected
from devkit.demo.messages import Record, record_of
from devkit.faults.scene import meanwhile, until
from devkit.faults.shops import SKUS, Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from devkit.faults.history import Command
    from devkit.faults.load import Load
    from devkit.faults.scene import Scene

POISON_PER_SECOND = 400
POISON_MIN = 2_000
READERS = {
    ORDERS_COMMANDS.name: "orders",
    PAYMENTS.name: "orders",
    STOCK.name: "inventory",
    INVENTORY_COMMANDS.name: "inventory",
    REMOVALS_COMMANDS.name: "removals",
    NOTIFICATIONS_COMMANDS.name: "notifications",
}
"""Topics that only one service decides."""
BURST = 50
"""Records that are sent together."""
HOT = "hot"
HOT_SHARE = 0.5
"""Of those who want the hot item, so many get it."""
HOT_FACTOR = 2.0
"""So many times the usual rate want it, besides the usual load."""
BACKLOG_SECONDS_MAX = 600.0
PILE = 2_500
TAKEN_SHARE_MIN = 0.99
"""Of the orders that are to pile up. Whose client gives up on a busy broker is unknown, and all or nothing as any other."""
"""Orders that are published together."""
HELD = """
    SELECT count(DISTINCT holder_id) FROM reservation_line
    WHERE seller_id = $1 AND sku = $2 AND taken > released + shipped"""


@asynccontextmanager
async def poisoned(scene: Scene) -> AsyncIterator[None]:
    """Records that are no messages, and messages in the name of somebody else, on the topics of all services. Each has to be
    put into quarantine, and none may hold up anybody.
    """
    taken, unknown = Counter[str](), Counter[str]()
    async with meanwhile(_poison(scene, taken, unknown)):
        yield
        await until(lambda: taken.total() >= POISON_MIN, seconds_max=BACKLOG_SECONDS_MAX)
    scene.remarks.append(f"{taken.total():,} poisoned records")
    scene.stand.quarantined += taken
    scene.stand.perhaps_quarantined += unknown


async def _poison(scene: Scene, taken: Counter[str], unknown: Counter[str]) -> None:
    """Until canceled, which ends between two bursts: what was sent is counted."""
    number = 0
    while True:
        pause = asyncio.create_task(asyncio.sleep(BURST / POISON_PER_SECOND))
        burst = [_poisoned(scene, number + place) for place in range(BURST)]
        number += BURST
        spilling = asyncio.create_task(_spill(scene, burst, taken, unknown))
        try:
            await asyncio.shield(spilling)
        finally:
            await spilling  # a cancellation goes through the shield
        await pause


async def _spill(scene: Scene, burst: Sequence[Record], taken: Counter[str], unknown: Counter[str]) -> None:
    """Whose acknowledgment does not come in time may be there all the same."""
    sent = await asyncio.gather(*(scene.load.clients.sent(record) for record in burst))
    for record, well in zip(burst, sent, strict=True):
        (taken if well else unknown)[READERS[record.topic]] += 1


def _poisoned(scene: Scene, number: int) -> Record:
    """By turns: no message at all, bytes that are no text, half a message, a message in the name of another seller."""
    clients, victim = scene.load.clients, scene.load.shops[number % len(scene.load.shops)]
    topic = tuple(READERS)[number % len(READERS)]
    receipt = victim.small_receipt()
    good = record_of(receipt, clients.envelope(receipt, uuid4()))
    match number // len(READERS) % 4:
        case 0:
            return Record(topic, good.key, (), b"{}")
        case 1:
            return Record(topic, b"\x00\x01", (), b"\xff\xfe\x00")
        case 2:
            return Record(good.topic, good.key, good.headers, good.value[: len(good.value) // 2])
        case _:
            foreign = Shop(f"{victim.seller_id}x", scene.dice).small_receipt()
            return Record(good.topic, good.key, good.headers, record_of(foreign, clients.envelope(foreign, uuid4())).value)


@asynccontextmanager
async def wanted_by_all(scene: Scene) -> AsyncIterator[None]:
    """Everybody wants one unit of an item of which there are too few: exactly so many get one."""
    load, shop = scene.load, Shop(f"{scene.load.clients.cell}.{HOT}", scene.dice)
    wishes = int(HOT_FACTOR * load.rate * scene.seconds)
    units = int(HOT_SHARE * wishes)
    received = await load.clients.publish(shop.receipt(HOT, units))
    crowd: list[asyncio.Task[Command]] = []
    async with meanwhile(_crowd(load, shop, wishes, crowd)):
        yield
        await until(lambda: len(crowd) == wishes, seconds_max=BACKLOG_SECONDS_MAX)
    commands = await asyncio.gather(*crowd)
    if not received.acknowledged or sum(command.acknowledged for command in commands) < units:
        scene.troubles.append("the item was not sold out: too few could ask for it")
    scene.remarks.append(f"{wishes} wanted {units}")
    scene.finally_true.append(lambda: _sold_exactly(scene, shop, units))


async def _crowd(load: Load, shop: Shop, wishes: int, crowd: list[asyncio.Task[Command]]) -> None:
    for number in range(wishes):
        order = shop.order(f"h-{number}", HOT)
        asked = load.clients.ask(order) if number % 2 else load.clients.publish(order)
        crowd.append(load.spawn(asked))
        await asyncio.sleep(1 / (HOT_FACTOR * load.rate))


async def _sold_exactly(scene: Scene, shop: Shop, units: int) -> list[str]:
    async with connected(scene.stand.services.dsns["inventory"]) as database:
        winners = int(await database.fetchval(HELD, shop.seller_id, HOT))
    return [] if winners == units else [f"{winners} orders have got one of {units} units (S4)"]


@asynccontextmanager
async def piled_up(scene: Scene) -> AsyncIterator[None]:
    """Inventory is down while orders come in, very many of them; then it comes back."""
    stand, clients, shop = scene.stand, scene.load.clients, scene.load.shops[0]
    await stand.stop(stand.running("inventory")[0])
    keys: set[str] = set()
    for first in range(0, scene.backlog, PILE):
        numbers = range(first, min(scene.backlog, first + PILE))
        orders = [shop.order(f"b-{number}", *_two_items(number)) for number in numbers]
        commands = await asyncio.gather(*(clients.publish(order) for order in orders))
        keys |= {command.message.subject.key for command in commands if command.acknowledged}
    if len(keys) < TAKEN_SHARE_MIN * scene.backlog:
        scene.troubles.append("the broker did not take the backlog")
    await _all_told(scene, "OrderPlaced", keys)
    yield
    scene.until.append(_drained(scene, keys, time.monotonic()))
    stand.start("inventory")


def _two_items(number: int) -> tuple[str, str]:
    return f"sku-{number % SKUS}", f"sku-{(number + 1) % SKUS}"


async def _drained(scene: Scene, keys: set[str], begin: float) -> None:
    """How fast inventory works off what had piled up, its start included."""
    await _all_told(scene, "StockReserved", keys)
    seconds = time.monotonic() - begin
    scene.remarks.append(f"{len(keys):,} orders in {seconds:.0f} s, {len(keys) / seconds:,.0f} a second")


async def _all_told(scene: Scene, kind: str, keys: set[str]) -> None:
    """Raises TimeoutError."""
    told, waiting = scene.stand.facts.told, set(keys)

    def all_told() -> bool:
        waiting.difference_update([key for key in waiting if (kind, key) in told])
        return not waiting

    await until(all_told, seconds_max=BACKLOG_SECONDS_MAX)
