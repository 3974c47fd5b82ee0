"""The SQL of `postgres`, made once a table from its definition: one array a column. Runs nothing.

Columns travel as one text each, where that is possible: the driver encodes each value of an array by itself, and looks at each
for rows inside it. With ids and whole numbers joined, too, inventory's CPU an order was 4 % lower.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import Enum, auto
from functools import cache, lru_cache, partial
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from chassis.rows import REVISION, given_names, key_names, names, sql_type, updated_names

SEPARATED_TYPES = ("text", "jsonb")
SEPARATOR_CODE, NULL_CODE = 31, 2
SEPARATOR, NULL = chr(SEPARATOR_CODE), chr(NULL_CODE)
HEXADECIMAL = r"\\x"
"""Before the digits of bytes; a backslash is doubled inside an array."""


Join: TypeAlias = Callable[[list[Any]], str | None]
"""Makes one text of a column's values; None when that would not say the same."""


class Form(Enum):
    """How columns come: as arrays, or as one text each."""

    ARRAYS = auto()
    JOINED = auto()


TOGETHER_KEPT = 500
"""Which writes a batch has, times the form of each: a service makes some tens of them."""
PARAMETER = re.compile(r"\$(\d+)")
QUOTE = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


@cache
def insert(table: Table, form: Form) -> str:
    return f"INSERT INTO {_name(table)} ({_list(given_names(table))}) SELECT * FROM {_given(table, given_names(table), form)}"


@cache
def upsert(table: Table, form: Form) -> str:
    changes = ", ".join(f"{QUOTE(name)} = excluded.{QUOTE(name)}" for name in names(table) if name not in key_names(table))
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    insert = f"INSERT INTO {_name(table)} ({_list(names(table))}) SELECT * FROM {_given(table, names(table), form)}"
    return f"{insert} ON CONFLICT ({_list(key_names(table))}) DO {action}"


@cache
def update(table: Table, columns: tuple[str, ...] | None, form: Form) -> str:
    kept, given = {*key_names(table), REVISION}, updated_names(table, columns)
    changes = [f"{QUOTE(name)} = given.{QUOTE(name)}" for name in given if name not in kept]
    changes.append(f"{REVISION} = held.{REVISION} + 1")
    matches = _matches((*key_names(table), REVISION))
    return f"UPDATE {_name(table)} AS held SET {', '.join(changes)} FROM {_given(table, given, form)} WHERE {matches}"


@lru_cache(TOGETHER_KEPT)
def together(writes: tuple[str, ...], sizes: tuple[int, ...]) -> str:
    """Statements with so many parameters each as one; it answers how many rows each has touched."""
    parts, before = [], 0
    for number, (write, size) in enumerate(zip(writes, sizes, strict=True)):
        renumbered = PARAMETER.sub(partial(_later_parameter, before), write)
        parts.append(f"write_{number} AS ({renumbered} RETURNING 1)")
        before += size
    counts = ", ".join(f"(SELECT count(*) FROM write_{number})" for number in range(len(writes)))
    return f"WITH {', '.join(parts)} SELECT ARRAY[{counts}]"


def _later_parameter(by: int, found: re.Match[str]) -> str:
    return f"${int(found[1]) + by}"


@cache
def lock(table: Table, form: Form) -> str:
    given = _given(table, key_names(table), form)
    held = f"SELECT {_whole(table)} FROM {_name(table)} AS held JOIN {given} ON {_matches(key_names(table))}"
    return f"{held} ORDER BY {_list(key_names(table), 'held.')} FOR UPDATE OF held"


@cache
def hold(table: Table, form: Form) -> str:
    # the server spells the key, so that equal keys have one name whatever Python type they come in
    name = f"'{table.name}' || CAST(ROW({_list(key_names(table), 'given.')}) AS text)"
    return f"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0)) FROM {_given(table, key_names(table), form)}"


@cache
def claim(table: Table, form: Form) -> str:
    return f"{insert(table, form)} ON CONFLICT DO NOTHING RETURNING {_list(key_names(table))}"


@cache
def find(table: Table, columns: tuple[str, ...], form: Form) -> str:
    found = f"SELECT {_whole(table)} FROM {_name(table)} AS held JOIN {_given(table, columns, form)}"
    return f"{found} ON {_matches(columns)} ORDER BY {_list(key_names(table), 'held.')}"


@cache
def delete(table: Table, form: Form) -> str:
    return (
        f"DELETE FROM {_name(table)} AS held USING {_given(table, key_names(table), form)} WHERE {_matches(key_names(table))}"
    )


@cache
def due(table: Table, column: str) -> str:
    until = f"CAST($1 AS {sql_type(table.c[column])})"
    order = _list((column, *key_names(table)), "held.")
    return f"SELECT {_whole(table)} FROM {_name(table)} AS held WHERE held.{QUOTE(column)} <= {until} ORDER BY {order} LIMIT $2"


def _name(table: Table) -> str:
    return ".".join(map(QUOTE, filter(None, (table.schema, table.name))))


def _list(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(prefix + QUOTE(name) for name in columns)


def _whole(table: Table) -> str:
    """All columns; documents as text, since the driver would parse each one, wanted or not."""
    return ", ".join(
        f"CAST(held.{QUOTE(column.name)} AS text)" if sql_type(column) == "jsonb" else f"held.{QUOTE(column.name)}"
        for column in table.columns
    )


def _matches(columns: Iterable[str]) -> str:
    return " AND ".join(f"held.{QUOTE(name)} = given.{QUOTE(name)}" for name in columns)


def _given(table: Table, columns: tuple[str, ...], form: Form) -> str:
    arrays = (_array(place, sql_type(table.c[name]), form) for place, name in enumerate(columns, start=1))
    return f"unnest({', '.join(arrays)}) AS given ({_list(columns)})"


def _array(place: int, type_name: str, form: Form) -> str:
    if form is Form.ARRAYS:
        return f"CAST(${place} AS {type_name}[])"
    if type_name in SEPARATED_TYPES:
        return f"CAST(string_to_array(CAST(${place} AS text), chr({SEPARATOR_CODE}), chr({NULL_CODE})) AS {type_name}[])"
    return f"CAST(CAST(${place} AS text) AS {type_name}[])"


@cache
def joins(table: Table, columns: tuple[str, ...]) -> tuple[Join, ...]:
    """How each of these columns becomes one text."""
    return tuple(JOINS[sql_type(table.c[name])] for name in columns)


def joined_text(values: list[str | None]) -> str | None:
    """Texts; None when they could not be told apart."""
    nulls = None in values
    if nulls:
        if NULL in values:
            return None
        values = [NULL if value is None else value for value in values]
    try:
        text = SEPARATOR.join(values)  # type: ignore[arg-type]  # what is no text raises
    except TypeError:
        return None
    unclear = not text or text.count(SEPARATOR) != len(values) - 1 or (not nulls and NULL in text)
    return None if unclear else text


def joined_numbers(values: list[int | None]) -> str | None:
    """Whole numbers as an array literal; anything else is the driver's to convert or refuse."""
    return _literal(values) if set(map(type, values)) <= {int, type(None)} else None


def joined_flags(values: list[bool | None]) -> str | None:
    """Booleans as an array literal."""
    return _literal(values) if set(map(type, values)) <= {bool, type(None)} else None


def joined_ids(values: list[UUID | None]) -> str | None:
    """UUIDs, the driver's own too, as an array literal."""
    return _literal(values) if all(issubclass(kind, UUID | None) for kind in set(map(type, values))) else None


def _literal(values: list[Any]) -> str | None:
    """JSON's list, spelled in one call, is PostgreSQL's array but for the brackets; None for numbers beyond JSON's."""
    try:
        return f"{{{orjson.dumps(values, default=str)[1:-1].decode()}}}"
    except orjson.JSONEncodeError:
        return None


def joined_instants(values: list[datetime | None]) -> str | None:
    """Instants as an array literal. Most rows of a batch share theirs: each is spelled once."""
    if not set(map(type, values)) <= {datetime, type(None)}:
        return None
    return None if any(value and value.tzinfo is None for value in set(values)) else _spelled_once(values)


def joined_dates(values: list[date | None]) -> str | None:
    """Dates as an array literal."""
    return _spelled_once(values) if set(map(type, values)) <= {date, type(None)} else None


def _spelled_once(values: Sequence[date | None]) -> str:
    texts = {value: value.isoformat() if value else "NULL" for value in set(values)}
    return f"{{{','.join([texts[value] for value in values])}}}"


def joined_bytes(values: list[bytes | None]) -> str | None:
    """Bytes as an array literal, in hexadecimal digits."""
    if not set(map(type, values)) <= {bytes, type(None)}:
        return None
    texts = ["NULL" if value is None else f'"{HEXADECIMAL}{value.hex()}"' for value in values]
    return f"{{{','.join(texts)}}}"


JOINS: dict[str, Join] = {
    "text": joined_text,
    "jsonb": joined_text,
    "smallint": joined_numbers,
    "bigint": joined_numbers,
    "integer": joined_numbers,
    "boolean": joined_flags,
    "timestamptz": joined_instants,
    "uuid": joined_ids,
    "date": joined_dates,
    "bytea": joined_bytes,
}
