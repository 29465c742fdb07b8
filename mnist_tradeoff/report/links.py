"""Where the points of a study's charts lead: to the page of a model, or to its run in MLflow."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

# Of the pages of models, beside a study's page.
PAGES = "models"


@dataclass(frozen=True)
class Links:
    """What can be reached from a page.

    runs_page: address of MLflow's page of a run, but for the run's id; empty: no links there.
    how_to_open: the command that serves that address; empty where a server does.
    pages: ids of the runs whose model has a page beside this one.
    trials: ids of the trials' runs, by the trial's number.
    """

    runs_page: str = ""
    how_to_open: str = ""
    pages: Collection[str] = ()
    trials: Mapping[int, str] = field(default_factory=dict)

    def of_run(self, run_id: str) -> str:
        """The model's page, or else its run; empty where there is neither."""
        return page_of(run_id) if run_id in self.pages else self.in_mlflow(run_id)

    def of_trial(self, number: int) -> str:
        """The trial's run; empty where it is not known."""
        return self.in_mlflow(self.trials[number]) if number in self.trials else ""

    def in_mlflow(self, run_id: str) -> str:
        """MLflow's page of a run; empty where its address is not known."""
        return f"{self.runs_page}{run_id}" if self.runs_page else ""


NO_LINKS = Links()


def page_of(run_id: str) -> str:
    """Where the page of a run's model is, seen from the study's page."""
    return f"{PAGES}/{run_id}.html"
