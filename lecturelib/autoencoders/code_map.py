"""A code of two numbers as a map: where the pictures lie, how well classes part, what lies between them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.autoencoders.autoencoder_networks import Coder, check_codes
from lecturelib.checks import check_number, check_whole, complaint


@dataclass(frozen=True, eq=False)
class CodeMap:
    """The codes (N, 2) of pictures with their labels (N,), and the rectangle of the map: low, high (2,) each."""

    codes: Tensor
    labels: Tensor
    low: Tensor
    high: Tensor

    def at(self, x: float, y: float) -> Tensor:
        """The code (1, 2) at fractions of the map: x from the left, y from the top."""
        fraction = torch.tensor([x, 1 - y])
        return (self.low + fraction * (self.high - self.low))[None]

    def place(self, code: Tensor) -> tuple[float, float]:
        """The fractions (x from the left, y from the top) of a code (2,); the reverse of `at`."""
        x, y = ((code - self.low) / (self.high - self.low)).tolist()
        return x, 1 - y


@torch.no_grad()
def code_map(model: Coder, images: Tensor, labels: Tensor, edge: float = 0.01) -> CodeMap:
    """The map of a model with two code units: all codes, and the rectangle that holds all but `edge` at each side.

    Raises `ValueError` for a model with another code size.

    >>> from lecturelib.autoencoders.autoencoder_networks import Autoencoder
    >>> found = code_map(Autoencoder(2, (8,)), torch.rand(20, 1, 28, 28), torch.zeros(20))
    >>> x, y = found.place(found.at(0.25, 0.75)[0])
    >>> found.codes.shape, round(x, 3), round(y, 3)
    (torch.Size([20, 2]), 0.25, 0.75)
    """
    if model.code_size != 2:
        raise ValueError(complaint("model", "a code of 2 numbers", f"{model.code_size}"))
    check_number("edge", edge, least=0, below=0.5)
    codes = torch.cat([model.encode(part) for part in images.split(1000)])
    quantiles = codes.quantile(torch.tensor([edge, 1 - edge]), dim=0)  # (2 ends, 2 numbers)
    margin = 0.06 * (quantiles[1] - quantiles[0])
    return CodeMap(codes, labels, quantiles[0] - margin, quantiles[1] + margin)


def nearest_neighbor_accuracy(
    codes: Tensor, labels: Tensor, test_codes: Tensor | None = None, test_labels: Tensor | None = None
) -> float:
    """Nearest-neighbor accuracy: the share of codes whose nearest other code has their label.

    With `test_codes` and `test_labels`, the nearest training code of each test code is asked instead (Euclidean
    distance). Raises `ValueError` for labels that do not fit, or one of the two without the other.

    >>> codes = torch.tensor([[0.0], [0.1], [5.0], [5.2]])
    >>> nearest_neighbor_accuracy(codes, torch.tensor([0, 0, 1, 1]))
    1.0
    """
    if len(codes) != len(labels) or len(codes) < 2:
        raise ValueError(complaint("labels", f"one for each of {len(codes)} codes, at least 2", len(labels)))
    if (test_codes is None) != (test_labels is None):
        given = "test_labels" if test_codes is None else "test_codes"
        raise ValueError(complaint("test_codes and test_labels", "both or none", f"{given} alone"))
    if test_codes is None or test_labels is None:
        apart = torch.cdist(codes, codes)
        apart.fill_diagonal_(float("inf"))
        found = labels[apart.argmin(1)]
        return found.eq(labels).float().mean().item()
    found = labels[torch.cdist(test_codes, codes).argmin(1)]
    return found.eq(test_labels).float().mean().item()


def density(found: CodeMap, cells: int = 48, blur: float = 1.2) -> Tensor:
    """How densely the pictures lie on the map, (cells, cells) with the top row first, at most 1: holes are near 0.

    Counts per cell, smoothed by a Gaussian of `blur` cells, divided by the largest.

    >>> codes = torch.zeros(5, 2)
    >>> density(CodeMap(codes, torch.zeros(5), torch.tensor([-1.0, -1]), torch.tensor([1.0, 1])), 3).argmax().item()
    4
    """
    check_whole("cells", cells, 2, 512)
    check_number("blur", blur, above=0)
    place = ((found.codes - found.low) / (found.high - found.low) * cells).floor().long()
    inside = ((place >= 0) & (place < cells)).all(1)
    columns, rows = place[inside].T
    counts = torch.zeros(cells, cells).index_put_(
        (cells - 1 - rows, columns), torch.tensor(1.0), accumulate=True
    )
    apart = torch.arange(cells)[:, None] - torch.arange(cells)
    window = torch.exp(-apart.square() / (2 * blur**2))
    smooth = window @ counts @ window
    return smooth / smooth.max().clamp(min=1e-9)


@torch.no_grad()
def decoded_grid(model: Coder, found: CodeMap, across: int = 16) -> Tensor:
    """What the decoder makes of a regular grid of codes, (across^2, 1, 28, 28), row by row from the top.

    >>> from lecturelib.autoencoders.autoencoder_networks import Autoencoder
    >>> found = CodeMap(torch.zeros(1, 2), torch.zeros(1), torch.zeros(2), torch.ones(2))
    >>> decoded_grid(Autoencoder(2, (8,)), found, across=3).shape
    torch.Size([9, 1, 28, 28])
    """
    check_whole("across", across, 1, 64)
    middle = (torch.arange(across) + 0.5) / across
    codes = torch.cat([found.at(x, y) for y in middle.tolist() for x in middle.tolist()])
    return model.decode(check_codes(codes, 2))


@torch.no_grad()
def interpolate(model: Coder, one: Tensor, other: Tensor, steps: int = 9) -> tuple[Tensor, Tensor]:
    """Between two pictures (1, 1, 28, 28): decoded on the straight line of codes, and the mixtures of their pixels.

    Returns two (steps, 1, 28, 28), from `one` to `other`.

    >>> from lecturelib.autoencoders.autoencoder_networks import Autoencoder
    >>> codes, pixels = interpolate(Autoencoder(2, (8,)), torch.zeros(1, 1, 28, 28), torch.ones(1, 1, 28, 28), 3)
    >>> codes.shape, pixels[1].mean().item()
    (torch.Size([3, 1, 28, 28]), 0.5)
    """
    check_whole("steps", steps, 2)
    share = torch.linspace(0, 1, steps)
    start, end = (_code_of(model, picture) for picture in (one, other))
    codes = start + share[:, None] * (end - start)  # (steps, k)
    pixels = one + share.view(-1, 1, 1, 1) * (other - one)
    return model.decode(codes), pixels


def _code_of(model: Coder, picture: Tensor) -> Tensor:
    """The code (1, k) of a picture; of a variational autoencoder, which gives mean and log variance, the mean."""
    code = model.encode(picture)
    return code[0] if isinstance(code, tuple) else code
