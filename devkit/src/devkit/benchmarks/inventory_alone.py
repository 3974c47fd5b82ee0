"""Inventory as it is, but for the snapshots of its stock, which are no part of the flow. Run in the app's place."""

from dataclasses import replace

from chassis.parts import Plan
from chassis.service import main as serve
from inventory.app import read as read_whole
from inventory.settings import InventorySettings
from inventory.store import Books


def read() -> tuple[InventorySettings, Plan[Books]]:
    """Raises SettingsError."""
    settings, plan = read_whole()
    return settings, replace(plan, find_snapshots=None)


if __name__ == "__main__":
    serve(read)
