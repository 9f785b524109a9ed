"""Pictures of attention: matrices, lines between words, all heads at once, running text. Nothing is computed here."""

from lecturelib.attention.views.cells import keys
from lecturelib.attention.views.head_view import head_view
from lecturelib.attention.views.matrix_view import matrix_view
from lecturelib.attention.views.model_view import model_keys, model_view
from lecturelib.attention.views.reading_view import reading_view

__all__ = ["head_view", "keys", "matrix_view", "model_keys", "model_view", "reading_view"]
