"""One place for `import torchvision`: its wheel may be built for another torch than the one installed."""

import importlib
import importlib.util
import warnings
from pathlib import Path
from types import ModuleType

import torch

# Held for the life of the process: the operators vanish with the library object.
_missing_operators: torch.library.Library | None = None


def import_torchvision(submodule: str = "") -> ModuleType:
    """torchvision, or one of its submodules (`"models"`), also where its native library does not load.

    A CUDA build of torchvision beside a CPU build of torch cannot load its own operators, and then fails at import for
    want of two schemas. Declaring them is enough for models, transforms and data sets; `ops.nms` and `io` stay without.
    Raises `ModuleNotFoundError` with the command when torchvision is not installed.
    """
    global _missing_operators
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "torchvision is not installed: run `make lab`, or `pip install torchvision`"
        )
    if _missing_operators is None and not _native_library_loads(Path(spec.origin).parent):
        _missing_operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            _missing_operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    with warnings.catch_warnings():
        # its reader of image files does not load either; we read with Pillow
        warnings.filterwarnings("ignore", message="Failed to load image Python extension")
        return importlib.import_module(f"torchvision.{submodule}" if submodule else "torchvision")


def _native_library_loads(folder: Path) -> bool:
    if hasattr(torch.ops.torchvision, "nms"):
        return True
    for library in folder.glob("_C*"):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            continue  # built for another torch: the caller declares what is missing
        return True
    return False
