"""A denoising autoencoder beside a Gaussian filter: how much noise can be taken away?"""

import torch

from lecturelib.autoencoders.explore.samples import TILE, error, example, example_controls, grey
from lecturelib.autoencoders.shipped_autoencoders import shared_autoencoder
from lecturelib.filters import gaussian_blur
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Explorable, Slider

GAP = 24


def denoising_explorer() -> Explorable:
    """Mask a share of the pixels; a denoising autoencoder and a Gaussian filter fill the picture in."""
    controls = [
        *example_controls("digits", "5"),
        Slider("noise", 0.0, 0.9, 0.05, 0.5, label="share of pixels masked"),
        Slider("seed", 0, 9, value=0, label="another draw of the noise"),
        Slider("blur", 0.4, 2.0, 0.1, 1.0, label="width of the Gaussian filter"),
    ]
    presets = {
        "no noise": {"noise": 0.0},
        "as in training": {"noise": 0.5},
        "more than in training": {"noise": 0.8},
    }
    return Explorable(_render, controls, "Take the noise away", presets)


@torch.no_grad()
def _render(state: dict) -> Picture:
    image, share = example("digits", state["picture"], state["example"]), state["noise"]
    kept = torch.rand(image.shape, generator=torch.Generator().manual_seed(state["seed"])) >= share
    noisy = image * kept
    # what is masked is 0: dividing by the share that is left keeps the brightness
    blurred = (gaussian_blur(noisy, state["blur"]) / (1 - share)).clamp(0, 1)
    made = {
        "with noise": noisy,
        "Gaussian filter": blurred,
        "denoising autoencoder": shared_autoencoder("digits_denoising")(noisy),
    }
    sheet, said = Sheet(), []
    sheet.put(grey(image), 0, 0, "the picture", TILE)
    for k, (name, picture) in enumerate(made.items(), 1):
        left = k * (TILE + GAP)
        below = sheet.put(grey(picture), 0, left, name, TILE)
        sheet.words(f"squared error {error(picture, image):.4f}", below + 6, left)
        said.append(f"{name} {error(picture, image):.4f}")
    words = (
        f"A test picture of {state['picture']}, with {share:.0%} of its pixels set to black, and two ways to "
        "restore it."
    )
    return sheet.picture(
        f"{words} Squared errors: {', '.join(said)}.",
        f"Trained with half of the pixels masked. Mean squared error: {', '.join(said)}.",
    )
