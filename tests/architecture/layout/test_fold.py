"""Granularity: depth, open modules, merged steps, and repeated blocks found by structure."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lecturelib.architecture.graph.trace import trace
from lecturelib.architecture.layout.fold import fold
from lecturelib.architecture.layout.repeats import LONGEST
from lecturelib.checks import UnknownName


def seen(folded) -> list[tuple[int, str, int]]:
    """(how deep, title, how often) of every block but the input and the output."""
    return [(depth, b.title, b.count) for depth, b in folded.walk() if b.role not in ("input", "output")]


def test_resnet_folded_and_unfolded(graph_of):
    graph = graph_of("resnet50")
    titles = [title for _, title, _ in seen(fold(graph))]
    assert titles == [
        "Conv2d",
        "MaxPool2d",
        "layer1",
        "layer2",
        "layer3",
        "layer4",
        "AdaptiveAvgPool2d",
        "Linear",
    ]
    stages = [(title, count) for depth, title, count in seen(fold(graph, 2)) if depth == 1]
    assert stages == [("Bottleneck", 1), ("Bottleneck", 2), ("Bottleneck", 1), ("Bottleneck", 3), ("Bottleneck", 1),
                      ("Bottleneck", 5), ("Bottleneck", 1), ("Bottleneck", 2)]  # fmt: skip
    single = [count for depth, _, count in seen(fold(graph, 2, fold=False)) if depth == 1]
    assert single == [1] * 16


def test_costs_do_not_depend_on_the_granularity(graph_of):
    for name in ("resnet50", "googlenet", "vit_b_16", "transformer", "loop"):
        graph = graph_of(name)
        ran = sum(node.parameters for node in graph.nodes if not node.shared)
        for depth in (1, 2, 3, 4):
            blocks = fold(graph, depth).blocks
            assert sum(block.multiply_adds for block in blocks) == graph.multiply_adds, (name, depth)
            assert sum(block.memory for block in blocks) == graph.memory, (name, depth)
            assert sum(block.parameters for block in blocks) == ran, (name, depth)
            leaves = fold(graph, depth, fold=False).leaves()
            assert sum(block.parameters for block in leaves) == ran, (name, depth)


def test_a_frame_times_n_holds_one_copy(graph_of):
    folded = fold(graph_of("resnet50"), 3)
    frame = folded.block("layer3.1")
    assert frame.count == 5
    assert 5 * sum(block.parameters for block in frame.inner) == frame.parameters


def test_transformer_layers_are_six_times_one(graph_of):
    found = seen(fold(graph_of("transformer"), 2))
    assert found == [(0, "TransformerEncoder", 1), (1, "TransformerEncoderLayer", 3), (1, "LayerNorm", 1),
                     (0, "TransformerDecoder", 1), (1, "TransformerDecoderLayer", 3), (1, "LayerNorm", 1)]  # fmt: skip
    links = {(link.source, link.target) for link in fold(graph_of("transformer"), 2).links}
    assert ("encoder.norm", "decoder.layers.0") in links


def test_inside_a_repeat_only_one_copy_is_wired(graph_of):
    folded = fold(graph_of("transformer"), 3)
    links = {(link.source, link.target) for link in folded.links}
    assert ("encoder.layers.0.add", "encoder.layers.0.linear1") in links
    assert ("encoder.layers.0.add#1", "encoder.norm") in links
    assert ("encoder.layers.0.add#1", "encoder.layers.0.self_attn") not in links  # from one layer to the next


def test_open_modules_show_all_that_holds_them(graph_of):
    folded = fold(graph_of("resnet50"), open=["layer2.0"])
    assert (1, "Bottleneck", 3) in seen(folded)
    inside = [title for depth, title, _ in seen(folded) if depth == 2]
    assert inside == ["Conv2d", "Conv2d", "Conv2d", "Conv2d", "add"]
    again = fold(graph_of("resnet50"), open="layer2.2")  # one of the three: their common block opens
    assert [count for depth, _, count in seen(again) if depth == 1] == [1, 3]
    assert "layer2.2" in again.block("layer2.1").keys


def test_small_steps_are_merged_with_what_they_follow(graph_of):
    first = fold(graph_of("resnet50")).block("conv1")
    assert (first.extras, first.output) == (("BatchNorm2d", "ReLU"), (1, 64, 112, 112))
    assert first.parameters == 64 * 3 * 49 + 2 * 64
    apart = [title for _, title, _ in seen(fold(graph_of("resnet50"), merge=False))]
    assert apart[:4] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]


class Reads(nn.Module):
    """A ReLU whose input is read elsewhere too."""

    def __init__(self):
        super().__init__()
        self.layer, self.relu = nn.Linear(4, 4), nn.ReLU()

    def forward(self, x):
        y = self.layer(x)
        return self.relu(y) + y


def test_what_is_read_elsewhere_is_not_merged():
    titles = [title for _, title, _ in seen(fold(trace(Reads(), (1, 4))))]
    assert titles == ["Linear", "ReLU", "add"]


def test_steps_of_time_are_one_step_with_the_same_weights(graph_of):
    folded = fold(graph_of("loop"))
    repeat = next(block for block in folded.blocks if block.kind == "repeat")
    assert (repeat.count, repeat.same_weights, [b.title for b in repeat.inner]) == (
        5,
        True,
        ["slice", "LSTMCell"],
    )
    assert repeat.inner[0].detail == "[:, 0] to [:, 4]"


def chain(*sizes: int) -> nn.Sequential:
    pairs = zip(sizes, sizes[1:], strict=False)
    return nn.Sequential(*(nn.Sequential(nn.Linear(a, b), nn.Tanh()) for a, b in pairs))


def test_only_equal_shapes_repeat():
    found = seen(fold(trace(chain(4, 8, 8, 8, 8, 2), (1, 4))))
    assert found == [(0, "Linear", 1), (0, "Linear", 3), (0, "Linear", 1)]


class Dense(nn.Module):
    """Layers of equal shapes, but the third reads the first as well."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        return self.c(b), a


def test_blocks_read_from_outside_do_not_repeat():
    found = seen(fold(trace(Dense(), (1, 4))))
    assert found == [(0, "Linear", 1), (0, "Linear", 2)]


class Mix(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, h, other):
        return self.conv(h) + other


@pytest.mark.parametrize(("first", "counts"), [("a", [4]), ("b", [1, 3])])
def test_copies_read_from_elsewhere_the_same_place(first, counts):
    class Fed(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1, bias=False)
            self.mixes = nn.ModuleList(Mix() for _ in range(4))

        def forward(self, x):
            a, b = self.a(x), self.b(x)
            h = b if first == "a" else a
            for k, mix in enumerate(self.mixes):
                h = mix(h, b if first == "b" and k == 0 else a)
            return h

    folded = fold(trace(Fed(), (1, 3, 8, 8)), 2)
    assert [count for _, title, count in seen(folded) if title == "Mix"] == counts


def test_periods_of_two_repeat():
    layers = [layer for _ in range(4) for layer in (nn.Conv2d(4, 4, 3, padding=1), nn.MaxPool2d(3, 1, 1))]
    folded = fold(trace(nn.Sequential(*layers), (1, 4, 8, 8)))
    repeat = folded.blocks[1]
    assert (repeat.kind, repeat.count, [b.title for b in repeat.inner]) == (
        "repeat",
        4,
        ["Conv2d", "MaxPool2d"],
    )
    assert not repeat.same_weights


def test_repeats_within_repeats():
    def stage() -> nn.Sequential:
        return nn.Sequential(*(nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(3)), nn.LayerNorm(4))

    folded = fold(trace(nn.Sequential(stage(), stage()), (1, 4)), 2)
    assert seen(folded) == [(0, "0", 2), (1, "Linear", 3), (1, "LayerNorm", 1)]
    links = {(link.source, link.target) for link in folded.links}
    assert links == {("input:input", "0.0.0"), ("0.0.0", "0.3"), ("0.3", "output:output")}
    assert folded.block("1.2.0").key == "0.0.0"


def test_every_node_has_a_block(graph_of):
    for name in ("googlenet", "transformer", "densenet121"):
        for depth in (1, 3):
            folded = fold(graph_of(name), depth)
            for node in graph_of(name).nodes:
                key = f"{node.kind}:{node.key}" if node.kind in ("input", "output") else node.key
                known = {k for _, block in folded.walk() for k in block.keys}
                inside = any(key.startswith(f"{k}.") for k in known)
                assert key in known or inside or node.kind not in ("input", "output"), key


def test_bad_granularity_is_a_sentence(graph_of):
    graph = graph_of("resnet50")
    with pytest.raises(ValueError, match="depth: expected a whole number from 1 up, got 0"):
        fold(graph, 0)
    with pytest.raises(UnknownName, match="nearest: layer1"):
        fold(graph, open=["layer11"])
    with pytest.raises(UnknownName, match="got the single step 'conv1'"):
        fold(graph, open=["conv1"])
    with pytest.raises(UnknownName, match="nothing in it"):
        fold(trace(nn.Sequential(nn.Linear(2, 2)), torch.zeros(1, 2)), open=["a"])
    with pytest.raises(UnknownName, match="key: expected a block in this picture"):
        fold(graph).block("conv7")


def chain_of(letters: str) -> list[list[int]]:
    """How often and how long the repeats are that are found in a chain of layers, one kind for each letter."""
    kinds = {"a": nn.Tanh, "b": nn.Sigmoid, "c": nn.Softsign}
    graph = trace(nn.Sequential(*(kinds[letter]() for letter in letters)), (1, 4))
    inside = fold(graph, merge=False).blocks[1:-1]
    return [(block.count, len(block.inner) or 1) for block in inside]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("aaaa", [(4, 1)]),  # of runs that cover equally much, that with the shortest copies: not 2 x (a a)
        ("abab", [(2, 2)]),
        ("aab", [(2, 1), (1, 1)]),
        ("aabaab", [(2, 3)]),  # 2 x (a a b) covers six, 2 x a only two
        ("aabaabaa", [(2, 3), (2, 1)]),
        (
            "aaabab",
            [(3, 1), (1, 1), (1, 1), (1, 1)],
        ),  # the first run that covers most begins at the first block
        ("abababc", [(3, 2), (1, 1)]),
        ("abcabcabc", [(3, 3)]),
        ("ababababababababab", [(9, 2)]),
    ],
)
def test_of_all_repeats_the_one_that_covers_most_with_the_shortest_copies(letters, expected):
    assert chain_of(letters) == expected


@settings(max_examples=60, deadline=None)
@given(st.text("ab", min_size=1, max_size=10))
def test_repeats_against_all_possible_ones(letters):
    """Brute force: at each place the run of copies that covers most, of these the one with the shortest copies."""
    expected, place = [], 0
    while place < len(letters):
        found = []
        for length in range(1, min(LONGEST, (len(letters) - place) // 2) + 1):
            copies = 1
            copy = letters[place : place + length]
            while letters.startswith(copy, place + copies * length):
                copies += 1
            if copies > 1:
                found.append((-copies * length, length, copies))
        if found:
            _, length, copies = min(found)
            expected.append((copies, length))
            place += length * copies
        else:
            expected.append((1, 1))
            place += 1
    assert chain_of(letters) == expected


class Sums(nn.Module):
    """Four equal additions: three are wired alike one by one, all four as two pairs."""

    def forward(self, x):
        z = x.tanh()
        one = x + z
        two = one + z
        three = two + z
        return (three + one).sigmoid()


def test_a_run_that_is_one_step_longer_is_taken_although_its_copies_are_longer():
    blocks = fold(trace(Sums(), (1, 4)), merge=False).blocks
    assert [(b.count, len(b.inner) or 1) for b in blocks if b.count > 1] == [(2, 2)]
