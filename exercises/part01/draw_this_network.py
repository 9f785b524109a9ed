"""Part 1: read a forward pass and write down its graph: for each step, the steps whose output it reads."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Before a network can be drawn, one must know what reads what. The class `Network` above was written by somebody who
reuses the names of variables and who did not tidy up.

Write down its graph as a dict `reads`: for each step the **list of the steps whose output it reads, in alphabetical
order**.

* The steps are the layers by their names, the step `"cat"` (`torch.cat`) and the step `"add"` (the `+`).
* The input of the network is called `"image"`.
* A layer that never runs reads nothing: `[]`.

Work on paper; a drawing helps.
"""

GIVEN = """
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.<<b>> = nn.Conv2d(8, 8, 5, padding=2)
        self.<<a>> = nn.Conv2d(8, 8, 1)
        self.<<d>> = nn.Conv2d(16, 8, 1)
        self.<<c>> = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 10, 1)

    def forward(self, image):
        x = self.stem(image)
        y = self.<<a>>(x)
        z = self.<<b>>(y)
        x, y = y, x
        z = torch.cat([z, x], dim=1)
        z = self.<<d>>(z)
        x = z + y
        return self.head(x)
"""

STARTER = """
reads = {
    "stem": ..., "left": ..., "right": ..., "middle": ..., "mix": ...,
    "cat": ..., "add": ..., "head": ...,
}
"""

SOLUTION = """
reads = {
    "stem": ["image"],
    "<<a>>": ["stem"],
    "<<b>>": ["<<a>>"],
    "<<c>>": [],
    "<<d>>": ["cat"],
    "cat": sorted(["<<a>>", "<<b>>"]),
    "add": sorted(["<<d>>", "stem"]),
    "head": ["add"],
}
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    suggests = {
        "left": "Which value does the variable hold that goes in?",
        "right": "Which value does the variable hold that goes in?",
        "middle": "Look for the line of `forward` in which this layer runs, if it does.",
        "mix": "Which line gave its argument its value last?",
        "cat": "Two names were exchanged in the line before. What does each hold now? (In alphabetical order.)",
        "add": "Go back from each summand to the line that gave it its value last. (In alphabetical order.)",
    }
    for name, said in suggests.items():
        yield Case(name, points=2 if name in ("cat", "add") else 0.5, at=name, suggests=said)
    others = "Begin at the image, end at what is returned."
    yield Case("stem", points=0.5, at="stem", suggests=others)
    yield Case("head", points=0.5, at="head", suggests=others)


exercise = Exercise(
    name="draw_this_network",
    part="01",
    title="Draw this network",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="reads",
    kind="value",
    given=GIVEN,
    cases=cases,
    variants=(
        {"a": "left", "b": "right", "c": "middle", "d": "mix"},
        {"a": "right", "b": "left", "c": "middle", "d": "mix"},
    ),
    mistakes=(
        Mistake(
            "the exchange overlooked",
            wrong('"cat": sorted(["<<a>>", "<<b>>"])', '"cat": sorted(["<<b>>", "stem"])').replace(
                '"add": sorted(["<<d>>", "stem"])', '"add": sorted(["<<a>>", "<<d>>"])'
            ),
            "The exchange of x and y is overlooked: after that line x holds what y held before.",
            fails=("cat", "add"),
        ),
        Mistake(
            "no skip connection",
            wrong('"add": sorted(["<<d>>", "stem"])', '"add": ["<<d>>"]'),
            "A sum has two arrows that go in; the second one, the skip connection, is missing.",
            fails=("add",),
        ),
        Mistake(
            "as the layers are registered",
            """
            reads = {
                "stem": ["image"],
                "<<b>>": ["stem"],
                "<<a>>": ["<<b>>"],
                "<<d>>": ["<<a>>"],
                "<<c>>": ["<<d>>"],
                "cat": sorted(["<<a>>", "<<b>>"]),
                "add": sorted(["<<d>>", "stem"]),
                "head": ["<<c>>"],
            }
            """,
            "These are the layers in the order of `__init__`. What reads what is decided in `forward` only; a layer "
            "can be registered there and never run.",
            fails=("left", "right", "middle", "mix", "head"),
        ),
        Mistake(
            "arrows the other way",
            """
            reads = {
                "stem": sorted(["<<a>>", "add"]),
                "<<a>>": sorted(["<<b>>", "cat"]),
                "<<b>>": ["cat"],
                "<<c>>": [],
                "<<d>>": ["add"],
                "cat": ["<<d>>"],
                "add": ["head"],
                "head": [],
            }
            """,
            "The arrows point the other way: you list the steps that read this one, asked are those that it reads.",
            fails=("stem", "left", "right", "mix", "cat", "add", "head"),
        ),
    ),
    hints=(
        "Write on paper, line by line, which step's output each variable holds.",
        "After `x, y = y, x` the two names have exchanged their values; the steps have not changed.",
        "A name on the left of `=` is new from that line on; lines below read the new value.",
    ),
    minutes=10,
    points=7,
    trains="reading a forward pass as a graph",
)
