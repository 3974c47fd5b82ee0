"""The HTTP side of a service in this process: its app without a server, on real rows; callers with tokens of its own issuer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.auth import Role, Verifier
from chassis.breaker import Breaker
from chassis.clock import SystemClock
from chassis.commands import Commands
from chassis.desk import Desk
from chassis.edge import Edge
from chassis.gate import Gate
from chassis.http import http_app
from chassis.lane import Lane, Works
from chassis.tables import ServiceTables
from chassis.transaction import PostgresTransactions, Transactions
from devkit.tokens import AUDIENCE, ISSUER, Issuer

SELLER = "s1"


@dataclass(slots=True)
class Shop:
    """A service's HTTP side in this process, and callers for it."""

    edge: Edge
    issuer: Issuer
    http: httpx.AsyncClient
    running: asyncio.Task[None] | None = field(default=None)

    def headers(self, role: Role = Role.SELLER, *, seller_id: str | None = None, key: str | None = None) -> dict[str, str]:
        """Of a caller with this role; `key` is the Idempotency-Key."""
        of_seller = (seller_id or SELLER) if role is Role.SELLER else None
        given = {"Authorization": f"Bearer {self.issuer.token(role, seller_id=of_seller)}"}
        return given | ({"Idempotency-Key": key} if key else {})

    async def post(
        self, path: str, body: Any, key: str | None = None, role: Role = Role.SELLER, **headers: str
    ) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers(role, key=key) | headers)

    async def put(self, path: str, body: Any, key: str, role: Role = Role.SELLER) -> httpx.Response:
        return await self.http.put(path, json=body, headers=self.headers(role, key=key))

    async def get(self, path: str, role: Role = Role.SELLER, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers(role))


Wrap = Callable[[Transactions], Transactions]


def unchanged(real: Transactions) -> Transactions:
    return real


@asynccontextmanager
async def open_shop(
    dsn: str, directory: Path, desk: Desk[Any], tables: ServiceTables, routers: Sequence[APIRouter], wrap: Wrap = unchanged
) -> AsyncIterator[Shop]:
    """The HTTP side of any service over the database at `dsn`, whose tables are there. `wrap` may put trouble in between."""
    engine: AsyncEngine = create_async_engine(dsn, pool_size=5)
    transactions = wrap(PostgresTransactions(engine, tables))
    works = Works(transactions, SystemClock(), desk, Gate(2), Breaker(), committed=lambda: None, jitter=lambda: 0.5)
    commands = Commands(Lane("http", works, hurried=True))
    issuer = Issuer.open(directory)
    verifier = Verifier.from_key_set(issuer.key_set.read_text(), issuer=ISSUER, audience=AUDIENCE, dev_mode=True)
    edge = Edge(verifier, commands, works, engine, tables)
    transport = httpx.ASGITransport(http_app(desk.service, routers, edge), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        shop = Shop(edge, issuer, client, asyncio.create_task(commands.run()))
        try:
            yield shop
        finally:
            commands.stop()
            if shop.running is not None:
                await asyncio.gather(shop.running, return_exceptions=True)
            await engine.dispose()
