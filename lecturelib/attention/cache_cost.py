"""What one step of decoding costs, with and without a key/value cache: multiply-adds counted from the sizes.

Sizes: d features, h features in the feed-forward network, V tokens in the vocabulary.
"""

from __future__ import annotations

from lecturelib.attention.causal_language_model import CausalLanguageModel, checked_language_model
from lecturelib.attention.transformer import EncoderLayer
from lecturelib.checks import check_whole


def step_cost(model: CausalLanguageModel, new: int, length: int) -> int:
    """Multiply-adds of the matrix products when `new` tokens pass through the model and `length` are there in all.

    Each new token costs 4 d^2 (queries, keys, values, output) + 2 d h (feed-forward) + 2 length d (scores, and the
    weighted sum of values) in every layer, and V d for the scores of the next token. With a cache `new` is 1, without
    it `length`. Biases, softmax and LayerNorm are left out. Raises TypeError or ValueError for other numbers.

    >>> model = CausalLanguageModel(30, d=16, heads=2, layers=1, hidden=32)
    >>> step_cost(model, 1, 10), step_cost(model, 10, 10)
    (2848, 28480)
    """
    layers = [layer for layer in checked_language_model(model).layers if isinstance(layer, EncoderLayer)]
    d, hidden = model.embedding.embedding_dim, next(layers[0].feed_forward.parameters()).shape[0]
    check_whole("length", length, 1)
    check_whole("new", new, 1, length)
    each = 4 * d * d + 2 * d * hidden + 2 * length * d
    return new * (len(layers) * each + model.embedding.num_embeddings * d)


def continuation_cost(model: CausalLanguageModel, given: int, written: int, cached: bool = True) -> int:
    """Multiply-adds of `written` steps after `given` tokens (START among them): the sum of `step_cost`.

    With a cache the first step passes all given tokens through the network, each later one a single token.

    >>> model = CausalLanguageModel(30, d=16, heads=2, layers=1, hidden=32)
    >>> continuation_cost(model, 4, 2) < continuation_cost(model, 4, 2, cached=False)
    True
    """
    check_whole("written", written, 1)
    check_whole("given", given, 1)
    steps = range(given, given + written)
    return sum(step_cost(model, 1 if cached and n > given else n, n) for n in steps)
