"""The words of a study's page, explained."""

from mnist_tradeoff.analysis.hv2 import Scale
from mnist_tradeoff.search.results import SearchResults

WORDS = {
    "Front": "The Pareto front: the models that no other one equals or beats in accuracy and cost "
    "at once. A better model must cost more.",
    "Trial": "One proposal of the search, trained to learn how good it is. Trials see training and "
    "validation images only.",
    "Validation, test": "Choices are made on the validation images. The models of the front were "
    "trained anew with several seeds, and tested once on images that no choice has seen.",
    "search %, validation %, test %": "Mean accuracy of the trials on validation; of the new "
    "trainings on validation; of these on test. With ± it is the standard deviation over seeds.",
    "95 % interval, n": "Student's interval of the mean over n seeds. Of two or three seeds it is "
    "wide: it says how little they tell, not how much the model varies.",
    "on the test front": "Whether the model is still on the front when the test images decide.",
    "Parameters": "Weights and biases as they are deployed.",
    "MACs": "Multiply-accumulate operations for one image.",
    "corrected, broken": "Test images that the second model has right and the first has wrong, and "
    "the other way round, by the majority of the seeds.",
    "points, told apart, tied": "Difference of the accuracies in percentage points, with a 95 % "
    "bootstrap interval over test images and seeds. Where it holds zero the two are tied.",
    "Successive halving": "Every trial starts with a short training; the best third goes on to one "
    "three times as long. A sample of the others goes on too, to see what is missed.",
    "Optimism": "How much better the front looked on the images that it was chosen by.",
    "Rejected, diverged": "Over a budget, and so never trained; trained, but the loss became "
    "infinite.",
    "References": "The four documented architectures, ann, simple_cnn, cnn_v1 and cnn_v2, or those "
    "of them that fit on the images.",
}


def words_of(results: SearchResults) -> dict[str, str]:
    """The words and their meanings on a study's images."""
    return {**WORDS, "HV2": _hv2(results)}


def _hv2(results: SearchResults) -> str:
    text = (
        "The hypervolume of the front over the logarithms of parameters and error, whatever cost "
        f"was minimised: corner {corner_text(results.scale)}, ideal {ideal_text(results.scale)}."
    )
    if results.is_mnist:
        return text
    return (
        f"{text} The corner is a little beyond the most expensive reference that fits on these "
        "images, at the error of guessing; better than the ideal counts as the ideal. Compare "
        "studies of the same images only."
    )


def corner_text(scale: Scale) -> str:
    """The parameters and the error from which on a model counts: ``316,228 parameters and 3 %``."""
    return _text(scale.worst_num_params, scale.worst_error)


def ideal_text(scale: Scale) -> str:
    """The parameters and the error of the ideal: ``100 parameters and 0.3 % error``."""
    return _text(scale.ideal_num_params, scale.ideal_error)


def _text(num_params: float, error: float) -> str:
    return f"{num_params:,.0f} parameters and {100 * error:.3g} % error"
