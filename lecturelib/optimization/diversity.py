"""Several pictures for one unit that are kept apart: a unit often answers to more than one thing."""

from torch import Tensor

from lecturelib.optimization.objectives import gram
from lecturelib.optimization.regularizers import Regularizer, check_weight


def diversity(layer: str | tuple[str, int], weight: float = 1.0) -> Regularizer:
    """Penalty: weight times a picture's mean similarity to the others of the batch, (B,), each in [-1, 1].

    Similarity is the cosine of two pictures' Gram matrices of a layer, which channels go together whatever the place.
    Take the unit's own layer, before the ReLU or behind it. One picture alone has no others: 0. Olah et al. 2017,
    "Feature visualization", section "Diversity".
    """
    check_weight("diversity", weight)

    def penalty(image: Tensor, acts) -> Tensor:
        style = gram(acts.maps(layer)).flatten(1)  # (B, C * C), of length 1
        if len(style) == 1:
            return style.sum(1) * 0
        alike = style @ style.T  # (B, B)
        return weight * (alike.sum(1) - alike.diagonal()) / (len(style) - 1)

    penalty.keys = [layer]
    return penalty
