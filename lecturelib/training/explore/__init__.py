"""The explorables of part 2, besides the playground: each function returns an `Explorable` with a pure render."""

from lecturelib.training.explore.diagnosing import anonymous, answers, diagnosis_quiz
from lecturelib.training.explore.monitors import monitor_explorer
from lecturelib.training.explore.rates import learning_rate_explorer
from lecturelib.training.explore.smoothing import smoothing_explorer

__all__ = [
    "anonymous",
    "answers",
    "diagnosis_quiz",
    "learning_rate_explorer",
    "monitor_explorer",
    "smoothing_explorer",
]
