"""What a search found, as CSV files."""

import pandas as pd

from mnist_tradeoff.analysis.trainings import BALANCED, Model, balanced
from mnist_tradeoff.search.results import SearchResults, on_test_front


def pareto_frame(results: SearchResults) -> pd.DataFrame:
    """``pareto.csv``: one row per model of the front and per reference."""
    ties = [not difference.is_real for difference in results.steps]
    test_front = on_test_front(results)
    rows = [
        {
            **_row(finalist),
            "on_test_front": test_front[i],
            "tied_with_next": ties[i] if i < len(ties) else False,
        }
        for i, finalist in enumerate(results.finalists)
    ]
    rows += [_row(finalist) for finalist in results.references]
    roles = ["front"] * len(results.finalists) + ["reference"] * len(results.references)
    frame = pd.DataFrame(rows)
    frame.insert(0, "role", roles)
    return frame


def _row(finalist: Model) -> dict[str, object]:
    return {
        "model": finalist.name,
        "architecture": finalist.architecture,
        **finalist.costs,
        "search_val_accuracy": finalist.search_accuracy,
        "trials": " ".join(map(str, finalist.trials)),
        "seeds": finalist.test.n,
        "val_accuracy": finalist.val.mean,
        "val_accuracy_sd": finalist.val.sd,
        "test_accuracy": finalist.test.mean,
        "test_accuracy_sd": finalist.test.sd,
        "test_accuracy_low": finalist.test.low,
        "test_accuracy_high": finalist.test.high,
        **({BALANCED: found.mean} if (found := balanced(finalist.trainings)) else {}),
        "run_ids": " ".join(finalist.run_ids),
    }


def trials_frame(results: SearchResults) -> pd.DataFrame:
    """``trials.csv``: one row per trial, with what its proposal overrides of the recipe."""
    return pd.DataFrame(
        [
            {
                "trial_number": trial.number,
                "architecture": trial.architecture,
                **trial.overrides,
                **trial.costs,
                "epochs": trial.rungs[-1].epochs if trial.rungs else 0,
                "val_accuracy": trial.rungs[-1].val_accuracy if trial.rungs else float("nan"),
                "full_length": trial.at(results.epochs) is not None,
                "audited": trial.audited,
                "seed": trial.seed,
                "train_seconds": sum(rung.train_seconds for rung in trial.rungs),
                "trial_seconds": (trial.completed - trial.started).total_seconds(),
                "error": trial.error,
            }
            for trial in results.trials
        ]
    )
