"""One forward pass as a graph: structures by hand, inputs of every kind, networks that cannot be followed."""

import collections
import dataclasses

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.graph.recorder import Recorder
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
    assert graph.nodes[1].kind == "normalize"
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
    with pytest.raises(ValueError, match=r"got compiled code in Sequential \(1\)"):
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
    with pytest.raises(
        ValueError, match=r"inputs that lenet can take, got 1×3×28×28 at features\.0 \(Conv2d\)"
    ):
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
    with pytest.raises(ValueError, match="inputs that Linear can take, got 1×4, 1×4"):
        trace(nn.Linear(4, 2), (1, 4), (1, 4))


# dtypes, inference mode, packed sequences: what others' networks are made of


@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16, torch.double])
@pytest.mark.parametrize("copies", [True, False])
def test_networks_of_every_float_dtype(dtype, copies):
    def build(dtype):
        layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2)]
        model = nn.Sequential(*layers).to(dtype)
        if not copies:
            model.generator = (n for n in range(3))  # cannot be copied, so the network itself runs
        return model

    graph, plain = trace(build(dtype), (2, 3, 8, 8)), trace(build(torch.float), (2, 3, 8, 8))
    assert edges(graph) == edges(plain)
    assert graph.multiply_adds == plain.multiply_adds == 2 * (8 * 36 * 27 + 8 * 36 * 2)
    assert graph.memory == plain.memory * torch.finfo(dtype).bits // 32


class OddFirst(nn.Module):
    """Its first parameter is no real floating-point number; the layer that takes the input is of doubles."""

    def __init__(self, first):
        super().__init__()
        self.first = nn.Parameter(first, requires_grad=False)
        self.layer = nn.Linear(4, 2).double()

    def forward(self, x):
        return self.layer(x) + self.first.real.sum()


@pytest.mark.parametrize("first", [torch.ones(2, dtype=torch.cfloat), torch.ones(2, dtype=torch.long)])
def test_a_first_parameter_that_is_complex_or_integer_does_not_set_the_dtype(first):
    graph = trace(OddFirst(first), (3, 4))
    assert graph.keys["layer"].multiply_adds == 3 * 4 * 2
    assert graph.keys["layer"].memory == 3 * 2 * 8


@pytest.mark.parametrize(("copies", "built_inside"), [(True, True), (True, False), (False, False)])
def test_inference_mode_outside_changes_nothing(copies, built_inside):
    def build():
        model = Changing() if copies else Locked()
        return model if copies else model.eval()

    shape = (2, 3) if copies else (1, 4)
    plain, model = trace(build(), shape), None if built_inside else build()
    with torch.inference_mode():
        inside = trace(model or build(), shape)
        given = trace(model or build(), torch.ones(shape))
        assert torch.is_inference_mode_enabled()
    assert edges(inside) == edges(given) == edges(plain)
    assert inside.memory == plain.memory


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(4, 6), nn.Linear(6, 2)

    def forward(self, sequences):
        states, (last, _) = self.lstm(sequences)
        return self.head(last[-1]), states


def test_a_packed_sequence_is_an_input():
    sequences = nn.utils.rnn.pack_sequence([torch.zeros(5, 4), torch.zeros(3, 4)])
    graph = trace(Packed(), sequences)
    assert [(node.name, node.output) for node in graph.inputs] == [("input", (8, 4))]
    assert {
        ("input", "lstm"),
        ("lstm", "slice"),
        ("slice", "head"),
        ("head", "output 0"),
        ("lstm", "output 1"),
    } == edges(graph)
    assert graph.keys["lstm"].multiply_adds == 8 * 4 * 6 * (4 + 6)  # 5 + 3 steps


@dataclasses.dataclass
class Scores:
    logits: torch.Tensor
    hidden: tuple = ()


class Wrapped(collections.OrderedDict):
    """A dictionary with a class of its own, as outputs of large libraries are."""


class Answers(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer, self.kind = nn.Linear(4, 2), kind

    def forward(self, batch):
        x = batch.logits if isinstance(batch, Scores) else batch["logits"]
        y = self.layer(x)
        return self.kind(logits=y, hidden=(x, y))


@pytest.mark.parametrize("kind", [Scores, Wrapped, dict])
def test_dictionaries_and_data_classes_of_any_kind(kind):
    data = torch.full((3, 4), -1.0)
    graph = trace(Answers(kind), kind(logits=data))
    assert [node.output for node in graph.inputs] == [(3, 4)]
    assert {("input", "layer"), ("layer", "logits"), ("input", "hidden 0"), ("layer", "hidden 1")} == edges(
        graph
    )
    assert torch.equal(data, torch.full((3, 4), -1.0))


class Shadowed(nn.Module):
    """Calls an attribute of its own `modules`."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)
        self.modules = [self.layer]
        self.children = "none"

    def forward(self, x):
        return self.layer(x)


def test_an_attribute_may_be_called_modules():
    assert edges(trace(Shadowed(), (1, 4))) == {("input", "layer"), ("layer", "output")}


# the recorder's work is proportional to what runs


class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.relu = nn.Linear(8, 8), nn.Linear(8, 8), nn.ReLU()

    def forward(self, x):
        return x + self.second(self.relu(self.first(x)))


class Counted:
    """A set of names that counts how often it is looked into."""

    def __init__(self, names):
        self.names, self.asked = set(names), 0

    def __contains__(self, name):
        self.asked += 1
        return name in self.names

    def __iter__(self):
        raise AssertionError("all names are gone through")


def test_a_function_looks_up_its_name_once_and_never_goes_through_all(monkeypatch):
    asked = {}
    plain = Recorder.__init__

    def counting(self, model):
        plain(self, model)
        self._taken = asked[len(self.names)] = Counted(self._taken)

    monkeypatch.setattr(Recorder, "__init__", counting)
    for blocks in (10, 40):
        graph = trace(nn.Sequential(*(Step() for _ in range(blocks))), (1, 8))
        assert sum(node.kind == "add" for node in graph.nodes) == blocks
        assert asked[4 * blocks + 1].asked == 4 * blocks  # two linear layers, a ReLU and a `+` in each


def test_a_layer_called_like_a_function_keeps_its_name():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.add = nn.Linear(4, 4)

        def forward(self, x):
            return self.add(x) + x

    assert {node.key for node in trace(Named(), (1, 4)).nodes} == {"input", "add", "add()", "output"}


class Tries(nn.Module):
    """Runs `a`, and where that raises, `b`; each try begins in the handling of the last one's error."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.ReLU(), nn.Linear(7, 3))  # too wide for the inputs
        self.b, self.c = nn.Linear(4, 3), nn.Linear(3, 2)

    def forward(self, x):
        try:
            y = self.a(x)
        except RuntimeError:
            try:
                y = self.a[1](x)
            except RuntimeError:
                y = self.b(x) + 1
        return self.c(y)


def test_a_call_whose_error_the_network_catches_is_over():
    graph = trace(Tries(), (1, 4))
    assert [node.name for node in graph.nodes] == ["input", "a.0", "b", "add", "c", "output"]
    assert [(edge.source, edge.target) for edge in graph.edges] == [(0, 1), (0, 2), (2, 3), (3, 4), (4, 5)]
    assert [(call.name, call.items) for call in graph.calls] == [
        ("", (("call", 1), ("node", 2), ("node", 3), ("node", 4))),
        ("a", (("node", 1),)),
    ]
    assert sum("which the network caught" in note for note in graph.notes) == 3  # a.1 twice, and a
