"""The settings of inventory: what every service has."""

from chassis.settings import ServiceSettings


class InventorySettings(ServiceSettings):
    """Frozen; read once by `app`."""
