"""How much of an attribution map lies on the sky and how much on the vehicle, by saliency and by occlusion."""

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, complaint, described
from lecturelib.confounds.tank_scenes import Scenes
from lecturelib.gradients.saliency import saliency_map
from lecturelib.network.units import Logit
from lecturelib.parameters.occlusion import occlusion_map

METHODS = ("saliency", "occlusion")
PATCH, STRIDE = 16, 8  # pixels


def mass_share(maps: Tensor, regions: Tensor) -> Tensor:
    """The share (B,) of each map's absolute sum that lies in its region.

    maps (B, H, W), regions (B, H, W) of True and False. A map that is 0 everywhere has a share of 0. Raises
    `ValueError` for shapes that do not fit.

    >>> mass_share(torch.tensor([[[3.0, -1.0]]]), torch.tensor([[[True, False]]]))
    tensor([0.7500])
    """
    if not isinstance(maps, Tensor) or maps.ndim != 3 or maps.shape != regions.shape:
        raise ValueError(complaint("maps", f"shape (B, H, W), {tuple(regions.shape)}", described(maps)))
    sizes = maps.abs()
    return (sizes * regions).sum((1, 2)) / sizes.sum((1, 2)).clamp(min=1e-30)


def scene_maps(model: nn.Module, scenes: Scenes, method: str = "saliency") -> Tensor:
    """Maps (n, 96, 96) for the class that the model answers: saliency, or the drop of its score by occlusion.

    Occlusion covers 16 x 16 pixels with grey, every 8 pixels. Raises `ValueError` for another method.

    >>> from lecturelib.confounds.tank_networks import load_tanks
    >>> from lecturelib.confounds.tank_scenes import tank_scenes
    >>> scene_maps(load_tanks("lab"), tank_scenes(2)).shape
    torch.Size([2, 96, 96])
    """
    check_choice("method", method, METHODS)
    with torch.no_grad():
        answers = model(scenes.images).argmax(1).tolist()
    found = []
    for image, answer in zip(scenes.images.split(1), answers, strict=True):
        if method == "saliency":
            found.append(saliency_map(model, image, Logit(answer))[0])
        else:
            found.append(occlusion_map(model, image, Logit(answer), PATCH, STRIDE).drop_per_pixel())
    return torch.stack(found)
