"""Between two digits: on the line of their codes and on that of their pixels; a plain code beside a VAE's."""

from typing import cast

import torch

from lecturelib import datasets
from lecturelib.autoencoders.autoencoder_networks import Coder
from lecturelib.autoencoders.code_map import interpolate
from lecturelib.autoencoders.explore.samples import example, grey
from lecturelib.autoencoders.shipped_autoencoders import deep_autoencoder
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Slider, common_controls

STEPS, SMALL = 9, 78
ROWS = {"mixture of pixels": "", "plain code, 32 numbers": "digits_32", "VAE, 20 numbers": "digits_vae"}


def interpolation_explorer() -> Explorable:
    """Two digits and nine steps between them in pixels, in a plain code and in a VAE's, named by lenet."""
    controls = [
        Choice("one", datasets.DIGITS, "4", label="from"),
        Slider("one_example", 1, 20, value=1, label="which example"),
        Choice("other", datasets.DIGITS, "9", label="to"),
        Slider("other_example", 1, 20, value=1, label="which example"),
    ]
    presets = {"4 to 9": {"one": "4", "other": "9"}, "1 to 0": {"one": "1", "other": "0"}}
    return Explorable(_render, controls, "What lies between two digits?", presets)


def row_between(kind: str, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Nine pictures (9, 1, 28, 28) from one to another by a kind of `ROWS`."""
    if not ROWS[kind]:
        return interpolate(deep_autoencoder("digits", 32), one, other, STEPS)[1]
    if ROWS[kind] == "digits_vae":
        return interpolate(cast(Coder, common_controls.network("digits_vae")), one, other, STEPS)[0]
    return interpolate(deep_autoencoder("digits", 32), one, other, STEPS)[0]


@torch.no_grad()
def _render(state: dict) -> Picture:
    one = example("digits", state["one"], state["one_example"])
    other = example("digits", state["other"], state["other_example"])
    sheet, said, top = Sheet(), [], 0
    for kind in ROWS:
        row = row_between(kind, one, other)
        best = common_controls.network("lenet")(row.clamp(0, 1)).softmax(1).max(1)
        top = sheet.words(f"{kind}; below, what lenet says", top, 0)
        for k, picture in enumerate(row):
            sheet.put(grey(picture), top, k * (SMALL + 6), side=SMALL)
            sheet.words(f"{best.indices[k]} {best.values[k]:.0%}", top + SMALL + 4, k * (SMALL + 6) + 6)
        top += SMALL + 36
        middle = STEPS // 2
        said.append(f"{kind}: {best.indices[middle]} ({best.values[middle]:.0%})")
    words = f"From a {state['one']} to a {state['other']} in {STEPS} steps, by pixels, by a plain code and by a VAE's."
    return sheet.picture(
        f"{words} lenet names the middle: {'; '.join(said)}.", f"The middle, by lenet: {'; '.join(said)}."
    )
