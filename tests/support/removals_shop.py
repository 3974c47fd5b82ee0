"""A shop of removals: what a seller sends it over HTTP, and what others tell it over Kafka."""

from __future__ import annotations

import asyncio
from typing import Any

from contracts.envelope import Message

from support.alone import received
from support.removals import OWN, held
from support.shop import SELLER, Shop

REMOVALS = f"/sellers/{SELLER}/removals"
ITEMS = [{"sku": "mug", "fulfillable": 3, "unfulfillable": 1}, {"sku": "plate", "fulfillable": 2}]
SHIP_TO = OWN.model_dump(mode="json")
DRAFT = {"marketplace_id": "GB", "method": "ship_to", "ship_to": SHIP_TO, "items": ITEMS}
OWN_ID = DRAFT | {"removal_id": "r-1"}
DISPOSAL = {"marketplace_id": "GB", "method": "dispose", "items": ITEMS}


async def tell(shop: Shop, *messages: Message, removal_id: str = "r-1") -> None:
    """From Kafka, about the seller of the shop."""
    about = {"seller_id": SELLER, "removal_id": removal_id}
    own = [message.model_copy(update={name: about[name] for name in about if hasattr(message, name)}) for message in messages]
    batch = [received(message, repr(message), shop.edge.works.clock.now()) for message in own]
    await shop.edge.commands.lane.run(batch, asyncio.sleep)


async def pending(shop: Shop, body: Any = OWN_ID, removal_id: str = "r-1") -> None:
    await shop.post(REMOVALS, body | {"removal_id": removal_id}, f"d-{removal_id}")
    confirmed = await shop.post(f"{REMOVALS}/{removal_id}/confirmation", {"draft": 1}, f"c-{removal_id}")
    assert confirmed.status_code == 202, confirmed.text
    await tell(shop, held(), removal_id=removal_id)
