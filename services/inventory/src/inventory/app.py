"""Where inventory is put together: settings, tables, decisions, routes, snapshots. The only place that reads settings."""

from chassis.parts import Plan
from chassis.service import main as serve
from chassis.settings import read_settings
from inventory import api
from inventory.decisions import DESK
from inventory.queries import find_snapshots
from inventory.settings import InventorySettings
from inventory.store import Books
from inventory.tables import SERVICE

SCHEMA_REVISION = "0003"


def read() -> tuple[InventorySettings, Plan[Books]]:
    """Raises SettingsError."""
    settings = read_settings(InventorySettings)
    return settings, Plan(DESK, SERVICE, SCHEMA_REVISION, routers=(api.router,), find_snapshots=find_snapshots)


def main() -> None:
    serve(read)


if __name__ == "__main__":
    main()
