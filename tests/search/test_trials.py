"""What a trial trains, in spaces that propose a recipe, too."""

from dataclasses import asdict

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST, Task
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.proposals import Proposal, encode_architecture, verified
from mnist_tradeoff.search.spaces import SPACES
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.trials import train_config
from mnist_tradeoff.training.recipe import Recipe
from tests.studies import DATA, finish

NET = parse("4C3-P2-8C3-P2")


class BatchSizes:
    """One architecture under two recipes."""

    def fitted(self, task: Task) -> "BatchSizes":
        del task
        return self

    def suggest(self, trial) -> Proposal:
        size = trial.suggest_categorical("batch_size", [32, 64])
        return Proposal.of(NET, {"batch_size": size, "learning_rate": 0.5})

    def params(self, proposal: Proposal) -> dict:
        params = {"batch_size": dict(proposal.overrides).get("batch_size")}
        return verified(self, params, proposal)

    def encode(self, proposal: Proposal) -> dict[str, float]:
        found = encode_architecture(proposal.architecture)
        return found | {"batch_size": float(dict(proposal.overrides)["batch_size"])}

    def minimum(self, cost) -> float:
        return cost(NET)

    def starts(self, task: Task, costs) -> list[Proposal]:
        del task, costs
        return []

    def describe(self) -> dict:
        return {"batch_sizes": [32, 64]}


def test_what_a_proposal_overrides_reaches_its_training_and_its_record(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    monkeypatch.setitem(SPACES, "batch_sizes", BatchSizes())
    config = SearchConfig(study="s", space="batch_sizes", trials=9, epochs=9, batch_size=16, seed=3)
    study = Study(config, DATA, MNIST, tmp_path)
    sizes = set()
    for _ in range(9):  # nothing but the two is known soon: the surrogate proposes replicates
        trial = study.take()
        assert trial is not None
        assert trial.architecture == NET
        wanted = train_config(config, trial, epochs=3)
        assert (wanted.epochs, wanted.seed, wanted.learning_rate) == (3, trial.seed, 0.5)
        assert wanted.batch_size == dict(trial.proposal.overrides)["batch_size"]
        sizes.add(wanted.batch_size)
        finish(trial)
    assert sizes == {32, 64}
    again = Study.load("s", tmp_path).finished()
    assert {record.proposal for record in again} == {
        Proposal.of(NET, {"batch_size": size, "learning_rate": 0.5}) for size in sizes
    }


def test_a_recipe_is_the_studys_but_for_what_is_overridden():
    config = SearchConfig(epochs=9, batch_size=16, precision="float32")
    given = {"epochs": 2, "batch_size": 16, "precision": "float32"}
    assert config.recipe({"epochs": 2}) == asdict(Recipe()) | given
