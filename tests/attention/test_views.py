"""Pictures of attention: what they say is so, parts lie where they are drawn, long sentences, bad input."""

import re

import pytest
import torch

from lecturelib.attention.views import head_view, keys, matrix_view, model_keys, model_view, reading_view
from lecturelib.attention.views.cells import shades
from lecturelib.attention.views.head_view import WINDOW
from lecturelib.attention.views.model_view import habit
from lecturelib.drawing.line_chart import line_chart
from lecturelib.drawing.picture_row import picture_row
from lecturelib.show import Picture

ROWS, COLUMNS = ["une", "voiture", "rouge"], ["a", "red", "car", "."]
WEIGHTS = torch.tensor([[0.9, 0.1, 0.0, 0.0], [0.0, 0.2, 0.8, 0.0], [0.05, 0.7, 0.2, 0.05]])


def part(picture, key):
    return next(part for part in picture.regions if part.key == key)


def words(count):
    return [f"w{k}" for k in range(count)]


def random_weights(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).softmax(-1)


# matrix


def test_the_matrix_carries_its_numbers_and_says_the_strongest():
    shown = matrix_view(ROWS, COLUMNS, WEIGHTS)
    texts = re.findall(r">([^<>]+)</text>", shown.svg)
    for number in ("90", "10", "20", "80", "70"):
        assert number in texts
    assert texts.count("0") == 1  # the end of the scale; white cells carry no number
    assert "Strongest: une – a, voiture – car, rouge – red." in shown.caption
    assert all(word in shown.alt for word in (*ROWS, *COLUMNS))


def test_a_picked_row_or_column_is_told():
    row = matrix_view(ROWS, COLUMNS, WEIGHTS, "row 2")
    assert "“rouge” attends to “red” 70 %, “car” 20 %" in row.caption
    column = matrix_view(ROWS, COLUMNS, WEIGHTS, "column 2")
    assert "“car” is attended to by “voiture” 80 %, “rouge” 20 %" in column.caption
    assert row.svg != column.svg != matrix_view(ROWS, COLUMNS, WEIGHTS).svg


def test_parts_lie_where_the_words_are():
    shown = matrix_view(ROWS, COLUMNS, WEIGHTS)
    assert tuple(part.key for part in shown.regions) == keys(3, 4)
    first, last = part(shown, "row 0").box, part(shown, "row 2").box
    assert first[1] < first[3] <= last[1] and first[0] == 0
    left, right = part(shown, "column 0").box, part(shown, "column 3").box
    assert left[0] < left[2] <= right[0] and left[3] <= first[1] + 1e-6  # the words above the rows


def test_shades_run_from_nearly_white_to_deep_blue():
    pixels = shades(torch.tensor([[0.0, 0.5, 1.0]]), 1.0)[0].astype(int)
    assert pixels[0].min() > 240 and pixels.sum(1)[0] > pixels.sum(1)[1] > pixels.sum(1)[2]
    assert pixels[2][2] > 2 * pixels[2][0]
    assert (shades(torch.zeros(2, 2), 0.0) == pixels[0]).all()


@pytest.mark.parametrize("length", [1, 2, 40, 128])
def test_every_view_takes_short_and_long_sentences(length):
    names, weights = words(length), random_weights(2, 3, length, length)
    for shown in (
        matrix_view(names, names, weights[0, 0], f"row {length - 1}"),
        head_view(names, names, weights[0], picked=f"column {length - 1}", first=length),
        model_view(names, weights, "head 1 2"),
        reading_view(names, weights[0, 0, 0], length - 1),
    ):
        assert isinstance(shown, Picture) and shown.display_width <= 840 and shown.alt and shown.caption
        sizes = [float(size) for size in re.findall(r'font-size="([0-9.]+)"', shown.svg)]
        assert min(sizes) >= 9
        assert len(shown.data()) < 900_000


# heads


def test_lines_are_as_wide_as_their_weights_and_a_pick_leaves_its_own():
    weights = torch.tensor([[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.25, 0.75]]])
    shown = head_view(["x", "y"], ["a", "b"], weights)
    widths = sorted(
        float(w) for w in re.findall(r'<path d="M[^"]*C[^"]*"[^>]*stroke-width="([0-9.]+)"', shown.svg)
    )
    expected = sorted(0.8 + 6.5 * w for w in (0.5, 0.5, 1.0, 1.0, 0.25, 0.75))
    assert widths == pytest.approx(expected, abs=0.01)
    own = head_view(["x", "y"], ["a", "b"], weights, picked="row 1")
    assert len(re.findall(r'<path d="M[^"]*C', own.svg)) == 3
    assert (
        "“y” attends to “b” 88 %, “a” 12 % (mean of the heads); most of all head 1: “b” 100 %" in own.caption
    )
    to = head_view(["x", "y"], ["a", "b"], weights, heads=[0], picked="column 1")
    assert "“b” is attended to by “y” 100 %, “x” 50 %." in to.caption


def test_each_head_has_its_own_column_with_its_name():
    shown = head_view(words(4), words(4), random_weights(12, 4, 4))
    texts = re.findall(r">([^<>]+)</text>", shown.svg)
    assert [str(k + 1) in texts for k in range(12)] == [True] * 12
    named = head_view(words(4), words(4), random_weights(12, 4, 4), heads=[3], names=list("abcdefghijkl"))
    texts = re.findall(r">([^<>]+)</text>", named.svg)
    assert "d" in texts and "e" not in texts


def test_a_long_sentence_is_seen_through_a_window_and_nothing_is_lost():
    names, weights = words(100), torch.zeros(1, 100, 100)
    weights[0, :, 0], weights[0, :, 60], weights[0, :, 99] = 0.5, 0.3, 0.2
    shown = head_view(names, names, weights, picked="row 60", first=50)
    texts = re.findall(r">([^<>]+)</text>", shown.svg)
    assert f"({50} before)" in texts and f"({100 - 50 - WINDOW} after)" in texts
    assert texts.count("50 %") == 1 and texts.count("30 %") == 1 and texts.count("20 %") == 1
    assert "w50" in texts and "w49" not in texts
    assert {part.key for part in shown.regions} == {
        f"{kind} {k}" for kind in ("row", "column") for k in range(50, 50 + WINDOW)
    }


# all heads, text, beside


def test_the_model_view_has_a_part_for_each_head_and_says_what_it_does():
    before = torch.eye(6).roll(-1, 1)  # each row looks one to the left, the first at the last
    weights = torch.stack([torch.eye(6), before])[None]
    shown = model_view(words(6), weights, "head 0 0")
    assert tuple(part.key for part in shown.regions) == model_keys(1, 2)
    assert "mostly the word itself (100 %)" in shown.caption
    assert "mostly the word before" in part(shown, "head 0 1").words
    assert habit(torch.full((4, 4), 0.25)) == "spread over about 4 of 4 words"
    first = torch.zeros(4, 4)
    first[:, 0] = 1
    assert habit(first) == "mostly the first token (100 %)"


def test_running_text_shades_words_and_frames_the_one_that_looks():
    shown = reading_view(["a", "b", "c"], torch.tensor([0.1, 0.88, 0.02]), 0)
    texts = re.findall(r">([^<>]+)</text>", shown.svg)
    assert texts[:5] == ["a", "10", "b", "88", "c"]
    assert "“a” attends to “b” 88 %" in shown.caption
    assert [part.key for part in shown.regions] == ["row 0", "row 1", "row 2"]


def test_two_pictures_beside_one_another_keep_what_can_be_picked():
    one = matrix_view(ROWS, COLUMNS, WEIGHTS)
    both = picture_row([one, one], ["first", "second"], "Two.")
    assert len(both.regions) == 2 * len(one.regions) and both.caption == "Two."
    left, right = (part.box for part in both.regions if part.key == "row 0")
    assert left[2] <= right[0] and both.regions[0].words.startswith("first: ")
    assert both.svg.count("<svg") == 3 and "first" in both.alt
    with pytest.raises(ValueError, match="titles: expected 1, one for each picture, got 2"):
        picture_row([one], ["a", "b"])


def test_a_chart_keeps_the_names_of_its_lines_apart():
    shapes = line_chart((0, 0, 100, 100), list("abc"), {"x": [0, 0.5, 1], "y": [1, 1, 1]}, (0, 1), marked=1)
    heights = [shape.y for shape in shapes if getattr(shape, "text", "") in ("x", "y")]
    assert abs(heights[0] - heights[1]) >= 14


# bad input


def test_bad_input_is_a_sentence():
    with pytest.raises(TypeError, match="weights: expected a tensor, got list"):
        matrix_view(ROWS, COLUMNS, [[1.0]])
    with pytest.raises(
        ValueError, match=r"weights: expected shape \(3, 4\) for 3 rows and 4 columns, got \(4, 3\)"
    ):
        matrix_view(ROWS, COLUMNS, WEIGHTS.T)
    with pytest.raises(ValueError, match="finite numbers from 0"):
        matrix_view(ROWS, COLUMNS, WEIGHTS * torch.nan)
    with pytest.raises(ValueError, match="finite numbers from 0"):
        reading_view(["a"], torch.tensor([-0.1]))
    with pytest.raises(ValueError, match="picked: expected 'row 0' to 'row 2', .* got 'row 3'"):
        matrix_view(ROWS, COLUMNS, WEIGHTS, "row 3")
    with pytest.raises(ValueError, match="also for one head"):
        head_view(ROWS, COLUMNS, WEIGHTS)
    with pytest.raises(IndexError, match=r"heads: expected numbers from 0 to 0, got \[1\]"):
        head_view(ROWS, COLUMNS, WEIGHTS[None], heads=[1])
    with pytest.raises(ValueError, match="'head 0 0' to 'head 0 1'"):
        model_view(words(2), random_weights(1, 2, 2, 2), "head 1 0")
    with pytest.raises(ValueError, match="layers, heads, rows, columns"):
        model_view(words(2), random_weights(2, 2, 2))
    with pytest.raises(ValueError, match="query: expected a word from 0 to 1, or None, got 3"):
        reading_view(words(2), torch.tensor([0.5, 0.5]), 3)


def test_numbers_that_are_no_shares_are_printed_as_they_are():
    shown = matrix_view(["a"], ["x", "y"], torch.tensor([[3.5, 12.0]]), "row 0", unit="gradient")
    texts = re.findall(r">([^<>]+)</text>", shown.svg)
    assert {"3.5", "12", "gradient"} <= set(texts)
    assert "“a” attends to “y” 12, “x” 3.5." in shown.caption
