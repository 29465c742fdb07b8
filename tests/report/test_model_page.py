"""The page of one model, without a store: its parts, other people's text, many classes."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.layer_costs import layer_costs
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.report.links import Links
from mnist_tradeoff.report.model_charts import FRONT, REFERENCE, THIS, Place
from mnist_tradeoff.report.model_page import ModelFacts, render_model
from mnist_tradeoff.report.svg import linear_ticks, log_ticks, steps
from tests.browser import assert_fits, open_page
from tests.factories import exact, make_training

NASTY = "<script>alert(1)</script>\u202e"
ARCHITECTURE = "4C3b-(4DS3s)+-P2-head3"
# Of the references on scikit-learn's digits, where they lie close together.
ERRORS = {"ann": 0.046, "simple_cnn": 0.045, "cnn_v1": 0.05, "cnn_v2": 0.057}
OVERPRINTED = """charts => charts.flatMap(chart => {
    const texts = [...chart.querySelectorAll("text")].map(text => text.getBoundingClientRect());
    return texts.filter((a, i) => texts.slice(i + 1).some(b =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1));
}).length"""


def facts(classes: int = 10, side: int = 28, wrong: int = 70) -> ModelFacts:
    task = Task(Shape(side, side, 3), classes)
    images = np.random.default_rng(0).integers(0, 255, (1_000, side, side, 3)).astype(np.uint8)
    test = Split(images, (np.arange(1_000) % classes).astype(np.uint16))
    names = (NASTY, *(f"name {i}" for i in range(1, classes)))
    dataset = Dataset("x", "0", "x", task, test, test, test, names)
    predictions = np.where(np.arange(1_000) < wrong, (test.labels + 1) % classes, test.labels)
    training = make_training(ARCHITECTURE, 0, 930, **exact(ARCHITECTURE))
    curves = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), (0.5, 0.25))
    costs = exact(ARCHITECTURE)
    return ModelFacts(
        replace(training, curves=curves, predictions=predictions),
        dataset,
        np.arange(1_000) / 10,
        layer_costs(parse(ARCHITECTURE), MNIST),
        [("figures/a.png", 1234)],
        "python -m experiments.train --model 'a b'",
        [
            *(
                Place(name, REFERENCE, exact(str(REFERENCES[name].architecture)), error)
                for name, error in ERRORS.items()
            ),
            Place(NASTY, FRONT, costs, 0.05, "beside.html"),
            Place("own", THIS, costs, 0.07),
        ],
        "widths",
        "../report.html",
        Links("http://127.0.0.1:5000/#/runs/", "mlflow ui"),
    )


def test_it_has_its_parts_and_other_peoples_text_does_no_harm():
    text = render_model(facts())
    for part in (
        "93.00% of 1,000 test images are right, 70 are wrong",
        "70 test images; the first 60 of them, the largest loss first",
        '<a href="../report.html">widths</a>',
        '<a href="beside.html"',
        "figures/a.png",
        "--model &#x27;a b&#x27;",
        "10C3:linear (classifier)",
    ):
        assert part in text, part
    assert text.count('class="mistake"') == 60
    assert text.index("loss 6.90") < text.index("loss 6.80")
    assert "loss 7.00" not in text  # that one is right
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert len(text) < 1_500_000


def test_it_fits_the_screen_in_light_and_in_dark(tmp_path):
    path = tmp_path / "model.html"
    path.write_text(render_model(facts()))
    with open_page(offline=True) as page:
        page.goto(path.as_uri())
        expect(page.locator("svg.plot")).to_have_count(4)
        expect(page.locator(".mistake img").first).to_be_visible()
        assert_fits(page, "model")
        assert page.locator("svg.plot").evaluate_all(OVERPRINTED) == 0


def test_losses_that_are_not_known_and_a_model_without_mistakes():
    text = render_model(replace(facts(), losses=np.zeros(0)))
    assert "in the order of the set" in text
    assert "No test image." in render_model(facts(wrong=0))


def test_of_many_classes_and_large_images_the_page_stays_small():
    text = render_model(facts(classes=500, side=128))
    assert "the 100 lowest of 500" in text
    assert "The 19 classes with most mistakes" in text
    assert len(text) < 3_000_000


@pytest.mark.parametrize("notation", [ARCHITECTURE, "(8C3s-8C3sb)x2-P2-(8C3s)@3-G", "128-64"])
def test_layers_add_up_to_the_model(notation):
    found = layer_costs(parse(notation), MNIST)
    costs = exact_costs(parse(notation), MNIST)
    assert sum(layer.num_params for layer in found) == costs["num_params"]
    assert sum(layer.macs or 0 for layer in found) == costs["macs"]


def test_ticks_are_round_and_steps_go_right_first():
    assert [text for _, text in log_ticks(90, 120_000)] == ["100", "1k", "10k", "100k"]
    assert linear_ticks(0.11, 0.52) == pytest.approx([0.2, 0.3, 0.4, 0.5])
    assert steps([(1, 5), (2, 3)]) == [(1, 5), (2, 5), (2, 3)]
