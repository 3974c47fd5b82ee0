"""Who may call what, tried out: every route of every service, with every role, for the own seller and a foreign one (S12)."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.access import Allowed
from chassis.auth import Role
from chassis.operator import router as operator_router
from chassis.tables import ServiceTables
from devkit.databases import DatabaseServer
from devkit.documents.access import guarded_routes
from devkit.documents.writing import INTERFACES
from inventory import tables as inventory_tables
from notifications import tables as notifications_tables
from orders import tables as orders_tables
from removals import tables as removals_tables

from support.embedded import unique_name
from support.shop import SELLER, Shop, open_shop

TABLES: dict[str, tuple[MetaData, ServiceTables]] = {
    "orders": (orders_tables.metadata, orders_tables.SERVICE),
    "inventory": (inventory_tables.metadata, inventory_tables.SERVICE),
    "removals": (removals_tables.metadata, removals_tables.SERVICE),
    "notifications": (notifications_tables.metadata, notifications_tables.SERVICE),
}
FILLED = {
    "order_id": "111-0000000-0000000",
    "removal_id": "R-1",
    "mail_id": "8f14e45f-ceea-867a-9d6b-3c59dc048e88",
    "sku": "mug",
    "location_id": "network:GB:LBA1",
    "bucket": "available",
    "marketplace_id": "GB",
    "channel": "network",
    "kind": "order",
    "object_id": "111",
    "position": "1",
    "quarantine_id": "8f14e45f-ceea-867a-9d6b-3c59dc048e88",
}
"""Something for each parameter of a path; a new one needs its line."""
FOREIGN = "s2"


def routes() -> Iterator[tuple[str, str, str, Allowed]]:
    for service, interface in INTERFACES.items():
        for method, path, rule in guarded_routes(interface.app):
            yield service, method, path, rule


ROUTES = list(routes())
EACH = pytest.mark.parametrize(
    ("service", "method", "path", "rule"), ROUTES, ids=[f"{service} {method} {path}" for service, method, path, _ in ROUTES]
)


@pytest.fixture(scope="module")
async def shops(postgres: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Shop]]:
    async with AsyncExitStack() as stack:
        directory = tmp_path_factory.mktemp("access")
        yield {service: await stack.enter_async_context(_open(service, postgres, directory)) for service in TABLES}


def test_every_service_has_routes() -> None:
    assert {service for service, *_ in ROUTES} == set(TABLES)


@EACH
async def test_a_role_gets_where_it_may_and_nowhere_else(
    shops: dict[str, Shop], service: str, method: str, path: str, rule: Allowed
) -> None:
    shop = shops[service]
    for role in Role:
        for seller in (SELLER, FOREIGN):
            response = await _call(shop, method, path, seller, shop.headers(role, key="k"))
            foreign = role is Role.SELLER and seller == FOREIGN and "{seller_id}" in path
            if role in rule.roles and not foreign:
                assert response.status_code not in {401, 403}, (role, seller, response.text)
                assert response.status_code < 500, (role, seller, response.text)
            else:
                assert response.status_code == 403, (role, seller, response.text)


@EACH
@pytest.mark.parametrize("authorization", [None, "Bearer abc", "Basic abc", "Bearer"])
async def test_nobody_gets_anywhere_without_a_good_token(
    shops: dict[str, Shop], service: str, method: str, path: str, rule: Allowed, authorization: str | None
) -> None:
    assert rule.roles
    headers = {"Idempotency-Key": "k"} | ({"Authorization": authorization} if authorization else {})
    response = await _call(shops[service], method, path, SELLER, headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def _call(shop: Shop, method: str, path: str, seller: str, headers: dict[str, str]) -> httpx.Response:
    """With a body that is no JSON: nobody reads it before the caller was let in."""
    address = path.format(**FILLED, seller_id=seller)
    return await shop.http.request(method, address, content=b"{", headers=headers | {"Content-Type": "application/json"})


@asynccontextmanager
async def _open(service: str, postgres: DatabaseServer, directory: Path) -> AsyncIterator[Shop]:
    metadata, tables = TABLES[service]
    dsn = postgres.create_database(unique_name("access"))
    engine = create_async_engine(dsn)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    interface = INTERFACES[service]
    async with open_shop(dsn, directory, interface.desk, tables, [interface.router, operator_router]) as shop:
        yield shop
