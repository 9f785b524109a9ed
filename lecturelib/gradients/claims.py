"""Claims C8, C9 and C10 of the course, measured: localization, features of a table, cascading randomization.

Each returns a plain dict with its numbers and its baselines; what "holds" means was fixed before measuring.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lecturelib import datasets, images, models
from lecturelib.checks import check_whole, complaint
from lecturelib.gradients.attribution_benchmark import guided_map
from lecturelib.gradients.localization import iou, localize
from lecturelib.gradients.randomization import (
    cascading_randomization,
    layers_from_top,
    randomized,
    rank_correlation,
)
from lecturelib.gradients.saliency import gradient_times_input, saliency_map
from lecturelib.gradients.sensitivity import Sensitivity, select_features, sensitivity, train_table_net
from lecturelib.gradients.spectral_residual import spectral_residual
from lecturelib.lesson.claims import result
from lecturelib.network.units import Logit

SHARES, BLURS = (0.15, 0.25, 0.35, 0.5), (1 / 32, 1 / 16, 1 / 8)  # what a map's box may be drawn with
SIDES = range(16, 65, 4)  # pixels, of the centered square
TUNE_SEED = 5000
KEPT, LOST = 0.02, 0.05  # C9: accuracy that picked features may lose, and that random ones must lose
STEPS_DOWN, HALF = 3, 0.5  # C10: "the first steps", and the rank correlation that parts losing from keeping


def c8_localization(n: int = 500, tune: int = 100, seed: int = 0) -> dict:
    """C8: does a box from the gradient fit an object better than boxes that ask no trained network?

    Mean IoU with the true box on n test pictures of clothes off-center, `textures_net`, score of the class that the
    network itself predicts. Threshold and smoothing of each map, and the side of the centered square, are chosen for
    that method alone on `tune` pictures of the training split. Baselines: the centered square, the same square at a
    random place, spectral residual, and saliency of the network with all weights random. Holds if plain saliency
    beats each of them, picture by picture, by three standard errors.
    """
    check_whole("n", n, 2)
    check_whole("tune", tune, 1)
    model = models.load("textures_net")
    untrained = randomized(model, len(layers_from_top(model)), seed)
    maps: dict[str, Callable] = {
        "saliency": lambda image: saliency_map(model, image, _predicted(model, image))[0],
        "guided_backprop": lambda image: guided_map(model, image, _predicted(model, image)),
        "gradient_x_input": lambda image: (
            gradient_times_input(model, image, _predicted(model, image)).sum(1).abs()[0]
        ),
        "spectral_residual": spectral_residual,
        "randomized_saliency": lambda image: saliency_map(untrained, image, _predicted(model, image))[0],
    }
    pictures, _, boxes = datasets.clothes_on_textures(n, seed, "test")
    practice, _, practice_boxes = datasets.clothes_on_textures(tune, TUNE_SEED, "train")
    found = {}
    for name, method in maps.items():
        tried = [method(image) for image in practice.split(1)]
        rules = [(share, blur) for share in SHARES for blur in BLURS]
        fits = [_fit(tried, practice_boxes, *rule).mean().item() for rule in rules]
        rule = rules[fits.index(max(fits))]
        found[name] = _fit([method(image) for image in pictures.split(1)], boxes, *rule)
    size = pictures.shape[-1]
    side = max(SIDES, key=lambda side: _squares(side, [(size - side) // 2] * 2, practice_boxes).mean().item())
    generator = torch.Generator().manual_seed(seed)
    corners = torch.randint(size - side + 1, (n, 2), generator=generator).tolist()
    found["centered_box"] = _squares(side, [(size - side) // 2] * 2, boxes)
    found["random_box"] = torch.cat(
        [_squares(side, corner, box[None]) for corner, box in zip(corners, boxes, strict=True)]
    )
    numbers: dict[str, float | int] = {"pictures": n, "centered_box_side_px": side}
    numbers |= {f"{name}_iou": values.mean().item() for name, values in found.items()}
    numbers |= {
        f"{name}_found": (found[name] >= 0.5).double().mean().item() for name in ("saliency", "centered_box")
    }
    margins = []
    for name in ("centered_box", "random_box", "spectral_residual", "randomized_saliency"):
        difference = found["saliency"] - found[name]
        margins.append(difference.mean().item() - 3 * (difference.std() / n**0.5).item())
    says = "without training for places, the gradient's box fits better than a centered, a random and a spectral box"
    note = "mean intersection over union with the true box; found: the share of at least 0.5"
    return result("C8", says, min(margins) > 0, numbers, note)


def _predicted(model: nn.Module, image: Tensor) -> Logit:
    with torch.no_grad():
        return Logit(model(image).argmax(1).item())


def _fit(maps: list[Tensor], boxes: Tensor, share: float, blur: float) -> Tensor:
    """IoU (n,) of each map's box with the true one; a map without a value above 0 finds nothing."""
    values = [
        iou(localize(map, share, blur), box) if map.amax() > map.amin().clamp(min=0) else 0.0
        for map, box in zip(maps, boxes, strict=True)
    ]
    return torch.tensor(values, dtype=torch.double)


def _squares(side: int, corner: list[int], boxes: Tensor) -> Tensor:
    top, left = corner
    square = (top, left, top + side, left + side)
    return torch.tensor([iou(square, box) for box in boxes], dtype=torch.double)


def c9_features(
    seeds: int = 10, k: int = 5, draws: int = 10, tables: tuple[str, ...] = ("breast_cancer", "wine")
) -> dict:
    """C9: do the features to which a network is most sensitive keep its accuracy, while random ones lose it?

    scikit-learn's tables with twice as many planted columns: copies of real columns with their rows shuffled, so that
    each looks real and says nothing. Per seed: new columns, a new split (70 % to train), a network on all columns, its
    sensitivity on the training rows summed over the classes, the k best, and networks trained anew on these, and on
    `draws` random sets of k. Accuracy on the rows left out, mean over seeds. Holds if in each table the picked features
    lose at most 0.02 against all columns, and random ones lose at least 0.05.
    """
    check_whole("seeds", seeds, 1)
    check_whole("k", k, 1)
    check_whole("draws", draws, 1)
    numbers: dict[str, float | int] = {"seeds": seeds, "features_picked": k}
    holds = True
    for name in tables:
        x, y = _table(name)
        runs = torch.tensor([_one_selection(x, y, k, draws, seed) for seed in range(seeds)])  # (seeds, 4)
        everything, picked, random, real = runs.double().mean(0).tolist()
        numbers |= {
            f"{name}_columns": 3 * x.shape[1],
            f"{name}_all": everything,
            f"{name}_picked": picked,
            f"{name}_random": random,
            f"{name}_picked_that_are_real": real,
        }
        holds = holds and picked >= everything - KEPT and random <= everything - LOST
    says = "the features to which a network is most sensitive keep its accuracy; as many random ones lose it"
    note = (
        f"accuracy; kept: at most {KEPT} below all columns, lost: at least {LOST} below; two thirds are noise"
    )
    return result("C9", says, holds, numbers, note)


def _table(name: str) -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_breast_cancer, load_wine

    known = {"breast_cancer": load_breast_cancer, "wine": load_wine}
    if name not in known:
        raise ValueError(complaint("tables", " or ".join(map(repr, known)), repr(name)))
    x, y = known[name](return_X_y=True)
    return torch.from_numpy(x).float(), torch.from_numpy(y).long()


def _one_selection(x: Tensor, y: Tensor, k: int, draws: int, seed: int) -> list[float]:
    """Accuracy with all columns, the k picked, and k random ones (mean); the share of picked ones "
    "that are real."""
    generator = torch.Generator().manual_seed(seed)
    rows, real = x.shape
    noise = [x[torch.randperm(rows, generator=generator), i % real] for i in range(2 * real)]
    table = torch.cat([x, torch.stack(noise, 1)], 1)  # (N, 3 F)
    order = torch.randperm(rows, generator=generator)
    train, test = order[: round(0.7 * rows)], order[round(0.7 * rows) :]
    table = (table - table[train].mean(0)) / table[train].std(0)

    def accuracy(columns: Tensor) -> float:
        network = train_table_net(table[train][:, columns], y[train], seed)
        return (network(table[test][:, columns]).argmax(1) == y[test]).float().mean().item()

    columns = torch.arange(table.shape[1])
    network = train_table_net(table[train], y[train], seed)
    found = [sensitivity(network, table[train], c) for c in range(int(y.max()) + 1)]
    total = Sensitivity(*(torch.stack([getattr(part, name) for part in found]).sum(0) for name in FIELDS))
    picked = select_features(total, k)
    guesses = [accuracy(columns[torch.randperm(len(columns), generator=generator)[:k]]) for _ in range(draws)]
    share = (picked < real).float().mean().item()
    return [accuracy(columns), accuracy(picked), sum(guesses) / draws, share]


FIELDS = ("mean_abs", "mean", "share_positive")


def c10_sanity(
    networks: tuple[str, ...] = ("alexnet", "textures_net"), pictures: int = 12, seeds: int = 3
) -> dict:
    """C10: which maps depend on what the network has learned? Cascading randomization from the output down.

    Mean rank correlation of absolute maps with those of the trained network, per depth, for plain gradients (saliency)
    and guided backprop, at the class that the trained network predicts: `alexnet` on the shipped photos (at most 12),
    `textures_net` on test pictures. Baseline ("chance"): the correlation with the same method's map of the next
    picture, which holds what every map shares. Holds if in each network plain gradients are below 0.5 on average over
    the first three depths, and guided backprop is above 0.5 when all but the two lowest layers are random.
    """
    check_whole("pictures", pictures, 2)
    check_whole("seeds", seeds, 1)
    methods = {"plain": lambda model, image, unit: saliency_map(model, image, unit)[0], "guided": guided_map}
    numbers: dict[str, float | int] = {"pictures": pictures, "seeds": seeds, "bound": HALF}
    holds, notes = True, []
    for network in networks:
        model = models.load(network)
        inputs = _pictures(network, pictures, model.input_size)
        depths = len(layers_from_top(model))
        means = {}
        for name, method in methods.items():
            rows = [
                [
                    step.rank_correlation
                    for step in cascading_randomization(method, model, image, unit, seed=seed)
                ]
                for image, unit in ((image, _predicted(model, image)) for image in inputs)
                for seed in range(seeds)
            ]
            means[name] = torch.tensor(rows).mean(0).tolist()  # (pictures * seeds, depths) -> (depths,)
            own = [method(model, image, _predicted(model, image)) for image in inputs]
            others = [rank_correlation(a, b) for a, b in zip(own, own[1:] + own[:1], strict=True)]
            for depth, value in enumerate(means[name], start=1):
                numbers[f"{network}_{name}_depth_{depth}"] = value
            numbers[f"{network}_{name}_chance"] = sum(others) / len(others)
        early = sum(means["plain"][:STEPS_DOWN]) / STEPS_DOWN
        late = means["guided"][depths - 3]
        numbers[f"{network}_plain_first_{STEPS_DOWN}_depths"] = early
        holds = holds and early < HALF < late
        notes.append(
            f"{network}: plain {early:.2f} over the first {STEPS_DOWN} depths, guided {late:.2f} at "
            f"{depths - 2}"
        )
    says = (
        "plain gradients change once the top layers are random, "
        "guided backprop keeps most of its order until the lowest"
    )
    return result("C10", says, holds, numbers, "; ".join(notes) + " (rank correlation)")


def _pictures(network: str, count: int, size: int) -> list[Tensor]:
    if network == "textures_net":
        return list(datasets.clothes_on_textures(count, 0, "test")[0].split(1))
    return [images.photo(name, size) for name in images.photo_names()[:count]]
