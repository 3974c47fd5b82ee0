"""What must hold between removals and inventory: open lines are held, and what has left for the one has left for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import asyncpg

NAME = "what removals have open is held for them, line by line (S6)"

REMOVAL_LINES = """
    SELECT seller_id, removal_id, (line ->> 'number')::int AS line, line ->> 'sku' AS sku, status,
        (line ->> 'requested')::int - (line ->> 'canceled')::int - gone AS open, gone
    FROM removal, jsonb_array_elements(lines) AS line,
        LATERAL (SELECT (line ->> 'shipped')::int + (line ->> 'disposed')::int AS gone) AS left_for_good
    WHERE status NOT IN ('Expected', 'Draft')"""

HELD_LINES = """
    SELECT seller_id, holder_id, line, sum(taken - released - shipped) AS open, sum(shipped) AS gone
    FROM reservation_line WHERE kind = 'removal' GROUP BY 1, 2, 3"""

PARKED = "SELECT seller_id, object_id FROM parked"
UNCALLED = """
    SELECT DISTINCT seller_id, removal_id FROM removal, jsonb_array_elements(departures) AS departure
    WHERE jsonb_array_length(departure -> 'uncalled') > 0"""
"""Removals of which more left than was open: inventory gave what it had, the rest is a discrepancy."""


class LineKey(NamedTuple):
    seller_id: str
    removal_id: str
    line: int


async def disagreements(removals: asyncpg.Connection, inventory: asyncpg.Connection) -> tuple[int, list[str]]:
    """How many lines were compared, and those that do not fit. Removals with parked messages are left out: they are listed."""
    asked = {LineKey(*row[:3]): row for row in await removals.fetch(REMOVAL_LINES)}
    held = {LineKey(*row[:3]): row for row in await inventory.fetch(HELD_LINES)}
    parked = {tuple(row) for service in (removals, inventory) for row in await service.fetch(PARKED)}
    uncalled = {tuple(row) for row in await removals.fetch(UNCALLED)}
    keys = [key for key in asked.keys() | held.keys() if key[:2] not in parked]
    texts = [text for key in keys for text in _differences(key, asked.get(key), held.get(key), uncalled=key[:2] in uncalled)]
    return len(keys), sorted(texts)


def _differences(
    key: LineKey, asked: Mapping[str, Any] | None, held: Mapping[str, Any] | None, *, uncalled: bool
) -> Iterator[str]:
    place = "/".join(map(str, key))
    if asked is None:
        yield f"{place}: inventory holds units for a removal's line that removals does not know"
        return
    still_held, gone = (held["open"], held["gone"]) if held is not None else (0, 0)
    if asked["open"] != still_held:
        yield f"{place}: {asked['open']} open in removals ({asked['status']}), {still_held} held by inventory"
    if asked["gone"] != gone and not uncalled:
        yield f"{place}: {asked['gone']} have left in removals, {gone} in inventory"
