"""The playground's state as a plain dict: what may be set, to which values, and a sentence for everything else."""

from numbers import Integral

from lecturelib.checks import UnknownName, check_number, check_whole, complaint, described
from lecturelib.training.playground.toy_data import DATASETS, FEATURES
from lecturelib.widgets.controls import Choice, Slider

ACTIVATIONS = ("tanh", "ReLU", "sigmoid", "linear")
MOST_LAYERS, MOST_UNITS = 4, 8
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

CONTROLS = {
    control.name: control
    for control in (
        Choice("dataset", tuple(DATASETS), "circle", label="data set"),
        Slider("noise", 0.0, 1.5, 0.1, 0.1),
        Slider("points", 12, 504, 12, 300),
        Slider("train_share", 0.1, 0.9, 0.1, 0.5, label="train share"),
        Slider("seed", 0, 99, 1, 0),
        Choice("activation", ACTIVATIONS, "tanh"),
        Choice("learning_rate", RATES, 0.1, label="learning rate", labels=tuple(f"{r:g}" for r in RATES)),
        Choice("batch_size", (1, 2, 5, 10, 20, 50, 100, 500), 10, label="batch size"),
        Choice("regularization", ("none", "L1", "L2"), "none"),
        Choice(
            "rate", (0.0, *RATES[:-2]), 0.0, label="its rate", labels=("0", *(f"{r:g}" for r in RATES[:-2]))
        ),
        Choice("speed", (1, 2, 5, 10, 20, 50, 100), 10, label="steps a drawing"),
    )
}
DEFAULTS = {
    **{name: control.value for name, control in CONTROLS.items()},
    "features": ["x1", "x2"],
    "hidden": [4, 2],
}
# What may change while a network goes on learning; anything else begins anew.
GOES_ON = ("learning_rate", "batch_size", "regularization", "rate", "speed")


def checked(state: dict | None) -> dict:
    """A whole state from one that names some of it, each value in its canonical form; it fits into JSON.

    Names: those of `DEFAULTS`; and, if the network is part of it, `step` (whole, from 0) and `weights`: for each layer
    a dict with `weight` (units, inputs) and `bias` (units,) as lists of numbers. Raises `TypeError`, `KeyError` or
    `ValueError` with what is allowed.
    """
    state = a_dict(state)
    unknown = [name for name in state if name not in DEFAULTS and name not in ("weights", "step")]
    if unknown:
        known = f"it has {', '.join(DEFAULTS)}, weights, step"
        raise UnknownName(complaint("state", "known settings", repr(unknown[0]), known))
    whole = {**DEFAULTS, **state}
    for name, control in CONTROLS.items():
        whole[name] = control.check(whole[name])
    whole["features"] = _features(whole["features"])
    whole["hidden"] = _hidden(whole["hidden"])
    if "weights" in state:
        whole["weights"] = _weights(state["weights"], sizes(whole))
    step = state.get("step", 0)
    check_whole("step", step)
    if step and "weights" not in state:
        raise ValueError(
            complaint("weights", f"those of step {step}", "none", "take them from state(weights=True)")
        )
    return {**whole, "step": int(step)} if "weights" in whole else _without(whole, "step")


def a_dict(state: dict | None) -> dict:
    """The state, empty for None; `TypeError` for anything but a dict."""
    if state is not None and not isinstance(state, dict):
        raise TypeError(complaint("state", "a dict such as {'dataset': 'xor'}", described(state)))
    return state or {}


def sizes(state: dict) -> list[int]:
    """Units of each layer, from the inputs to the outputs: one output for two classes, else one per class."""
    classes = DATASETS[state["dataset"]][1]
    return [len(state["features"]), *state["hidden"], 1 if classes == 2 else classes]


def _without(state: dict, *names: str) -> dict:
    return {name: value for name, value in state.items() if name not in names}


def _features(given) -> list[str]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise TypeError(complaint("features", "a list such as ['x1', 'x2']", described(given)))
    unknown = [name for name in given if not isinstance(name, str) or name not in FEATURES]
    if unknown:
        raise ValueError(complaint("features", f"some of {', '.join(FEATURES)}", repr(unknown[0])))
    if not given:
        raise ValueError(complaint("features", "at least one input", "none"))
    return [name for name in FEATURES if name in given]  # always in one order, each once


def _hidden(given) -> list[int]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise TypeError(
            complaint("hidden", "a list of units per layer such as [4, 2]", described(given), "[] for none")
        )
    if len(given) > MOST_LAYERS:
        raise ValueError(complaint("hidden", f"at most {MOST_LAYERS} layers", len(given)))
    for units in given:
        if isinstance(units, bool) or not isinstance(units, Integral) or not 1 <= int(units) <= MOST_UNITS:
            raise ValueError(complaint("hidden", f"1 to {MOST_UNITS} units in each layer", units))
    return [int(units) for units in given]


def _weights(given, layout: list[int]) -> list[dict]:
    if not isinstance(given, (list, tuple)) or len(given) != len(layout) - 1:
        expected = f"a list of {len(layout) - 1} layers with 'weight' and 'bias', for the units {layout}"
        raise ValueError(complaint("weights", expected, described(given)))
    made = []
    for k, (layer, inputs, units) in enumerate(zip(given, layout, layout[1:], strict=False)):
        if not isinstance(layer, dict) or set(layer) != {"weight", "bias"}:
            raise ValueError(complaint(f"weights[{k}]", "a dict with 'weight' and 'bias'", described(layer)))
        made.append(
            {
                "weight": _rows(f"weights[{k}]['weight']", layer["weight"], units, inputs),
                "bias": _numbers(f"weights[{k}]['bias']", layer["bias"], units),
            }
        )
    return made


def _rows(name: str, given, units: int, inputs: int) -> list[list[float]]:
    if not isinstance(given, (list, tuple)) or len(given) != units:
        raise ValueError(
            complaint(name, f"{units} rows of {inputs} numbers, one row per unit", described(given))
        )
    return [_numbers(f"{name}[{row}]", numbers, inputs) for row, numbers in enumerate(given)]


def _numbers(name: str, given, many: int) -> list[float]:
    if not isinstance(given, (list, tuple)) or len(given) != many:
        raise ValueError(complaint(name, f"a list of {many} numbers", described(given)))
    return [number(f"{name}[{k}]", value) for k, value in enumerate(given)]


def number(name: str, value) -> float:
    """A finite number; `TypeError` or `ValueError` names where another value stands."""
    return float(check_number(name, value))
