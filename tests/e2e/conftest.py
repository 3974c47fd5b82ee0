"""One market for all tests of this folder, and one on containers for the main flow; they end with the folder, since services at
rest take time from whatever runs after them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from devkit.databases import DatabaseServer
from devkit.runs import Run
from devkit.stack import Stack

from support.containers import kafka_container
from support.embedded import unique_name
from support.market import Market, open_market
from support.seller import Seller


@pytest_asyncio.fixture(scope="package")
async def market(run: Run, kafka_bootstrap: str, postgres: DatabaseServer) -> AsyncIterator[Market]:
    """Two processes a service. Time never goes back; use a seller of your own."""
    async with open_market(run, Stack(kafka_bootstrap, postgres), processes=2) as market:
        yield market


@pytest_asyncio.fixture(scope="package")
async def container_market(run: Run, postgres_in_container: DatabaseServer) -> AsyncIterator[Market]:
    """One process a service, on the official images. The broker is its own: topics are one market's."""
    with kafka_container() as bootstrap:
        async with open_market(run, Stack(bootstrap, postgres_in_container)) as market:
            yield market


@pytest.fixture
def seller() -> Seller:
    """One that no other test knows."""
    return Seller(unique_name("shop"))
