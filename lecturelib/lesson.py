"""The one line with which a notebook begins: the same numbers every time, or a sentence on what is missing."""

import json

import torch

import lecturelib
from lecturelib import assets

# What each lesson cannot do without: its first cell says so, instead of a cell half-way through.
NEEDS: dict[str, tuple[str, ...]] = {
    "00": ("imagenet_alexnet", "efficientnet_lite0"),
    "01": ("imagenet_alexnet",),
    "02": (),
    "04": ("imagenet_alexnet", "imagenet_vgg16", "efficientnet_lite0"),
    "05": ("imagenet_alexnet", "imagenet_vgg16", "efficientnet_lite0"),
    "06": ("imagenet_alexnet", "imagenet_vgg16", "efficientnet_lite0", "efficientnet_lite2"),
    "07": ("minilm", "minilm_words"),
}


def begin(part: str, seed: int = 0) -> None:
    """Seed PyTorch and check that the networks of a part ("04") are there; nothing is downloaded.

    Raises `KeyError` for an unknown part, `assets.AssetMissing` with the command that fetches what is missing.
    """
    if part not in NEEDS:
        raise KeyError(f"there is no part {part!r}; the notebooks are {', '.join(NEEDS)}")
    for name in NEEDS[part]:
        assets.path(name)
    torch.manual_seed(seed)
    print(
        f"lecturelib {lecturelib.__version__}, PyTorch {torch.__version__}: ready for part {part}, offline."
    )


def claim(name: str) -> str:
    """A claim of the lecture as it was measured in full (`make claims`): what it says, the numbers, whether it holds.

    Raises `KeyError` for a claim that was not measured.
    """
    return told(_measured(name), "measured in full")


def numbers(name: str) -> dict[str, float]:
    """The numbers of a claim as it was measured in full, to be drawn; raises as `claim` does."""
    return dict(_measured(name)["numbers"])


def _measured(name: str) -> dict:
    measured: dict[str, dict] = {}
    for file in sorted(assets.data_path("claims").glob("*.json")):
        measured |= json.loads(file.read_text(encoding="utf-8"))
    if name not in measured:
        raise KeyError(f"claim {name!r} has not been measured; there are: {', '.join(measured)}")
    return measured[name]


def told(found: dict, how: str = "a quick look") -> str:
    """What a claim's function returns, as lines to print: the verdict, the claim, the numbers."""
    verdict = {True: "holds", False: "does not hold here", None: "open, both ways reported"}[found["holds"]]
    numbers = [f"  {key.replace('_', ' '):32} {value}" for key, value in found["numbers"].items()]
    return "\n".join([f"{found['claim']}, {how}: {verdict}.", f"{found['says']}.", *numbers])
