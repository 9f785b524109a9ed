"""The one line with which a notebook begins: the same numbers every time, or a sentence on what is missing."""

import torch

import lecturelib
from lecturelib import assets
from lecturelib.checks import UnknownName, complaint
from lecturelib.cpu_quota import respect_cpu_quota
from lecturelib.lesson.freed_memory import give_back_after_cells

# What each lesson cannot do without: its first cell says so, instead of a cell half-way through.
NEEDS: dict[str, tuple[str, ...]] = {
    "00": ("imagenet_alexnet", "efficientnet_lite0"),
    "01": ("imagenet_alexnet",),
    "02": (),
    "03": ("imagenet_alexnet", "efficientnet_lite0", "efficientnet_lite2"),
    "04": ("imagenet_alexnet", "imagenet_vgg16", "efficientnet_lite0"),
    "05": ("imagenet_alexnet", "imagenet_vgg16", "efficientnet_lite0"),
    "06": ("imagenet_alexnet", "imagenet_vgg16", "efficientnet_lite0", "efficientnet_lite2"),
    "07": ("minilm", "minilm_words"),
    "08": (),
    "09": (),
}


def begin(part: str, seed: int = 0) -> None:
    """Seed PyTorch and check that the networks of a part ("04") are there; nothing is downloaded.

    PyTorch takes no more threads than a container's quota allows, and what a cell has freed goes back to the machine.

    Raises `UnknownName` (a `KeyError`) for an unknown part, `assets.AssetMissing` with the command that fetches what is
    missing.

    >>> begin("02")  # doctest: +ELLIPSIS
    lecturelib ..., PyTorch ...: ready for part 02, offline.
    """
    if part not in NEEDS:
        raise UnknownName(
            complaint("part", "the number of a notebook", repr(part), f"known: {', '.join(NEEDS)}")
        )
    for name in NEEDS[part]:
        assets.path(name)
    respect_cpu_quota()
    give_back_after_cells()
    torch.manual_seed(seed)
    print(
        f"lecturelib {lecturelib.__version__}, PyTorch {torch.__version__}: ready for part {part}, offline."
    )
