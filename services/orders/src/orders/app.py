"""Orders put together: the only place that builds things and reads settings."""

from chassis.parts import Plan
from chassis.service import main as serve
from chassis.settings import read_settings
from orders import tables
from orders.api import router
from orders.calendar import calendar_of
from orders.decisions import desk
from orders.domain.policy import Policies
from orders.settings import OrdersSettings
from orders.store import Books

SCHEMA_REVISION = "0001"


def plan(policies: Policies) -> Plan[Books]:
    return Plan(desk(policies), tables.SERVICE, SCHEMA_REVISION, routers=(router,))


def _read() -> tuple[OrdersSettings, Plan[Books]]:
    settings = read_settings(OrdersSettings)
    return settings, plan(Policies(settings.policy(), settings.policies_by_marketplace(), calendar_of))


def main() -> None:
    """The command `wharf-orders`."""
    serve(_read)


if __name__ == "__main__":
    main()
