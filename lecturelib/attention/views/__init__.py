"""Pictures of attention: matrices, lines between words, all heads at once, running text. Nothing is computed here."""

from lecturelib.attention.views.cells import keys
from lecturelib.attention.views.heads import head_view
from lecturelib.attention.views.matrix import matrix_view
from lecturelib.attention.views.model import model_keys, model_view
from lecturelib.attention.views.reading import reading_view
