"""A network in words: the alternative text of its block diagram, and the line of code behind a block."""

from __future__ import annotations

from lecturelib.architecture.diagrams.box_text import shape_text, short_number
from lecturelib.architecture.graph.graph import Graph, Node
from lecturelib.architecture.graph.mismatch import said_shape
from lecturelib.architecture.layout.blocks import Block, Folded
from lecturelib.architecture.layout.fold import fold


def code_line(graph: Graph, node: Node | Block) -> str:
    """The PyTorch line that makes a layer or calls a function: `self.conv1 = nn.Conv2d(3, 64, kernel_size=7)`.

    >>> from torch import nn
    >>> from lecturelib.architecture.graph.trace import trace
    >>> graph = trace(nn.Sequential(nn.Linear(4, 2)), (1, 4))
    >>> code_line(graph, graph.nodes[1])
    'self[0] = nn.Linear(4, 2)'
    """
    if isinstance(node, Block):
        if node.can_open or node.inner:
            return f"self.{node.key} = {node.kind}(...)"
        node = graph.nodes[node.nodes[0]]
    if node.kind in ("input", "output"):
        return f"{node.name}  # {'×'.join(map(str, node.output))}"
    if not node.is_module:
        return f"x = {node.code}"
    *parents, own = node.name.split(".")
    place = "self" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parents)
    return f"{place}[{own}] = {node.code}" if own.isdigit() else f"{place}.{own} = {node.code}"


def describe(folded: Folded | Graph) -> str:
    """Description of a block diagram, one block a line in the order of running: what it is, reads, and gives.

    A frame's blocks are numbered below it (2.1, 2.2); "reads" is said only where it is not simply the block before.

    >>> from torch import nn
    >>> from lecturelib.architecture.graph.trace import trace
    >>> print(describe(trace(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (1, 4))))
    Sequential: 10 parameters, 8 multiply-adds.
    1. Input: 4.
    2. Linear (4 → 2), then ReLU, gives 2, 10 parameters.
    3. Output: 2.
    """
    if isinstance(folded, Graph):
        folded = fold(folded)
    graph = folded.graph
    numbers = _numbers(folded)
    sources: dict[str, list[str]] = {}
    for link in folded.links:
        sources.setdefault(link.target, [])
        if link.source not in sources[link.target]:
            sources[link.target].append(link.source)
    readers: dict[str, int] = {}
    for names in sources.values():
        for name in names:
            readers[name] = readers.get(name, 0) + 1
    adds = f", {short_number(graph.multiply_adds)} multiply-adds" if graph.multiply_adds else ""
    adds += " until it stops" if graph.multiply_adds and graph.failure is not None else ""
    lines = [f"{graph.title}: {short_number(graph.parameters)} parameters{adds}."]
    previous = None
    for depth, block in folded.walk():
        indent = "  " * depth
        words = f"{indent}{numbers[block.key]}. {block_words(block, graph)}"
        if block.inner:
            lines.append(f"{words}, which holds:")
            continue
        read = sources.get(block.key, [])
        if len(read) > 1 or (read and read != [previous]):
            words += "; reads " + _listed([numbers[name] for name in read])
        if readers.get(block.key, 0) > 1:
            words += f"; goes to {readers[block.key]} places"
        lines.append(words + ".")
        previous = block.key
    lines += [graph.failure.sentence] if graph.failure is not None else []
    lines += graph.notes
    return "\n".join(lines)


def _numbers(folded: Folded) -> dict[str, str]:
    numbers: dict[str, str] = {}

    def count(blocks, before: str) -> None:
        for k, block in enumerate(blocks, 1):
            numbers[block.key] = f"{before}{k}"
            count(block.inner, f"{before}{k}.")

    count(folded.blocks, "")
    return numbers


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _spoken(text: str) -> str:
    return text.replace(" × ", " by ").replace("×", " by ")


def block_words(block: Block, graph: Graph) -> str:
    """One block in words."""
    shape = _spoken(shape_text(block.output, graph)) if block.output is not None else ""
    if block.role in ("input", "output"):
        name = block.kind if block.title.startswith(block.kind) else f"{block.kind} {block.title}"
        name = block.title if block.title.startswith(block.kind) else name
        extras = f", then {_listed(list(block.extras))}" if block.extras else ""
        return f"{name[0].upper()}{name[1:]}: {shape}{extras}"
    kind = "a group of steps" if block.kind == "repeat" else block.title
    words = f"{block.count} times {kind}" if block.count > 1 else kind
    if block.detail:
        words += f" ({_spoken(block.detail)})"
    if block.extras:
        words += f", then {_listed(list(block.extras))}"
    if block.same_weights:
        words += ", with the same weights" if block.count > 1 else ", with weights used before"
    if block.recurrent:
        words += ", fed back to itself over time"
    words += f", gives {shape}" if shape else ""
    if block.role == "failed" and graph.failure is not None and not block.can_open:
        met = [f"{name} {_spoken(said_shape(sizes))}" for name, sizes in graph.failure.met]
        words += f", fails: {_listed(met)} met there" if met else ", fails"
    return words + (f", {short_number(block.parameters)} parameters" if block.parameters else "")
