"""What rows promise, on PostgreSQL and in memory. Interleavings beyond these are in test_rows_conformance_interleaved.py."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from chassis.failures import StorageError, VersionConflictError

from support.row_databases import outcome, started
from support.row_tables import entry, label, sample, shelf

if TYPE_CHECKING:
    from support.row_databases import RowDatabase, Session


async def _committed(database: RowDatabase, table: Any, rows: list[tuple[Any, ...]]) -> None:
    session = await database.begin()
    await session.rows.insert(table, rows)
    await session.commit()


async def _refusal(session: Session, operation: Any) -> StorageError:
    with pytest.raises(StorageError) as raised:
        await operation
    await session.rollback()
    return raised.value


class Kind(StrEnum):
    ORDER = "ordér"


async def test_every_type_comes_back_as_it_went_in(database: RowDatabase) -> None:
    east = timezone(timedelta(hours=2))
    at = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=east)
    text = json.dumps({"aa": [1, 2.50, None, "é\n"], "b": {"x": True}})
    full = (UUID(int=1), Kind.ORDER, -(2**31), 2**63 - 1, True, at, date(2026, 1, 2), b"\0\xff", text)
    empty = (UUID(int=2), *[None] * 8)
    await _committed(database, sample, [full, empty])
    session = await database.begin()
    first, second = await session.rows.lock(sample, [(UUID(int=2),), (UUID(int=1),)])
    assert (first.words, first.small, first.big, first.flag) == ("ordér", -(2**31), 2**63 - 1, True)
    assert (first.at, first.day, first.raw) == (at, date(2026, 1, 2), b"\0\xff")
    assert first.at.tzinfo == UTC
    assert type(first.words) is str
    assert first.document == '{"b": {"x": true}, "aa": [1, 2.5, null, "é\\n"]}'
    assert tuple(second) == empty
    await session.rollback()


@pytest.mark.parametrize(
    ("column", "value", "sqlstate"),
    [
        ("words", "a\0b", "22021"),
        ("words", "a\ud800", "22021"),
        ("words", 5, "22000"),
        ("small", 2**31, "22003"),
        ("big", -(2**63) - 1, "22003"),
        ("flag", 1, "22000"),
        ("raw", "text", "22000"),
        ("document", "{", "22P02"),
        ("document", '"\\u0000"', "22P05"),
        ("document", '{"\\ud800": 1}', "22P02"),
        ("document", "NaN", "22P02"),
    ],
)
async def test_a_value_that_a_column_cannot_hold_has_a_culprit(
    database: RowDatabase, column: str, value: object, sqlstate: str
) -> None:
    row = (UUID(int=1), *(value if name == column else None for name in sample.columns.keys()[1:]))
    session = await database.begin()
    error = await _refusal(session, session.rows.insert(sample, [row]))
    assert error.sqlstate == sqlstate


async def test_locked_rows_come_in_the_order_of_their_bytes_without_the_absent(database: RowDatabase) -> None:
    sellers = ["\U0001f600", "ß", "z", "Z", "\uffff", "a"]
    await _committed(database, shelf, [(seller, 1, 0, 0, None) for seller in sellers])
    session = await database.begin()
    rows = await session.rows.lock(shelf, [(seller, 1) for seller in [*sellers, "absent", "a"]])
    assert [row.seller_id for row in rows] == sorted(sellers, key=str.encode)
    await session.rollback()


async def test_a_key_without_a_row_is_held_and_the_next_sees_the_row_that_came(database: RowDatabase) -> None:
    first, second = await database.begin(), await database.begin()
    assert await first.rows.lock(shelf, [("s", 1)]) == []
    waiting = started(second.rows.lock(shelf, [("s", 1), ("s", 0)]))
    assert await second.waits(waiting)
    await first.rows.insert(shelf, [("s", 1, 5, 0, None)])
    await first.commit()
    (row,) = await outcome(waiting)
    assert row.units == 5
    await second.rollback()


async def test_a_row_that_came_while_its_name_was_awaited_stands_in_key_order(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 0, None), ("s", 3, 5, 0, None)])
    first, second = await database.begin(), await database.begin()
    await first.rows.lock(shelf, [("s", 2)])
    waiting = started(second.rows.lock(shelf, [("s", 1), ("s", 2), ("s", 3)]))
    assert await second.waits(waiting)
    await first.rows.insert(shelf, [("s", 2, 5, 0, None)])
    await first.commit()
    assert [row.place for row in await outcome(waiting)] == [1, 2, 3]
    await second.rollback()


async def test_who_locks_an_absent_key_while_its_row_is_on_the_way_waits_for_it(database: RowDatabase) -> None:
    first, second = await database.begin(), await database.begin()
    await first.rows.lock(shelf, [("s", 1)])
    await first.rows.insert(shelf, [("s", 1, 5, 0, None)])
    waiting = started(second.rows.lock(shelf, [("s", 1)]))
    assert await second.waits(waiting)
    await first.commit()
    assert [row.units for row in await outcome(waiting)] == [5]
    await second.rollback()


async def test_twenty_contenders_for_a_key_without_a_row_come_one_by_one(database: RowDatabase) -> None:
    async def add_one() -> None:
        session = await database.begin()
        rows = await session.rows.lock(shelf, [("s", 1)])
        if rows:
            await session.rows.update(shelf, [("s", 1, rows[0].units + 1, rows[0].revision, None)])
        else:
            await session.rows.insert(shelf, [("s", 1, 1, 0, None)])
        await session.commit()

    await asyncio.wait_for(asyncio.gather(*(add_one() for _ in range(20))), 10)
    assert await database.contents(shelf) == [("s", 1, 20, 19, None)]


async def test_a_held_row_is_waited_for_and_then_seen_as_it_is(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 0, None), ("s", 2, 5, 0, None)])
    first, second = await database.begin(), await database.begin()
    await first.rows.lock(shelf, [("s", 1)])
    assert [row.place for row in await second.rows.lock(shelf, [("s", 2)])] == [2]
    waiting = started(second.rows.lock(shelf, [("s", 1)]))
    assert await second.waits(waiting)
    await first.rows.update(shelf, [("s", 1, 6, 0, None)])
    await first.commit()
    assert [(row.units, row.revision) for row in await outcome(waiting)] == [(6, 1)]
    await second.rollback()


async def test_a_row_that_its_holder_removed_is_absent_and_held(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 0, None)])
    first, second, third = await database.begin(), await database.begin(), await database.begin()
    assert await first.rows.delete(shelf, [("s", 1), ("s", 2)]) == 1
    waiting = started(second.rows.lock(shelf, [("s", 1)]))
    assert await second.waits(waiting)
    await first.commit()
    assert await outcome(waiting) == []
    behind = started(third.rows.lock(shelf, [("s", 1)]))
    assert await third.waits(behind)
    await second.rollback()
    assert await outcome(behind) == []
    await third.rollback()


async def test_who_waited_for_a_row_that_was_removed_does_not_hold_it_when_it_comes_again(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 0, None)])
    first, second, third = await database.begin(), await database.begin(), await database.begin()
    await first.rows.delete(shelf, [("s", 1)])
    waiting = started(second.rows.delete(shelf, [("s", 1)]))
    assert await second.waits(waiting)
    await first.commit()
    assert await outcome(waiting) == 0
    await _committed(database, shelf, [("s", 1, 6, 0, None)])
    assert [row.units for row in await outcome(started(third.rows.lock(shelf, [("s", 1)])))] == [6]
    await second.rollback()
    await third.rollback()


@pytest.mark.parametrize(
    ("change", "committed", "refused"),
    [
        (("upsert", [(1, "b", "s", None)]), True, False),
        (("upsert", [(1, "b", "s", None)]), False, True),
        (("upsert", [(1, "a", "t", None)]), True, True),
        (("delete", [(1,)]), True, False),
        (("delete", [(1,)]), False, True),
    ],
)
async def test_a_value_is_free_when_the_transaction_that_gives_it_up_has_committed(
    database: RowDatabase, change: tuple[str, Any], *, committed: bool, refused: bool
) -> None:
    await _committed(database, label, [(1, "a", "s", None)])
    first, second = await database.begin(), await database.begin()
    await getattr(first.rows, change[0])(label, change[1])
    waiting = started(second.rows.insert(label, [(2, "a", "s", None)]))
    assert await second.waits(waiting)
    await (first.commit() if committed else first.rollback())
    if refused:
        with pytest.raises(StorageError, match="23505"):
            await outcome(waiting)
    else:
        await outcome(waiting)
    await second.rollback()


@pytest.mark.parametrize("committed", [True, False])
async def test_a_value_that_another_row_is_about_to_get_is_waited_for(database: RowDatabase, *, committed: bool) -> None:
    await _committed(database, label, [(1, "a", "s", None), (2, "b", "s", None)])
    first, second = await database.begin(), await database.begin()
    await first.rows.upsert(label, [(1, "c", "s", None)])
    waiting = started(second.rows.upsert(label, [(2, "c", "s", None)]))
    assert await second.waits(waiting)
    await (first.commit() if committed else first.rollback())
    if committed:
        with pytest.raises(StorageError, match="23505"):
            await outcome(waiting)
    else:
        await outcome(waiting)
    await second.rollback()


async def test_a_circle_of_waits_ends_with_one_victim_and_the_other_goes_on(database: RowDatabase) -> None:
    first, second = await database.begin(), await database.begin()
    await first.rows.lock(shelf, [("s", 1)])
    await second.rows.lock(shelf, [("s", 2)])
    waiting = started(first.rows.lock(shelf, [("s", 2)]))
    assert await first.waits(waiting)
    with pytest.raises(StorageError) as raised:
        await outcome(started(second.rows.lock(shelf, [("s", 1)])))
    assert raised.value.sqlstate == "40P01"
    assert await outcome(waiting) == []
    await second.rollback()
    await first.commit()


async def test_a_canceled_wait_leaves_nothing_held(database: RowDatabase) -> None:
    first, second, third = await database.begin(), await database.begin(), await database.begin()
    await first.rows.lock(shelf, [("s", 2)])
    waiting = started(second.rows.lock(shelf, [("s", 1), ("s", 2)]))
    assert await second.waits(waiting)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await second.rollback()
    assert await outcome(started(third.rows.lock(shelf, [("s", 1)]))) == []
    await first.rollback()
    assert await outcome(started(third.rows.lock(shelf, [("s", 2)]))) == []
    await third.rollback()


@pytest.mark.parametrize(
    ("table", "rows", "sqlstate", "constraint"),
    [
        (shelf, [("s", 1, 5, 0, None)], "23505", "shelf_pkey"),
        (shelf, [("s", 3, 5, 0, None), ("s", 3, 6, 0, None)], "23505", "shelf_pkey"),
        (label, [(2, "code", "s", None)], "23505", "label_code"),
        (shelf, [("s", 2, None, 0, None)], "23502", None),
        (shelf, [("s", 2, -1, 0, None)], "23514", "units_in_bounds"),
        (shelf, [("s", 2, 98, 0, None)], "23514", "units_in_bounds"),
        (shelf, [("s", 2**31 - 1, 5, 0, None)], "22003", None),
        (shelf, [("s", 2, 5, 0, "c")], "23514", "known_note"),
        (label, [(2, None, "s", -1)], "23514", "due_or_never"),
    ],
)
async def test_what_a_table_forbids_is_refused_at_the_statement(
    database: RowDatabase, table: Any, rows: list[tuple[Any, ...]], sqlstate: str, constraint: str | None
) -> None:
    await _committed(database, shelf, [("s", 1, 5, 0, None)])
    await _committed(database, label, [(1, "code", "s", None)])
    session = await database.begin()
    error = await _refusal(session, session.rows.insert(table, rows))
    assert (error.sqlstate, error.constraint) == (sqlstate, constraint)


async def test_nulls_do_not_collide(database: RowDatabase) -> None:
    await _committed(database, label, [(1, None, "s", None), (2, None, "s", None)])
    assert len(await database.contents(label)) == 2


async def test_after_an_error_a_transaction_can_only_be_left(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 0, None)])
    session = await database.begin()
    await session.rows.insert(shelf, [("s", 2, 5, 0, None)])
    with pytest.raises(StorageError):
        await session.rows.insert(shelf, [("s", 1, 5, 0, None)])
    error = await _refusal(session, session.rows.lock(shelf, [("s", 3)]))
    assert error.sqlstate == "25P02"
    assert await database.contents(shelf) == [("s", 1, 5, 0, None)]


async def test_changes_are_seen_by_others_from_the_commit_on(database: RowDatabase) -> None:
    writer, reader = await database.begin(), await database.begin()
    await writer.rows.insert(label, [(1, "a", "s", 3)])
    assert [row.label_id for row in await writer.rows.find(label, ("label_id",), [(1,)])] == [1]
    assert await reader.rows.find(label, ("label_id",), [(1,)]) == []
    await writer.commit()
    assert [tuple(row) for row in await reader.rows.find(label, ("label_id",), [(1,)])] == [(1, "a", "s", 3)]
    await reader.rollback()


async def test_who_leaves_without_a_commit_leaves_nothing(database: RowDatabase) -> None:
    session = await database.begin()
    await session.rows.insert(shelf, [("s", 1, 5, 0, None)])
    await session.rollback()
    assert await database.contents(shelf) == []


async def test_a_claim_returns_the_new_keys_in_order_and_the_first_of_equals_counts(database: RowDatabase) -> None:
    await _committed(database, label, [(2, "two", "s", None)])
    session = await database.begin()
    rows = [(3, "c", "s", 1), (2, "b", "s", 1), (3, "x", "s", 2), (1, "a", "s", 1), (4, "two", "s", 1)]
    assert await session.rows.claim(label, rows) == [(1,), (3,)]
    await session.commit()
    assert [row[:2] for row in await database.contents(label)] == [(1, "a"), (2, "two"), (3, "c")]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_claim_waits_for_another_claim_of_its_key(database: RowDatabase, *, committed: bool) -> None:
    first, second = await database.begin(), await database.begin()
    assert await first.rows.claim(label, [(2, None, "s", None)]) == [(2,)]
    waiting = started(second.rows.claim(label, [(2, None, "s", None), (1, None, "s", None)]))
    assert await second.waits(waiting)
    await (first.commit() if committed else first.rollback())
    assert await outcome(waiting) == ([(1,)] if committed else [(1,), (2,)])
    await second.rollback()


async def test_a_claim_does_not_wait_for_who_only_holds_the_row(database: RowDatabase) -> None:
    await _committed(database, label, [(1, None, "s", None)])
    first, second = await database.begin(), await database.begin()
    await first.rows.lock(label, [(1,)])
    assert await outcome(started(second.rows.claim(label, [(1, None, "s", None)]))) == []
    await first.rollback()
    await second.rollback()


async def test_an_update_counts_the_revision_up(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 3, None), ("s", 2, 5, 0, None)])
    session = await database.begin()
    await session.rows.update(shelf, [("s", 2, 7, 0, "a"), ("s", 1, 6, 3, None)])
    await session.commit()
    assert await database.contents(shelf) == [("s", 1, 6, 4, None), ("s", 2, 7, 1, "a")]


async def test_an_update_of_some_columns_leaves_the_others(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 3, "a"), ("s", 2, 5, 0, "b"), ("s", 3, 5, 0, None)])
    session = await database.begin()
    await session.rows.update(shelf, [("s", 2, 0, 7), ("s", 1, 3, 6)], ("units",))
    await session.rows.update(shelf, [("s", 3, 0, "b")], ("note",))
    await session.commit()
    assert await database.contents(shelf) == [("s", 1, 6, 4, "a"), ("s", 2, 7, 1, "b"), ("s", 3, 5, 1, "b")]


@pytest.mark.parametrize(
    ("rows", "sqlstate"),
    [([("s", 1, 0, 98)], "40W01"), ([("s", 2, 3, 6)], "40W01"), ([("s", 1, 3, -1)], "23514"), ([("s", 1, 3, None)], "23502")],
    ids=["other revision", "absent", "refused by a check", "null"],
)
async def test_an_update_of_some_columns_is_refused_as_one_of_all(
    database: RowDatabase, rows: list[tuple[Any, ...]], sqlstate: str
) -> None:
    before = [("s", 1, 5, 3, "a")]
    await _committed(database, shelf, before)
    session = await database.begin()
    error = await _refusal(session, session.rows.update(shelf, rows, ("units",)))
    assert error.sqlstate == sqlstate
    assert await database.contents(shelf) == before


@pytest.mark.parametrize(
    "rows",
    [
        [("s", 1, 6, 0, None), ("s", 2, 6, 1, None)],
        [("s", 1, 6, 0, None), ("s", 3, 6, 0, None)],
        [("s", 1, 6, 0, None), ("s", 1, 7, 0, None)],
    ],
    ids=["other revision", "absent", "given twice"],
)
async def test_an_update_of_anything_but_what_was_loaded_is_a_conflict(
    database: RowDatabase, rows: list[tuple[Any, ...]]
) -> None:
    before = [("s", 1, 5, 0, None), ("s", 2, 5, 0, None)]
    await _committed(database, shelf, before)
    session = await database.begin()
    error = await _refusal(session, session.rows.update(shelf, rows))
    assert isinstance(error, VersionConflictError)
    assert await database.contents(shelf) == before


async def test_an_update_with_an_old_revision_waits_for_nobody(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 3, None)])
    first, second = await database.begin(), await database.begin()
    await first.rows.update(shelf, [("s", 1, 6, 3, None)])
    with pytest.raises(VersionConflictError):
        await outcome(started(second.rows.update(shelf, [("s", 1, 7, 2, None)])))
    await first.rollback()
    await second.rollback()


async def test_an_upsert_adds_or_replaces(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 1, 5, 3, "a")])
    session = await database.begin()
    await session.rows.upsert(shelf, [("s", 1, 6, 9, None), ("s", 2, 7, 0, "b")])
    await session.commit()
    assert await database.contents(shelf) == [("s", 1, 6, 9, None), ("s", 2, 7, 0, "b")]


async def test_an_upsert_to_a_value_that_another_row_has_is_refused(database: RowDatabase) -> None:
    await _committed(database, label, [(1, "a", "s", None), (2, "b", "s", None)])
    session = await database.begin()
    error = await _refusal(session, session.rows.upsert(label, [(2, "a", "s", None)]))
    assert (error.sqlstate, error.constraint) == ("23505", "label_code")


async def test_the_database_numbers_identity_columns_in_the_order_given(database: RowDatabase) -> None:
    await _committed(database, entry, [("b",), ("a",)])
    session = await database.begin()
    await session.rows.upsert(entry, [(1, "changed")])
    await session.rows.insert(entry, [("c",)])
    assert await session.rows.delete(entry, [(2,), (2,), (9,)]) == 1
    await session.commit()
    assert await database.contents(entry) == [(1, "changed"), (3, "c")]


async def test_rows_are_found_by_the_beginning_of_a_key_or_an_index(database: RowDatabase) -> None:
    await _committed(database, shelf, [("s", 2, 5, 0, None), ("s", 1, 5, 0, None), ("t", 1, 5, 0, None), ("u", 1, 1, 0, None)])
    await _committed(database, label, [(1, "a", "s", 1), (2, "b", "s", 2), (3, None, "t", 1)])
    session = await database.begin()
    places = await session.rows.find(shelf, ("seller_id",), [("t",), ("s",), ("s",), ("x",)])
    assert [tuple(row)[:2] for row in places] == [("s", 1), ("s", 2), ("t", 1)]
    assert [row.label_id for row in await session.rows.find(label, ("owner", "due_on"), [("s", 2), ("t", 1)])] == [2, 3]
    assert [row.label_id for row in await session.rows.find(label, ("code",), [("a",), (None,)])] == [1]
    with pytest.raises(ValueError, match="begins with"):
        await session.rows.find(label, ("due_on",), [(1,)])
    await session.rollback()


async def test_what_is_due_comes_lowest_first_then_by_key_and_not_more_than_asked_for(database: RowDatabase) -> None:
    rows = [(1, None, "s", 5), (2, None, "s", 3), (3, None, "s", 3), (4, None, "s", 6), (5, None, "s", None), (6, None, "s", 4)]
    await _committed(database, label, rows)
    session = await database.begin()
    assert [row.label_id for row in await session.rows.due(label, "due_on", 5, 10)] == [2, 3, 6, 1]
    assert [row.label_id for row in await session.rows.due(label, "due_on", 5, 2)] == [2, 3]
    await session.rollback()


async def test_no_rows_are_no_statement(database: RowDatabase) -> None:
    session = await database.begin()
    for operation in (session.rows.insert, session.rows.upsert, session.rows.update):
        await operation(shelf, [])
    assert await session.rows.lock(shelf, []) == await session.rows.claim(shelf, []) == []
    assert await session.rows.find(shelf, ("seller_id",), []) == []
    assert await session.rows.delete(shelf, []) == 0
    await session.commit()
