"""What a cell needs, held against small notebooks whose answer is plain, and against running what it names."""

import json
from pathlib import Path

import pytest

from lecturelib.present.cell_needs import cell_needs

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    ("above", "last", "needed"),
    [
        (["a = 1", "b = 2"], "print(b)", [1]),
        (["a = 1", "b = a", "c = 3"], "print(b)", [0, 1]),  # by way of another
        (["import math as m", "x = 1"], "m.pi", [0]),
        (["from os import *", "x = 1"], "getcwd()", [0]),  # it may make any name
        (["for k in range(3): pass", "x = 1"], "[k for k in range(2)]", []),  # a name of its own
        (["k = 1"], "for k in range(3): print(k)", []),
        (["x = 1"], "x = x + 1", [0]),
        (["x = 1"], "x += 1", [0]),
        (["x = 1"], "x = 2\nprint(x)", []),
        (["x = []", "x.append(1)"], "print(x)", [0, 1]),
        (["x = []", "x[0] = 1", "print(x)"], "len(x)", [0, 1]),
        (["net = make()", "fit(net)"], "print(net)", [0, 1]),  # what is handed over may be changed
        (["net = make()", "run = fit(net)"], "print(net)", [0, 1]),
        (
            ["import show", "net = 1", "show.all(2)"],
            "show.all(net)",
            [0, 1],
        ),  # using a module changes nothing
        (["net = 1", "def step():\n    net.train()", "step()"], "print(net)", [0, 1, 2]),
        (["a = 1", "def f(a): return a"], "f(2)", [1]),
        (["a = 1", "f = lambda x: x + a"], "f(2)", [0, 1]),
        (["a = 1", "def f(): return a\nb = 2"], "print(b)", [0, 1]),
        (["class A:\n    size = 3"], "A().size", [0]),
        (["a = 1"], "with open('f') as a: print(a)", []),
        (["a = 1"], "f'{a}'", [0]),
        (["import torch", "torch.manual_seed(0)"], "torch.randn(3)", [0, 1]),
        (["import torch", "torch.manual_seed(0)"], "torch.zeros(3)", [0]),
        (["a = 1", "%matplotlib inline"], "print(2)", []),
        (["a = 1", "this is no Python"], "print(2)", [0, 1]),
        (["a = 1"], "%%time\nprint(2)", [0]),
    ],
)
def test_the_cells_that_the_last_one_needs(above, last, needed):
    assert cell_needs([*above, last])[-1] == needed


def test_a_cell_runs_after_what_it_needs_alone():
    """As a property: the cells that it names give the same as all that stand above it."""
    sources = [
        "import math",
        "n = 4",
        "table = {}",
        "def add(k):\n    table[k] = math.sqrt(k + n)",
        "unrelated = [n] * 3",
        "add(5)",
        "unrelated.append(7)",
        "n += 2\nadd(7)",
        "total = sum(table.values())",
        "len(unrelated)",
    ]
    for k, needed in enumerate(cell_needs(sources)):
        alone, whole = {}, {}
        for j in needed:
            exec(sources[j], alone)
        for j in range(k):
            exec(sources[j], whole)
        if k in (8, 9):
            expression = sources[k].removeprefix("total = ")
            assert eval(expression, alone) == eval(expression, whole)
        assert needed != list(range(k)) or k < 4


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_explorables_of_a_lesson_need_few_cells(path):
    """So that a page comes alive soon after it is arrived at, wherever the cells that run have come to."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    needs = cell_needs(sources)
    counts = sorted(len(needs[k]) for k, source in enumerate(sources) if "explore." in source)
    assert counts[len(counts) // 2] <= 2
