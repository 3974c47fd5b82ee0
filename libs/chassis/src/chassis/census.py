"""What waits in a service's tables, counted by one statement: for metrics, and to know whether all is quiet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
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


async def take_census(engine: AsyncEngine, tables: ServiceTables, now: datetime) -> Census:
    """Raises StorageError."""
    due_at = tables.deadline.c.due_at
    statement = select(
        select(func.count()).select_from(tables.outbox).scalar_subquery(),
        select(func.count()).select_from(tables.deadline).where(due_at <= now).scalar_subquery(),
        select(func.min(due_at)).scalar_subquery(),
        select(func.count()).select_from(tables.parked).scalar_subquery(),
        select(func.count()).select_from(tables.quarantine).scalar_subquery(),
    )
    with translated():
        async with engine.connect() as connection:
            return Census(*(await connection.execute(statement)).one())
