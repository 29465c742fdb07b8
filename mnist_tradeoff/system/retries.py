"""A service that went away is asked again, and people are told once."""

import sys
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_fixed

OUTAGE_SECONDS = 600
Answer = TypeVar("Answer")


def patiently(
    call: Callable[[], Answer],
    is_outage: Callable[[BaseException], bool],
    what: str,
    poll_seconds: float,
) -> Answer:
    """Call a function until it answers, for up to ten minutes.

    Args:
        is_outage: whether an error means that the service is away; any other is raised at once.
        what: the service, for the two lines that say when it went away and when it is back.

    Raises:
        Exception: the last error, if the time is up.
    """
    told = False

    def tell(_: RetryCallState) -> None:
        nonlocal told
        if not told:
            minutes = OUTAGE_SECONDS // 60
            print(f"{what} is away: waiting up to {minutes} minutes", file=sys.stderr)
        told = True

    retrying = Retrying(
        retry=retry_if_exception(is_outage),
        stop=stop_after_delay(OUTAGE_SECONDS),
        wait=wait_fixed(poll_seconds),
        before_sleep=tell,
        reraise=True,
    )
    answer = retrying(call)
    if told:
        print(f"{what} is back", file=sys.stderr)
    return answer
