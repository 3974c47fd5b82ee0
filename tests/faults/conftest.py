"""A market that may be broken: its broker, its database server, its mail server and its processes are nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.runs import Run
from devkit.stack import Stack

from support.embedded import unique_name
from support.mail import MailHouse, mail_house
from support.market import Market, Parts, open_market
from support.seller import Seller


@pytest.fixture(scope="package")
def parts(run: Run) -> Iterator[Parts]:
    with EmbeddedKafka(run, name="broken-kafka") as kafka, EmbeddedPostgres(run, name="broken-postgres") as postgres:
        yield Parts(kafka, postgres)


@pytest_asyncio.fixture(scope="package")
async def house() -> AsyncIterator[MailHouse]:
    """The market's mail server. It takes what it gets, unless it is told otherwise."""
    async with mail_house() as house:
        yield house


@pytest_asyncio.fixture(scope="package")
async def market(run: Run, parts: Parts, house: MailHouse) -> AsyncIterator[Market]:
    """Two processes a service."""
    stack = Stack(parts.kafka.bootstrap, parts.postgres.server)
    async with open_market(run, stack, processes=2, settings=house.settings()) as market:
        yield market


@pytest.fixture
def seller() -> Seller:
    return Seller(unique_name("shop"))
