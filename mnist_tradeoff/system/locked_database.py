"""A file of SQLite that another program has locked is waited for, and people are told once."""

import functools
import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, event

from mnist_tradeoff.system.retries import OUTAGE_SECONDS, patiently

# SQLite itself waits for so long at each attempt.
ATTEMPT_SECONDS = 5
POLL_SECONDS = 0.5


def wait_for_locked_databases() -> None:
    """From now on all engines of this process do so; calling it again changes nothing."""
    if not event.contains(Engine, "do_execute", _execute):
        event.listen(Engine, "do_execute", _execute)
        event.listen(Engine, "begin", lambda one: _set_timeout(one, ATTEMPT_SECONDS))
        # A commit cannot be tried again by hand: SQLite itself waits for those who still read.
        event.listen(Engine, "commit", lambda one: _set_timeout(one, OUTAGE_SECONDS))


def _execute(cursor: Any, statement: str, parameters: Sequence[Any], context: Any) -> bool:  # noqa: ARG001
    """True: it is done; see SQLAlchemy's ``DialectEvents``."""
    if not isinstance(cursor, sqlite3.Cursor):
        return False
    call = functools.partial(cursor.execute, statement, parameters)
    patiently(call, _is_locked, "the database, which another program has locked,", POLL_SECONDS)
    return True


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "is locked" in str(error)


def _set_timeout(connection: Connection, seconds: int) -> None:
    dbapi = connection.connection.dbapi_connection
    if isinstance(dbapi, sqlite3.Connection):
        dbapi.execute(f"PRAGMA busy_timeout = {1_000 * seconds}")
