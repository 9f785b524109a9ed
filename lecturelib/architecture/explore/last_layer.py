"""The last layer of a digit network, link by link: which hidden neurons raise the score of a digit, which lower it."""

from __future__ import annotations

from functools import lru_cache

from torch import Tensor

from lecturelib import datasets
from lecturelib.architecture.diagrams.last_layer import last_layer_diagram
from lecturelib.network.hooks import record
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider, Toggle, common_controls


def last_layer_explorer() -> Explorable:
    """The last layer of lenet as links: which hidden neurons raise the score of a digit, which lower it."""
    controls = [
        Choice("picture", datasets.DIGITS, "3", label="a picture of"),
        Choice("digit", ("the answer", *datasets.DIGITS), label="links of the digit"),
        Slider("neurons", 4, 20, 1, 12, label="hidden neurons shown"),
        Choice("width", ("weight × activation", "weight"), label="a line's width"),
        Toggle("all_links", True, label="also the other digits' links, faint"),
    ]
    presets = {
        "why it is a 3": {"picture": "3", "digit": "the answer"},
        "an 8 in this 3?": {"picture": "3", "digit": "8"},
        "the weights alone": {"picture": "3", "width": "weight"},
    }
    return Explorable(_render_digit, controls, "Evidence for a digit", presets)


@lru_cache(maxsize=16)
def digit_pass(picture: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of lenet, for its example of a digit: image (1, 1, 28, 28), hidden (128,), weights (10, 128), scores (10,)."""
    model = common_controls.network("lenet")
    image = common_controls.chosen_image(
        {"network": "lenet", "picture": picture, "own": None, "use_own": False}
    )
    acts = record(model, image, ["relu3", "fc4"])
    weight = model.get_parameter("classifier.2.weight").detach()
    return image, acts["relu3"][0], weight, acts["fc4"][0]


def _render_digit(state: dict) -> Picture:
    image, hidden, weights, scores = digit_pass(state["picture"])
    answer = int(scores.argmax())
    digit = answer if state["digit"] == "the answer" else int(state["digit"])
    shares = weights * hidden  # (10, 128): they add up to the scores, without the bias
    order = shares[digit].abs().argsort(descending=True)[: state["neurons"]]
    order = order[shares[digit, order].argsort(descending=True)]  # for the digit above, against it below
    values = (shares if state["width"] == "weight × activation" else weights)[:, order]  # (10, neurons)
    kept = shares[digit, order].sum().item()
    bias = round(scores[digit].item() - shares[digit].sum().item(), 1) + 0.0  # no −0.0
    n = len(order)
    caption = (
        f"A {state['picture']} that lenet names {answer}. The score of {digit} is {scores[digit]:.1f}: these {n} of "
        f"128 hidden neurons give {kept:+.1f}, the other {128 - n} {shares[digit].sum().item() - kept:+.1f}, the bias "
        f"{bias:+.1f}. Orange raises the score, blue and dashed lowers it."
    ).replace("-", "\N{MINUS SIGN}")
    best = int(order[0])
    alt = (
        f"A handwritten {state['picture']}, {n} hidden neurons and ten digits, joined by lines. {caption} "
        f"Most for {digit}: neuron {best} with {shares[digit, best]:+.1f}."
    )
    drawing = last_layer_diagram(image, hidden, order, values, scores, digit, state["all_links"], alt)
    return drawing.picture(caption, round(drawing.width))
