"""Guess the shape: what comes out of a layer, and how many parameters it has; first guess, then reveal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from lecturelib.drawing.drawing import Box, Drawing, Label, Line, Polygon, Shape, text_width
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Toggle

WIDE, HIGH = 860.0, 400.0
TEXT = 15


@dataclass(frozen=True)
class ShapeTask:
    """A layer as code with the shape that goes in; the right answers, and the plausible wrong ones, are computed."""

    code: str
    kind: str
    given: tuple[int, ...]
    out: int = 0
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    bias: bool = True

    def length(self, size: int, kernel: int, stride: int, padding: int) -> int:
        return (size + 2 * padding - kernel) // stride + 1

    @property
    def output(self) -> tuple[int, ...]:
        """The shape that comes out, without the batch."""
        if self.kind == "linear":
            return (self.out,)
        if self.kind == "flatten":
            return (self.given[0] * self.given[1] * self.given[2],)
        channels = self.out if self.kind == "conv" else self.given[0]
        sides = (self.length(size, self.kernel, self.stride, self.padding) for size in self.given[1:])
        return (channels, *sides)

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        if self.kind == "linear":
            return self.given[0] * self.out + self.out * self.bias
        if self.kind == "conv":
            return self.kernel**2 * self.given[0] * self.out + self.out * self.bias
        return 0

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The right shape among three that typical mistakes give, from small to large."""
        right = self.output
        if self.kind == "linear":
            wrong = [self.given, (self.given[0] * self.out,), (self.given[0] + self.out,)]
        elif self.kind == "flatten":
            wrong = [(self.given[0],), (self.given[1] * self.given[2],), (sum(self.given),)]
        else:
            channels = right[0]
            other = self.given[0] if self.kind == "conv" else 2 * self.given[0]
            unpadded = self.length(self.given[1], self.kernel, self.stride, 0)
            unstrided = self.length(self.given[1], self.kernel, 1, self.padding)
            wrong = [(other, *right[1:]), (channels, *self.given[1:]), (channels, unpadded, unpadded)]
            wrong += [(channels, unstrided, unstrided), (channels, right[1] + 1, right[2] + 1)]
        return tuple(sorted(list(dict.fromkeys([right, *wrong]))[:4]))

    @property
    def counts(self) -> tuple[int, ...]:
        """The right number of parameters among three that typical mistakes give, from small to large."""
        right = self.parameters
        if self.kind == "conv":
            area, maps = self.kernel**2, self.given[0] * self.out
            positions = self.output[1] * self.output[2]
            wrong = [area * maps, area * self.out + self.out, maps + self.out, right * positions]
        elif self.kind == "linear":
            wrong = [self.given[0] * self.out, self.given[0] + self.out, self.out]
        else:
            wrong = [self.given[0], self.kernel**2, self.kernel**2 * self.given[0] + 1, self.output[0] + 2]
        return tuple(sorted(list(dict.fromkeys([right, *wrong]))[:4]))

    @property
    def why(self) -> tuple[str, str]:
        """How the shape and the number come about, a line each."""
        if self.kind == "linear":
            plus = f" + {self.out}" if self.bias else ""
            return f"one number for each of {self.out} neurons", f"{self.given[0]} × {self.out}{plus}"
        if self.kind == "flatten":
            return (
                f"{self.given[0]} × {self.given[1]} × {self.given[2]} numbers in a row",
                "nothing is trained",
            )
        size = self.given[1]
        line = f"({size} + 2 × {self.padding} − {self.kernel}) / {self.stride} + 1, rounded down: {self.output[1]}"
        if self.kind == "pool":
            return line, "a maximum has nothing to train"
        plus = f" + {self.out} biases" if self.bias else ", no bias"
        return line, f"{self.kernel} × {self.kernel} × {self.given[0]} × {self.out}{plus}"


TASKS = (
    ShapeTask("nn.Conv2d(3, 64, kernel_size=3, padding=1)", "conv", (3, 224, 224), 64, 3, 1, 1),
    ShapeTask("nn.MaxPool2d(2, stride=2)", "pool", (64, 224, 224), 0, 2, 2),
    ShapeTask("nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2)", "conv", (3, 224, 224), 64, 11, 4, 2),
    ShapeTask("nn.MaxPool2d(3, stride=2)", "pool", (64, 55, 55), 0, 3, 2),
    ShapeTask("nn.Conv2d(192, 384, kernel_size=3, padding=1)", "conv", (192, 13, 13), 384, 3, 1, 1),
    ShapeTask("nn.Conv2d(256, 64, kernel_size=1, bias=False)", "conv", (256, 56, 56), 64, 1, 1, 0, False),
    ShapeTask(
        "nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)", "conv", (3, 224, 224), 64, 7, 2, 3, False
    ),
    ShapeTask("nn.Flatten()", "flatten", (256, 6, 6)),
    ShapeTask("nn.Linear(9216, 4096)", "linear", (9216,), 4096),
    ShapeTask("nn.Linear(4096, 1000)", "linear", (4096,), 1000),
)  # fmt: skip


def guess_the_shape() -> Explorable:
    """Ten layers: choose what comes out and how many parameters there are, then reveal the answer and the reason."""

    def refresh(state: dict) -> dict:
        return dict(zip(("shape", "parameters"), _answers(state["task"]), strict=True))

    labels = [f"{k}: {_name(task)}" for k, task in enumerate(TASKS, 1)]
    controls = [
        Choice("task", tuple(range(1, len(TASKS) + 1)), label="layer", labels=tuple(labels)),
        *_answers(1),
        Toggle("reveal", False, label="reveal the answer"),
    ]
    presets = {
        "AlexNet's first layer": {"task": 3, "reveal": False},
        "where the parameters are": {"task": 9, "reveal": False},
    }
    anew = dict.fromkeys(("shape", "parameters", "reveal"), ("task",))
    return Explorable(_render, controls, "Guess the shape", presets, refresh, resets=anew)


def _name(task: ShapeTask) -> str:
    kinds = {"conv": "convolution", "pool": "max pool", "linear": "fully connected", "flatten": "flatten"}
    size = f" {task.kernel} × {task.kernel}" if task.kernel > 1 or task.kind == "conv" else ""
    return f"{kinds[task.kind]}{size}"


@lru_cache(maxsize=32)
def _answers(number: int) -> tuple[Choice, Choice]:
    task = TASKS[number - 1]
    shapes = ("your guess", *(_by(shape) for shape in task.shapes))
    counts = ("your guess", *(f"{count:,}" for count in task.counts))
    return Choice("shape", shapes, label="what comes out"), Choice("parameters", counts, label="parameters")


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _render(state: dict) -> Picture:
    task = TASKS[state["task"] - 1]
    answers = {"shape": _by(task.output), "parameters": f"{task.parameters:,}"}
    verdicts = {}
    for name, answer in answers.items():
        given = state[name]
        verdicts[name] = "" if given == "your guess" else "right" if given == answer else "not yet"
    reveal = state["reveal"]
    shapes = _solid_or_bar(task.given, 110, "input") + _solid_or_bar(
        task.output if reveal else None, 750, "output"
    )
    shapes += [
        Line(((196, 170), (256, 170)), arrow=True, stroke_width=2),
        Line(((604, 170), (664, 170)), arrow=True, stroke_width=2),
        Box(266, 126, 328, 88, 10, role={"flatten": "shape"}.get(task.kind, task.kind)),
    ]
    lines = _wrapped(task.code)
    shapes += [Label(430, 170 + 20 * (k - (len(lines) - 1) / 2), line, 14) for k, line in enumerate(lines)]
    shapes.append(Label(110, 310, _by(task.given), 17, bold=True))
    guesses = {name: "?" if state[name] == "your guess" else f"{state[name]} ?" for name in answers}
    shown = answers if reveal else guesses
    shapes.append(Label(750, 310, shown["shape"], 17, bold=True))
    shapes.append(Label(430, 250, f"{shown['parameters']} parameters", 17, bold=True))
    if reveal:
        for k, line in enumerate(task.why):
            shapes.append(Label(430, 346 + 26 * k, line, TEXT, role="muted"))
    said = [f"{name}: {words}" for name, words in verdicts.items() if words] if reveal else []
    if reveal:
        caption = (
            f"{task.code} makes {answers['shape']} of {_by(task.given)}: {task.why[0]}. Parameters: "
            f"{answers['parameters']} ({task.why[1]})."
        )
        caption += f" Your guess: {'; '.join(said)}." if said else ""
    else:
        caption = "What comes out, and how many numbers are trained? Choose both, then reveal."
    alt = f"A volume of {_by(task.given)} goes into {task.code}. {caption}"
    drawing = Drawing(WIDE, HIGH, tuple(shapes), "Guess the shape", alt)
    return Picture(drawing.svg(), alt, caption, round(WIDE))


def _wrapped(code: str) -> list[str]:
    """Code in lines of at most 300 px, broken after a comma."""
    lines = [""]
    for piece in code.replace(", ", ",\0").split("\0"):
        if lines[-1] and text_width(f"{lines[-1]} {piece}", 14) > 300:
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return lines


def _solid_or_bar(shape: tuple[int, ...] | None, x: float, role: str) -> list[Shape]:
    """A small solid for maps, a bar for a vector, a dashed frame where the shape is still hidden; around (x, 170)."""
    if shape is None:
        frame = Box(x - 60, 100, 120, 140, 12, fill="none", role="frame", dashed=True)
        return [frame, Label(x, 170, "?", 48, role="muted")]
    if len(shape) == 1:
        high = min(190.0, 20 + 1.9 * shape[0] ** 0.5)
        return [Box(x - 8, 170 - high / 2, 16, high, 2, role="linear")]
    side, thick = min(150.0, 14 + 9.0 * shape[1] ** 0.5), 4 + 1.6 * shape[0] ** 0.5
    dx, dy = side * 0.36, -side * 0.26
    left, top = x - (thick + dx) / 2, 170 - (side + dy) / 2
    right, bottom = left + thick, top + side
    role = "conv" if role == "output" else "input"
    return [
        Polygon(((left, top), (right, top), (right, bottom), (left, bottom)), role=role),
        Polygon(((left, top), (left + dx, top + dy), (right + dx, top + dy), (right, top)), role=role),
        Polygon(((right, top), (right + dx, top + dy), (right + dx, bottom + dy), (right, bottom)), role=role),
        Polygon(
            ((right, top), (right + dx, top + dy), (right + dx, bottom + dy), (right, bottom)), role="text",
            stroke="none", opacity=0.08,
        ),
    ]  # fmt: skip
