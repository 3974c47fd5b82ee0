"""The SQL of `postgres`, made once a table from its definition: one array a column. Runs nothing."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from chassis.rows import REVISION, given_names, key_names, names, sql_type

QUOTE = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


@cache
def insert(table: Table) -> str:
    return f"INSERT INTO {_name(table)} ({_list(given_names(table))}) SELECT * FROM {_given(table, given_names(table))}"


@cache
def upsert(table: Table) -> str:
    changes = ", ".join(f"{QUOTE(name)} = excluded.{QUOTE(name)}" for name in names(table) if name not in key_names(table))
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    insert = f"INSERT INTO {_name(table)} ({_list(names(table))}) SELECT * FROM {_given(table, names(table))}"
    return f"{insert} ON CONFLICT ({_list(key_names(table))}) DO {action}"


@cache
def update(table: Table) -> str:
    kept = {*key_names(table), REVISION}
    changes = [f"{QUOTE(name)} = given.{QUOTE(name)}" for name in names(table) if name not in kept]
    changes.append(f"{REVISION} = held.{REVISION} + 1")
    matches = _matches((*key_names(table), REVISION))
    return f"UPDATE {_name(table)} AS held SET {', '.join(changes)} FROM {_given(table, names(table))} WHERE {matches}"


@cache
def lock(table: Table) -> str:
    given = _given(table, key_names(table))
    held = f"SELECT {_whole(table)} FROM {_name(table)} AS held JOIN {given} ON {_matches(key_names(table))}"
    return f"{held} ORDER BY {_list(key_names(table), 'held.')} FOR UPDATE OF held"


@cache
def hold(table: Table) -> str:
    # the server spells the key, so that equal keys have one name whatever Python type they come in
    name = f"'{table.name}' || CAST(ROW({_list(key_names(table), 'given.')}) AS text)"
    return f"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0)) FROM {_given(table, key_names(table))}"


@cache
def claim(table: Table) -> str:
    return f"{insert(table)} ON CONFLICT DO NOTHING RETURNING {_list(key_names(table))}"


@cache
def find(table: Table, columns: tuple[str, ...]) -> str:
    found = f"SELECT {_whole(table)} FROM {_name(table)} AS held JOIN {_given(table, columns)}"
    return f"{found} ON {_matches(columns)} ORDER BY {_list(key_names(table), 'held.')}"


@cache
def delete(table: Table) -> str:
    return f"DELETE FROM {_name(table)} AS held USING {_given(table, key_names(table))} WHERE {_matches(key_names(table))}"


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


def _given(table: Table, columns: tuple[str, ...]) -> str:
    arrays = (f"CAST(${place} AS {sql_type(table.c[name])}[])" for place, name in enumerate(columns, start=1))
    return f"unnest({', '.join(arrays)}) AS given ({_list(columns)})"
