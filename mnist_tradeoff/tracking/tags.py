"""Tags by which our runs are known on a server that other programs use, too.

What users search for has plain names (``role``, ``study``, ``trial_number``, …). What decides about
a run has names that no other program sets by accident. Runs of older versions have the plain names
alone; they are known by many of them together.
"""

from collections.abc import Mapping
from typing import Any

from mlflow.entities import Run

PREFIX = "mnist_tradeoff."
PARENT_TAG = "mlflow.parentRunId"
STUDY_ROLE, TRIAL_ROLE, SESSION_ROLE = "study", "trial", "session"
# Every run of ours has this one; it says what ``role`` says.
MARK = f"{PREFIX}role"
OLDER_MARKS = ("git_dirty", "cpu", "threads", "python", "tensorflow")
OLDER_TRIAL_MARKS = ("study", "trial_number", "architecture", "dataset", PARENT_TAG)
# These older versions called by the part after the prefix.
OWNER, BEAT = f"{PREFIX}owner", f"{PREFIX}last_alive"
# The request that made a run.
REQUEST = f"{PREFIX}request"
EXPORTED, LEFT_OUT = f"{PREFIX}exported", f"{PREFIX}left_out"
LATENCY_HOST, STUDY_RUN_ID = f"{PREFIX}latency_host", f"{PREFIX}study_run_id"


def marked(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run of ours, with the one that makes it ours."""
    return {**tags, MARK: tags.get("role", "run")}


def role_of(run: Run) -> str | None:
    """What a run of ours is; None for one of another program."""
    tags = run.data.tags
    if MARK in tags:
        return tags[MARK]
    role = tags.get("role")
    older = OLDER_TRIAL_MARKS if role == TRIAL_ROLE else OLDER_MARKS
    return role if all(name in tags for name in older) else None


def internal(run: Run, name: str) -> Any:
    """The value of ``OWNER`` and its like, by the older name if need be; None: there is none."""
    tags = run.data.tags
    return tags.get(name, tags.get(name.removeprefix(PREFIX)))
