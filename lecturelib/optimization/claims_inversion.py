"""Claim C13 by the protocol of Mahendran & Vedaldi 2015: how well can a photo be reconstructed from a layer?

The regularizer's weight is chosen for each layer on photos that the claim is not measured on.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from lecturelib import images, models
from lecturelib.checks import check_whole
from lecturelib.lesson.claims import result
from lecturelib.optimization.inversion import inversion_error, invert
from lecturelib.optimization.objectives import activations_of
from lecturelib.optimization.regularizers import alpha_norm, total_variation

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc8")
SMALL, NEAR = 0.5, 0.8  # pixel error as a share of the mean image's; small is below, near it is above
PHOTOS = ("cat", "astronaut", "flower")
DEVELOPED_ON = ("hopper", "coffee")
CANDIDATES = (1.0, 5.0, 25.0, 100.0, 400.0)  # weights of total variation with exponent 2
ALPHA = 0.1  # weight of the alpha norm
CHOSEN_STEPS, STEPS = 150, 300
JUDGE, CODE = "efficientnet_lite0", "pool"
# Chosen by `weigh`, the smallest perceptual error on `DEVELOPED_ON`; conv3 has the weight of conv2, fc8 that of fc6.
WEIGHTS: Mapping[str, float] = {
    "conv1": 5.0,
    "conv2": 25.0,
    "conv3": 25.0,
    "conv4": 100.0,
    "conv5": 400.0,
    "fc6": 100.0,
    "fc8": 100.0,
}


def reconstruct(
    model: nn.Module, layer: str, originals: Tensor, weight: float, steps: int, seed: int
) -> Tensor:
    """The inversions (B, C, H, W) of a layer for several photos: alpha norm and total variation with exponent 2."""
    target = activations_of(model, originals, layer)
    penalties = (alpha_norm(ALPHA), total_variation(weight, 2.0))
    size = (originals.shape[2], originals.shape[3])
    return invert(model, layer, target, size=size, regularizers=penalties, steps=steps, seed=seed).image


def perceptual_errors(found: Tensor, originals: Tensor) -> Tensor:
    """How far another network finds each picture from its photo, as a share of the photo's mean color, (B,).

    The distance is 1 minus the cosine of the codes, the channels of the last feature map averaged over its places, in
    `efficientnet_lite0`, which had no part in the inversion. 1: no nearer than one even color; 0: the same.
    """
    judge = models.load(JUDGE)

    def code(pictures: Tensor) -> Tensor:
        fitted = images.fit(pictures, judge.input_size)
        return activations_of(judge, fitted, CODE).flatten(1)  # (B, channels)

    own, even = code(originals), code(originals.mean((2, 3), keepdim=True).expand_as(originals).contiguous())
    distance = 1 - torch.cosine_similarity(code(found), own)
    return distance / (1 - torch.cosine_similarity(even, own))


def pixel_errors(
    model: nn.Module, layer: str, found: Tensor, originals: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """For each photo (B,): pixel error as a share of the mean image's, its part in the mean color, feature error.

    The part is that of the squared error which is a difference of the mean colors alone.
    """
    rows = []
    for image, original in zip(found.split(1), originals.split(1), strict=True):
        error = inversion_error(model, layer, image, original)
        color = (image - original).mean((2, 3)).square().mean().item() / max(error.pixel**2, 1e-12)
        rows.append((error.pixel / error.baseline, color, error.feature))
    pixel, color, feature = torch.tensor(rows, dtype=torch.double).T
    return pixel, color, feature


def weigh(
    layers: Sequence[str] = LAYERS,
    photos: Sequence[str] = DEVELOPED_ON,
    candidates: Sequence[float] = CANDIDATES,
    steps: int = CHOSEN_STEPS,
    seed: int = 0,
) -> dict[str, dict[float, tuple[float, float]]]:
    """For each layer and each candidate weight the mean pixel and perceptual error on the development photos."""
    model = models.load("alexnet")
    originals = torch.cat([images.photo(name, model.input_size) for name in photos])
    table: dict[str, dict[float, tuple[float, float]]] = {}
    for layer in layers:
        table[layer] = {}
        for weight in candidates:
            found = reconstruct(model, layer, originals, weight, steps, seed)
            pixel, _, _ = pixel_errors(model, layer, found, originals)
            seen = perceptual_errors(found, originals).mean().item()
            table[layer][weight] = (pixel.mean().item(), seen)
    return table


def c13_inversion(
    photos: Sequence[str] = PHOTOS,
    layers: Sequence[str] = LAYERS,
    steps: int = STEPS,
    weights: Mapping[str, float] = WEIGHTS,
    seed: int = 0,
) -> dict:
    """C13: how well can a photo be reconstructed from a layer's activations alone? AlexNet, layer by layer.

    Each photo is inverted from each layer with the same steps, an alpha norm and total variation with exponent 2,
    whose weight was chosen for each layer on other photos (`weigh`). Pixel error: root mean square, as a share of that
    of the mean image, the photo's mean color everywhere (1: no better than it; it can exceed 1). Reported without a
    claim: the part of the squared pixel error that is the mean color alone; the feature error ‖f(x) - y‖² / ‖y‖²; both
    errors of the photo itself with grey as its mean color (`mean_color_grey`); and a perceptual error, the distance in
    the codes of another network, as a share of the mean image's (`another_photo`: that of another photo). Holds if the
    mean pixel error is below half up to conv4, grows from conv4 to conv5, from conv5 to fc6 and from fc6 to fc8, and is
    above 0.8 at fc8. Mahendran & Vedaldi 2015.
    """
    check_whole("steps", steps, 1)
    model = models.load("alexnet")
    originals = torch.cat([images.photo(name, model.input_size) for name in photos])
    numbers: dict[str, float | int] = {"photos": len(photos), "steps": steps}
    pixel: dict[str, Tensor] = {}
    for layer in layers:
        found = reconstruct(model, layer, originals, weights[layer], steps, seed)
        pixel[layer], color, feature = pixel_errors(model, layer, found, originals)
        numbers[f"{layer}_pixel"] = pixel[layer].mean().item()
        numbers[f"{layer}_perceptual"] = perceptual_errors(found, originals).mean().item()
        numbers[f"{layer}_mean_color_part"] = color.mean().item()
        numbers[f"{layer}_feature"] = feature.mean().item()
    # why: the photo with grey as its mean color is far from it in the pixels, and hardly in the layers
    grey = (originals - originals.mean((2, 3), keepdim=True) + 0.5).clamp(0, 1)
    pixel_of_grey, _, feature_of_grey = pixel_errors(model, "conv4", grey, originals)
    numbers["mean_color_grey_pixel"] = pixel_of_grey.mean().item()
    numbers["mean_color_grey_conv4_feature"] = feature_of_grey.mean().item()
    if len(photos) > 1:
        numbers["another_photo_perceptual"] = perceptual_errors(originals.roll(1, 0), originals).mean().item()
    early = [layer for layer in ("conv1", "conv2", "conv3", "conv4") if layer in pixel]
    late = [layer for layer in ("conv4", "conv5", "fc6", "fc8") if layer in pixel]
    small = all(pixel[layer].mean() < SMALL for layer in early)
    grows = all(pixel[a].mean() < pixel[b].mean() for a, b in zip(late, late[1:], strict=False))
    near = "fc8" not in pixel or pixel["fc8"].mean().item() > NEAR
    numbers |= {"small_to_conv4": small, "grows_after": grows, "near_the_mean_image_at_fc8": near}
    says = "a photo can be read from AlexNet's activations up to conv4, less and less after, hardly at all at fc8"
    note = (
        "pixel: root mean square error as a share of the mean image's; perceptual: distance in the codes of another "
        "network, also as a share; feature: relative squared error"
    )
    return result("C13", says, small and grows and near, numbers, note)
