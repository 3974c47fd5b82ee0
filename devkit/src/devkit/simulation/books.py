"""What must hold of the ledger: balances and movements (S2, S3). Who held what is in `holders`."""

from collections.abc import Iterator

from devkit.simulation.stage import Stage
from inventory import tables as inventory_tables


def balance_problems(stage: Stage) -> Iterator[str]:
    """Balances that are not the sum of the ledger, and items whose version is not the number of their movements."""
    database, followed = stage.database("inventory"), stage.balances
    stored = {(r.seller_id, r.sku, r.location_id, r.bucket): r.quantity for r in database.rows(inventory_tables.balance)}
    summed = {place: units for place, units in followed.units.items() if place[3] in followed.internal}
    for place in sorted(stored.keys() | summed.keys()):
        if stored.get(place, 0) != summed.get(place, 0):
            yield f"{place} has {stored.get(place, 0)}, the ledger says {summed.get(place, 0)}"
    for row in database.rows(inventory_tables.item):
        if row.version != followed.versions[row.seller_id, row.sku]:
            yield f"item {row.sku} of {row.seller_id} has version {row.version}, and other movements"
    if len(database.rows(inventory_tables.movement)) != followed.versions.total():
        yield "the ledger has lost movements"


def cause_problems(stage: Stage) -> Iterator[str]:
    """Causes whose movements are not numbered from one (S2)."""
    numbers: dict[tuple[str, object], list[int]] = {}
    for row in stage.database("inventory").rows(inventory_tables.movement):
        numbers.setdefault((row.seller_id, row.cause), []).append(row.n)
    for cause, given in numbers.items():
        if sorted(given) != list(range(1, len(given) + 1)):
            yield f"movements of {cause} have the numbers {sorted(given)}"
