"""Rows by the million: a row that the product wrote itself is copied inside the database, so that nobody has to know how it is
built. What is measured on them is elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import asyncpg
    from sqlalchemy import Table

ROWS_PER_STATEMENT = 100_000
"""So that there is something to tell now and then."""


@dataclass(frozen=True, slots=True)
class Copies:
    """`number` copies of the rows of `table` that fit `model`, a condition. `changed`: columns by SQL expressions, in which
    `number` counts from 1; all others stay as in the model.
    """

    table: Table
    number: int
    changed: Mapping[str, str] = field(default_factory=dict)
    model: str = "true"

    def statement(self) -> str:
        """Takes the first and the last `number`. The models are found in any case before the first copy is there."""
        columns = [column.name for column in self.table.columns if column.identity is None]
        values = ", ".join(self.changed.get(name, f"model.{name}") for name in columns)
        models = f"(SELECT * FROM {self.table.name} WHERE {self.model}) AS model"  # noqa: S608 - from the tables' definitions
        numbers = "generate_series($1::bigint, $2::bigint) AS number"
        copied = f"SELECT {values} FROM {models}, {numbers}"  # noqa: S608 - from the tables' definitions
        return f"INSERT INTO {self.table.name} ({', '.join(columns)}) {copied}"


async def copy(database: asyncpg.Connection, copies: Copies, advance: Callable[[float], None]) -> None:
    """Make them, `advance` is told how many at a time. The condition must not fit a copy. Raises asyncpg.PostgresError."""
    statement = copies.statement()
    for first in range(1, copies.number + 1, ROWS_PER_STATEMENT):
        last = min(copies.number, first + ROWS_PER_STATEMENT - 1)
        done = await database.execute(statement, first, last)
        advance(int(done.rpartition(" ")[2]))


async def settle(database: asyncpg.Connection) -> None:
    """Leave nothing to be done behind the back of what is measured next: statistics, dead rows, dirty pages."""
    await database.execute("VACUUM ANALYZE")
