"""Texts come back from PostgreSQL as they went there, whether or not they could travel joined."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.postgres import PostgresRows
from chassis.statements import joined_text
from devkit.databases import DatabaseServer

from support.row_tables import metadata, sample

CASES = {
    "a lone empty text": [""],
    "empty texts": ["", "", ""],
    "the separator": ["a\x1fb", "c"],
    "only the separator": ["\x1f"],
    "the sign for null": ["\x02"],
    "the sign for null beside null": [None, "\x02", "a"],
    "the sign for null inside": ["a\x02b", "c"],
    "only nulls": [None, None],
    "nulls, empty and full": [None, "", "a", None],
    "quotes, commas, braces, backslashes": ['{"a",\\N}', "NULL", "null", "{}", "\\", "a,b"],
    "line breaks and tabs": ["a\n\tb", "\r\n"],
    "beyond the first plane": ["\U0001f4a1", "ßä", "漢字"],
}


@pytest.mark.parametrize("texts", CASES.values(), ids=CASES.keys())
async def test_texts_come_back_as_they_were(postgres: DatabaseServer, texts: list[str | None]) -> None:
    postgres.drop_database("wharf_rows_texts")
    engine = create_async_engine(postgres.create_database("wharf_rows_texts"))
    ids = [UUID(int=number) for number in range(1, len(texts) + 1)]
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with engine.connect() as connection:
        rows = PostgresRows((await connection.get_raw_connection()).driver_connection)
        await rows.insert(sample, [(one, text, *[None] * 7) for one, text in zip(ids, texts, strict=True)])
        found = await rows.find(sample, ("sample_id",), [(one,) for one in ids])
    await engine.dispose()
    assert [row.words for row in found] == texts


def test_most_texts_travel_joined_and_unclear_ones_do_not() -> None:
    joined = {name: joined_text(list(texts)) is not None for name, texts in CASES.items()}
    unclear = {name for name, is_joined in joined.items() if not is_joined}

    assert unclear == {
        "a lone empty text",
        "the separator",
        "only the separator",
        "the sign for null",
        "the sign for null beside null",
        "the sign for null inside",
    }
