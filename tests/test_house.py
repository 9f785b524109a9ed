"""The rules of the house, read from the code: who may import whom, public faces, names, words, sizes."""

import ast
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "lecturelib"
PARTS = (
    "architecture", "training", "confounds", "parameters", "gradients", "optimization", "attention", "autoencoders",
    "visual_attention",
)  # fmt: skip
# From the top floor down: a room uses rooms below its own only. The parts stand on one floor, ordered by need.
FLOORS = (
    ("__main__",),
    ("grading",),
    ("confounds", "autoencoders", "visual_attention"),
    ("attention",),
    ("training", "optimization"),
    ("gradients",),
    ("parameters", "architecture"),
    ("exercises",),
    ("lesson", "present"),
    ("widgets",),
    ("models",),
    ("datasets",),
    ("drawing",),
    ("show",),
    ("images",),
    ("network",),
    ("assets", "filters"),
    ("checks", "cpu_quota", "files"),
)
# What one part may take from another: its methods, by their modules.
METHODS_OF_OTHER_PARTS = {
    "gradients": {"parameters"},
    "optimization": {"parameters", "gradients"},
    "training": {"parameters"},
    "attention": {"training"},
    "confounds": {"parameters", "gradients", "optimization", "training"},
    "autoencoders": {"parameters", "optimization", "training"},
    "visual_attention": {"attention", "training"},
}
FACES = (
    "network", "assets", "drawing", "show", "models", "widgets", "lesson", "present", "exercises", "grading", *PARTS,
)  # fmt: skip
MOST_LINES = 350


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in sorted(LIBRARY.rglob("*.py"))}


def imports_of(file: Path) -> set[str]:
    """The modules of this library that a file imports anywhere, also inside functions and for annotations only."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.partition(".")[0] == "lecturelib"}


GRAPH = {module: imports_of(file) & set(MODULES) for module, file in MODULES.items()}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "lecturelib"


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The strongly connected groups of two or more (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in graph[node]:
            if other not in order:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == order[node]:
            group = set(stack[stack.index(node) :])
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(group)

    for node in graph:
        if node not in order:
            visit(node)
    return found


# who may import whom


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [{"b", "c"}]


def test_no_module_needs_itself_in_a_circle():
    # a package's face imports its modules, and they may import the packages below: the face itself is not looked at
    inner = {
        module: {other for other in others if MODULES[other].name != "__init__.py"}
        for module, others in GRAPH.items()
        if MODULES[module].name != "__init__.py"
    }
    assert circles(inner) == []


def test_no_room_needs_itself_in_a_circle():
    rooms = defaultdict(set)
    for module, others in GRAPH.items():
        rooms[room(module)] |= {room(other) for other in others} - {room(module), "lecturelib"}
    assert circles({name: rooms[name] & set(rooms) for name in list(rooms)}) == []


def test_every_room_stands_on_a_floor():
    known = {name for floor in FLOORS for name in floor}
    assert {room(module) for module in MODULES} - {"lecturelib"} <= known


def test_arrows_run_down_only():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    up = [
        f"{module} -> {other}"
        for module, others in GRAPH.items()
        for other in others
        if "lecturelib" not in (room(module), room(other))
        and room(module) != room(other)
        and floor[room(other)] <= floor[room(module)]
    ]
    assert up == []


def test_a_part_takes_methods_of_the_parts_that_it_may_use():
    taken = defaultdict(set)
    for module, others in GRAPH.items():
        taken[room(module)] |= {room(other) for other in others if room(other) in PARTS} - {room(module)}
    for part, others in taken.items():
        assert others <= METHODS_OF_OTHER_PARTS.get(part, set()), part


def test_no_part_takes_another_parts_explorables_or_drawings():
    for module, others in GRAPH.items():
        for other in others:
            if room(module) != room(other) and room(other) in PARTS:
                assert not {"explore", "views", "layout"} & set(other.split(".")), f"{module} -> {other}"


# names and sizes


def test_a_file_name_means_one_thing():
    places = defaultdict(list)
    for module, file in MODULES.items():
        if file.name != "__init__.py" and "explore" not in file.parts:
            places[file.stem].append(module)
    several = {name: where for name, where in places.items() if len(where) > 1}
    # every part has its quiz and its claims, and lesson/claims.py is what these share
    assert set(several) <= {"questions", "claims"}, several


def test_a_class_name_means_one_thing():
    places = defaultdict(list)
    for module, file in MODULES.items():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(module)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_modules_are_short():
    for module, file in MODULES.items():
        assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, module


def test_tests_mirror_the_library():
    """Every folder of tests/ that is named as a room holds tests of that room's modules, or of several at once."""
    for folder in (path for path in (ROOT / "tests").iterdir() if (LIBRARY / path.name).is_dir()):
        for file in folder.rglob("test_*.py"):
            assert (LIBRARY / file.parent.relative_to(ROOT / "tests")).is_dir(), file


# public faces


def faces():
    return [name for name in FACES if (LIBRARY / name).is_dir()]


def exported():
    return [
        (name, each) for name in faces() for each in importlib.import_module(f"lecturelib.{name}").__all__
    ]


@pytest.mark.parametrize("name", faces())
def test_a_face_lists_what_it_exports(name):
    listed = importlib.import_module(f"lecturelib.{name}").__all__
    assert sorted(set(listed)) == sorted(listed) and listed
    assert not [each for each in listed if each.startswith("_")]


@pytest.mark.parametrize(("name", "each"), exported(), ids=[".".join(one) for one in exported()])
def test_every_public_name_is_there_and_documented(name, each):
    value = getattr(importlib.import_module(f"lecturelib.{name}"), each)
    assert not inspect.ismodule(value)
    if not (inspect.isfunction(value) or inspect.isclass(value)):
        return  # a constant is documented where it stands
    words = inspect.getdoc(value)
    assert words and value.__doc__, each
    first = words.splitlines()[0]
    assert first[0].isupper() or first[0] in "|(λ∂dα", first
    assert first.rstrip()[-1] in ".:?", first  # a claim is a question


@pytest.mark.parametrize(("name", "each"), exported(), ids=[".".join(one) for one in exported()])
def test_every_public_argument_is_annotated(name, each):
    value = getattr(importlib.import_module(f"lecturelib.{name}"), each)
    if inspect.isfunction(value) and value.__module__.startswith("lecturelib"):
        for argument in inspect.signature(value).parameters.values():
            assert argument.annotation is not inspect.Parameter.empty, argument


# Experiments of minutes (claims), which a quick example would misrepresent.
EXPERIMENTS = re.compile(r"c\d+_\w+|whose_feature")


@pytest.mark.parametrize(("name", "each"), exported(), ids=[".".join(one) for one in exported()])
def test_every_public_function_has_an_example(name, each):
    value = getattr(importlib.import_module(f"lecturelib.{name}"), each)
    if inspect.isfunction(value) and value.__module__.startswith("lecturelib"):
        assert EXPERIMENTS.fullmatch(each) or ">>>" in value.__doc__, each


def import_nodes(source: str):
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if any(name.partition(".")[0] == "lecturelib" for name in names):
            yield node


def lessons():
    return sorted((ROOT / "notebooks").rglob("*.ipynb"))


@pytest.mark.parametrize("file", lessons(), ids=lambda file: file.stem)
def test_lessons_import_from_faces_only(file):
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    public = {
        "lecturelib",
        "lecturelib.images",
        "lecturelib.datasets",
        "lecturelib.filters",
        *(f"lecturelib.{name}" for name in FACES),
    }
    for source in sources:
        for node in import_nodes(source):
            assert isinstance(node, ast.ImportFrom) and node.module in public, ast.unparse(node)
            face = importlib.import_module(node.module)
            for alias in node.names:
                listed = alias.name in getattr(face, "__all__", (alias.name,))
                assert listed or alias.name in ("explore", "claims"), f"{node.module}.{alias.name}"
    first = next(source for source in sources if "lesson.begin(" in source)
    assert len(re.findall(r"^(?:import|from)\s", first, flags=re.M)) <= 8


def test_the_readme_imports_from_faces_only():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
    assert blocks
    for block in blocks:
        for node in import_nodes(block):
            assert len(node.module.split(".")) <= 2, ast.unparse(node)


def test_importing_the_library_costs_torch_at_most():
    code = "import sys, lecturelib; print(*sorted(m for m in sys.modules if '.' not in m))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(answer.stdout.split())
    assert not loaded & {"matplotlib", "ipywidgets", "torchvision", "sklearn", "skimage", "IPython", "pandas"}


@pytest.mark.parametrize("name", faces())
def test_a_face_loads_nothing_heavy(name):
    code = f"import sys, lecturelib.{name}; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"matplotlib", "torchvision", "sklearn", "skimage", "pandas", "scipy", "tokenizers", "sacrebleu"}
    if name not in ("widgets", "present"):
        heavy |= {"ipywidgets", "IPython"}
    assert not set(answer.stdout.split()) & heavy


# words: the left column of the vocabulary must not come back

FORBIDDEN = (
    r"position[_ ]codes?\b",
    r"\bpainters?\b",
    r"\bshrinkers?\b",
    r"\bresidual ways?\b",
    r"\blearnt\b",
    r"\boptimis(?:e|er|ers|ed|es|ing|ation)\b",
    r"\bregularis(?:e|er|ation)\b",
    r"\brandomis(?:e|ed|ation)\b",
    r"\bvisualis(?:e|ed|ation|ing)\b",
    r"colour|centre|neighbour|normalis|labelled|behaviour",
    r"\b(?:minim|maxim|initial|summar|general|character|serial|token|local|factor|parametr|recogn|organ|penal)is(?:e|ing)",
    r"\banalys(?:e|ed|ing)\b|\b(?:licence|artefacts?|modell(?:ed|ing))\b",
    r"\b(?:is|are) needed, got\b",
    r"for what is no",
    r"for who cannot",
    r"for what is none",
    r"is no number any more",
    r"nobody may look",
    r"\bHOUSE\b",
    r"\bPieces\b",
    r"\bfake_looks\b",
    r"turn(?:ing|ed)? (?:the )?queries and keys",
    r"a network that forgot",
)
WHERE = (
    "lecturelib",
    "notebooks",
    "exercises",
    "benchmarks",
    "scripts",
    "docs",
    "README.md",
    "CONTRIBUTING.md",
)


def texts():
    files = []
    for name in WHERE:
        place = ROOT / name
        files += [place] if place.is_file() else sorted(place.rglob("*"))
    return [file for file in files if file.suffix in (".py", ".ipynb", ".md", ".js") and file.is_file()]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_a_word_that_was_replaced_does_not_come_back(pattern):
    found = []
    for file in texts():
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


# habits


@pytest.mark.parametrize(
    "name",
    ["LICENSE", "LICENSE-CONTENT", "data/LICENSES.md", "CITATION.cff", "CONTRIBUTING.md", "CHANGELOG.md",
     ".pre-commit-config.yaml", "lecturelib/py.typed", "requirements.lock"],
)  # fmt: skip
def test_a_repository_has_its_papers(name):
    assert (ROOT / name).is_file()


def test_one_version_everywhere():
    import yaml

    import lecturelib

    assert (
        yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
        == lecturelib.__version__
    )


def test_shipped_data_stay_within_their_budget():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    sizes = {
        name: os.path.getsize(ROOT / name) for name in listed.split("\0") if name and (ROOT / name).is_file()
    }
    assert max(sizes.values()) <= 12e6
    assert sum(size for name, size in sizes.items() if name.startswith("data/")) <= 62e6
