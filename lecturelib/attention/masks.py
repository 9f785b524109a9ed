"""Who may look at whom: masks are True where attention is allowed, everywhere in this course.

torch has both conventions: `scaled_dot_product_attention` takes True as *allowed*, as here, while the masks of
`nn.MultiheadAttention` and `nn.Transformer` take True as *forbidden*; `forbidden` turns one into the other.
"""

import torch
from torch import Tensor

from lecturelib.attention.tokenizer import PAD


def padding_mask(tokens: Tensor, pad: int = PAD) -> Tensor:
    """(B, 1, K), True for real tokens (B, K): nobody may look at the filling of short sentences."""
    return (tokens != pad)[:, None, :]  # (B, K) -> (B, 1, K)


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """(1, L, L), True on and below the diagonal: position t may look at 0 ... t, never at what comes later."""
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise ValueError(f"length: a whole number from 1 is needed, got {length!r}")
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()[None]  # (L, L) -> (1, L, L)


def forbidden(mask: Tensor) -> Tensor:
    """The same mask in the convention of `nn.MultiheadAttention`, True where attention is forbidden."""
    return ~check_mask(mask)


def check_mask(mask: Tensor, shape: tuple[int, int, int] | None = None) -> Tensor:
    """The mask itself; raises unless it is boolean and (1 or B, 1 or Q, K) for scores of `shape` (B, Q, K)."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        came = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask: a boolean tensor is needed, True where attention is allowed, got {came}")
    if shape is not None:
        fits = mask.ndim == 3 and all(a in (1, b) for a, b in zip(mask.shape[:2], shape[:2], strict=True))
        if not fits or mask.shape[2] != shape[2]:
            queries, keys = shape[1:]
            raise ValueError(
                f"mask: (1 or {shape[0]}, 1 or {queries}, {keys}) is needed for {queries} queries and {keys} keys, "
                f"got {tuple(mask.shape)}"
            )
    return mask


def masked_softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax over the last dimension of scores (..., Q, K) among the allowed keys; the forbidden get exactly 0.

    A query that may look at nothing gets zeros, by decision: torch gives NaN there, and a large negative number in
    place of minus infinity would give it a uniform look at everything it must not see.
    """
    if mask is None:
        return scores.softmax(-1)
    nothing = ~mask.any(-1, keepdim=True)  # (..., Q, 1)
    if not nothing.any():
        return scores.masked_fill(~mask, -torch.inf).softmax(-1)
    # such a row must not be all minus infinity even on the way: its NaN would come back in the gradient
    weights = scores.masked_fill(~mask & ~nothing, -torch.inf).softmax(-1)
    return weights.masked_fill(nothing, 0.0)
