"""Claims C18 and C19 of the course, measured: attention in place of convolutions, and inside a generator."""

import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.attention import local_layer, sagan
from lecturelib.checks import check_whole
from lecturelib.lesson.claims import margin, result

WITHIN = 0.02  # C18: accuracy that attention may lose
GATE = 0.05  # C19: how far from 0 the gate must have moved


@torch.inference_mode()
def c18_local_attention(count: int = 2000, seeds: int = local_layer.SEEDS) -> dict:
    """C18: do windows of attention come within two points of convolutions, with fewer parameters?

    The shipped classifiers of clothes, `seeds` of each kind, on the first `count` test images that none has seen. The
    twin has convolutions of 3 x 3 where the other has windows of attention of 5 x 5, and is trained alike. Holds if the
    mean accuracy of attention is at most 0.02 below the twin's, and it has fewer parameters. Ramachandran et al. 2019.
    """
    check_whole("count", count, 1)
    images, labels = (part[:count] for part in datasets.clothes("test"))
    numbers: dict[str, float | int] = {"images": len(images), "seeds": seeds}
    right: dict[str, Tensor] = {}
    for kind in local_layer.KINDS:
        rows = []
        for seed in range(seeds):
            network = local_layer.load(kind, seed)
            guesses = torch.cat([network(part)[0].argmax(1) for part in images.split(250)])
            rows.append((guesses == labels).double())
        right[kind] = torch.cat(rows)  # (seeds * images,)
        numbers[f"{kind}_accuracy"] = right[kind].mean().item()
        numbers[f"{kind}_parameters"] = sum(p.numel() for p in network.parameters())
    differences = right["convolution"] - right["attention"]
    lost = differences.mean().item()
    numbers["points_lost"] = 100 * lost
    numbers["standard_error_of_points"] = 100 * differences.std().item() / len(differences) ** 0.5
    fewer = numbers["attention_parameters"] < numbers["convolution_parameters"]
    says = "local attention comes within two points of the convolutional twin with fewer parameters"
    return result(
        "C18", says, lost <= WITHIN and fewer, numbers, f"clothes; mean over {seeds} network(s) of each kind"
    )


@torch.inference_mode()
def c19_sagan(count: int = 200, seed: int = 0) -> dict:
    """C19: does a generator use its attention, and does trained attention reach farther and follow the picture?

    `count` pictures of the shipped generator. The gate must have moved from 0 by more than 0.05. Reach: the mean
    distance, in places of the 14 x 14 map, at which attention lies; structure: the mutual information in bits of the
    place and the place that it attends to. Both must exceed, picture by picture, those of the same network untrained,
    of untrained attention on the trained maps, and of a uniform map. Zhang et al. 2019.
    """
    check_whole("count", count, 2)
    trained, fresh = sagan.load(), sagan.load(seed=seed)
    z = torch.randn(count, trained.latent_size, generator=torch.Generator().manual_seed(seed))
    own = trained.generate(z)[1]  # (count, 196, 196)
    mixed = sagan.load()
    for name in ("f", "g"):
        getattr(mixed.attention, name).weight.copy_(getattr(fresh.attention, name).weight)
    maps = {
        "trained": own,
        "untrained": fresh.generate(z)[1],
        "untrained_attention": mixed.generate(z)[1],
        "uniform": torch.full_like(own, 1 / own.shape[-1]),
    }
    numbers: dict[str, float | int] = {"pictures": count, "gate": trained.attention.gamma.item()}
    reach = {name: sagan.reach(weights) for name, weights in maps.items()}
    structure = {name: sagan.structure(weights) for name, weights in maps.items()}
    for name, weights in maps.items():
        numbers[f"{name}_reach"] = reach[name].mean().item()
        numbers[f"{name}_structure_bits"] = structure[name].mean().item()
        numbers[f"{name}_beyond_5x5"] = _beyond(weights, 2)
    others = [name for name in maps if name != "trained"]
    moved = abs(numbers["gate"]) > GATE
    farther = all(margin(reach["trained"] - reach[name]) > 0 for name in others)
    structured = all(margin(structure["trained"] - structure[name]) > 0 for name in others)
    numbers |= {"gate_moved": moved, "reaches_farther": farther, "more_structured": structured}
    says = (
        "the gate opens; trained attention reaches farther and is more structured than untrained and uniform"
    )
    note = "reach in places of the 14 x 14 map; beyond_5x5: share of attention outside that window"
    return result("C19", says, moved and farther and structured, numbers, note)


def _beyond(weights: Tensor, radius: int) -> float:
    """The share of attention (B, N, N) that lies outside the square of `radius` around the place that attends."""
    side = round(weights.shape[-1] ** 0.5)
    places = torch.cartesian_prod(torch.arange(side), torch.arange(side))  # (N, 2)
    apart = (places[:, None] - places[None]).abs().amax(-1)  # (N, N)
    return weights[:, apart > radius].sum().item() / (weights.shape[0] * weights.shape[1])
