"""Brings a service's database to its latest schema: a program for whoever deploys, before a release's services start.

    WHARF_DATABASE=... python -m chassis.migration services/orders/alembic.ini

The address comes by the environment, so that its password shows in no list of processes. What the schema is, the service's own
migrations say; several programs at once wait for each other there.
"""

import sys
from argparse import Namespace
from pathlib import Path

from alembic import command
from alembic.config import Config

from chassis.settings import DatabaseSettings, SettingsError, read_settings


def upgrade(configuration: Path, dsn: str) -> None:
    """To the head of the migrations that `configuration`, an alembic.ini, names. Blocks."""
    command.upgrade(Config(str(configuration), cmd_opts=Namespace(x=[f"dsn={dsn}"])), "head")


def main() -> None:
    """The argument is the path of the alembic.ini."""
    if len(sys.argv) != 2:  # noqa: PLR2004  # the program and its one argument
        sys.exit(f"usage: python -m chassis.migration ALEMBIC_INI\n\n{__doc__}")
    try:
        settings = read_settings(DatabaseSettings)
    except SettingsError as error:
        sys.exit(str(error))
    upgrade(Path(sys.argv[1]), settings.database.get_secret_value())


if __name__ == "__main__":
    main()
