"""The impossible triangle closes, the rock differs from its control only where it is dented."""

import numpy as np
import pytest
import torch

from lecturelib.confounds.lesson_drawings import black_box, face_in_rocks, impossible_waterfall
from lecturelib.drawing import Polygon


def area(points):
    x, y = np.array(points).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def test_the_three_beams_are_alike_and_share_no_area():
    beams = [shape.points for shape in impossible_waterfall().shapes if isinstance(shape, Polygon)]
    assert len(beams) == 3 and np.ptp([area(beam) for beam in beams]) < 1e-6
    corners = np.array([point for beam in beams for point in beam])
    assert corners.min() > 0
    # each beam ends where the next begins: six corners are shared by two beams or more
    near = np.linalg.norm(corners[:, None] - corners[None], axis=2) < 1e-6
    assert (near.sum(1) >= 2).sum() == 12


def test_the_rock_and_its_control_differ_by_the_hollows():
    rock, plain = face_in_rocks(1), face_in_rocks(1, hollows=False)
    change = (rock - plain).abs()[0, 0]
    assert change[30:42, 28:42].mean() > 4 * change[90:, :20].mean()  # an eye, and a lower corner
    assert rock.min() >= 0 and rock.max() <= 1
    assert torch.equal(face_in_rocks(1), rock) and not torch.equal(face_in_rocks(2), rock)


def test_the_box_says_what_goes_in_and_what_comes_out():
    drawing = black_box(np.zeros((8, 8, 3), np.uint8), "truck, 100 %", 74000)
    assert "74,000" in drawing.alt and "truck, 100 %" in drawing.alt


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="seed"):
        face_in_rocks(-1)
