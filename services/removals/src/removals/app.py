"""Where removals is put together: settings, tables, decisions, routes. The only place that reads settings."""

from chassis.parts import Plan
from chassis.service import main as serve
from chassis.settings import read_settings
from removals import api
from removals.decisions import desk
from removals.settings import RemovalsSettings
from removals.store import Books
from removals.tables import SERVICE

SCHEMA_REVISION = "0002"


def read() -> tuple[RemovalsSettings, Plan[Books]]:
    """Raises SettingsError."""
    settings = read_settings(RemovalsSettings)
    return settings, Plan(desk(settings.terms()), SERVICE, SCHEMA_REVISION, routers=(api.router,))


def main() -> None:
    serve(read)


if __name__ == "__main__":
    main()
