"""What a failure of the database means for the caller."""

import os

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import Unavailable

RETRY_SECONDS = 2


class CannotConnect(Exception):
    """The database refused a new connection, whatever its reason."""


class CommitLost(Exception):
    """COMMIT did not commit; the argument is the tag that came back instead."""


class CommitUnknown(Exception):
    """The connection was lost, or time ran out, while COMMIT was under way."""


_LOST = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # told to end while idle: the driver knows that something is wrong, not what
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
)
_BUSY = (
    PoolTimeoutError,
    TimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


def driver_error(error: BaseException) -> BaseException:
    """The error of asyncpg inside an error of SQLAlchemy, or the error itself."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def in_words(error: BaseException | None) -> str:
    """Return why a database can't be reached, in one line for the operator."""
    if isinstance(error, ConnectionError) and error.errno is not None:
        return os.strerror(error.errno)  # asyncio's own words are an address as Python writes it
    return str(error).strip().partition("\n")[0] or type(error).__name__


def is_lost_connection(error: BaseException) -> bool:
    """Whether the connection is gone, so that another one may do better."""
    cause = driver_error(error)
    # DataError is an InterfaceError, and TimeoutError an OSError: neither says anything of the connection.
    return isinstance(cause, _LOST) and not isinstance(cause, (asyncpg.DataError, TimeoutError))


def has_unknown_outcome(error: BaseException) -> bool:
    """Whether a COMMIT that failed so may have been carried out all the same."""
    cause = driver_error(error)
    return is_lost_connection(cause) or isinstance(cause, (TimeoutError, asyncpg.QueryCanceledError))


def unavailable(error: BaseException) -> Unavailable | None:
    """The refusal to answer with when the database is away or busy; None for every other error."""
    cause = driver_error(error)
    if isinstance(cause, CommitLost):
        return Unavailable("The change could not be saved; nothing was changed. Try again.", retry_after=RETRY_SECONDS)
    if isinstance(error, CommitUnknown):
        return Unavailable(
            "It is not known whether the change was saved. Look at what is there before you try again.",
            retry_after=RETRY_SECONDS,
        )
    if isinstance(error, CannotConnect) or is_lost_connection(cause):
        return Unavailable("The database can't be reached right now. Try again shortly.", retry_after=RETRY_SECONDS)
    if isinstance(cause, _BUSY):
        return Unavailable("Too much is going on right now. Try again shortly.", retry_after=RETRY_SECONDS)
    return None
