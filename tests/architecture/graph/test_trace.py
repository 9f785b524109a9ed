"""One forward pass as a graph: structures by hand, inputs of every kind, networks that cannot be followed."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.graph.trace import trace


def edges(graph) -> set[tuple[str, str]]:
    return {(graph.nodes[edge.source].key, graph.nodes[edge.target].key) for edge in graph.edges}


# by hand


def test_a_chain():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 3 * 3, 2))
    graph = trace(model, (5, 3, 8, 8))
    assert [node.kind for node in graph.nodes] == ["input", "Conv2d", "ReLU", "Flatten", "Linear", "output"]
    assert edges(graph) == {("input", "0"), ("0", "1"), ("1", "2"), ("2", "3"), ("3", "output")}
    convolution, linear = graph.nodes[1], graph.nodes[4]
    assert (convolution.inputs, convolution.outputs) == (((5, 3, 8, 8),), ((5, 8, 3, 3),))
    assert convolution.detail == "3×3, 8, stride 2"
    assert convolution.parameters == 8 * 3 * 9 + 8
    assert convolution.multiply_adds == 5 * 9 * 8 * 27  # pictures x positions x channels x window
    assert convolution.memory == 5 * 8 * 9 * 4
    assert (linear.multiply_adds, linear.code) == (5 * 72 * 2, "nn.Linear(72, 2)")
    assert graph.parameters == convolution.parameters + linear.parameters == graph.trainable
    assert graph.multiply_adds == convolution.multiply_adds + linear.multiply_adds
    assert graph.memory == 4 * (5 * 72 + 5 * 72 + 0 + 10)  # flattening is a view


def test_a_residual_block(graph_of):
    graph = graph_of("residual")
    assert edges(graph) == {
        ("input", "conv1"), ("conv1", "relu"), ("relu", "conv2"), ("conv2", "add"), ("input", "add"), ("add", "relu#1"),
        ("relu#1", "output"),
    }  # fmt: skip
    first, second = (node for node in graph.nodes if node.name == "relu")
    assert (first.call, second.call, second.memory) == (0, 1, 0)  # in place: no new memory


def test_two_branches(graph_of):
    graph = graph_of("branches")
    assert edges(graph) == {
        ("input", "left"), ("input", "right"), ("left", "cat"), ("right", "cat"), ("cat", "output")
    }  # fmt: skip
    assert graph.keys["cat"].inputs == ((1, 5, 8, 8), (1, 7, 8, 8))
    assert (graph.keys["cat"].detail, graph.keys["cat"].output) == ("dim 1", (1, 12, 8, 8))


def test_a_recurrent_cell(graph_of):
    graph = graph_of("loop")
    cells = [node for node in graph.nodes if node.kind == "LSTMCell"]
    assert [cell.key for cell in cells] == ["cell", "cell#1", "cell#2", "cell#3", "cell#4"]
    assert [cell.shared for cell in cells] == [False, True, True, True, True]
    assert all(cell.recurrent for cell in cells)
    assert {("cell", "cell#1"), ("cell", "stack"), ("slice#1", "cell#1"), ("input", "slice#1")} <= edges(
        graph
    )
    assert ("cell", "cell#2") not in edges(graph)
    assert graph.parameters == 4 * 6 * (4 + 6 + 2) + 6 * 2 + 2
    assert cells[0].multiply_adds == 4 * 6 * (4 + 6)


# what flows


class Changing(nn.Module):
    """Writes into a part of what it was given."""

    def forward(self, x):
        y = x * 2
        y[:, 0] = x[:, 1].relu()
        part = y[:, 1]
        part.add_(1)
        return y.sum(1)


def test_what_is_written_in_place_flows_on():
    graph = trace(Changing(), (2, 3))
    found = edges(graph)
    assert ("relu", "setitem") in found
    assert ("setitem", "slice#1") in found
    assert ("slice#1", "add") in found
    assert ("add", "sum") in found  # through the view


class HandsOn(nn.Module):
    """A skip over a layer that hands on what it was given."""

    def __init__(self):
        super().__init__()
        self.drop, self.layer = nn.Dropout(), nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(self.drop(x)) + x


def test_a_layer_that_hands_on_its_input_does_not_take_its_place():
    found = edges(trace(HandsOn(), (1, 4)))
    assert {("input", "drop"), ("drop", "layer"), ("input", "add")} <= found
    assert ("drop", "add") not in found


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.again = self.first

    def forward(self, x):
        return self.again(self.first(x))


def test_shared_modules_are_counted_once():
    graph = trace(Shared(), (1, 4))
    assert [node.key for node in graph.nodes] == ["input", "first", "first#1", "output"]
    assert (graph.parameters, graph.nodes[2].shared) == (20, True)


class OwnWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.scale = nn.Parameter(torch.zeros(1, 1, 4)), nn.Parameter(torch.ones(4))

    def forward(self, x):
        return torch.cat([self.token.expand(len(x), -1, -1), x], 1) * self.scale


def test_weights_used_by_functions_are_named_and_counted():
    graph = trace(OwnWeights(), (2, 3, 4))
    joined, scaled = graph.nodes[1], graph.nodes[2]
    assert (joined.kind, joined.weights, joined.parameters) == ("cat", ("token",), 4)
    assert (scaled.kind, scaled.weights, scaled.detail) == ("mul", ("scale",), "with scale")


def test_modules_form_a_tree(graph_of):
    graph = graph_of("resnet50")
    root = graph.modules
    assert (root.name, root.parent, graph.depth) == ("", None, 4)
    inside = [graph.calls[index].name for what, index in root.items if what == "call"]
    assert inside == ["layer1", "layer2", "layer3", "layer4"]
    block = graph.keys["layer1.0"]
    assert block.kind == "Bottleneck"
    assert block.parameters == sum(node.parameters for node in graph.nodes_of(block))


# inputs of every kind


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(5, 4)

    def forward(self, batch, weight=1.0):
        left, right = (batch["left"], batch["right"]) if isinstance(batch, dict) else batch
        return {"sum": self.a(left) * weight + self.b(right), "left": left}


@pytest.mark.parametrize(
    "batch",
    [
        {"left": torch.zeros(2, 3), "right": torch.zeros(2, 5)},
        {"left": (2, 3), "right": (2, 5)},
        (torch.zeros(2, 3), torch.zeros(2, 5)),
        [(2, 3), (2, 5)],
    ],
)
def test_dictionaries_and_tuples_in_and_out(batch):
    graph = trace(Pair(), batch, weight=0.5)
    assert len(graph.inputs) == 2
    assert [node.name for node in graph.outputs] == ["sum", "left"]
    assert {("a", "mul"), ("mul", "add"), ("b", "add"), ("add", "sum")} <= edges(graph)
    if isinstance(batch, dict):
        assert {("left", "a"), ("right", "b")} <= edges(graph) or {node.name for node in graph.inputs} == {
            "left",
            "right",
        }


def test_named_inputs_and_shapes():
    graph = trace(nn.Transformer(16, 2, 1, 1, 32, batch_first=True), src=(1, 7, 16), tgt=(1, 4, 16))
    assert [(node.name, node.output) for node in graph.inputs] == [("src", (1, 7, 16)), ("tgt", (1, 4, 16))]


def test_tokens_may_be_given_as_a_shape_or_as_numbers(graph_of, build):
    model, _ = build("tagger")
    given = trace(model, torch.randint(100, (1, 12)))
    assert edges(given) == edges(graph_of("tagger"))
    assert [node.kind for node in given.nodes] == ["input", "Embedding", "LSTM", "slice", "Linear", "output"]


def test_a_house_network_knows_its_input():
    graph = trace(models.load("lenet", weights="random"))
    assert graph.title == "lenet"
    assert graph.inputs[0].output == (1, 1, 28, 28)
    assert graph.nodes[1].kind == "normalise"
    assert graph.parameters == 117_066


def test_a_single_layer_is_a_network_too():
    graph = trace(nn.LSTM(10, 20), (7, 3, 10))
    assert [node.kind for node in graph.nodes] == ["input", "LSTM", "output", "output", "output"]
    assert graph.title == "LSTM"
    assert (
        trace(nn.MultiheadAttention(8, 2), (5, 1, 8), (5, 1, 8), (5, 1, 8)).nodes[3].kind
        == "MultiheadAttention"
    )


def test_a_network_without_parameters():
    graph = trace(nn.Sequential(nn.MaxPool2d(2), nn.ReLU()), (1, 3, 8, 8))
    assert (graph.parameters, graph.multiply_adds, len(graph.nodes)) == (0, 0, 4)


# networks that are hard to follow


class Decides(nn.Module):
    def __init__(self):
        super().__init__()
        self.small, self.large = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.large(x) if x.sum() > 0 else self.small(x)


def test_data_dependent_control_flow_follows_the_given_input_and_says_so():
    model = Decides()
    up, down = trace(model, torch.ones(1, 4)), trace(model, -torch.ones(1, 4))
    assert "large" in up.keys
    assert "small" not in up.keys
    assert "small" in down.keys
    assert "other inputs may take another path" in up.notes[0]


def test_compiled_code_is_a_sentence():
    with pytest.warns(DeprecationWarning):
        layer = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
    with pytest.raises(ValueError, match=r"compiled code \(1\)"):
        trace(nn.Sequential(nn.Linear(4, 4), layer), (1, 4))
    with pytest.raises(ValueError, match="_orig_mod"):
        trace(torch.compile(nn.Linear(4, 4), backend="eager"), (1, 4))


class Unseen(nn.Module):
    """Leaves PyTorch and comes back."""

    def __init__(self):
        super().__init__()
        self.layer, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        y = self.layer(x)
        return self.last(torch.from_numpy(y.numpy() + 1))


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Unseen()

    def forward(self, x):
        return self.inner(x)


def test_what_leaves_pytorch_says_so():
    graph = trace(Outer(), (1, 4))
    assert any("decide" in note or "follow" in note or "no trace" in note for note in graph.notes)
    assert {"inner.layer", "inner.last"} <= set(graph.keys)


class Locked(nn.Module):
    """Cannot be copied."""

    def __init__(self):
        super().__init__()
        self.layer, self.generator = nn.Linear(4, 4), (n for n in range(3))

    def forward(self, x):
        return self.layer(x)


def test_a_network_that_cannot_be_copied_runs_itself_and_is_left_as_it_was():
    model = Locked().train()
    model.layer.weight.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    graph = trace(model, (1, 4))
    assert [node.key for node in graph.nodes] == ["input", "layer", "output"]
    assert model.training
    assert (model.layer.weight.requires_grad, model.layer.bias.requires_grad) == (False, True)
    assert not model.layer._forward_hooks
    assert not model.layer._forward_pre_hooks
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.runs = nn.BatchNorm1d(4), 0

    def forward(self, x):
        self.runs += 1
        return self.norm(x)


def test_a_copy_runs_so_nothing_changes():
    model = Counting().train()
    trace(model, (3, 4))
    assert (model.runs, model.training, int(model.norm.num_batches_tracked)) == (0, True, 0)
    assert model.norm.weight.device.type == "cpu"


def test_given_tensors_are_not_written_on():
    image = torch.full((1, 4), -1.0)
    trace(nn.Sequential(nn.ReLU(inplace=True)), image)
    assert torch.equal(image, torch.full((1, 4), -1.0))


# sentences


def test_an_input_of_the_wrong_shape_names_the_place(graph_of, build):
    model, _ = build("house:lenet")
    with pytest.raises(ValueError, match=r"lenet cannot be traced with 1×3×28×28 at features\.0 \(Conv2d\)"):
        trace(model, (1, 3, 28, 28))
    with pytest.raises(ValueError, match="shapes carry the batch"):
        trace(nn.Sequential(nn.Linear(4, 2)), (1, 5))


def test_bad_input_is_a_sentence():
    with pytest.raises(TypeError, match="models.load"):
        trace("alexnet", (1, 3, 224, 224))
    with pytest.raises(TypeError, match="give a shape"):
        trace(nn.Linear(4, 2))
    with pytest.raises(ValueError, match="sizes of 1 or more"):
        trace(nn.Linear(4, 2), (0, 4))
    with pytest.raises(TypeError, match="a shape or a tensor"):
        trace(nn.Linear(4, 2), nn.ReLU())
    with pytest.raises(ValueError, match="cannot be traced"):
        trace(nn.Linear(4, 2), (1, 4), (1, 4))
