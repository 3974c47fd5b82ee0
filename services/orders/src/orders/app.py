"""Where orders is put together: settings, tables, decisions, routes. The only place that reads settings."""

from chassis.parts import Plan
from chassis.service import main as serve
from chassis.settings import read_settings
from orders import api
from orders.decisions import desk
from orders.settings import OrdersSettings
from orders.store import Books
from orders.tables import SERVICE

SCHEMA_REVISION = "0002"


def read() -> tuple[OrdersSettings, Plan[Books]]:
    """Raises SettingsError."""
    settings = read_settings(OrdersSettings)
    return settings, Plan(desk(settings.policies()), SERVICE, SCHEMA_REVISION, routers=(api.router,))


def main() -> None:
    serve(read)


if __name__ == "__main__":
    main()
