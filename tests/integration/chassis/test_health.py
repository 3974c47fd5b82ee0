"""What readiness asks, of parts on a real database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from chassis.parts import Parts
from chassis.settings import ServiceSettings
from chassis.tracing import Tracing
from chassis.web import health_of
from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.toy_service import toy_plan


@pytest.fixture
async def parts(postgres: DatabaseServer) -> AsyncIterator[Parts[Any]]:
    name = unique_name("health")
    dsn = postgres.create_database(name)
    settings = ServiceSettings(dev_mode=True, database=SecretStr(dsn), kafka="127.0.0.1:9", database_connections_max=8)
    parts: Parts[Any] = Parts(settings, toy_plan(), Tracing())
    yield parts
    await parts.producer.stop()
    await parts.engines.dispose()
    postgres.drop_database(name)


async def test_slow_questions_make_nobody_unready(parts: Parts[Any]) -> None:
    async with AsyncExitStack() as questions:
        for _ in range(parts.settings.questions_at_once):
            await questions.enter_async_context(parts.engines.questions.connect())
        assert (await health_of(parts).troubles())["database"] is None


async def test_without_a_connection_for_decisions_nobody_is_ready(parts: Parts[Any]) -> None:
    async with AsyncExitStack() as decisions:
        for _ in range(parts.settings.transactions_at_once):
            await decisions.enter_async_context(parts.engines.transactions.connect())
        assert (await health_of(parts).troubles())["database"] == "no answer in 2 s"
