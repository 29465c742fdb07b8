"""Entry point ``export``: a study's final models as LiteRT and ONNX files, checked and measured.

mlflow run . -e export -P study=widths        or        python -m experiments.export --study widths

Or those of a suite, or of one training: -P run_id=RUN.
"""

import dataclasses

from mnist_tradeoff.architecture.layers import resolve
from mnist_tradeoff.search.config import ExportConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher


def run_export(config: ExportConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.report import device as device_report
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.tracking import models as export_tracking
    from mnist_tradeoff.tracking import store as tracking

    tracking.prepare_store()
    tags = {"role": "export", "study": config.study}
    with tracking.tracked_run("export", dataclasses.asdict(config), tags) as run_id:
        dataset = data.load(config.dataset)
        terminal.warn_of_fallback(dataset)
        tracking.log_dataset(dataset)
        if config.run_id:
            finals = export_tracking.finals_of_run(config.run_id, dataset)
        else:
            finals = export_tracking.finals_of(config.study, dataset)
        failures = []
        with terminal.RunsProgress("exports", len(finals), len(finals)) as progress:
            for final in finals:
                check_launcher()
                try:
                    line = export_one(final, dataset, config.tolerance)
                except ValueError as error:
                    line = f"failed: {error}"
                    failures.append(f"{final.model} seed {final.seed}: {error}")
                progress.on_work(1)
                progress.on_run(f"{final.model} seed {final.seed}: {line}")
        costs = export_tracking.device_costs(finals)
        texts = device_report.texts(costs) if costs else {}
        if texts:
            tracking.log_report(texts, device_report.drawn(costs))
        if failures:
            raise ValueError(
                f"{len(failures)} of {len(finals)} exports failed and are missing in the table "
                f"({'; '.join(failures)})"
            )
    print(texts["costs.md"])
    print(tracking.how_to_look(run_id))


def export_one(final, dataset, tolerance: float) -> str:
    """Export one final model and log its costs and files into its run; a line of what came out."""
    from mnist_tradeoff.device.measure import export_and_measure
    from mnist_tradeoff.tracking import models as export_tracking

    model = export_tracking.load_model(final.run_id)
    exported = export_and_measure(model, resolve(final.model), dataset, tolerance)
    export_tracking.log_export(final.run_id, exported)
    metrics = exported.metrics
    return (
        f"{metrics['size_bytes']:,} bytes, int8 {metrics['int8_size_bytes']:,}; "
        f"{metrics['latency_us']:.1f} µs, int8 {metrics['int8_latency_us']:.1f}; test accuracy "
        f"{metrics['litert_test_accuracy']:.4f}, int8 {metrics['int8_test_accuracy']:.4f}"
    )


if __name__ == "__main__":
    cli.run(lambda: run_export(cli.parse(ExportConfig)))
