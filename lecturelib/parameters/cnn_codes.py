"""CNN codes: what a network keeps of a picture, who is near whom there, and a map of it in the plane."""

from numbers import Integral, Real

import torch
from torch import Tensor, nn

from lecturelib.network.batched import Images, Progress, batches, check_batch_size, check_many, looking
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.receptive_field import receptive_field

MOST = 2000  # codes in one map: about 4 s
COMPONENTS = 50  # van der Maaten & Hinton 2008, section 4.2, reduce to 30 by PCA; 50 is today's habit
CHUNK = 500  # codes whose distances to all others are held at once


def codes(
    model: nn.Module,
    images: Images,
    layer: str,
    call: int = 0,
    spatial: str = "mean",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """The code of every image: a layer's activations as one vector, (N, D).

    A fully connected layer is taken as it is. Of a map (C, h, w), `spatial="mean"` keeps each channel's mean
    (D = C: what is in the picture, not where), `"flatten"` keeps every position (D = C * h * w). `images` is
    (N, C, H, W) in [0, 1]. Raises `KeyError` for an unknown layer, `ValueError` for images that do not fit
    and for NaN. Karpathy 2014, "t-SNE visualization of CNN codes".
    """
    if spatial not in ("mean", "flatten"):
        raise ValueError(f"spatial is 'mean' or 'flatten', got {spatial!r}")
    name = resolve_layer(model, layer)
    shape = check_many(images, model)
    receptive_field(model, name, call, shape)  # raises where images of this shape do not reach the layer
    batch_size = check_batch_size(batch_size, model, name, shape)
    found = []
    with looking(model, [(name, call)]) as acts:
        for _, batch in batches(model, images, batch_size, progress):
            values = acts.forward(batch).maps((name, call))  # (B, C, h, w), (B, C, tokens) or (B, C)
            values = values.flatten(2).mean(2) if spatial == "mean" and values.ndim > 2 else values.flatten(1)
            found.append(values)  # (B, D)
    code = torch.cat(found).clone()
    if code.isnan().any():
        raise ValueError(f"{name!r} gives NaN: this network's weights have diverged")
    return code


def _check_codes(codes: Tensor, least: int) -> Tensor:
    if not isinstance(codes, Tensor):
        raise TypeError(f"codes: a tensor (N, D) is needed, got {type(codes).__name__}")
    if codes.ndim != 2 or codes.shape[1] == 0:
        hint = "; images.flatten(1) makes vectors of pictures" if codes.ndim > 2 else ""
        raise ValueError(f"codes: one vector per picture, (N, D), is needed, got {tuple(codes.shape)}{hint}")
    if len(codes) < least:
        raise ValueError(f"codes: at least {least} pictures are needed, got {len(codes)}")
    if not codes.isfinite().all():
        raise ValueError("codes: there are NaN or infinite values")
    return codes.detach()


def embed_codes(
    codes: Tensor, perplexity: float = 30, seed: int = 0, method: str = "tsne", iterations: int = 1000
) -> Tensor:
    """The codes (N, D) laid out in the plane, (N, 2): neighbours stay neighbours.

    How far apart two groups lie, and how large they are, means little.

    `perplexity` is about how many neighbours every code attends to, above 0 and below N. The layout starts at
    random from `seed`, so another seed is another, equally good map; the same seed gives the same map. Codes
    of more than 50 dimensions are first reduced to 50 by PCA. `iterations` (at least 250) are the steps;
    about half as many do for a quick look. `method="pca"` gives the first two principal components instead:
    linear, and `perplexity`, `seed` and `iterations` do not count. The result is centred. Raises `ValueError`
    for fewer than 3 or more than 2000 codes, codes that are all the same, and a perplexity, seed or number of
    iterations that does not fit. van der Maaten & Hinton 2008, "Visualizing data using t-SNE".
    """
    values = _check_codes(codes, least=3)
    if method not in ("tsne", "pca"):
        raise ValueError(f"method is 'tsne' or 'pca', got {method!r}")
    if len(values) > MOST:
        raise ValueError(
            f"codes: a map shows at most {MOST} pictures, got {len(values)}; take codes[:{MOST}]"
        )
    if method == "tsne":
        _check_tsne(perplexity, seed, iterations, len(values))
    values = values.double() - values.double().mean(0)
    if values.abs().max() <= 1e-9 * codes.abs().max():
        raise ValueError("codes: all pictures have the same code, there is nothing to lay out")
    # PCA by the singular vectors; a flipped sign is as good, so it is fixed by the largest entry
    u, s, _ = torch.linalg.svd(values, full_matrices=False)
    u = u * u.gather(0, u.abs().argmax(0, keepdim=True)).sign()
    reduced = (u * s)[:, : COMPONENTS if method == "tsne" else 2]  # (N, <= 50)
    if method == "pca":
        plane = reduced.float()
        return plane if plane.shape[1] == 2 else torch.cat([plane, torch.zeros_like(plane)], 1)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    tsne = TSNE(
        perplexity=float(perplexity),
        max_iter=int(iterations),
        init="random",
        random_state=int(seed),
        n_jobs=1,
    )
    # Its steps are too short to share: where another process works, two threads took 8 times as long as one.
    with threadpool_limits(1):
        plane = torch.from_numpy(tsne.fit_transform(reduced.float().cpu().numpy()))
    return plane - plane.mean(0)


def _check_tsne(perplexity: float, seed: int, iterations: int, count: int) -> None:
    if isinstance(iterations, bool) or not isinstance(iterations, Integral) or iterations < 250:
        raise ValueError(f"iterations: at least 250 steps are needed to untangle a map, got {iterations!r}")
    if isinstance(perplexity, bool) or not isinstance(perplexity, Real) or not 0 < perplexity < count:
        raise ValueError(
            f"perplexity: how many neighbours count, above 0 and below the {count} pictures, got {perplexity!r}"
        )
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise ValueError(f"seed: a whole number from 0 to {2**32 - 1} is needed, got {seed!r}")


def nearest_neighbours(codes: Tensor, k: int = 1, metric: str = "euclidean") -> Tensor:
    """The indices (N, k) of the k codes nearest to each code (N, D), the nearest first, itself left out.

    `metric` is `"euclidean"` (straight distance) or `"cosine"` (the angle only; a code of zeros is far from
    all). Raises `ValueError` unless 1 <= k < N.
    """
    values = _check_codes(codes, least=2).double()  # single precision loses what is near within far groups
    if metric not in ("euclidean", "cosine"):
        raise ValueError(f"metric is 'euclidean' or 'cosine', got {metric!r}")
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k < len(values):
        raise ValueError(f"k: 1 to {len(values) - 1} neighbours can be asked for, got {k!r}")
    if metric == "cosine":
        values = torch.nn.functional.normalize(values, dim=1)
    else:
        values = values - values.mean(0)  # the same distances, and fewer digits are lost below
    squares = values.square().sum(1)
    found = []
    for first in range(0, len(values), CHUNK):
        rows = values[first : first + CHUNK]
        if metric == "cosine":
            distances = -rows @ values.T  # (rows, N)
        else:
            # |a - b|^2 without |a|^2, which is the same for a whole row
            distances = squares - 2 * rows @ values.T
        itself = torch.arange(len(rows))
        distances[itself, itself + first] = torch.inf
        found.append(distances.topk(k, largest=False).indices)
    return torch.cat(found)


def neighbour_agreement(codes: Tensor, labels: Tensor, k: int = 1, metric: str = "euclidean") -> float:
    """How often, in [0, 1], one of the k nearest neighbours of a picture is of its class, over all pictures.

    `codes` is (N, D), `labels` (N,). 1 means that every neighbour is of the same class; chance is about the
    sum of the squared shares of the classes. `metric` as in `nearest_neighbours`. Raises `ValueError` for
    labels that do not match.
    """
    if not isinstance(labels, Tensor) or labels.ndim != 1 or len(labels) != len(codes):
        came = tuple(labels.shape) if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"labels: one class per code, ({len(codes)},), is needed, got {came}")
    neighbours = nearest_neighbours(codes, k, metric)  # (N, k)
    return (labels[neighbours] == labels[:, None]).float().mean().item()
