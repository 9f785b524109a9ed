"""What a notebook defines before the student's eyes is what the library computes."""

import json
from pathlib import Path

import torch

from lecturelib import models
from lecturelib.parameters.occlusion import occlusion_map
from lecturelib.units import Probability, read

PART_4 = Path(__file__).parents[2] / "notebooks" / "04_parameters.ipynb"


def shown_definitions():
    space = {"torch": torch, "read": read}
    for cell in json.loads(PART_4.read_text(encoding="utf-8"))["cells"]:
        if "definition" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), space)  # the course's own cell
    return space


def test_occlusion_as_shown_equals_the_librarys():
    shown = shown_definitions()["occlusion_map_by_loop"]
    lenet = models.load("lenet")
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    by_loop = shown(lenet, image, Probability("3"), patch_size=8, stride=4)
    torch.testing.assert_close(by_loop, occlusion_map(lenet, image, Probability("3"), 8, 4).values)
