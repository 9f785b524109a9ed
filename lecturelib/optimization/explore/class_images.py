"""What a class looks like to a network: the weight of the regularizer, and going on live from any shipped frame."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.network.units import Logit, class_index, read
from lecturelib.optimization.ascent import AscentStep, iter_maximize
from lecturelib.optimization.batch_norm_prior import BatchNormStatistics
from lecturelib.optimization.parametrize import Fourier
from lecturelib.optimization.regularizers import Regularizer, l2, total_variation
from lecturelib.optimization.shipped_frames import Frame, frame
from lecturelib.optimization.transforms import jitter, rotate, scale
from lecturelib.show import Picture, bars
from lecturelib.show.raster_text import number
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, common_controls
from lecturelib.widgets.emerging import emerging

MAKER, JUDGE = "efficientnet_lite0", "efficientnet_lite2"
SIZE = 192
MOVING, STATISTICS = "Fourier, moved", "batch-norm statistics"
STATISTICS_STEPS = 160
MORE = ("peacock", "monarch", "pineapple", "strawberry", "castle", "daisy", "balloon", "zebra", "jellyfish")
_PIXELS = {"parametrization": "pixels", "transforms": (), "learning_rate": 0.02}
MOVED = (jitter(16), scale(0.9, 1.6), rotate(15))  # more often larger than smaller: few things, in the middle


def coarse_first(shape, start, generator) -> Fourier:
    """A spectrum that falls faster than 1 / f: strided networks such as `MAKER` ask for too much fine detail."""
    return Fourier(shape, start, generator, decay=1.2)


def slightly_coarse_first(shape, start, generator) -> Fourier:
    """A spectrum that falls a little faster than 1 / f: the statistics of the layers do the rest."""
    return Fourier(shape, start, generator, decay=1.05)


def cooling(parameters: list[Tensor]) -> torch.optim.Optimizer:
    """Adam whose learning rate falls from .04 along a cosine, to a twentieth after `STATISTICS_STEPS`."""
    optimizer = torch.optim.Adam(parameters, lr=0.04)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STATISTICS_STEPS, eta_min=0.002)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    return optimizer


def as_in_training(lam: float) -> Regularizer:
    """The statistics that the maker's batch normalization has kept, weighed by lam."""
    return BatchNormStatistics(common_controls.network(MAKER), lam)


def towards_grey_and_even(lam: float) -> Regularizer:
    """Total variation weighed by lam, and a little L2 in any case: it keeps Fourier's colors from running away."""
    grey, even = l2(120.0), total_variation(lam)
    return lambda image: grey(image) + even(image)


# What is done against noise, and the penalty that λ weighs.
RECIPES = {
    "L2": (_PIXELS, l2),
    "total variation": (_PIXELS, total_variation),
    MOVING: (
        {"parametrization": coarse_first, "transforms": MOVED, "learning_rate": 0.02},
        towards_grey_and_even,
    ),
    STATISTICS: (
        {"parametrization": slightly_coarse_first, "transforms": MOVED, "optimizer": cooling},
        as_in_training,
    ),
}
COMPARED = ("flamingo", "volcano", "goldfish")  # by every recipe and λ
CLASSES = (*COMPARED, *MORE)
LAMBDAS = {
    "L2": (0, 1000, 10000),
    "total variation": (0, 1000, 10000),
    MOVING: (0, 250, 1000),
    STATISTICS: (0.3, 1.5, 6),
}
LIVE = (0, 8, 32, 128)
SIDE = 400  # pixels of the picture
SHOWN = 5


def iter_class_image(
    class_name: str, recipe: str, lam: float, start: str | Tensor = "noise", *, steps: int, seed: int = 0
) -> Iterator[AscentStep]:
    """The ascent behind the frames: f(x) - lam * penalty(x) for the score of a class of `MAKER`."""
    recipe_of: tuple[dict[str, Any], Any] = RECIPES[recipe]
    settings, penalty = recipe_of
    size: dict[str, Any] = {} if isinstance(start, Tensor) else {"size": SIZE}
    model = common_controls.network(MAKER)
    return iter_maximize(
        model,
        Logit(class_name),
        start,
        regularizers=[penalty(lam)],
        steps=steps,
        seed=seed,
        **size,
        **settings,
    )


def lambdas(class_name: str, recipe: str) -> tuple[float, ...]:
    """The shipped values of λ: all for the compared classes, else the middle one of the statistics."""
    if class_name in COMPARED:
        return LAMBDAS[recipe]
    return LAMBDAS[recipe][1:2] if recipe == STATISTICS else ()


def on_pixels(recipe: str) -> bool:
    """Whether a recipe changes the pixels themselves."""
    return RECIPES[recipe][0].get("parametrization") == "pixels"


def judged(image: Tensor, name: str = JUDGE) -> Tensor:
    """The probabilities (classes,) of another network, which did not make the picture (1, 3, H, W)."""
    model = common_controls.network(name)
    fitted = F.interpolate(image, model.input_size, mode="bilinear", align_corners=False, antialias=True)
    return model(fitted.clamp(0, 1)).softmax(1)[0].detach()


def class_image_explorer(class_name: str | None = None) -> Explorable:
    """The class image with more or less of a regularizer: from noise to fog, and what another network sees in it."""
    first = Choice("class_name", CLASSES, class_name, label="class")
    start = {"class_name": first.value, "recipe": MOVING}
    controls = [
        first,
        Choice("recipe", tuple(RECIPES), MOVING, label="against noise"),
        _lam(start),
        Choice("live", LIVE, label="steps to go on, live", slider=True),
    ]
    presets: dict[str, dict] = {
        "nothing against noise": {"class_name": "goldfish", "recipe": "L2", "lam": 0},
        "too much of it": {
            "class_name": "goldfish",
            "recipe": "total variation",
            "lam": LAMBDAS["total variation"][-1],
        },
        "go on from the frame, live": {"live": 128},
    }

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, recipe=_recipe, lam=_lam)

    return Explorable(_render, controls, "A class image and its λ", presets, refresh)


def _recipe(state: dict) -> Choice:
    here = tuple(name for name in RECIPES if lambdas(state["class_name"], name))
    return Choice("recipe", here, MOVING if MOVING in here else here[0], label="against noise")


def _lam(state: dict) -> Choice:
    values = lambdas(state["class_name"], state["recipe"])
    return Choice("lam", values, values[len(values) // 2], label="λ", slider=True)


def _render(state: dict) -> Iterator[Picture | Progress]:
    asked: dict[str, Any] = {key: state[key] for key in ("class_name", "recipe", "lam")}
    shipped = frame("class_image", **asked)
    yield _draw(state, shipped, shipped.image)
    if state["live"]:
        yield from emerging(
            ("class image", *asked.values(), state["live"]),
            lambda: iter_class_image(**asked, start=shipped.image, steps=state["live"], seed=1),
            state["live"],
            lambda step: _draw(state, shipped, step.image, step.step),
            "going on",
            patience=0.5,
        )


def _draw(state: dict, shipped: Frame, image: Tensor, live: int = 0) -> Picture:
    score = read(common_controls.network(MAKER), image, Logit(state["class_name"])).item()
    probabilities = judged(image)
    names = common_controls.class_labels(JUDGE)
    asked = class_index(common_controls.network(JUDGE), state["class_name"])
    best = probabilities.topk(SHOWN).indices.tolist()
    shown = best if asked in best else [*best[:-1], asked]
    rank = int((probabilities > probabilities[asked]).sum()) + 1
    says = bars(
        [names[k] for k in shown],
        probabilities[shown].tolist(),
        shown.index(asked),
        width=360,
        form=".0%",
        alt="What the judge says.",
    )
    steps = f"{shipped.steps} steps" + (f", and {live} of {state['live']} live" if live else ", shipped")
    sheet = Sheet()
    left = SIDE + 30
    sheet.put(image, 0, 0, f"{state['class_name']}: {steps}", SIDE)
    row = sheet.words(f"its score in {MAKER}: {number(score)}", 24, left)
    row = sheet.words("what another network sees in it:", row + 24, left)
    sheet.put(says, row + 4, left)
    contrast = (image - 0.5).square().mean().sqrt().item()
    caption = (
        f"The class {state['class_name']!r} of {MAKER}: {steps}. Against noise: {state['recipe']}, "
        f"λ = {state['lam']:g}. Score {number(score)}, {number(contrast)} away from grey (root mean square). {JUDGE}, "
        f"which did not make it, ranks {state['class_name']!r} number {rank} of {len(names)}, with "
        f"{probabilities[asked]:.1%}."
    )
    alt = f"An optimized picture for the class {state['class_name']!r}, and bars of what another network sees in it."
    return sheet.picture(f"{alt} {caption}", caption)
