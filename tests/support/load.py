"""Buyers who keep coming while something breaks, and remember what they were promised."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx
from aiokafka.errors import KafkaError

from support.embedded import unique_name
from support.market import Market
from support.seller import Seller, a_line
from support.wire import wire

PACE_SECONDS = 0.01
RETRY_SECONDS = 0.2
TRIES_MAX = 300
ORDERS_MAX = 5_000
ONE = a_line(quantity=1)


@dataclass(slots=True)
class Load:
    """Orders by HTTP and by Kafka in turn, each with its payment. `promised`: those that were acknowledged (S1)."""

    market: Market
    seller: Seller
    promised: list[str] = field(default_factory=list)
    troubles: int = 0
    """Requests that were not answered, or answered with 503: each was sent again under the same key."""
    _wanted: bool = True

    async def run(self) -> None:
        """Until `stop`, a hundred a second at most."""
        for number in range(ORDERS_MAX):
            if not self._wanted:
                return
            order_id = await (self._by_http() if number % 2 else self._by_kafka(f"o-{number}"))
            self.promised.append(order_id)
            await self.market.send(wire(self.seller.verified(order_id)))
            await asyncio.sleep(PACE_SECONDS)
        raise AssertionError(f"nobody has stopped the load after {ORDERS_MAX} orders")

    def stop(self) -> None:
        self._wanted = False

    async def _by_kafka(self, order_id: str) -> str:
        record = wire(self.seller.order(order_id, ONE), f"{self.seller.id}/{order_id}")
        for _ in range(TRIES_MAX):
            try:
                await self.market.send(record)
            except KafkaError:
                self.troubles += 1
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return order_id
        raise AssertionError(f"{order_id} could not be published")

    async def _by_http(self) -> str:
        key = unique_name("key")
        for _ in range(TRIES_MAX):
            try:
                answer = await self.market.place(self.seller, ONE, key=key, wait_seconds=0)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                return str(answer.json()["order_id"])
            assert answer is None or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            self.troubles += 1
            await asyncio.sleep(RETRY_SECONDS)
        raise AssertionError("an order could not be placed")
