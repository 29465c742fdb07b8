import pytest

from mnist_tradeoff.system.redaction import redact


@pytest.mark.parametrize("password", ["pw", "p@ss:w", "pa/ss", "p?x"])
def test_redact(password):
    text = redact(f"at postgresql+psycopg://u:{password}@h/db, retry")
    assert text == "at postgresql+psycopg://***@h/db, retry"
    assert redact("https://h/x?user=u&password=pw") == "https://h/x?user=u&password=***"
    assert redact("sqlite:///a.db") == "sqlite:///a.db"
    assert redact("sqlite:////home/me@work/a.db") == "sqlite:////home/me@work/a.db"
    assert redact("postgresql+psycopg:/u:pw@h/db") == "postgresql+psycopg:/***@h/db"
    assert redact("at 'u:pw@h:1/db', retry") == "at '***@h:1/db', retry"
    assert redact("8C3:tanh-(8C3s:tanh)@3") == "8C3:tanh-(8C3s:tanh)@3"
