"""Runs the migrations of orders in its own schema: `alembic -c services/orders/alembic.ini -x dsn=DSN upgrade head`."""

from alembic import context

from chassis.schema import migrate
from orders.tables import metadata

migrate(context, metadata, "orders")
