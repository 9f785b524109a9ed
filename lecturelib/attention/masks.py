"""Attention masks: True where attention is allowed, everywhere in this course.

torch has both conventions: `scaled_dot_product_attention` takes True as *allowed*, as here, while the masks of
`nn.MultiheadAttention` and `nn.Transformer` take True as *forbidden*; `forbidden` turns one into the other.
"""

import torch
from torch import Tensor

from lecturelib.attention.tokenizer import PAD
from lecturelib.checks import check_whole, complaint, described


def padding_mask(tokens: Tensor, pad: int = PAD) -> Tensor:
    """Padding mask: token ids (B, K) -> (B, 1, K), True for real tokens. Padding is never attended to.

    >>> padding_mask(torch.tensor([[5, 6, 0]]))
    tensor([[[ True,  True, False]]])
    """
    return (tokens != pad)[:, None, :]  # (B, K) -> (B, 1, K)


def causal_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    """Causal mask (1, L, L): True on and below the diagonal, so position t attends to 0 ... t and nothing later.

    Raises TypeError or ValueError for a length that is no whole number from 1.

    >>> causal_mask(2)
    tensor([[[ True, False],
             [ True,  True]]])
    """
    length = check_whole("length", length, 1)
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()[None]  # (L, L) -> (1, L, L)


def forbidden(mask: Tensor) -> Tensor:
    """The same mask in the convention of `nn.MultiheadAttention`: True where attention is forbidden.

    Raises TypeError unless the mask is boolean.

    >>> forbidden(causal_mask(2))
    tensor([[[False,  True],
             [False, False]]])
    """
    return ~check_mask(mask)


def check_mask(mask: Tensor, shape: tuple[int, int, int] | None = None) -> Tensor:
    """The mask itself, if it is boolean and (1 or B, 1 or Q, K) for scores of `shape` (B, Q, K).

    Raises TypeError for another type or dtype, ValueError for another shape.

    >>> check_mask(causal_mask(2), (8, 2, 2)).shape
    torch.Size([1, 2, 2])
    """
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        expected = "a boolean tensor, True where attention is allowed"
        raise TypeError(complaint("mask", expected, described(mask)))
    if shape is not None:
        fits = mask.ndim == 3 and all(a in (1, b) for a, b in zip(mask.shape[:2], shape[:2], strict=True))
        if not fits or mask.shape[2] != shape[2]:
            batch, queries, keys = shape
            expected = f"(1 or {batch}, 1 or {queries}, {keys}) for {queries} queries and {keys} keys"
            raise ValueError(complaint("mask", expected, tuple(mask.shape)))
    return mask


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the last dimension of scores (..., Q, K) among the allowed keys; the forbidden get exactly 0.

    mask: boolean, broadcastable to the scores, True where allowed; None allows all. A query that may attend to nothing
    gets zeros, by decision: torch gives NaN there, and a large negative number in place of minus infinity would give it
    equal weights on everything it must not see.

    >>> masked_softmax(torch.tensor([[1.0, 1.0, 5.0]]), torch.tensor([[True, True, False]]))
    tensor([[0.5000, 0.5000, 0.0000]])
    """
    if mask is None:
        return scores.softmax(-1)
    nothing = ~mask.any(-1, keepdim=True)  # (..., Q, 1)
    if not nothing.is_meta and not nothing.any():  # the common case; a meta tensor has no values to ask for
        return scores.masked_fill(~mask, -torch.inf).softmax(-1)
    # such a row must not be all minus infinity even on the way: its NaN would come back in the gradient
    weights = scores.masked_fill(~mask & ~nothing, -torch.inf).softmax(-1)
    return weights.masked_fill(nothing, 0.0)
