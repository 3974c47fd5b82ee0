"""A market that may be broken: its broker, its database server and its processes are nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.runs import Run
from devkit.stack import Stack

from support.embedded import unique_name
from support.market import Market, Parts, open_market
from support.seller import Seller


@pytest.fixture(scope="session")
def parts(run: Run) -> Iterator[Parts]:
    with EmbeddedKafka(run, name="broken-kafka") as kafka, EmbeddedPostgres(run, name="broken-postgres") as postgres:
        yield Parts(kafka, postgres)


@pytest_asyncio.fixture(scope="session")
async def market(run: Run, parts: Parts) -> AsyncIterator[Market]:
    """Two processes a service."""
    async with open_market(run, Stack(parts.kafka.bootstrap, parts.postgres.server), processes=2) as market:
        yield market


@pytest.fixture
def seller() -> Seller:
    return Seller(unique_name("shop"))
