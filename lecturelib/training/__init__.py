"""Part 2: watch a network learn, record what it does, and say what is wrong with a run.

`fit` hands out the steps of a run; `live_curves` draws any run while it goes on, `run_curves` afterwards; `History`
holds what was recorded, a `Monitor` such as `update_monitor()` says what is recorded; `smooth` and `band` average
without rewriting the past; `save_checkpoint` and `write_tensorboard` write a run to disk; `diagnose` names the likely
cause of a bad run, `FAULTS` lists those that can be planted, `shipped_runs` reads the runs that are shipped;
`suspect_labels` and `find_duplicates` search a data set for wrong labels and copies. `Playground` is a small network
in the plane.
Explorables: `from lecturelib.training import explore`.

>>> import torch
>>> from lecturelib.training import evaluate, fit
>>> model, data = torch.nn.Linear(4, 4), (torch.eye(4), torch.arange(4))
>>> run = fit(model, data, epochs=30, optimizer=lambda parameters: torch.optim.SGD(parameters, lr=1.0))
>>> losses = [step.loss for step in run]
>>> evaluate(model, data)[0] < losses[0]
True
"""

from lecturelib.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from lecturelib.training.confusion_table import confusion_table
from lecturelib.training.diagnose import Diagnosis, Finding, diagnose
from lecturelib.training.evaluation import evaluate
from lecturelib.training.faults import FAULTS
from lecturelib.training.faulty_data import (
    Found,
    Planted,
    Suspects,
    count_found,
    duplicates_picture,
    find_duplicates,
    plant_faulty_data,
    suspect_labels,
    suspects_picture,
)
from lecturelib.training.faulty_runs import diagnosis_confusions, share_right, shipped_runs
from lecturelib.training.fit import fit
from lecturelib.training.history import History
from lecturelib.training.live_curves import live_curves, live_pictures
from lecturelib.training.monitor import Monitor, Snapshot
from lecturelib.training.monitors import (
    activation_monitor,
    class_monitor,
    dead_unit_monitor,
    gradient_monitor,
    histogram_monitor,
    input_monitor,
    output_monitor,
    split_monitor,
    update_monitor,
    usual_monitors,
    weight_monitor,
)
from lecturelib.training.plots import band_curves, monitored_curves, run_curves, run_gallery
from lecturelib.training.questions import QUESTIONS
from lecturelib.training.run import Run, RunStopped, TrainingStep
from lecturelib.training.smooth import Band, Smoother, band, smooth
from lecturelib.training.tensorboard import log_to_tensorboard, write_tensorboard

__all__ = [
    "FAULTS",
    "QUESTIONS",
    "Band",
    "CheckpointError",
    "Diagnosis",
    "Finding",
    "Found",
    "History",
    "Monitor",
    "Planted",
    "Playground",
    "Run",
    "RunStopped",
    "Smoother",
    "Snapshot",
    "Suspects",
    "TrainingStep",
    "activation_monitor",
    "band",
    "band_curves",
    "class_monitor",
    "confusion_table",
    "count_found",
    "dead_unit_monitor",
    "diagnose",
    "diagnosis_confusions",
    "duplicates_picture",
    "evaluate",
    "find_duplicates",
    "fit",
    "gradient_monitor",
    "histogram_monitor",
    "input_monitor",
    "live_curves",
    "live_pictures",
    "load_checkpoint",
    "log_to_tensorboard",
    "monitored_curves",
    "output_monitor",
    "plant_faulty_data",
    "run_curves",
    "run_gallery",
    "save_checkpoint",
    "share_right",
    "shipped_runs",
    "smooth",
    "split_monitor",
    "suspect_labels",
    "suspects_picture",
    "update_monitor",
    "usual_monitors",
    "weight_monitor",
    "write_tensorboard",
]


def __getattr__(name: str) -> object:
    if name == "Playground":  # its controls are widgets, which nobody else here needs
        from lecturelib.training.playground import Playground

        return Playground
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
