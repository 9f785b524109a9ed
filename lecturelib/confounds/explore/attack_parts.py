"""What the explorables of attacks share: the photo, a perturbation as a picture, and the network's answers as bars."""

import torch
from torch import Tensor

from lecturelib.show import Picture, bars
from lecturelib.widgets import Choice, Control, Toggle, Upload, common_controls

NETWORK = "efficientnet_lite0"
TARGETS = ("flamingo", "gibbon", "espresso", "volcano", "daisy", "sports car", "toaster", "goldfish")
TILE = 224  # pixels of a photo, as the network takes it
AMPLIFIED = (1, 4, 16, 32)
ROWS = 4  # answers shown
PATIENCE = 0.3  # seconds between two pictures of an attack: each costs a forward pass


def photo_controls(value: str = "cat") -> tuple[Control, ...]:
    """The photo, the student's own one, and whether that is used once it is there."""
    return (
        Choice("picture", common_controls.SUBJECTS, value, label="photo"),
        Upload("own", label="own photo"),
        Toggle("use_own", True, label="use own photo"),
    )


def asked(state: dict) -> dict:
    """The state as `common_controls` reads it: of the network that is attacked."""
    return {"network": NETWORK, **state}


def photo_of(state: dict) -> Tensor:
    """The photo of a state, (1, 3, 224, 224)."""
    return common_controls.chosen_image(asked(state))


def photo_key(state: dict) -> tuple:
    """What the photo of a state is remembered by."""
    return (state["picture"], state["own"] if state["use_own"] else None)


def photo_words(state: dict) -> str:
    """The photo of a state in words."""
    return (
        "your own photo"
        if state["own"] is not None and state["use_own"]
        else f"the photo {state['picture']!r}"
    )


def perturbation(change: Tensor, factor: int) -> Tensor:
    """A signed change (1, 3, H, W) as pixels (3, H, W) in [0, 1]: grey is 0, and it is multiplied by a factor."""
    return (0.5 + factor * change[0]).clamp(0, 1)


def scale_words(factor: int) -> str:
    """The scale of such a picture in words."""
    end = round(127.5 / factor)
    return f"black is \N{MINUS SIGN}{end}/255, grey 0, white +{end}/255"


def answer_bars(
    probabilities: Tensor, before: Tensor, width: int, wanted: int | None = None, rows: int = ROWS
) -> Picture:
    """The likeliest classes as bars, the answer in orange, a mark where each was for the unchanged photo.

    probabilities, before (classes,). What the photo was called, and a class that is `wanted`, are always among them.
    """
    first, answer = int(before.argmax()), int(probabilities.argmax())
    kept = list(dict.fromkeys([first, answer] + ([] if wanted is None else [wanted])))
    best = [k for k in probabilities.topk(rows).indices.tolist() if k not in kept]
    shown = kept + best[: rows - len(kept)]
    names = common_controls.class_labels(NETWORK)
    return bars(
        [names[k] for k in shown],
        probabilities[shown].tolist(),
        highlight=shown.index(answer),
        reference=before[shown].tolist(),
        width=width,
        form=".0%",
    )


def named(probabilities: Tensor) -> str:
    """The answer in words: the class and its confidence."""
    k = int(probabilities.argmax())
    return f"{common_controls.class_labels(NETWORK)[k]} with {probabilities[k]:.0%}"


@torch.inference_mode()
def answers(images: Tensor) -> Tensor:
    """The probabilities (B, classes) of the network that is attacked."""
    return common_controls.network(NETWORK)(images).softmax(1)
