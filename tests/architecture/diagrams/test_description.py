"""The words that stand for a drawing, line by line; code lines; tables; autograd's graph."""

import pytest
import torch
from torch import nn

from lecturelib.architecture.diagrams.block_diagram import block_diagram
from lecturelib.architecture.diagrams.box_text import short_number
from lecturelib.architecture.diagrams.computational_graph import computational_graph
from lecturelib.architecture.diagrams.description import code_line, describe
from lecturelib.architecture.diagrams.table import summary_table
from lecturelib.architecture.graph.trace import trace
from lecturelib.architecture.layout.fold import fold
from lecturelib.drawing.shapes import Box, Label, Line

GOLDEN = {
    ("residual", 1): """\
Residual: 296 parameters, 18.4 k multiply-adds.
1. Input: 4 by 8 by 8; goes to 2 places.
2. Conv2d (3 by 3, 4, pad 1), then ReLU, gives 4 by 8 by 8, 148 parameters.
3. Conv2d (3 by 3, 4, pad 1), gives 4 by 8 by 8, 148 parameters.
4. add, then ReLU, gives 4 by 8 by 8; reads 1 and 3.
5. Output: 4 by 8 by 8.""",
    ("branches", 1): """\
Branches: 216 parameters, 13.1 k multiply-adds.
1. Input: 3 by 8 by 8; goes to 2 places.
2. Conv2d (1 by 1, 5), gives 5 by 8 by 8, 20 parameters.
3. Conv2d (3 by 3, 7, pad 1), gives 7 by 8 by 8, 196 parameters; reads 1.
4. cat (dim 1), gives 12 by 8 by 8; reads 2 and 3.
5. Output: 12 by 8 by 8.""",
    ("loop", 1): """\
Loop: 302 parameters, 1.26 k multiply-adds.
1. Input: 5 by 4.
2. 5 times a group of steps, with the same weights, gives 6, 288 parameters, which holds:
  2.1. slice ([:, 0] to [:, 4]), gives 4.
  2.2. LSTMCell (4 → 6), fed back to itself over time, gives 6, 288 parameters.
3. stack (dim 1), gives 5 by 6.
4. Linear (6 → 2), gives 5 by 2, 14 parameters.
5. Output: 5 by 2.""",
    ("tagger", 1): """\
Tagger: 16.6 k parameters, 172 k multiply-adds.
1. Input: 12.
2. Embedding (100 by 16), gives 12 by 16, 1.6 k parameters.
3. LSTM (16 → 32, 2 layers), fed back to itself over time, gives 12 by 32, 14.8 k parameters.
4. slice ([:, -1]), gives 32.
5. Linear (32 → 5), gives 5, 165 parameters.
6. Output: 5.""",
    ("alexnet", 2): """\
AlexNet: 61.1 M parameters, 714 M multiply-adds.
1. Input: 3 by 224 by 224.
2. features (5 Conv2d, 3 MaxPool2d), gives 256 by 6 by 6, 2.47 M parameters, which holds:
  2.1. Conv2d (11 by 11, 64, stride 4, pad 2), then ReLU, gives 64 by 55 by 55, 23.3 k parameters.
  2.2. MaxPool2d (3 by 3, stride 2), gives 64 by 27 by 27.
  2.3. Conv2d (5 by 5, 192, pad 2), then ReLU, gives 192 by 27 by 27, 307 k parameters.
  2.4. MaxPool2d (3 by 3, stride 2), gives 192 by 13 by 13.
  2.5. Conv2d (3 by 3, 384, pad 1), then ReLU, gives 384 by 13 by 13, 664 k parameters.
  2.6. Conv2d (3 by 3, 256, pad 1), then ReLU, gives 256 by 13 by 13, 885 k parameters.
  2.7. Conv2d (3 by 3, 256, pad 1), then ReLU, gives 256 by 13 by 13, 590 k parameters.
  2.8. MaxPool2d (3 by 3, stride 2), gives 256 by 6 by 6.
3. AdaptiveAvgPool2d (to 6 by 6), then flatten, gives 9216.
4. classifier (3 Linear), gives 1000, 58.6 M parameters, which holds:
  4.1. Dropout (p 0.5), gives 9216.
  4.2. Linear (9216 → 4096), then ReLU and Dropout, gives 4096, 37.8 M parameters.
  4.3. Linear (4096 → 4096), then ReLU, gives 4096, 16.8 M parameters.
  4.4. Linear (4096 → 1000), gives 1000, 4.1 M parameters.
5. Output: 1000.""",
    ("resnet50", 2): """\
ResNet: 25.6 M parameters, 4.09 G multiply-adds.
1. Input: 3 by 224 by 224.
2. Conv2d (7 by 7, 64, stride 2, pad 3), then BatchNorm2d and ReLU, gives 64 by 112 by 112, 9.54 k parameters.
3. MaxPool2d (3 by 3, stride 2, pad 1), gives 64 by 56 by 56.
4. layer1 (3 Bottleneck), gives 256 by 56 by 56, 216 k parameters, which holds:
  4.1. Bottleneck (layer1.0), gives 256 by 56 by 56, 75 k parameters.
  4.2. 2 times Bottleneck (layer1.1 to 2), gives 256 by 56 by 56, 141 k parameters.
5. layer2 (4 Bottleneck), gives 512 by 28 by 28, 1.22 M parameters, which holds:
  5.1. Bottleneck (layer2.0), gives 512 by 28 by 28, 379 k parameters.
  5.2. 3 times Bottleneck (layer2.1 to 3), gives 512 by 28 by 28, 840 k parameters.
6. layer3 (6 Bottleneck), gives 1024 by 14 by 14, 7.1 M parameters, which holds:
  6.1. Bottleneck (layer3.0), gives 1024 by 14 by 14, 1.51 M parameters.
  6.2. 5 times Bottleneck (layer3.1 to 5), gives 1024 by 14 by 14, 5.59 M parameters.
7. layer4 (3 Bottleneck), gives 2048 by 7 by 7, 15 M parameters, which holds:
  7.1. Bottleneck (layer4.0), gives 2048 by 7 by 7, 6.04 M parameters.
  7.2. 2 times Bottleneck (layer4.1 to 2), gives 2048 by 7 by 7, 8.93 M parameters.
8. AdaptiveAvgPool2d (to 1 by 1), then flatten, gives 2048.
9. Linear (2048 → 1000), gives 1000, 2.05 M parameters.
10. Output: 1000.""",
}


@pytest.mark.parametrize(("name", "depth"), GOLDEN)
def test_the_words_of_a_drawing(graph_of, name, depth):
    assert describe(fold(graph_of(name), depth)) == GOLDEN[name, depth]
    assert block_diagram(graph_of(name), depth=depth).alt == GOLDEN[name, depth]


def test_notes_belong_to_the_words():
    class Decides(nn.Module):
        def forward(self, x):
            return x + 1 if x.sum() > 0 else x

    assert "other inputs may take another path" in describe(trace(Decides(), torch.ones(1, 2)))


def test_code_lines(graph_of):
    graph = graph_of("alexnet")
    line = code_line(graph, graph.keys["features.0"])
    assert line == "self.features[0] = nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2)"
    assert code_line(graph, graph.keys["classifier.1"]) == "self.classifier[1] = nn.Linear(9216, 4096)"
    assert code_line(graph, graph.keys["flatten"]) == "x = torch.flatten(x, 1)"
    assert code_line(graph, graph.inputs[0]) == "input  # 1×3×224×224"
    assert (
        code_line(graph_of("resnet50"), fold(graph_of("resnet50")).block("layer1"))
        == "self.layer1 = Sequential(...)"
    )
    assert (
        code_line(graph_of("resnet50"), graph_of("resnet50").keys["layer1.0.add"]) == "x = torch.add(x, x2)"
    )


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 8, (3, 1), stride=2, padding=1, dilation=2, bias=False),
        nn.ConvTranspose2d(4, 6, 3, stride=2),
        nn.Linear(4, 2, bias=False),
        nn.BatchNorm2d(7, momentum=0.2),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.AdaptiveAvgPool2d((6, 5)),
        nn.LSTM(10, 20, 2, batch_first=True, bidirectional=True),
        nn.GRUCell(4, 5),
        nn.Embedding(10, 3, padding_idx=0),
        nn.LayerNorm(16),
        nn.GroupNorm(2, 8),
        nn.MultiheadAttention(8, 2, batch_first=True),
        nn.Dropout(0.3),
        nn.LeakyReLU(0.2),
        nn.Softmax(dim=1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layers_code_makes_the_same_layer(layer):
    from lecturelib.architecture.graph.labels import module_code

    again = eval(module_code(layer), {"nn": nn})
    assert repr(again) == repr(layer)


def test_amounts_as_a_reader_takes_them_in():
    assert [short_number(n) for n in (0, 999, 1000, 23_296, 999_600, 61_100_840, 4_089_184_256)] == [
        "0", "999", "1 k", "23.3 k", "1 M", "61.1 M", "4.09 G"
    ]  # fmt: skip


def test_a_table_has_a_row_for_each_step_and_a_sum(graph_of):
    table = summary_table(graph_of("residual"))
    with pytest.raises(TypeError, match="models.load"):
        summary_table("alexnet")
    assert [row.key for row in table] == ["conv1", "relu", "conv2", "add", "relu#1"]
    assert [row.parameters for row in table] == [148, 0, 148, 0, 0]
    assert (table.total.parameters, table.total.multiply_adds) == (296, 2 * 64 * 4 * 36)
    assert str(table).splitlines()[2].split() == [
        "conv1",
        "Conv2d",
        "3×3,",
        "4,",
        "pad",
        "1",
        "4×8×8",
        "148",
        "9,216",
        "1",
    ]
    assert "<th" in table._repr_html_()
    assert [row.cells[4] for row in summary_table(graph_of("loop")) if row.kind == "LSTMCell"] == ["288"] + [
        "(again)"
    ] * 4


def test_autograds_graph_of_a_small_network():
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    flags = [parameter.requires_grad for parameter in model.parameters()]
    drawing = computational_graph(model, (1, 4))
    words = [shape.text for shape in drawing.shapes if isinstance(shape, Label)]
    assert {"AddmmBackward0", "ReluBackward0", "0.weight", "0.bias", "TBackward0"} <= set(words)
    assert "without" not in drawing.alt
    assert flags == [parameter.requires_grad for parameter in model.parameters()]
    assert all(parameter.grad is None for parameter in model.parameters())
    plain = computational_graph(model, (1, 4), weights=False)
    assert len([s for s in plain.shapes if isinstance(s, Box)]) < len(
        [s for s in drawing.shapes if isinstance(s, Box)]
    )
    assert any(isinstance(shape, Line) and shape.arrow for shape in plain.shapes)


def test_a_frozen_part_is_missing_from_autograds_graph():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    assert "0.weight" not in computational_graph(model, (1, 4)).alt
    assert "1.weight" in computational_graph(model, (1, 4)).alt


def test_autograds_graph_says_what_is_wrong():
    with pytest.raises(ValueError, match="a result that requires a gradient, got none"):
        computational_graph(nn.ReLU(), (1, 4))
    with pytest.raises(ValueError, match="inputs that Linear can take, got 1×5"):
        computational_graph(nn.Linear(4, 2), (1, 5))
    deep = nn.Sequential(*(nn.Linear(2, 2) for _ in range(600)))
    with pytest.raises(ValueError, match="1500"):
        computational_graph(deep, (1, 2))


def test_diagrams_and_table_do_not_mind_inference_mode():
    plain = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    drawn = [draw(plain, (1, 4)).svg() for draw in (block_diagram, computational_graph)]
    table = str(summary_table(plain, (1, 4)))
    with torch.inference_mode():
        assert [draw(plain, (1, 4)).svg() for draw in (block_diagram, computational_graph)] == drawn
        assert str(summary_table(plain, (1, 4))) == table
        inside = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        assert [draw(inside, (1, 4)).svg() for draw in (block_diagram, computational_graph)] == drawn
