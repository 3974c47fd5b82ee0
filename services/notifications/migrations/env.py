"""Runs the migrations of notifications in its own schema.

`alembic -c services/notifications/alembic.ini -x dsn=DSN upgrade head`; a program puts its connection into the configuration's
attributes instead.
"""

from alembic import context

from chassis.schema import migrate
from notifications.tables import metadata

migrate(context, metadata, "notifications")
