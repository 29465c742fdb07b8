"""A lock that PostgreSQL keeps: one process at a time, on any machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

Acquire = Callable[[], Connection]


@contextmanager
def advisory_lock(
    engine: Engine,
    purpose: str,
    seconds: float,
    call: Callable[[Acquire], Connection] = lambda acquire: acquire(),
) -> Iterator[None]:
    """A lock by name; the database gives it back when the connection ends, as when a process dies.

    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS

    Args:
        seconds: how long it is waited for; below 0: without an end.
        call: calls the function that takes the lock; it may do so again after an outage.

    Raises:
        SQLAlchemyError: the database is away, or the time is up.
    """

    def acquire() -> Connection:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(f"SET lock_timeout = '{max(seconds, 0):.0f}s'"))
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), name)
        return connection

    name = {"name": f"mnist_tradeoff {purpose}"}
    connection = call(acquire)
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):  # a lost connection has lost the lock already
            unlock = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
            connection.execute(unlock, name)
        connection.close()
