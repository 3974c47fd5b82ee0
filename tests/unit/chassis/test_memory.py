"""What memory has beyond the promises of rows: pauses, crashes, refusals. The rest is in the conformance tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import CheckConstraint, Column, Float, Integer, MetaData, Table, Text, column, text

from chassis.failures import StorageError
from chassis.memory import Memory, MemoryRows
from chassis.memory_checks import term
from chassis.memory_layout import layout

from support.row_tables import entry, shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement

ROW = ("s", 1, 5, 0, None)


class CrashError(BaseException):
    """The process is gone: nothing may catch this."""


def _crash_at(operation: str) -> Callable[[str, str], Any]:
    async def pause(now: str, _table: str) -> None:
        if now == operation:
            raise CrashError

    return pause


async def test_a_scheduler_is_asked_ahead_of_each_operation_and_around_the_commit() -> None:
    asked: list[tuple[str, str]] = []

    async def pause(operation: str, table: str) -> None:
        asked.append((operation, table))

    rows = MemoryRows(Memory(), pause)
    await rows.lock(shelf, [("s", 1)])
    await rows.insert(shelf, [ROW])
    await rows.insert(shelf, [])
    await rows.commit()
    assert asked == [("lock", "shelf"), ("insert", "shelf"), ("commit", ""), ("committed", "")]


@pytest.mark.parametrize(("operation", "left"), [("insert", []), ("commit", []), ("committed", [ROW])])
async def test_a_crash_leaves_all_or_nothing_and_no_lock(operation: str, left: list[tuple[Any, ...]]) -> None:
    memory = Memory()
    rows = MemoryRows(memory, _crash_at(operation))
    with pytest.raises(CrashError):
        await _create(rows)
    assert memory.committed(shelf) == left
    other = MemoryRows(memory)
    await asyncio.wait_for(other.lock(shelf, [("s", 1)]), 1)


async def _create(rows: MemoryRows) -> None:
    await rows.lock(shelf, [("s", 1)])
    await rows.insert(shelf, [ROW])
    await rows.commit()


async def test_a_transaction_that_has_ended_takes_no_more() -> None:
    rows = MemoryRows(Memory())
    await rows.commit()
    with pytest.raises(StorageError, match="25P02"):
        await rows.insert(shelf, [ROW])


async def test_who_waits_is_served_in_the_order_of_coming() -> None:
    memory, served = Memory(), []

    async def take(number: int) -> None:
        rows = MemoryRows(memory)
        await rows.lock(shelf, [("s", 1)])
        served.append(number)
        await asyncio.sleep(0)
        await rows.close()

    await asyncio.gather(*(take(number) for number in range(7)))
    assert served == list(range(7))


async def test_who_is_canceled_while_being_served_passes_the_lock_on() -> None:
    memory = Memory()
    first, second, third = (MemoryRows(memory) for _ in range(3))
    await first.lock(shelf, [("s", 1)])
    waiting = asyncio.ensure_future(second.lock(shelf, [("s", 1)]))
    behind = asyncio.ensure_future(third.lock(shelf, [("s", 1)]))
    await asyncio.sleep(0)
    await first.close()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.wait_for(behind, 1) == []


async def test_who_has_just_been_served_does_not_count_as_waiting() -> None:
    memory = Memory()
    first, second, third = (MemoryRows(memory) for _ in range(3))
    await first.lock(shelf, [("s", 1)])

    async def take_and_leave() -> None:
        await second.lock(shelf, [("s", 1)])
        await second.close()

    waiting = asyncio.ensure_future(take_and_leave())
    await asyncio.sleep(0)
    await first.close()
    async with asyncio.timeout(1):
        await third.lock(shelf, [("s", 1)])
    await waiting


async def test_numbers_of_an_identity_column_are_not_given_twice_after_a_rollback() -> None:
    memory = Memory()
    forgotten, kept = MemoryRows(memory), MemoryRows(memory)
    await forgotten.insert(entry, [("a",), ("b",)])
    await forgotten.close()
    await kept.insert(entry, [("c",)])
    await kept.commit()
    assert memory.committed(entry) == [(3, "c")]


@pytest.mark.parametrize(
    ("condition", "row", "value"),
    [
        (column("n") > 1, (1, 2, None), True),
        (column("n") > column("m"), (1, 2, None), None),
        (column("m").is_(None), (1, 2, None), True),
        (column("m").is_not(None) & (column("n") == 3), (1, 2, None), False),
        ((column("m") > 1) & (column("n") == 3), (1, 2, None), False),
        ((column("m") > 1) | (column("n") == 2), (1, 2, None), True),
        ((column("m") > 1) | (column("n") == 3), (1, 2, None), None),
        (~((column("n") == 2) & (column("key") == 1)), (1, 2, None), False),
        (column("key") + column("n") + 1 - column("n") == 2, (1, 2, None), True),
        (column("n").in_([2, 3]), (1, 2, None), True),
        (column("n").not_in([2, 3]), (1, 2, None), False),
        ((column("n") == 2) == column("m").is_(None), (1, 2, None), True),
    ],
)
def test_a_check_has_the_value_that_sql_gives_it(condition: ColumnElement[bool], row: tuple[Any, ...], value: object) -> None:
    assert term(_table(), condition)(row) is value


@pytest.mark.parametrize(
    "check", [CheckConstraint("n > 0"), CheckConstraint(column("n") * 2 > 0), CheckConstraint(text("true"))]
)
def test_a_check_that_memory_does_not_know_is_refused(check: CheckConstraint) -> None:
    with pytest.raises(TypeError, match="check constraint"):
        layout(_table(check))


def test_a_type_that_memory_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="do not carry"):
        layout(_table(Column("share", Float)))


def _table(*parts: Any) -> Table:
    columns = (Column("key", Integer, primary_key=True), Column("n", Integer), Column("m", Text))
    return Table("thing", MetaData(), *columns, *parts)
