"""``export``: finished models as LiteRT and ONNX files, checked and measured."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import FLOAT_ACCURACY, INT8_ACCURACY
from mnist_tradeoff.architecture.own_model import AnyArchitecture, own_name
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.options import DataConfig, data_flags
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.device.export import export_and_measure
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.device import by_cost, device_pictures, device_texts
from mnist_tradeoff.report.numbers import shown
from mnist_tradeoff.report.summary import device_summary
from mnist_tradeoff.system.processes import this_host
from mnist_tradeoff.tracking import models
from mnist_tradeoff.tracking.runs import log_contents, log_dataset, tracked_run
from mnist_tradeoff.tracking.store import how_to_look, prepare_store
from mnist_tradeoff.training.fingerprint import code_version

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.backend import keras

DEVICE = Path(__file__).parents[1] / "device"
LIBRARIES = ("ai-edge-litert", "onnxruntime", "tf2onnx")


def run_export(
    study: str,
    run_ids: Sequence[str],
    tolerance: float,
    source: DataConfig,
    params: Mapping[str, Any],
    check_launcher: Callable[[], None],
) -> None:
    """Export the finals of a study, or what a run has, and print what they cost.

    Args:
        source: which images, see ``DataConfig``.
        run_ids: of suites, studies or trainings; none: those of the study.
        tolerance: most test accuracy that a file may lose.
        params: what is logged as parameters.

    Raises:
        ValueError: some exports failed; the table is there without them. Or bad data.
        OSError: the store failed, or it has no such study or run.
    """
    prepare_store()
    with tracked_run("export", params, {"role": "export", "study": study}) as own_id:
        data = load_configured(source)
        terminal.tell_dataset(data)
        log_dataset(data)
        finals = models.finals_of(study, run_ids, data)
        failures = _export_all(finals, data, tolerance, check_launcher)
        measured = models.measured_here(finals)
        texts = device_texts(measured) if measured else {}
        if texts:
            terminal.tell("drawing the figures")
            log_contents({**texts, **device_pictures(measured)})
        if failures:
            print(device_summary(by_cost(measured)))
            some = f"{len(failures)} of {len(finals)} exports failed"
            raise ValueError(f"{some} and are missing in the table ({'; '.join(failures)})")
    models_from = {"run_id": ",".join(run_ids)} if run_ids else {"study": study}
    print(device_summary(by_cost(measured)))
    print(how_to_look(own_id))
    print(terminal.next_step("recommend", **models_from, **data_flags(source)))


def _export_all(
    finals: Sequence[Training],
    dataset: Dataset,
    tolerance: float,
    check_launcher: Callable[[], None],
) -> list[str]:
    failures = []
    with terminal.RunsProgress("exports", len(finals), len(finals)) as progress:
        for final in finals:
            check_launcher()
            name = f"{final.model} seed {final.seed}"
            progress.on_start(name)
            try:
                line = export_one(final, dataset, tolerance)
            except ValueError as error:
                line = f"failed: {error}"
                failures.append(f"{name}: {error}")
            progress.on_work(1)
            progress.on_run(f"{name}: {line}")
    return failures


def _architecture(final: Training, model: "keras.Model", task: Task) -> AnyArchitecture:
    if name := own_name(final.architecture):
        from mnist_tradeoff.training.own_model import own_model_of

        return own_model_of(model, name)
    # Not the model's name: that tells it apart from others, too.
    return resolve(final.architecture, task)


def export_one(final: Training, dataset: Dataset, tolerance: float) -> str:
    """Export one final model and log its costs and files into its run; a line of what came out.

    What was finished before, of the same file, with the same code and on this host, is reused. A
    file that cannot be made or run is left out, and the line says so.

    Raises:
        ValueError: there is no model, no file can be made, or one loses more than the tolerance.
        OSError: the store failed, or the process that converts was killed.
    """
    key = _key(final, dataset, tolerance)
    found = models.found_export(final.run_id, key)
    if found is not None:
        return f"finished before, and is reused: {_line(found.metrics, found.left_out)}"
    model = models.load_model(final.run_id)
    architecture = _architecture(final, model, dataset.task)
    exported = export_and_measure(model, architecture, dataset, tolerance)
    models.log_export(final.run_id, exported, key)
    return _line(exported.metrics, exported.left_out)


def _key(final: Training, dataset: Dataset, tolerance: float) -> str:
    """Digest of what an export depends on."""
    files = sorted(DEVICE.rglob("*.py"))
    parts = [this_host(), models.model_digest(final.run_id), dataset.digest, str(tolerance)]
    parts += [*dataset.class_names]
    parts += [code_version(), *(f"{name} {version(name)}" for name in LIBRARIES)]
    code = b"".join(file.read_bytes() for file in files)
    return hashlib.md5("\n".join(parts).encode() + code).hexdigest()


def _line(metrics: Mapping[str, float], left_out: Mapping[str, str]) -> str:
    def both(name: str, form: str) -> str:
        return f"{shown(metrics, name, form)}, int8 {shown(metrics, f'int8_{name}', form)}"

    accuracies = (shown(metrics, name, ".4f") for name in (FLOAT_ACCURACY, INT8_ACCURACY))
    return "; ".join(
        [
            f"bytes {both('size_bytes', ',.0f')}",
            f"µs {both('latency_us', '.1f')}",
            "test accuracy {}, int8 {}".format(*accuracies),
            *(f"left out: {name}, {why}" for name, why in left_out.items()),
        ]
    )
