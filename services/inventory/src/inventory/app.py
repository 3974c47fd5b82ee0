"""Inventory put together: the only place that builds things and reads settings."""

from chassis.parts import Plan
from chassis.service import main as serve
from chassis.settings import read_settings
from inventory import queries, tables
from inventory.api import router
from inventory.decisions import DESK
from inventory.settings import InventorySettings
from inventory.store import Books

SCHEMA_REVISION = "0001"


def plan() -> Plan[Books]:
    return Plan(DESK, tables.SERVICE, SCHEMA_REVISION, routers=(router,), find_snapshots=queries.find_snapshots)


def _read() -> tuple[InventorySettings, Plan[Books]]:
    return read_settings(InventorySettings), plan()


def main() -> None:
    """The command `wharf-inventory`."""
    serve(_read)


if __name__ == "__main__":
    main()
