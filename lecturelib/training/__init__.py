"""Part 2: watch a network learn, record what it does, and say what is wrong with a run.

`fit` hands out the steps of a run; `live_curves` draws any run while it goes on, `plots` afterwards; `History` holds
what was recorded, `monitors` are what can be recorded; `smooth` and `band` average without rewriting the past;
`checkpoint` and `tensorboard` write a run to disk; `diagnose` names the likely cause of a bad run, `faults` plants one,
`faulty_runs` are those that are shipped; `faulty_data` finds wrong labels and copies. `Playground` is a small network
in the plane. Explorables: `from lecturelib.training import explore`.

>>> import torch
>>> from lecturelib.training import evaluate, fit
>>> model, data = torch.nn.Linear(4, 4), (torch.eye(4), torch.arange(4))
>>> run = fit(model, data, epochs=30, optimizer=lambda parameters: torch.optim.SGD(parameters, lr=1.0))
>>> losses = [step.loss for step in run]
>>> evaluate(model, data)[0] < losses[0]
True
"""

from lecturelib.training import checkpoint, faulty_data, faulty_runs, monitors, plots, tensorboard
from lecturelib.training.checkpoint import CheckpointError
from lecturelib.training.diagnose import Diagnosis, Finding, diagnose
from lecturelib.training.evaluation import evaluate
from lecturelib.training.faults import FAULTS
from lecturelib.training.fit import fit
from lecturelib.training.history import History
from lecturelib.training.live_curves import live_curves, live_pictures
from lecturelib.training.monitors import Monitor, Snapshot
from lecturelib.training.questions import QUESTIONS
from lecturelib.training.run import Run, RunStopped, TrainingStep
from lecturelib.training.smooth import Band, Smoother, band, smooth

__all__ = [
    "FAULTS",
    "QUESTIONS",
    "Band",
    "CheckpointError",
    "Diagnosis",
    "Finding",
    "History",
    "Monitor",
    "Playground",
    "Run",
    "RunStopped",
    "Smoother",
    "Snapshot",
    "TrainingStep",
    "band",
    "checkpoint",
    "diagnose",
    "evaluate",
    "faulty_data",
    "faulty_runs",
    "fit",
    "live_curves",
    "live_pictures",
    "monitors",
    "plots",
    "smooth",
    "tensorboard",
]


def __getattr__(name: str) -> object:
    if name == "Playground":  # its controls are widgets, which nobody else here needs
        from lecturelib.training.playground import Playground

        return Playground
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
