"""A file of SQLite that another program holds for a while, with a real lock of SQLite's."""

import sqlite3
import threading

import pytest
from sqlalchemy import create_engine, text

from mnist_tradeoff.system import locked_database
from mnist_tradeoff.system.locked_database import wait_for_locked_databases


@pytest.mark.parametrize("held", ["BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM a"])
def test_a_lock_of_another_program_is_waited_for(tmp_path, monkeypatch, capsys, held):
    monkeypatch.setattr(locked_database, "ATTEMPT_SECONDS", 0)
    path = tmp_path / "x.db"
    wait_for_locked_databases()
    wait_for_locked_databases()
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (b)"))
        connection.execute(text("INSERT INTO a VALUES (1)"))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for statement in held.split("; "):
        other.execute(statement)
    release = threading.Timer(1, lambda: other.execute("ROLLBACK"))
    release.start()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO a VALUES (2)"))
    release.join()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT b FROM a")).scalars().all() == [1, 2]
    told = capsys.readouterr().err.splitlines()
    if held == "BEGIN EXCLUSIVE":  # a reader keeps only the commit waiting
        assert told == [
            "the database, which another program has locked, is away: waiting up to 10 minutes",
            "the database, which another program has locked, is back",
        ]
    other.close()
    engine.dispose()
