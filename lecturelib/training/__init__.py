"""Part 2: watch a network learn, record what it does, and say what is wrong with a run.

`fit` yields steps, `History` holds what was recorded, `monitors` are what can be recorded; `smooth` and `band` draw
honestly, `checkpoint` saves a run, `diagnose` names the likely cause of a bad one.
"""

from lecturelib.training.fit import Run, RunStopped, Step, evaluate, fit
from lecturelib.training.history import History
from lecturelib.training.smooth import band, smooth

__all__ = ["History", "Run", "RunStopped", "Step", "band", "evaluate", "fit", "smooth"]
