"""A lock that PostgreSQL keeps: one process at a time, on any machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mnist_tradeoff.system.locks import NOTICE_SECONDS, tell_waiting, this_process

Acquire = Callable[[], Connection]
LOCK = text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
# A lock's 64 bits are two numbers there.
HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted "
    "AND (classid::bigint << 32 | objid::bigint) = hashtextextended(:name, 0)"
)
TIME_IS_UP = "55P03"


@contextmanager
def advisory_lock(
    engine: Engine,
    purpose: str,
    call: Callable[[Acquire], Connection] = lambda acquire: acquire(),
) -> Iterator[None]:
    """A lock by name; the database gives it back when the connection ends, as when a process dies.

    It is waited for without an end; after some seconds a line on stderr names who holds it.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS

    Args:
        call: calls the function that takes the lock; it may do so again after an outage.

    Raises:
        SQLAlchemyError: the database is away.
    """
    name = {"name": f"mnist_tradeoff {purpose}"}

    def acquire() -> Connection:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            _wait(connection, purpose, name)
        except BaseException:
            connection.close()
            raise
        return connection

    connection = call(acquire)
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):  # a lost connection has lost the lock already
            connection.execute(UNLOCK, name)
        connection.close()


def _wait(connection: Connection, purpose: str, name: dict[str, str]) -> None:
    me = {"me": this_process()[:63]}
    connection.execute(text("SELECT set_config('application_name', :me, false)"), me)
    connection.execute(text(f"SET lock_timeout = '{NOTICE_SECONDS}s'"))
    try:
        connection.execute(LOCK, name)
        return
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != TIME_IS_UP:
            raise
    holder = connection.execute(HOLDER, name).scalar()
    tell_waiting(purpose, holder or "another process")
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(LOCK, name)
