"""Claims C7, C26 and C31 of the course, measured: codes, units, kernels. Each returns a plain dict."""

import torch
from torch import Tensor, nn

from lecturelib import datasets, models
from lecturelib.lesson.claims import result
from lecturelib.parameters.cnn_codes import cnn_codes, neighbor_agreement
from lecturelib.parameters.kernels import (
    high_frequency_share,
    kernels,
    noise_like,
    orientation_selectivity,
)
from lecturelib.parameters.maximal_images import class_entropy

TOP = 9  # pictures per unit, as the browser shows them
CHUNK = 200  # pictures whose activations are turned into directions at once


def c7_codes(count: int | None = None, cifar: bool = False) -> dict:
    """C7: is a picture's nearest neighbor more often of its class when "near" means CNN codes, not pixels?

    Codes are the last hidden layer of `fashion_lenet` on Fashion-MNIST's test subset (its first `count`
    pictures), compared by straight distance and by angle; with `cifar` also `cifar_net` on CIFAR-10's test
    set, which must have been fetched.
    """
    images, labels = datasets.clothes("test")
    numbers = _agreements(models.load("fashion_lenet"), images[:count], labels[:count], "relu3", "clothes")
    if cifar:
        images, labels = datasets.cifar10("test")
        numbers |= _agreements(models.load("cifar_net"), images[:count], labels[:count], "pool3", "cifar10")
    pairs = [(key, key.replace("code", "pixels")) for key in numbers if "code" in key]
    holds = all(numbers[code] > numbers[pixels] for code, pixels in pairs)
    says = "nearest neighbors share the class more often in code space than in pixel space"
    return result("C7", says, holds, numbers, "share of pictures whose nearest neighbor is of their class")


def _agreements(model: nn.Module, images: Tensor, labels: Tensor, layer: str, name: str) -> dict:
    spaces = {"code": cnn_codes(model, images, layer), "pixels": images.flatten(1)}
    found = {
        f"{name}_{space}_{metric}": neighbor_agreement(vectors, labels, metric=metric)
        for space, vectors in spaces.items()
        for metric in ("euclidean", "cosine")
    }
    return found | {f"{name}_pictures": len(images)}


def c26_units_or_directions(
    layers: tuple[str, ...] = ("relu2", "relu3"),
    count: int | None = None,
    directions: int = 256,
    seed: int = 0,
    data: str = "clothes",
) -> dict:
    """C26: do the top pictures of a unit agree more in class than those of a random direction?

    For every channel of a layer of `fashion_lenet` (with `data="cifar10"`, of `cifar_net`) and for as many
    random directions as asked (Gaussian, of length 1), the class entropy in bits of the top 9 pictures of the
    test subset, by the best position of the map; units that never respond are left out. A difference counts
    if it exceeds two standard errors. Reported either way (Bau et al. 2017 found units more interpretable,
    Szegedy et al. 2014 found no difference).
    """
    images, labels = {"clothes": datasets.clothes, "cifar10": datasets.cifar10}[data]("test")
    images, labels = images[:count], labels[:count]
    model = models.load({"clothes": "fashion_lenet", "cifar10": "cifar_net"}[data])
    generator = torch.Generator().manual_seed(seed)
    numbers, verdicts = {"data": data, "pictures": len(images), "top": TOP}, []
    for layer in layers:
        maps = _maps(model, images, layer)  # (N, C, P)
        axes = torch.eye(maps.shape[1])
        random = torch.randn(directions, maps.shape[1], generator=generator)
        units = _entropies(maps, axes, labels)
        others = _entropies(maps, random / random.norm(dim=1, keepdim=True), labels)
        error = (units.var() / len(units) + others.var() / len(others)).sqrt().item()
        difference = (others.mean() - units.mean()).item()
        verdict = "no clear difference"
        if abs(difference) > 2 * error:
            verdict = "units more coherent" if difference > 0 else "directions more coherent"
        numbers |= {
            f"{layer}_units_bits": units.mean().item(),
            f"{layer}_directions_bits": others.mean().item(),
            f"{layer}_standard_error": error,
            f"{layer}_units": len(units),
            f"{layer}_verdict": verdict,
        }
        verdicts.append(f"{layer}: {verdict}")
    chance = [
        class_entropy(labels[torch.randperm(len(labels), generator=generator)[:TOP]]) for _ in range(200)
    ]
    numbers["random_pictures_bits"] = sum(chance) / len(chance)
    says = "units or random directions: which retrieve more coherent top pictures (class entropy)"
    return result("C26", says, None, numbers, "; ".join(verdicts))


def _maps(model: nn.Module, images: Tensor, layer: str) -> Tensor:
    flat = cnn_codes(model, images, layer, spatial="flatten")  # (N, C * P)
    channels = cnn_codes(model, images[:1], layer).shape[1]
    return flat.unflatten(1, (channels, -1))  # (N, C * P) -> (N, C, P)


def _entropies(maps: Tensor, directions: Tensor, labels: Tensor) -> Tensor:
    """Class entropy (U,) of the top pictures of directions (U, C) in maps (N, C, P), best position each."""
    values = torch.cat(
        [torch.einsum("ncp,uc->nup", part, directions).amax(2) for part in maps.split(CHUNK)]
    )  # (N, U)
    order = values.argsort(dim=0, descending=True, stable=True)[:TOP]  # (TOP, U)
    alive = values.amax(0) > values.amin(0)  # a unit that never responds has no top pictures
    return torch.tensor([class_entropy(labels[column]) for column in order.T[alive]])


def c31_kernels(seed: int = 0) -> dict:
    """C31: are AlexNet's first kernels more oriented and smoother than noise and than an untrained copy's?

    Means over the 64 kernels of `orientation_selectivity` (0 none, 1 a grating) and `high_frequency_share` (0
    smooth, white noise 0.75).
    """
    trained = kernels(models.load("alexnet"), "conv1")
    untrained = kernels(models.load("alexnet", weights="random", seed=seed), "conv1")
    numbers = {}
    for name, weight in [
        ("trained", trained),
        ("untrained", untrained),
        ("noise", noise_like(trained, seed)),
    ]:
        numbers[f"{name}_orientation"] = orientation_selectivity(weight).mean().item()
        numbers[f"{name}_high_frequency"] = high_frequency_share(weight).mean().item()
    holds = all(
        numbers["trained_orientation"] > numbers[f"{other}_orientation"]
        and numbers["trained_high_frequency"] < numbers[f"{other}_high_frequency"]
        for other in ("untrained", "noise")
    )
    says = "AlexNet's first kernels are more oriented and smoother than random ones and an untrained copy's"
    return result("C31", says, holds, numbers, "means over 64 kernels")
