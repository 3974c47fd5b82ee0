"""Writes that go out together: the same effect and the same errors, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from chassis.failures import StorageError, VersionConflictError
from chassis.rows import ReadTogetherError

from support.row_tables import entry, label, sample, shelf

if TYPE_CHECKING:
    from support.row_databases import RowDatabase, Session


@pytest.fixture
async def database(database: RowDatabase) -> RowDatabase:
    """Three shelves and a label are there."""
    session = await database.begin()
    await session.rows.insert(shelf, [("s", place, 5, 0, None) for place in range(3)])
    await session.rows.insert(label, [(1, "one", "me", None)])
    await session.commit()
    return database


async def _units(database: RowDatabase) -> list[tuple[int, int, int]]:
    session = await database.begin()
    rows = await session.rows.find(shelf, ("seller_id",), [("s",)])
    await session.rollback()
    return [(row.place, row.units, row.revision) for row in rows]


async def test_all_that_was_written_is_there(database: RowDatabase) -> None:
    session = await database.begin()
    async with session.rows.together():
        await session.rows.insert(shelf, [("s", 7, 1, 0, "a"), ("s", 8, 2, 0, None)])
        await session.rows.update(shelf, [("s", 0, 6, 0, "b")])
        await session.rows.update(shelf, [("s", 1, 0, 9)], ("units",))
        await session.rows.upsert(label, [(1, "two", "you", 4), (2, None, "a\x1fb", 5)])
        await session.rows.insert(sample, [(UUID(int=1), "words", *[None] * 7)])
        await session.rows.insert(entry, [])
    assert len(await session.rows.find(label, ("label_id",), [(1,), (2,)])) == 2
    await session.commit()
    assert await _units(database) == [(0, 6, 1), (1, 9, 1), (2, 5, 0), (7, 1, 0), (8, 2, 0)]
    session = await database.begin()
    labels = await session.rows.find(label, ("label_id",), [(1,), (2,)])
    assert [tuple(row) for row in labels] == [(1, "two", "you", 4), (2, None, "a\x1fb", 5)]
    assert [row.words for row in await session.rows.find(sample, ("sample_id",), [(UUID(int=1),)])] == ["words"]
    await session.rollback()


async def test_nothing_or_one_thing_can_be_written_together(database: RowDatabase) -> None:
    session = await database.begin()
    async with session.rows.together():
        await session.rows.insert(shelf, [])
    async with session.rows.together():
        await session.rows.update(shelf, [("s", 2, 1, 0, None)])
    await session.rows.update(shelf, [("s", 2, 3, 1, None)])
    await session.commit()
    assert (await _units(database))[2] == (2, 3, 2)


async def _refused(session: Session, *, stale: bool) -> None:
    async with session.rows.together():
        await session.rows.upsert(shelf, [("s", 9, 1, 0, None)])
        await session.rows.update(shelf, [("s", 0, 1, 5 if stale else 0, None), ("s", 1, 1, 0, None)])
        await session.rows.insert(label, [(2, "one" if not stale else "two", "me", None)])


async def test_a_row_that_has_changed_meanwhile_is_a_conflict(database: RowDatabase) -> None:
    session = await database.begin()
    with pytest.raises(VersionConflictError, match="shelf: 1 of 2"):
        await _refused(session, stale=True)
    await session.rollback()
    assert await _units(database) == [(place, 5, 0) for place in range(3)]


async def test_an_error_of_one_undoes_all(database: RowDatabase) -> None:
    session = await database.begin()
    with pytest.raises(StorageError) as raised:
        await _refused(session, stale=False)
    assert (raised.value.sqlstate, raised.value.constraint) == ("23505", "label_code")
    await session.rollback()
    assert await _units(database) == [(place, 5, 0) for place in range(3)]


async def _failed(session: Session) -> None:
    async with session.rows.together():
        await session.rows.insert(label, [(2, "two", "me", None)])
        raise LookupError


async def test_a_block_that_raises_writes_nothing_more(database: RowDatabase) -> None:
    session = await database.begin()
    with pytest.raises(LookupError):
        await _failed(session)
    await session.rollback()
    session = await database.begin()
    assert await session.rows.find(label, ("label_id",), [(2,)]) == []
    await session.rollback()


async def _read(session: Session) -> None:
    async with session.rows.together():
        await session.rows.find(label, ("label_id",), [(1,)])


async def test_nothing_is_read_meanwhile(database: RowDatabase) -> None:
    session = await database.begin()
    with pytest.raises(ReadTogetherError):
        await _read(session)
    await session.rollback()


async def test_it_is_one_statement(postgres_rows: RowDatabase) -> None:
    await postgres_rows.clear()
    session, heard = await postgres_rows.begin(), []
    rows: Any = session.rows
    rows.driver.add_query_logger(lambda record: heard.append(record.query))
    async with rows.together():
        await rows.insert(shelf, [("s", 1, 1, 0, None)])
        await rows.upsert(label, [(1, "one", "me", None)])
        await rows.insert(entry, [("body",)])
    await rows.delete(entry, [(1,)])
    await session.rollback()
    assert [query.partition(" ")[0] for query in heard if "INSERT" in query or "DELETE" in query] == ["WITH", "DELETE"]
