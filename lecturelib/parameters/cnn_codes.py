"""CNN codes: a layer's activations as one vector per image, nearest neighbors, and t-SNE maps in the plane."""

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_number, check_whole, complaint, described
from lecturelib.network.batched import Images, Progress, batches, check_batch_size, check_many, looking
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.probe import layer_info

MOST = 2000  # codes in one map: about 4 s
COMPONENTS = 50  # van der Maaten & Hinton 2008, section 4.2, reduce to 30 by PCA; 50 is usual today
LEAST_ITERATIONS = 250  # scikit-learn's early exaggeration alone takes 250
CHUNK = 500  # codes whose distances to all others are held at once


def cnn_codes(
    model: nn.Module,
    images: Images,
    layer: str,
    call: int = 0,
    spatial: str = "mean",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """The CNN codes (N, D) of images: a layer's activations, one vector per image.

    A fully connected layer is taken as it is. Of a map (C, h, w), `spatial="mean"` keeps each channel's mean
    (D = C: which features are in the image, not where), `"flatten"` keeps every position (D = C * h * w). `images` is
    (N, C, H, W) in [0, 1]. A network in which the images of a batch influence one another gets one at a time. Raises
    `KeyError` for an unknown layer, `ValueError` for images that do not fit and for NaN. Karpathy 2014, "t-SNE
    visualization of CNN codes".

    >>> import torch
    >>> from lecturelib import models
    >>> cnn_codes(models.load("lenet"), torch.rand(4, 1, 28, 28), "relu3").shape
    torch.Size([4, 128])
    """
    check_choice("spatial", spatial, ("mean", "flatten"))
    name = resolve_layer(model, layer)
    shape = check_many(images, model)
    # raises where images of this shape do not reach the layer
    layer_info(model, name, call=call, picture=images[0:1])
    batch_size = check_batch_size(batch_size, model, name, shape)
    found = []
    with looking(model, [(name, call)]) as acts:
        for _, batch in batches(model, images, batch_size, progress):
            values = acts.forward(batch).maps((name, call))  # (B, C, h, w), (B, C, tokens) or (B, C)
            values = values.flatten(2).mean(2) if spatial == "mean" and values.ndim > 2 else values.flatten(1)
            found.append(values)  # (B, D)
    code = torch.cat(found).clone()
    if code.isnan().any():
        raise ValueError(complaint(name, "finite activations", "NaN", "the network's weights have diverged"))
    return code


def _check_codes(codes: Tensor, least: int) -> Tensor:
    if not isinstance(codes, Tensor):
        raise TypeError(complaint("codes", "a tensor (N, D)", described(codes)))
    if codes.ndim != 2 or codes.shape[1] == 0:
        hint = "images.flatten(1) gives one vector per image" if codes.ndim > 2 else ""
        raise ValueError(complaint("codes", "one vector per image, (N, D)", tuple(codes.shape), hint))
    if len(codes) < least:
        raise ValueError(complaint("codes", f"at least {least} images", len(codes)))
    if not codes.isfinite().all():
        raise ValueError(complaint("codes", "finite values", "NaN or infinity"))
    return codes.detach()


def embed_codes(
    codes: Tensor, perplexity: float = 30, seed: int = 0, method: str = "tsne", iterations: int = 1000
) -> Tensor:
    """A t-SNE embedding of codes (N, D) in the plane, (N, 2): near codes stay near one another.

    t-SNE moves the points until their neighborhoods in the plane (probabilities under a Student-t kernel) match those
    of the codes (Gaussian kernels), measured by the Kullback-Leibler divergence. Distances between groups and the size
    of groups mean little. `perplexity` is roughly the number of neighbors that each Gaussian covers, above 0 and below
    N. The start is random by `seed`: another seed gives another, equally valid map. Codes of more than 50 dimensions
    are first reduced to 50 by PCA. `iterations` (at least 250) are the optimization steps. `method="pca"` gives the
    first two principal components instead, without perplexity, seed and iterations. The result is centered. Raises
    `ValueError` for fewer than 3 or more than 2000 codes, codes that are all the same, and a perplexity, seed or
    number of iterations out of range. van der Maaten & Hinton 2008, "Visualizing data using t-SNE".

    >>> import torch
    >>> embed_codes(torch.eye(4), method="pca").shape
    torch.Size([4, 2])
    """
    values = _check_codes(codes, least=3)
    check_choice("method", method, ("tsne", "pca"))
    if len(values) > MOST:
        raise ValueError(complaint("codes", f"at most {MOST} images", len(values), f"take codes[:{MOST}]"))
    if method == "tsne":
        _check_tsne(perplexity, seed, iterations, len(values))
    values = values.double() - values.double().mean(0)
    if values.abs().max() <= 1e-9 * codes.abs().max():
        raise ValueError(complaint("codes", "codes that differ", "the same code for every image"))
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
    # One thread: the steps are too short to share, two threads took 8 times as long beside another process.
    with threadpool_limits(1):
        plane = torch.from_numpy(tsne.fit_transform(reduced.float().cpu().numpy()))
    return plane - plane.mean(0)


def _check_tsne(perplexity: float, seed: int, iterations: int, count: int) -> None:
    check_whole("iterations", iterations, LEAST_ITERATIONS)
    check_number("perplexity", perplexity, above=0, below=count)
    check_whole("seed", seed, 0, 2**32 - 1)


def nearest_neighbors(codes: Tensor, k: int = 1, metric: str = "euclidean") -> Tensor:
    """The k nearest neighbors of each code (N, D): indices (N, k), the nearest first, without the code itself.

    `metric` is `"euclidean"` (|a - b|) or `"cosine"` (1 - a . b / |a| |b|; a code of zeros has the cosine 0 with all).
    Raises `ValueError` unless 1 <= k < N.

    >>> import torch
    >>> nearest_neighbors(torch.tensor([[0.0], [1.0], [3.0]]))
    tensor([[1],
            [0],
            [1]])
    """
    # double precision: single precision loses small distances within groups that lie far apart
    values = _check_codes(codes, least=2).double()
    check_choice("metric", metric, ("euclidean", "cosine"))
    check_whole("k", k, 1, len(values) - 1, "the other images")
    if metric == "cosine":
        values = torch.nn.functional.normalize(values, dim=1)
    else:
        # the same distances, and less cancellation below
        values = values - values.mean(0)
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


def neighbor_agreement(codes: Tensor, labels: Tensor, k: int = 1, metric: str = "euclidean") -> float:
    """The share in [0, 1] of the k nearest neighbors that have the class of their image, over all images.

    For k = 1 this is the leave-one-out accuracy of a nearest-neighbor classifier. `codes` is (N, D), `labels` (N,);
    chance is about the sum of the squared shares of the classes. `metric` as in `nearest_neighbors`. Raises
    `ValueError` for labels that do not match.

    >>> import torch
    >>> neighbor_agreement(torch.tensor([[0.0], [1.0], [9.0], [8.0]]), torch.tensor([3, 3, 5, 7]))
    0.5
    """
    expected = f"one class per code, ({len(codes)},)"
    if not isinstance(labels, Tensor):
        raise TypeError(complaint("labels", expected, described(labels)))
    if labels.ndim != 1 or len(labels) != len(codes):
        raise ValueError(complaint("labels", expected, tuple(labels.shape)))
    neighbors = nearest_neighbors(codes, k, metric)  # (N, k)
    return (labels[neighbors] == labels[:, None]).float().mean().item()
