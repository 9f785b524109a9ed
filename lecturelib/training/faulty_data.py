"""Find wrong labels and repeated examples in a data set, and count how many of the planted ones were found.

`suspects` ranks examples by how little their label fits: by the loss of networks that never saw them, or by the labels
of their neighbors. `duplicates` finds pairs that are nearer than neighbors usually are. `planted` puts both faults
into a real set, so that `found_of` can say how many were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_number, check_whole, complaint, described
from lecturelib.show import Picture, tiled
from lecturelib.training.fit import fit

WAYS = ("loss", "neighbors")
ROWS = 1000  # examples compared with all others at once: bounds the memory


@dataclass(frozen=True, eq=False)
class Planted:
    """A real set with planted faults.

    `images` (N, C, H, W) and `labels` (N,) as they are given out; `mislabeled` (m,) are the places whose label was
    changed, `copies` (d, 2) the pairs (place of the original, place of the copy), `true_labels` (N,).
    """

    images: Tensor
    labels: Tensor
    true_labels: Tensor
    mislabeled: Tensor
    copies: Tensor


@dataclass(frozen=True, eq=False)
class Suspects:
    """Examples by suspicion: `order` (N,), the most suspicious first, and each example's `scores` (N,)."""

    order: Tensor
    scores: Tensor
    way: str


def plant_faulty_data(
    images: Tensor, labels: Tensor, mislabeled: int = 40, copies: int = 20, seed: int = 0
) -> Planted:
    """A set in which some labels are changed to another class that occurs, and some examples are repeated.

    images (N, C, H, W) in [0, 1], labels (N,). A copy is a little brighter or darker and noisy, as a second scan is; it
    replaces an example, so that the set stays as large. No example has both faults. Raises `ValueError` where there
    are too few examples.

    >>> import torch
    >>> from lecturelib.training import plant_faulty_data
    >>> found = plant_faulty_data(torch.rand(8, 1, 4, 4), torch.arange(8) % 2, mislabeled=2, copies=1)
    >>> found.images.shape, found.copies.shape, (found.labels != found.true_labels).sum().item()
    (torch.Size([8, 1, 4, 4]), torch.Size([1, 2]), 2)
    """
    _check(images, labels)
    check_whole("mislabeled", mislabeled, 0)
    check_whole("copies", copies, 0)
    if mislabeled + 2 * copies > len(images):
        needed = mislabeled + 2 * copies
        expected = f"{needed} examples for {mislabeled} changed labels and {copies} copies"
        raise ValueError(complaint("images", expected, len(images)))
    generator = torch.Generator().manual_seed(seed)
    places = torch.randperm(len(images), generator=generator)
    wrong = places[:mislabeled]
    originals, replaced = places[mislabeled:][: 2 * copies].view(2, copies)
    images, true_labels = images.clone(), labels.clone()
    gain = 0.9 + 0.2 * torch.rand(copies, 1, 1, 1, generator=generator)
    noise = 0.03 * torch.randn(images[originals].shape, generator=generator)
    images[replaced] = (gain * images[originals] + noise).clamp(0, 1)
    true_labels[replaced] = labels[originals]
    given, kinds = true_labels.clone(), labels.unique()
    if len(kinds) < 2 and mislabeled:
        raise ValueError(
            complaint("labels", "two classes or more, so that a label can be changed", len(kinds))
        )
    step = torch.randint(1, max(2, len(kinds)), (mislabeled,), generator=generator)
    given[wrong] = kinds[(torch.searchsorted(kinds, true_labels[wrong]) + step) % len(kinds)]
    return Planted(images, given, true_labels, wrong, torch.stack([originals, replaced], 1))


def suspect_labels(
    images: Tensor,
    labels: Tensor,
    by: str = "loss",
    *,
    folds: int = 4,
    epochs: int = 6,
    k: int = 10,
    seed: int = 0,
) -> Suspects:
    """Rank examples by how suspicious their labels are.

    by "loss": the set is cut into `folds`; a small network learns from all but one for some `epochs`, and each example
    of the one left out gets its loss (out of sample, after Northcutt et al. 2021): a network may
    learn a wrong label by heart. by "neighbors": the share of the `k` nearest examples, in pixels, with another label
    (Wilson 1972); ties go by the distance to the nearest one of the same label. images (N, C, H, W) in [0, 1], labels
    (N,) from 0. The same seed gives the same order. Raises `ValueError` for bad data or settings.

    >>> import torch
    >>> from lecturelib.training import suspect_labels
    >>> labels = torch.arange(8) // 4
    >>> images = labels.float()[:, None, None, None].expand(8, 1, 4, 4).clone()  # four black ones, four white ones
    >>> labels[2] = 1
    >>> suspect_labels(images, labels, by="neighbors", k=3).order[0].item()
    2
    """
    _check(images, labels)
    check_choice("by", by, WAYS)
    if by == "loss":
        check_whole("epochs", epochs, 1)
        if check_whole("folds", folds, 2) > len(images):
            raise ValueError(complaint("folds", f"at most {len(images)}, one for each example", folds))
        scores = _left_out_loss(images, labels, folds, epochs, seed)
    else:
        if check_whole("k", k, 1) >= len(images):
            raise ValueError(complaint("k", f"1 to {len(images) - 1} neighbors", k))
        scores = _other_labels(images, labels, k)
    return Suspects(scores.argsort(descending=True, stable=True), scores, by)


def _left_out_loss(images: Tensor, labels: Tensor, folds: int, epochs: int, seed: int) -> Tensor:
    count, classes = len(images), int(labels.max()) + 1
    part = torch.randperm(count, generator=torch.Generator().manual_seed(seed)) % folds
    x = (images - images.mean()) / images.std().clamp(min=1e-6)
    losses = torch.zeros(count)
    for fold in range(folds):
        rest, left_out = (part != fold).nonzero()[:, 0], (part == fold).nonzero()[:, 0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + fold)
            model = nn.Sequential(
                nn.Flatten(), nn.Linear(x[0].numel(), 128), nn.ReLU(), nn.Linear(128, classes)
            )
        for _ in fit(model, (x[rest], labels[rest]), epochs=epochs, batch_size=32, seed=seed):
            pass
        with torch.no_grad():
            losses[left_out] = F.cross_entropy(model(x[left_out]), labels[left_out], reduction="none")
    return losses


def _other_labels(images: Tensor, labels: Tensor, k: int) -> Tensor:
    from lecturelib.parameters.cnn_codes import nearest_neighbors  # that part is not needed elsewhere here

    codes = images.flatten(1)
    near = nearest_neighbors(codes, k)  # (N, k)
    other = (labels[near] != labels[:, None]).float().mean(1)
    return other + 0.5 / k * _nearest_own(codes, labels)


def _nearest_own(codes: Tensor, labels: Tensor) -> Tensor:
    """The distance to the nearest example of the same label, as a share of the largest such, (N,) in [0, 1]."""
    found = torch.empty(len(codes))
    for rows in torch.arange(len(codes)).split(ROWS):
        distances = torch.cdist(codes[rows], codes)
        distances[labels[rows][:, None] != labels] = torch.inf
        distances[torch.arange(len(rows)), rows] = torch.inf
        found[rows] = distances.min(1).values
    known = found.isfinite()
    top = found[known].max().clamp(min=1e-12) if known.any() else torch.tensor(1.0)
    return torch.where(known, found / top, 1.0)


def find_duplicates(images: Tensor, share: float = 0.45) -> Tensor:
    """Pairs (d, 2) of examples nearer than `share` of the usual distance between neighbors, the nearest first.

    Each image is brought to mean 0 and length 1 first, so that a brighter copy is a copy. What the set itself holds
    twice is found as well. images (N, C, H, W). Raises `ValueError` for another shape, or a share outside 0 to 1.

    >>> import torch
    >>> images = torch.rand(20, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    >>> images[7] = images[3] / 2
    >>> find_duplicates(images).tolist()
    [[3, 7]]
    """
    _check(images, None)
    check_number("share", share, above=0, below=1)
    flat = images.flatten(1).double()
    codes = F.normalize(flat - flat.mean(1, keepdim=True), dim=1)  # (N, F)
    near, which = torch.empty(len(codes), dtype=codes.dtype), torch.empty(len(codes), dtype=torch.long)
    for rows in torch.arange(len(codes)).split(ROWS):
        distances = torch.cdist(codes[rows], codes)
        distances[torch.arange(len(rows)), rows] = torch.inf
        near[rows], which[rows] = distances.min(1)
    close = (near < share * near.median()).nonzero()[:, 0]
    pairs = torch.stack([close, which[close]], 1).sort(1).values
    pairs, back = pairs.unique(dim=0, return_inverse=True)
    distance = torch.full((len(pairs),), torch.inf, dtype=near.dtype).scatter_reduce(
        0, back, near[close], "amin"
    )
    return pairs[distance.argsort(stable=True)]


@dataclass(frozen=True)
class Found:
    """How good a search was.

    `precision`: the share of what it named that was planted; `recall`: the share of what was planted that it named;
    `named` and `planted` count them, `hits` those in both.
    """

    precision: float
    recall: float
    named: int
    planted: int
    hits: int

    def __str__(self) -> str:
        return (
            f"{self.hits} of the {self.named} named were planted (precision {self.precision:.0%}), "
            f"of {self.planted} planted (recall {self.recall:.0%})"
        )


def count_found(named: Tensor, truth: Tensor) -> Found:
    """How many of the examples (n,), or pairs (n, 2), that a search named were planted: precision and recall.

    A pair counts in either order. Raises `ValueError` where one holds examples and the other pairs.

    >>> import torch
    >>> print(count_found(torch.tensor([4, 8, 2]), torch.tensor([2, 9])))
    1 of the 3 named were planted (precision 33%), of 2 planted (recall 50%)
    """
    if named.ndim != truth.ndim:
        raise ValueError(f"examples (n,) or pairs (n, 2), both the same; got {named.shape} and {truth.shape}")
    one, other = (
        {tuple(sorted(row)) if isinstance(row, list) else row for row in t.tolist()} for t in (named, truth)
    )
    hits = len(one & other)
    return Found(
        hits / len(one) if one else 1.0, hits / len(other) if other else 1.0, len(one), len(other), hits
    )


def suspects_picture(
    images: Tensor,
    labels: Tensor,
    places: Tensor | Sequence[int],
    names: Sequence[str],
    truth: Tensor | None = None,
    columns: int = 8,
    zoom: int = 4,
) -> Picture:
    """Suspects as a grid, each with the label it was given; with `truth` (N,), a cross stands where that is wrong.

    images (N, C, H, W) in [0, 1], labels (N,), places (k,) of the suspects, such as the first of `suspect_labels`'s
    `order`; `names` of the classes.

    >>> import torch
    >>> from lecturelib.training import suspects_picture
    >>> labels, truth = torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])
    >>> suspects_picture(torch.rand(4, 1, 6, 6), labels, [2, 0], ["cat", "dog"], truth).alt
    '2 suspects with the labels they were given: dog, cat. 1 of them are mislabeled.'
    """
    places = torch.as_tensor(places).tolist()
    if not places:
        raise ValueError(complaint("places", "at least one example", "none"))
    words = [names[int(labels[place])] for place in places]
    alt = f"{len(places)} suspects with the labels they were given: {', '.join(words)}."
    if truth is not None:
        wrong = [int(labels[place]) != int(truth[place]) for place in places]
        words = [f"\N{BALLOT X} {word}" if bad else word for word, bad in zip(words, wrong, strict=True)]
        alt += f" {sum(wrong)} of them are mislabeled."
    return tiled(images[places], columns, words, zoom=zoom, pad=8, alt=alt)


def duplicates_picture(
    images: Tensor, pairs: Tensor, columns: int = 4, zoom: int = 3, most: int = 12
) -> Picture:
    """Pairs side by side, the nearest first, each with its two places in the set.

    images (N, C, H, W) in [0, 1]; pairs (d, 2) of places, as `find_duplicates` returns them.

    >>> import torch
    >>> from lecturelib.training import duplicates_picture
    >>> duplicates_picture(torch.rand(8, 1, 6, 6), torch.tensor([[3, 7], [0, 5]])).alt
    '2 of 2 pairs that look alike, by their places: 3, 7, 0, 5.'
    """
    if pairs.ndim != 2 or len(pairs) == 0:
        raise ValueError(complaint("pairs", "pairs (d, 2), at least one", tuple(pairs.shape)))
    shown = pairs[:most]
    joined = torch.cat([images[shown[:, 0]], images[shown[:, 1]]], 3)  # (d, C, H, 2 W)
    words = [f"{a}, {b}" for a, b in shown.tolist()]
    alt = f"{len(shown)} of {len(pairs)} pairs that look alike, by their places: {', '.join(words)}."
    return tiled(joined, columns, words, zoom=zoom, pad=10, alt=alt)


def _check(images: Tensor, labels: Tensor | None) -> None:
    if not isinstance(images, Tensor) or images.ndim != 4 or not images.is_floating_point():
        came = (
            f"{tuple(images.shape)} {images.dtype}" if isinstance(images, Tensor) else type(images).__name__
        )
        raise ValueError(complaint("images", "floats (N, C, H, W)", came))
    if len(images) < 2 or not images.isfinite().all():
        raise ValueError(complaint("images", "two or more, without NaN", len(images)))
    if labels is not None and not isinstance(labels, Tensor):
        raise TypeError(complaint("labels", f"a tensor ({len(images)},)", described(labels)))
    if labels is not None and (
        labels.shape != images.shape[:1] or labels.dtype != torch.long or labels.min() < 0
    ):
        raise ValueError(complaint("labels", f"whole numbers ({len(images)},) from 0 up", described(labels)))
