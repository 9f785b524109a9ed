"""The explorables of part 1: what they say is so; folding by state; guesses against PyTorch itself."""

import pytest
import torch
from torch import nn

from lecturelib.architecture import explore
from lecturelib.architecture.explore.last_layer import digit_pass
from lecturelib.architecture.explore.layer_shapes import TASKS
from lecturelib.architecture.explore.receptive_field_diagram import nearest_position
from lecturelib.architecture.graph.examples import NAMES, graph_of
from lecturelib.architecture.layout.fold import fold
from lecturelib.network.receptive_field import ReceptiveField
from lecturelib.show import Picture, Region
from lecturelib.show.regions import svg_size
from lecturelib.widgets import Explorable, RegionPicker

# --- folding -------------------------------------------------------------------------------------------------


def named(shown):
    """The parts of the diagram, without the rows of the table."""
    return {part.key: part for part in shown.regions if not part.words.endswith("in the table")}


def test_open_and_close():
    explorable = explore.fold_explorer("resnet50")
    folded = explorable.picture()
    assert named(folded)["layer1"].opened is False and named(folded)["fc"].opened is None
    opened = explorable.picture({"opened": ["layer1"]})
    assert named(opened)["layer1"].opened is True and named(opened)["layer1.0"].opened is False
    again = explorable.picture({"opened": []})
    assert again.svg == folded.svg


def test_what_is_closed_hides_what_is_open_inside():
    explorable = explore.fold_explorer("resnet50")
    assert explorable.picture({"opened": ["layer1.0"]}).svg == explorable.picture().svg
    both = explorable.picture({"opened": ["layer1.0", "layer1"]})
    assert named(both)["layer1.0"].opened is True


def test_a_module_of_equal_blocks_opens_into_these_and_closes_again():
    explorable = explore.fold_explorer("resnet18")  # layer1 is two equal blocks, and nothing else
    assert named(explorable.picture({"opened": ["layer1"]}))["layer1.0"].opened is False
    assert named(explorable.picture({"opened": ["layer1", "layer1.0"]}))["layer1"].opened is True


def test_diagram_table_and_code_are_linked():
    shown = explore.fold_explorer("resnet18").picture({"picked": "conv1"})
    assert (
        "Code: self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)" in shown.caption
    )
    keys = [part.key for part in shown.regions]
    assert keys.count("conv1") == 2  # once in the diagram, once in the table
    assert shown.alt.startswith(
        "Block diagram beside its table. Picked: Conv2d (7 by 7, 64, stride 2, pad 3)"
    )
    assert "self.conv1 = nn.Conv2d" in shown.svg


def test_what_is_picked_inside_a_closed_block_is_the_block():
    explorable = explore.fold_explorer("resnet18")
    inside = explorable.picture({"picked": "layer2.0.conv1", "opened": ["layer2", "layer2.0"]})
    assert "gives 128 by 28 by 28" in inside.caption
    closed = explorable.picture({"picked": "layer2.0.conv1"})
    assert "Picked: layer2" in closed.caption


def test_another_network_forgets_what_it_does_not_have():
    explorable = explore.fold_explorer("resnet18")
    explorable.state = {"opened": ["layer1"], "picked": "layer1"}
    explorable.state = {"network": "alexnet"}
    assert explorable.state["opened"] == () and explorable.state["picked"] == ""
    with pytest.raises(ValueError, match="expected regions of the picture, got 'layer1'"):
        explorable.state = {"picked": "layer1"}
    with pytest.raises(KeyError, match="a known network, got lenet5; nearest: alexnet"):
        graph_of("lenet5")


@pytest.mark.parametrize("name", NAMES)
def test_every_network_is_drawn_with_its_parts_inside(name):
    explorable = explore.fold_explorer(name)
    first = next((call.key for call in graph_of(name).calls[1:]), None)
    shown = explorable.picture({"opened": [first]} if first else {})
    assert shown.regions and all(0 <= side <= 1 for part in shown.regions for side in part.box)
    blocks = [block for _, block in fold(graph_of(name), open=[first] if first else []).walk()]
    drawn = {part.key for part in shown.regions}
    assert drawn <= {key for block in blocks for key in block.keys}


def test_diagram_parts_do_not_hide_each_other():
    shown = explore.fold_explorer("resnet18").picture({"opened": ["layer1", "layer1.0"]})
    diagram = list(named(shown).values())
    for k, one in enumerate(diagram):
        for other in diagram[k + 1 :]:
            a, b = one.box, other.box
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one.key, other.key)


# --- parts of a picture --------------------------------------------------------------------------------------


def test_parts_as_a_control():
    picker = RegionPicker(("a", "b"), value=("a", ["b", "b"]))
    assert picker.value == ("a", ("b",)) and picker.names == ("picked", "opened")
    assert picker.clip(("c", ["a", "c"])) == ("", ("a",)) and picker.clip(7) == picker.value
    assert picker.values() == (("", ()), ("a", ("b",)), ("b", ("a", "b")))
    assert picker.says(("a", ())) == "a picked, 0 opened"
    with pytest.raises(ValueError, match="got .layer.; nearest: layer1"):
        RegionPicker(("layer1",)).check(("layer", ()))
    with pytest.raises(TypeError, match="list of keys"):
        picker.check("a")


def test_clicks_come_back_as_states():
    svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 200 100'/>"

    def render(state):
        boxes = [
            Region("a", (0, 0, 0.5, 1), "left", "a" in state["opened"]),
            Region("b", (0.5, 0, 1, 1), "right"),
        ]
        return Picture(svg, f"{state['picked']} {state['opened']}", regions=tuple(boxes))

    explorable = Explorable(render, [RegionPicker(("a", "b"))], "Two halves")
    explorable.show()
    try:
        live = explorable._live
        live._message(None, {"type": "region", "key": "a", "toggle": True}, [])
        assert explorable.state == {"picked": "a", "opened": ("a",)}
        live._message(None, {"type": "region", "key": "b", "toggle": False}, [])
        assert explorable.state == {"picked": "b", "opened": ("a",)}
        live._message(None, {"type": "region", "key": "a", "toggle": True}, [])
        assert explorable.state == {"picked": "a", "opened": ()}
        explorable._worker.wait(timeout=10)
        frame = live.area.frame
        assert frame["ratio"] == 2 and [part["opened"] for part in frame["regions"]] == [False, None]
    finally:
        explorable.close()


def test_how_large_an_svg_is():
    assert svg_size("<?xml ?><svg width='30px' height=\"20\" viewBox='0 0 3 2'>") == (30, 20)
    assert svg_size("<svg viewBox='0 0 3.5 2'>") == (3.5, 2) and svg_size("<svg>") == (0, 0)
    assert Picture("<svg width='300' height='100'/>", "a bar").ratio == 3
    assert Picture("<svg width='300' height='100'/>", "a bar").display_width == 300


def test_bad_parts_are_sentences():
    with pytest.raises(ValueError, match="from 0 to 1"):
        Region("a", (0, 0, 2, 1), "too wide")
    with pytest.raises(ValueError, match="no words"):
        Region("a", (0, 0, 1, 1), " ")


# --- neurons -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "kernel", "stride", "padding"), [(8, 3, 1, 0), (9, 5, 2, 2), (7, 1, 3, 0)]
)
def test_connections_are_counted(inputs, kernel, stride, padding):
    given = {"inputs": inputs, "kernel_size": kernel, "stride": stride, "padding": padding}
    caption = explore.connections_explorer().picture(given).caption
    outputs = nn.Conv1d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, inputs)).shape[-1]
    assert f"{inputs} inputs, {outputs} neurons" in caption
    assert f"Fully connected: {inputs * outputs} links with {inputs * outputs} weights" in caption
    assert f"{outputs * kernel} links with {kernel} weight" in caption


def test_padding_is_drawn_as_zeros():
    shown = explore.connections_explorer().picture({"padding": 1})
    assert "8 inputs + 2 zeros" in shown.svg


def test_the_shares_of_a_digit_add_up_to_its_score():
    _, hidden, weights, scores = digit_pass("3")
    from lecturelib.widgets import common_controls

    bias = common_controls.network("lenet").classifier[2].bias
    torch.testing.assert_close(weights @ hidden + bias, scores, atol=1e-4, rtol=1e-4)
    caption = explore.last_layer_explorer().picture({"picture": "3", "digit": "3"}).caption
    assert f"The score of 3 is {scores[3]:.1f}" in caption and "lenet names 3" in caption


# --- fields --------------------------------------------------------------------------------------------------


def test_the_unit_that_looks_at_a_pixel():
    field = ReceptiveField(size=(11, 11), jump=(4, 4), start=(-2, -2))
    assert nearest_position(field, (55, 55), 3, 3) == (0, 0)
    assert nearest_position(field, (55, 55), 3 + 4 * 20, 3 + 4 * 7) == (20, 7)
    assert nearest_position(field, (55, 55), 0, 1000) == (0, 54)


# --- guessing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.code)
def test_answers_are_what_pytorch_gives(task):
    layer = eval(task.code, {"nn": nn})  # the course's own code
    with torch.no_grad():
        output = layer.to("meta")(torch.zeros(1, *task.given, device="meta"))
    assert tuple(output.shape[1:]) == task.output
    assert sum(parameter.numel() for parameter in layer.parameters()) == task.parameters
    assert task.output in task.shapes and task.parameters in task.counts
    assert len(set(task.shapes)) == len(task.shapes) >= 3 and len(set(task.counts)) == len(task.counts) == 4


def test_a_guess_is_judged_after_the_reveal():
    explorable = explore.guess_the_shape()
    guess = {"task": 3, "shape": "64 × 55 × 55", "parameters": "7,808"}
    before = explorable.picture(guess)
    assert "right" not in before.caption and "23,296" not in before.svg and "64 × 55 × 55 ?" in before.svg
    after = explorable.picture({**guess, "reveal": True})
    assert "Your guess: shape: right; parameters: not yet." in after.caption
    assert "11 × 11 × 3 × 64 + 64 biases" in after.caption
    explorable.state = {**guess, "reveal": True}
    explorable.state = {"task": 4}
    assert explorable.state == {"task": 4, "shape": "your guess", "parameters": "your guess", "reveal": False}


# --- the fancy and the useful --------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", range(4))
def test_what_is_cut_is_missing_in_autograds_graph_only(cut):
    from lecturelib.architecture.explore.other_diagrams import Chain

    explorable = explore.other_diagrams_explorer()
    given = {"network": "four layers", "cut": cut}
    recorded = explorable.picture({**given, "diagram": "autograd's graph"}).svg
    model = Chain(cut)
    model(torch.zeros(1, 8)).sum().backward()
    for k in range(1, 5):
        learns = getattr(model, f"layer{k}").weight.grad is not None
        assert (f"layer{k}.weight" in recorded) == learns == (k > cut)
    assert explorable.picture({**given, "diagram": "block diagram"}).svg.count("Linear") >= 2


def test_a_network_that_runs_cuts_nothing_else():
    explorable = explore.other_diagrams_explorer()
    explorable.state = {"network": "four layers", "cut": 3}
    explorable.state = {"network": "alexnet"}
    assert explorable.state["cut"] == 0
