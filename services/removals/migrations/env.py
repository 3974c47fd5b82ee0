"""Runs the migrations of removals in its own schema: `alembic -c services/removals/alembic.ini -x dsn=DSN upgrade head`."""

from alembic import context

from chassis.schema import migrate
from removals.tables import metadata

migrate(context, metadata, "removals")
