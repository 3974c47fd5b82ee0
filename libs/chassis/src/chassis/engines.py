"""The connections of a service to its database: for its transactions, and for questions. They differ in how their statements
are planned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.settings import STATEMENT_SECONDS_SPARE, ServiceSettings

CONNECT_SECONDS_MAX = 10
BY_KEYS: Mapping[str, str] = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Transactions bring the keys of all they touch: row by row through an index is right for any table and any number of them. So
one plan will do, made once a connection; without the other settings one made while a table was empty would read all of it.
"""
ANEW: Mapping[str, str] = {"plan_cache_mode": "force_custom_plan"}
"""Questions may ask for much or little of a table, and it may have been empty when they were first asked."""


@dataclass(frozen=True, slots=True)
class Engines:
    """`transactions` for what is decided, `questions` for everything that only reads."""

    transactions: AsyncEngine
    questions: AsyncEngine

    @classmethod
    def of(cls, settings: ServiceSettings, service: str) -> Self:
        """Connections are made when they are needed, a third of them for questions."""
        return cls(
            _engine(settings, service, BY_KEYS, settings.transactions_at_once),
            _engine(settings, service, ANEW, settings.questions_at_once),
        )

    async def dispose(self) -> None:
        await self.transactions.dispose()
        await self.questions.dispose()


def _engine(settings: ServiceSettings, service: str, plans: Mapping[str, str], connections_max: int) -> AsyncEngine:
    """Statements end by themselves: by the server's limit, or by ours when the server has gone."""
    milliseconds = settings.statement_seconds_max * 1000
    server_settings = {
        "application_name": f"wharf-{service}",
        "statement_timeout": str(milliseconds),
        "idle_in_transaction_session_timeout": str(2 * milliseconds),
        "jit": "off",
        **plans,
    }
    return create_async_engine(
        settings.database.get_secret_value(),
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS_MAX,
        connect_args={
            "server_settings": server_settings,
            "command_timeout": settings.statement_seconds_max + STATEMENT_SECONDS_SPARE,
            "timeout": CONNECT_SECONDS_MAX,
        },
    )
