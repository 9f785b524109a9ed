"""Diversity: a term that keeps several pictures for one unit different from each other."""

from torch import Tensor

from lecturelib.optimization.objectives import gram
from lecturelib.optimization.regularizers import Regularizer, check_weight


def diversity(layer: str | tuple[str, int], weight: float = 1.0) -> Regularizer:
    """Diversity term: r(x_b) = weight · mean over the others of cos(G(x_b), G(x_other)), (B,), a penalty.

    G is the Gram matrix of a layer, which channels are active together at whatever place; see `objectives.gram`. Take
    the unit's own layer, before the ReLU or after it. One picture alone has no others: 0. Olah et al. 2017,
    "Feature visualization", section "Diversity".

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Channel
    >>> from lecturelib.optimization.ascent import maximize
    >>> two = {"regularizers": [diversity("conv2")], "batch": 2, "steps": 2}
    >>> len(maximize(models.load("lenet"), Channel("conv2", 3), **two).image)
    2
    """
    check_weight("diversity", weight)

    def penalty(image: Tensor, acts) -> Tensor:
        style = gram(acts.maps(layer)).flatten(1)  # (B, C * C), of length 1
        if len(style) == 1:
            return style.sum(1) * 0
        alike = style @ style.T  # (B, B)
        return weight * (alike.sum(1) - alike.diagonal()) / (len(style) - 1)

    # a regularizer that needs activations says which; a function's own attributes are unknown to the checker
    penalty.keys = [layer]  # type: ignore[attr-defined]
    return penalty
