"""A study's page while its trials run."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mnist_tradeoff.report import html, terminal
from mnist_tradeoff.report.links import NO_LINKS, Links
from mnist_tradeoff.report.search import NUMBERS_FILE, numbers_text, report_folder, write
from mnist_tradeoff.report.studies import write_index
from mnist_tradeoff.search.identity import IDENTITY, shown_settings
from mnist_tradeoff.search.results import Interim, SearchResults
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import TrialRecord

# A page is due after so many seconds, or after so many trials.
SECONDS, TRIALS = 30, 10
# Of a command's time, most that its pages take: of thousands of trials one takes seconds.
SHARE = 0.05


def results_of_trials(study: Study, dataset: str, finished: Sequence[TrialRecord]) -> SearchResults:
    """What a study's trials alone say.

    Args:
        dataset: its name.
    """
    config = study.config
    return SearchResults(
        study=config.study,
        dataset=dataset,
        task=study.task,
        costs=config.costs,
        budgets=config.budgets,
        epochs=config.epochs,
        trials=finished,
        rejected=study.rejected(),
        settings=shown_settings(study.optuna.user_attrs[IDENTITY]),
    )


class LivePage:
    """Writes ``report.html`` of a study that goes on: its front so far, and what still runs.

    Args:
        dataset: its name.
        folder: where the study's folder is.
        links: from the page; the trials' runs may be added to it while it lives.
    """

    def __init__(self, study: Study, dataset: str, folder: Path, links: Links = NO_LINKS):
        self.study, self.dataset = study, dataset
        self.beside_store, self.folder = folder, report_folder(folder, study.config.study)
        self.links = links
        self.started = time.monotonic()
        self.done_before = len(study.finished())
        # Not before: its libraries take seconds, which the first trainings need for their start.
        self.next_time, self.next_count = self.started + SECONDS, self.done_before + 1

    def on_poll(self, finished: Sequence[TrialRecord]) -> None:
        """Write the page, if it is due."""
        now = time.monotonic()
        is_new = len(finished) >= self.next_count and now >= self.next_time - SECONDS
        if now < self.next_time and not is_new:
            return
        results = self.results(finished)
        try:
            page = html.render(results, self.links)
            write({"report.html": page, NUMBERS_FILE: numbers_text(results)}, self.folder)
            write_index(self.beside_store)
        except OSError as error:  # the trials go on without a page
            terminal.tell(f"the page cannot be written ({error}), the trials go on")
            self.next_time = float("inf")
            return
        took = time.monotonic() - now
        self.next_time = now + max(SECONDS, took / SHARE)
        self.next_count = len(finished) + TRIALS

    def results(self, finished: Sequence[TrialRecord]) -> SearchResults:
        """What is known so far: no model has been trained anew, none has been tested."""
        interim = Interim(
            self.study.config.trials,
            self.study.running_architectures(),
            seconds_left=self._seconds_left(len(finished)),
        )
        return replace(results_of_trials(self.study, self.dataset, finished), interim=interim)

    def _seconds_left(self, count: int) -> float:
        done = count - self.done_before
        if done <= 0:
            return float("nan")
        missing = max(0, self.study.config.trials - count)
        return (time.monotonic() - self.started) / done * missing
