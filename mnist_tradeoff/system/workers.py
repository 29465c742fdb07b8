"""Worker processes: started together, watched, replaced if they are killed, stopped together."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

from mnist_tradeoff.system.processes import THREADS_VARIABLE, exit_with_parent
from mnist_tradeoff.system.signals import ERRORS, EXIT_FAILED, let_go, print_what_can_be_printed

POLL_SECONDS = 0.5
GRACE_SECONDS = 20
MAX_REPLACEMENTS = 10


def run_workers(
    target: Callable[..., None],
    arguments: tuple[Any, ...],
    count: int,
    threads: int,
    on_poll: Callable[[], None],
    on_killed: Callable[[], object],
    on_stopped: Callable[[], object],
) -> None:
    """Run a function in so many processes until it has returned in all of them.

    Args:
        target: importable by name; its arguments are pickled.
        threads: CPU threads of each process.
        on_poll: called twice a second.
        on_killed: called when processes were killed, before others take their place.
        on_stopped: called after processes were ended in the middle, by an error or Ctrl-C.

    Raises:
        ValueError: an error in one, the others are stopped; or they are killed again and again.
    """
    workers = [_Worker(target, arguments, threads) for _ in range(count)]
    killed = 0
    try:
        while workers:
            wait([one.process.sentinel for one in workers], POLL_SECONDS)
            for worker in [one for one in workers if not one.process.is_alive()]:
                workers.remove(worker)
                if worker.was_killed():
                    killed += 1
                    _require_few(killed)
                    on_killed()
                    workers.append(_Worker(target, arguments, threads))
            on_poll()
    except KeyboardInterrupt as error:
        let_go(error)
        raise
    finally:
        _stop(workers)
        if workers:
            on_stopped()


def _require_few(killed: int) -> None:
    if killed > MAX_REPLACEMENTS:
        raise ValueError(
            f"worker processes were killed {killed} times; is there enough memory? "
            "Run the same command again to go on"
        )


def _stop(workers: Sequence["_Worker"]) -> None:
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(GRACE_SECONDS)
        worker.process.kill()


class _Worker:
    def __init__(self, target: Callable[..., None], arguments: tuple[Any, ...], threads: int):
        context = get_context("spawn")
        self.errors, sender = context.Pipe(duplex=False)
        receiver, work = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(
            target=_main, args=(receiver, threads, sender), daemon=False
        )
        # The terminal's Ctrl-C is the parent's matter, and ignored from the process's first moment.
        # The parent ends it with SIGTERM, at once and wherever it is: what it was at is given back
        # by whoever notices that it is gone.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.process.start()
        signal.signal(signal.SIGINT, handler)
        sender.close()
        receiver.close()
        # Beside all else: images are read only when the process has its libraries, after seconds.
        Thread(target=_give, args=(work, (target, arguments)), daemon=True).start()

    def was_killed(self) -> bool:
        """Whether this ended process was killed by a signal; an error of its own is raised."""
        if self.process.exitcode == EXIT_FAILED:
            try:
                raise ValueError(self.errors.recv())
            except EOFError:
                raise RuntimeError("a worker process failed: see its traceback above") from None
        return self.process.exitcode != 0


def _give(work: Connection, what: tuple[Callable[..., None], tuple[Any, ...]]) -> None:
    with suppress(OSError), work:  # the process has ended before
        work.send(what)


def _main(work: Connection, threads: int, errors: Connection) -> None:
    exit_with_parent()
    print_what_can_be_printed()
    os.environ[THREADS_VARIABLE] = str(threads)
    with work:
        target, arguments = work.recv()
    try:
        target(*arguments)
    except ERRORS as error:
        errors.send(str(error))
        sys.exit(EXIT_FAILED)
