"""Repeated blocks, found by structure: the same steps with the same shapes, wired the same way, one after another."""

from __future__ import annotations

from lecturelib.architecture.graph.graph import Graph
from lecturelib.architecture.layout.blocks import Block

LONGEST = 8  # blocks in one copy


def find_repeats(
    graph: Graph, blocks: list[Block], before: dict[int, set[int]], after: dict[int, set[int]]
) -> list[list[list[Block]]]:
    """The blocks in order as runs of copies: [[[a]], [[b, c], [b', c'], [b'', c'']], [[d]]].

    Copies have the same steps with equal hyperparameters and shapes; each reads from the one before where the next
    reads from it, and otherwise all read from the same places; nothing else reads what lies between, unless it reads
    the same place of every copy (the results of all steps of a recurrent network). Of all runs that begin at a block
    the one that covers most is taken, of these the one with the shortest copies.
    """
    signatures = [_signature(graph, block) for block in blocks]
    runs: list[list[list[Block]]] = []
    place = 0
    while place < len(blocks):
        best_length, best_copies = 1, 1
        for length in range(1, min(LONGEST, (len(blocks) - place) // 2) + 1):
            copies = _count(signatures, place, length)
            if copies < 2 or length * copies <= best_length * best_copies and best_copies > 1:
                continue
            copies = _wired_alike(blocks, place, length, copies, before, after)
            if copies > 1 and length * copies > best_length * best_copies:
                best_length, best_copies = length, copies
        run = [blocks[place + c * best_length : place + (c + 1) * best_length] for c in range(best_copies)]
        runs.append(run)
        place += best_length * best_copies
    return runs


def _signature(graph: Graph, block: Block) -> tuple:
    steps = []
    for index in block.nodes:
        node = graph.nodes[index]
        inputs = () if node.recurrent else node.inputs  # a cell's first call may get no state
        detail = node.detail if node.kind != "slice" else ""  # each step of time takes another slice
        steps.append((node.kind, detail, inputs, node.outputs, node.parameters))
    return (block.kind, block.role in ("input", "output") and block.key, tuple(steps))


def _count(signatures: list[tuple], place: int, length: int) -> int:
    copies = 1
    while (
        signatures[place : place + length]
        == signatures[place + copies * length : place + (copies + 1) * length]
    ):
        copies += 1
    return copies


def _wired_alike(blocks, place: int, length: int, copies: int, before, after) -> int:
    """How many of these copies are wired alike, from the first on."""
    groups = [
        sorted(n for block in blocks[place + c * length : place + (c + 1) * length] for n in block.nodes)
        for c in range(copies)
    ]
    ranks = [{node: rank for rank, node in enumerate(group)} for group in groups]
    while copies > 1:
        good = _first_alike(groups, ranks, copies, before, after)
        if good == copies:
            return copies
        copies = good
    return 1


def _first_alike(groups, ranks, copies: int, before, after) -> int:
    inside = {node for group in groups[:copies] for node in group}
    pattern = _sources(1, groups, ranks, before)
    if not _first_fits(_sources(0, groups, ranks, before), pattern):
        return 1
    for copy in range(2, copies):
        if _sources(copy, groups, ranks, before) != pattern:
            return copy
    # who reads what comes out: the next copy, or one that reads the same place of all copies
    read = [_readers(copy, groups, ranks, inside, after) for copy in range(copies)]
    for copy in range(copies - 1):
        beyond = read[copy]
        if beyond and beyond != read[-1]:
            return max(copy, 1) if copy else 1
    return copies


def _sources(copy: int, groups, ranks, before) -> list[set]:
    """For each node of a copy where it reads: inside, from the copy before, or from elsewhere."""
    found = []
    for node in groups[copy]:
        places = set()
        for source in before.get(node, ()):
            if source in ranks[copy]:
                places.add(("here", ranks[copy][source]))
            elif copy and source in ranks[copy - 1]:
                places.add(("before", ranks[copy - 1][source]))
            else:
                places.add(("elsewhere", source))
        found.append(places)
    return found


def _first_fits(first: list[set], pattern: list[set]) -> bool:
    """The first copy reads from elsewhere what the others read from the copy before; it may also start from nothing."""
    for mine, theirs in zip(first, pattern, strict=True):
        steady = {place for place in theirs if place[0] != "before"}
        if not steady <= mine or len(mine) > len(theirs):
            return False
    return any(place[0] == "before" for places in pattern for place in places)


def _readers(copy: int, groups, ranks, inside: set[int], after) -> set[tuple[int, int]]:
    """(rank of the node, reader) for each reader outside this copy and the next."""
    following = ranks[copy + 1] if copy + 1 < len(ranks) else {}
    return {
        (ranks[copy][node], reader)
        for node in groups[copy]
        for reader in after.get(node, ())
        if reader not in ranks[copy] and not (reader in following and reader in inside)
    }
