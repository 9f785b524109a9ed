"""Neurons and links by hand: how many, whose weight, how wide; missing and shared links; large networks refused."""

import pytest
import torch
from torch import nn

from lecturelib.architecture.diagrams.connectivity import columns_of, links_of
from lecturelib.architecture.diagrams.lstm_cell import lstm_cell
from lecturelib.architecture.diagrams.node_link import THICK, THIN, kernel_style, node_link, thickness
from lecturelib.drawing.compose import column, moved, row
from lecturelib.drawing.drawing import SMALLEST_TEXT, Box, Circle, Curve, Label, Line


def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def drawn_links(drawing):
    return {s.key: s for s in drawing.shapes if isinstance(s, Line) and s.key is not None}


def check_geometry(drawing):
    """Everything inside the picture, discs apart, texts large enough and not on one another."""
    discs = [s for s in drawing.shapes if isinstance(s, Circle) and s.radius > 5]
    labels = [s for s in drawing.shapes if isinstance(s, Label)]
    for shape in drawing.shapes:
        left, top, right, bottom = shape.bounds
        assert left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height, shape
    for k, one in enumerate(discs):
        for other in discs[k + 1 :]:
            assert (one.x - other.x) ** 2 + (one.y - other.y) ** 2 > (one.radius + other.radius) ** 2
    for k, one in enumerate(labels):
        assert one.size >= SMALLEST_TEXT
        for other in labels[k + 1 :]:
            a, b = one.bounds, other.bounds
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
            assert apart, (one.text, other.text)
    for label in labels:  # a name in a disc stays in it
        for disc in discs:
            if label.key is not None and label.key == disc.key and (label.x, label.y) == (disc.x, disc.y):
                assert label.width <= 2 * disc.radius


# --- the tables ----------------------------------------------------------------------------------------------


def test_a_convolution_misses_links_and_shares_weights():
    layer = nn.Conv1d(1, 1, 3, padding=1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[1.0, 0.0, -2.0]]]))
    links = links_of(layer, (1, 4))
    assert links.entry.tolist() == [[1, 2, -1, -1], [0, 1, 2, -1], [-1, 0, 1, 2], [-1, -1, 0, 1]]
    assert links.weights.tolist() == [[0, -2, 0, 0], [1, 0, -2, 0], [0, 1, 0, -2], [0, 0, 1, 0]]
    assert (links.count, links.possible, links.parameters) == (10, 16, 3)  # a weight of 0 is a link too


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(2, 3, (2, 3), stride=(2, 1), padding=(1, 0)), (2, 4, 5)),
        (nn.Conv2d(4, 4, 3, groups=2, bias=False), (4, 4, 4)),
        (nn.Conv1d(2, 2, 3, dilation=2, padding="same"), (2, 7)),
        (nn.Linear(5, 3), None),
    ],
)
def test_the_table_is_the_layer(layer, shape):
    x = torch.randn(6, *(shape or (5,)), generator=torch.Generator().manual_seed(0))
    links = links_of(layer, shape)
    zero = torch.zeros_like(x[:1])
    linear = (layer(x) - layer(zero)).flatten(1)
    torch.testing.assert_close(x.flatten(1) @ links.weights.T, linear.detach(), atol=1e-5, rtol=1e-4)
    linked = links.entry >= 0
    assert torch.equal(links.weights[linked], layer.weight.detach().flatten()[links.entry[linked]])
    assert links.parameters == layer.weight.numel()


def test_columns_of_a_chain():
    columns = columns_of(mlp())
    assert [(c.size, c.words) for c in columns] == [
        (3, "input"), (4, "fully connected, ReLU"), (2, "fully connected"),
    ]  # fmt: skip
    conv = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    assert [c.size for c in columns_of(conv, (1, 4, 4))] == [16, 8, 2]


# --- the drawing ---------------------------------------------------------------------------------------------


def test_every_weight_is_a_line_with_its_sign_and_size():
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[2.0, -1.0], [0.0, 0.5]]))
    drawing = node_link(model)
    lines = drawn_links(drawing)
    assert {key: (s.role, s.dashed, s.stroke_width) for key, s in lines.items()} == {
        "1.0<0": ("positive", False, THICK),
        "1.0<1": ("negative", True, THICK / 2),
        "1.1<0": ("grid", False, THIN),
        "1.1<1": ("positive", False, THICK / 4),
    }
    discs = [s for s in drawing.shapes if isinstance(s, Circle)]
    (x0, y0), (x1, y1) = lines["1.0<1"].points  # from the second input to the first neuron
    assert (x0, y0) == (discs[1].x + discs[1].radius, discs[1].y)
    assert (x1, y1) == (discs[2].x - discs[2].radius, discs[2].y)
    assert thickness(1.0, 0.0) == THIN


def test_words_of_an_mlp():
    alt = node_link(mlp()).alt
    assert alt.startswith(
        "Node-link diagram: 3 inputs; then 4 neurons (fully connected, ReLU, 12 links); then 2 neurons "
        "(fully connected, 8 links)."
    )
    weights = torch.cat([p.flatten() for name, p in mlp().named_parameters() if "weight" in name])
    assert f"{int((weights > 0).sum())} weights are positive (orange, solid)" in alt


def test_shared_weights_have_one_color():
    drawing = node_link(nn.Conv1d(1, 1, 3), (1, 6), color="shared")
    lines = drawn_links(drawing)
    assert len(lines) == 12
    for key, line in lines.items():
        i, j = key.removeprefix("1.").split("<")
        assert (line.stroke, line.dashed) == tuple(kernel_style(int(j) - int(i)).values())
    assert "12 links of 24 possible ones that share 3 weights" in drawing.alt
    full = node_link(nn.Linear(6, 4), color="shared")
    assert len(drawn_links(full)) == 24 and {s.role for s in drawn_links(full).values()} == {"grid"}


def test_kernel_styles_differ():
    styles = [tuple(kernel_style(k).values()) for k in range(12)]
    assert len(set(styles)) == 12


def test_recurrent_links_lead_back():
    drawing = node_link(nn.RNNCell(2, 3))
    arcs = [s for s in drawing.shapes if isinstance(s, Curve)]
    assert len(arcs) == 9 and all(arc.arrow for arc in arcs)
    assert len(drawn_links(drawing)) == 6 and "9 recurrent links from the step before" in drawing.alt
    whole = node_link(nn.RNN(2, 3))
    assert len(drawn_links(whole)) == 6


def test_highlight_fades_the_others():
    lines = drawn_links(node_link(mlp(), highlight=(2, 1)))
    assert {key for key, s in lines.items() if s.opacity == 1} == {f"2.1<{j}" for j in range(4)}


@pytest.mark.parametrize(
    "make",
    [
        lambda: node_link(mlp()),
        lambda: node_link(nn.RNNCell(2, 4)),
        lambda: node_link(nn.Linear(30, 10)),
        lambda: node_link(nn.Conv2d(1, 1, 3), (1, 5, 5), color="shared", highlight=(1, 4)),
        lambda: node_link(nn.Linear(2, 3), names=[["sepal", "petal"], ["setosa", "versicolor", "virginica"]]),
        lambda: lstm_cell(nn.LSTMCell(8, 16)),
        lambda: row([node_link(mlp()), node_link(nn.RNNCell(2, 3))], ["an MLP", "a recurrent cell"]),
    ],
)
def test_nothing_overlaps(make):
    drawing = make()
    check_geometry(drawing)
    for dark in (False, True):
        assert drawing.svg(dark).startswith("<svg")


def test_bad_input_is_a_sentence():
    with pytest.raises(
        ValueError, match="at most 600 links and 32 neurons in a column.* got 60,000 links and 300 neurons"
    ):
        node_link(nn.Linear(300, 200))
    with pytest.raises(ValueError, match=r"1,000 links and 40 neurons; block_diagram"):
        node_link(nn.Linear(25, 40))
    with pytest.raises(ValueError, match="gates.*lstm_cell"):
        node_link(nn.LSTMCell(2, 3))
    with pytest.raises(ValueError, match="input_shape"):
        node_link(nn.Conv2d(1, 1, 3))
    with pytest.raises(ValueError, match=r"C = 2"):
        links_of(nn.Conv1d(2, 1, 3), (1, 5))
    with pytest.raises(ValueError, match="layers of weighted sums, got a LayerNorm"):
        node_link(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
    with pytest.raises(ValueError, match="input_shape: expected a shape that this network takes, got 7"):
        node_link(mlp(), (7,))
    with pytest.raises(ValueError, match="highlight"):
        node_link(mlp(), highlight=(0, 1))
    with pytest.raises(ValueError, match="names"):
        node_link(mlp(), names=[["a"], ["b"], ["c"]])
    with pytest.raises(ValueError, match="'sign' or 'shared'"):
        node_link(mlp(), color="loud")
    with pytest.raises(TypeError, match="models.load"):
        node_link("lenet")
    with pytest.raises(TypeError, match="Linear, Conv1d or Conv2d"):
        links_of(nn.ReLU())

    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(3, 4)

        def forward(self, x):
            return self.a(x) + self.b(x)

    with pytest.raises(ValueError, match="a chain of layers, got a Linear of 3 inputs after 4 neurons"):
        node_link(Branches())


def test_a_network_is_left_as_it_was():
    model = mlp().train()
    node_link(model)
    assert all(module.training for module in model.modules())
    assert not any(module._forward_pre_hooks for module in model.modules())


# --- the cell, and drawings side by side ---------------------------------------------------------------------


def test_lstm_cell_counts_its_parameters():
    drawing = lstm_cell(nn.LSTMCell(8, 16))
    assert f"{4 * (16 * 8 + 16 * 16 + 2 * 16):,} parameters" in drawing.alt
    gates = [
        s for s in drawing.shapes if isinstance(s, Box) and (s.key or "").endswith(("gate", "candidate"))
    ]
    assert [gate.key for gate in gates] == ["forget gate", "input gate", "candidate", "output gate"]
    assert "multiplied by the forget gate" in lstm_cell().alt
    with pytest.raises(TypeError, match="GRUCell"):
        lstm_cell(nn.GRUCell(2, 2))
    with pytest.raises(ValueError, match="one layer in one direction"):
        lstm_cell(nn.LSTM(2, 2, num_layers=2))


def test_drawings_beside_each_other_keep_their_keys():
    one, other = node_link(nn.Linear(2, 1)), node_link(nn.Linear(3, 1))
    both = row([one, other], ["left", "right"], gap=30)
    assert len(both.shapes) == len(one.shapes) + len(other.shapes) + 2
    assert both.alt == f"left: {one.alt} right: {other.alt}"
    assert both.width == one.width + 30 + other.width
    stacked = column([one, other], gap=10)
    assert stacked.height == one.height + 10 + other.height
    with pytest.raises(ValueError, match="titles: expected 1, one for each drawing, got 2"):
        row([one], ["a", "b"])


def test_moved_and_scaled():
    assert moved(Circle(1, 2, 3), 10, 20, 2) == Circle(12, 24, 6)
    assert moved(Box(1, 2, 3, 4), scale=2).bounds == (2, 4, 8, 12)
    assert moved(Line(((0, 0), (1, 1))), 1, 2).points == ((1, 2), (2, 3))
    assert moved(Label(1, 1, "a", 10), scale=3).size == 30
