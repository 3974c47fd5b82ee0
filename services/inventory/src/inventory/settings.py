"""What inventory is told by its environment (WHARF_...): what all services are told. It has no policies of its own yet."""

from chassis.settings import ServiceSettings


class InventorySettings(ServiceSettings):
    pass
