"""Who may connect to the embedded database: three roles with passwords of their own, and what each may do."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import URL

from app.db.embedded.programs import run_program
from app.errors import StartupError

SUPERUSER: Final = "postgres"
OWNER: Final = "shopping_owner"
SERVICE: Final = "shopping_service"
DATABASE: Final = "shopping"
PORT: Final = 5432  # only names the socket file


def new_password() -> str:
    """A random password."""
    return secrets.token_urlsafe(32)


class Access(BaseModel):
    """How to connect, as kept in DATA_DIR/postgres.json."""

    superuser: str = Field(default_factory=new_password)
    owner: str = Field(default_factory=new_password)
    service: str = Field(default_factory=new_password)
    socket_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One database, as each role reaches it: `postgresql+asyncpg` addresses through the socket, with password."""

    service: str
    owner: str
    superuser: str


def read_access(path: Path) -> Access | None:
    """What the file holds; None when there is no file. Raises `StartupError` when it is damaged."""
    try:
        return Access.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise StartupError(f"{path} is damaged; put it back from a backup") from None


def write_access(path: Path, access: Access) -> None:
    """Replace the file in one step, readable by us only."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(access.model_dump_json(indent=2))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def urls(access: Access, database: str = DATABASE) -> DatabaseUrls:
    """The addresses of `database`."""

    def url(role: str, password: str) -> str:
        query = {"host": str(access.socket_dir), "port": str(PORT)}
        address = URL.create("postgresql+asyncpg", role, password, database=database, query=query)
        return address.render_as_string(hide_password=False)

    return DatabaseUrls(url(SERVICE, access.service), url(OWNER, access.owner), url(SUPERUSER, access.superuser))


# Said again at every start: a start that was interrupted half-way is completed by the next.
ROLES_SQL: Final = r"""
\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['shopping_owner', 'shopping_service']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE shopping_owner
    LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
ALTER ROLE shopping_service
    LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'service_password';
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
"""

DATABASE_SQL: Final = r"""
\getenv name NAME
SELECT format('CREATE DATABASE %I OWNER shopping_owner', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO shopping_service;
"""

SCHEMA_SQL: Final = r"""
ALTER SCHEMA public OWNER TO shopping_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO shopping_service;
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read$|write$)' \gexec
"""
"""Large objects belong to no household and count in no quota, so nobody may write them."""


def create_roles(programs: Path, access: Access) -> None:
    """Make the owner and the service role, or bring them to the state above."""
    _run_sql(programs, access, ROLES_SQL, OWNER_PASSWORD=access.owner, SERVICE_PASSWORD=access.service)


def create_database(programs: Path, access: Access, name: str) -> None:
    """Make the database `name`, or bring it to the state above."""
    _run_sql(programs, access, DATABASE_SQL, NAME=name)
    _run_sql(programs, access, SCHEMA_SQL, PGDATABASE=name)


def _run_sql(programs: Path, access: Access, sql: str, **environment: str) -> None:
    # Names and passwords go through psql's variables, so it does the quoting, and through the environment,
    # so they never stand in the list of processes.
    connection = {
        "PGHOST": str(access.socket_dir),
        "PGPORT": str(PORT),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": access.superuser,
        "PGDATABASE": "postgres",
    }
    command = (programs / "psql", "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1")
    run_program(command, cwd=programs, script=sql, environment={**connection, **environment})
