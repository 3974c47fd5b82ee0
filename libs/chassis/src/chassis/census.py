"""What waits in a service's tables, counted by one statement: for metrics, and to know whether all is quiet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.postgres import translated
from chassis.tables import ServiceTables


@dataclass(frozen=True, slots=True)
class Census:
    """Numbers of rows, at one instant."""

    outbox_rows: int = 0
    due_deadlines: int = 0
    next_due_at: datetime | None = None
    parked: int = 0
    quarantined: int = 0
    due_work: int = 0
    """What waits for a worker."""


async def take_census(engine: AsyncEngine, tables: ServiceTables, now: datetime, work: Sequence[Column[Any]] = ()) -> Census:
    """`work` are columns of instants at which something is to be done beside the lanes. Raises StorageError."""
    due_at = tables.deadline.c.due_at
    due = [select(func.count()).where(column <= now).scalar_subquery() for column in work]
    instants = [select(func.min(column)).scalar_subquery() for column in (due_at, *work)]
    statement = select(
        select(func.count()).select_from(tables.outbox).scalar_subquery(),
        select(func.count()).select_from(tables.deadline).where(due_at <= now).scalar_subquery(),
        func.least(*instants),
        select(func.count()).select_from(tables.parked).scalar_subquery(),
        select(func.count()).select_from(tables.quarantine).scalar_subquery(),
        sum(due, literal(0)),
    )
    with translated():
        async with engine.connect() as connection:
            return Census(*(await connection.execute(statement)).one())
