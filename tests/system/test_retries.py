import pytest

from mnist_tradeoff.system import retries
from mnist_tradeoff.system.retries import patiently


class Service:
    """Is away at its first calls."""

    def __init__(self, outages: int, error: Exception):
        self.outages, self.error, self.calls = outages, error, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.outages:
            raise self.error
        return self.calls


def is_outage(error: BaseException) -> bool:
    return isinstance(error, ConnectionError)


def test_it_waits_tells_once_and_says_when_the_service_is_back(capsys):
    assert patiently(Service(3, ConnectionError()), is_outage, "the store", 0) == 4
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["the store is away: waiting up to 10 minutes", "the store is back"]


def test_a_service_that_answers_and_errors_of_another_kind_are_not_waited_for(capsys):
    assert patiently(Service(0, ConnectionError()), is_outage, "the store", 60) == 1
    with pytest.raises(ValueError, match="ours"):
        patiently(Service(1, ValueError("ours")), is_outage, "the store", 60)
    assert capsys.readouterr().err == ""


def test_when_the_time_is_up_the_error_is_raised(monkeypatch):
    monkeypatch.setattr(retries, "OUTAGE_SECONDS", 0.05)
    service = Service(1_000_000, ConnectionError("gone"))
    with pytest.raises(ConnectionError, match="gone"):
        patiently(service, is_outage, "the store", 0.01)
    assert service.calls > 1
