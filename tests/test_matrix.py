"""The judge of `make matrix`: it passes right answers, and tells planted wrong ones, refusals and crashes from them."""

import pytest
import torch
from torch import nn

from lecturelib.checks import complaint
from scripts import matrix, matrix_document
from scripts.matrix import METHODS, Cell, Wrong, judged, prepared, same

ROOT = matrix.ROOT


def chain():
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(3, 6, 3, stride=2),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU6(),
    ]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))


@pytest.fixture
def case():
    return prepared(chain(), sizes=((16, 22),))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_right_on_a_plain_chain(case, method):
    assert judged(METHODS[method], case) == Cell("right", "by itself: 4" if method == "Grad-CAM" else "")


class Altered:
    """A result of the library with one of its fields changed."""

    def __init__(self, result, **fields):
        self.__dict__.update({name: getattr(result, name) for name in dir(result) if name[0] != "_"} | fields)


PLANTED = {
    "record": ("record", lambda found: {k[0]: v * (1 + 1e-4) for k, v in found.items()}),
    "trace": ("trace", lambda found: Altered(found, multiply_adds=found.multiply_adds + 1)),
    "occlusion": ("occlusion_map", lambda found: Altered(found, values=found.values.flip(1))),
    "codes, maxima": ("maximal_images", lambda found: Altered(found, indices=found.indices.flip(0))),
    "backprop": ("backprop", lambda found: found.flip(3)),
    "guided": ("guided_backprop", lambda found: found + 1e-4 * found.abs().max()),
    "deconvolution": ("deconvolution", lambda found: found.clamp(min=0)),
    "integrated gradients": ("integrated_gradients", lambda found: Altered(found, attribution=-found.attribution)),
    "SmoothGrad": ("smooth_grad", lambda found: found / 2),
    "Grad-CAM": ("grad_cam", lambda found: found + 1),
    "ascent": ("maximize", lambda found: Altered(found, image=found.image.flip(2))),
}  # fmt: skip


@pytest.mark.parametrize("method", PLANTED)
def test_a_planted_wrong_answer_is_wrong(case, method, monkeypatch):
    name, spoil = PLANTED[method]
    honest = getattr(matrix, name)
    monkeypatch.setattr(matrix, name, lambda *args, **options: spoil(honest(*args, **options)))
    assert judged(METHODS[method], case).verdict == "wrong"


@pytest.mark.parametrize(("smaller", "verdict"), [(0, "right"), (1, "wrong")])
def test_a_field_one_pixel_too_small_is_wrong(case, smaller, verdict, monkeypatch):
    honest = matrix.receptive_field

    def field(*args, **options):
        found = honest(*args, **options)
        return matrix_field(found.size[0], found.size[1] - smaller, found)

    def matrix_field(height, width, found):
        return type(found)((height, width), found.jump, found.start)

    monkeypatch.setattr(matrix, "receptive_field", field)
    assert judged(METHODS["receptive field"], case).verdict == verdict


def test_a_field_that_is_too_large_is_right_and_called_wide(case, monkeypatch):
    honest = matrix.receptive_field

    def field(*args, **options):
        found = honest(*args, **options)
        return type(found)((found.size[0] + 2, found.size[1]), found.jump, found.start)

    monkeypatch.setattr(matrix, "receptive_field", field)
    found = judged(METHODS["receptive field"], case)
    assert found.verdict == "right" and found.note.startswith("wider than needed: ")


def test_a_refusal_is_no_crash_and_a_crash_no_refusal(case):
    def raising(error):
        def ask(case):
            raise error

        return judged(ask, case)

    assert raising(ValueError(complaint("layer", "a map", "none"))) == Cell(
        "refused", "layer: expected a map, got none"
    )
    assert raising(ValueError("shapes do not match")).verdict == "crash"
    assert raising(RuntimeError("x: expected a, got b")).verdict == "crash"
    assert raising(Wrong("off by 2")) == Cell("wrong", "off by 2")


def test_values_are_compared_by_the_largest_and_shapes_and_nan_count():
    expected = torch.tensor([1000.0, 1e-3], dtype=torch.float64)
    same(expected + 5e-4, expected)  # half a millionth of 1000
    for found in (expected + 2e-3, expected[:1], expected * torch.nan, -expected):
        with pytest.raises(Wrong):
            same(found, expected)
    same(torch.zeros(2), torch.zeros(2))
    with pytest.raises(Wrong):
        same(torch.full((2,), 1e-30), torch.zeros(2))


def test_a_gradient_that_autograd_gets_wrong_is_noticed_by_differences():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, signal):
            return 2 * signal

    class Lying(nn.Module):
        def forward(self, x):
            return Doubled.apply(x)

    case = prepared(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sigmoid(), Lying(), nn.Conv2d(4, 5, 1), nn.Flatten()), ((8, 9),)
    )
    assert "central differences are off" in judged(METHODS["backprop"], case).note


def test_the_plain_answers_do_not_know_the_library():
    assert "lecturelib" not in (ROOT / "scripts" / "matrix_answers.py").read_text(encoding="utf-8")


def test_the_document_says_what_ran_what_not_and_every_fault():
    right = {"verdict": "right", "note": ""}
    cells = {"record": right, "trace": {"verdict": "refused", "note": "x: expected a, got b"}}
    wrong = {"record": {"verdict": "wrong", "note": "off by 2"}, "trace": cells["trace"]}
    results = {
        "versions": {"torch": "2.13.0"},
        "networks": {"a": {"cells": cells, "size": [64, 96]}, "b": {"cells": wrong, "size": [64, 64]}},
    }
    text = matrix_document.document(results, {"a": 1.0, "b": 2.0, "c": 30.4}, ["record", "trace"])
    assert "| a | 64 x 96 | + | 1 |\n| b | 64 x 64 | **WRONG** | 1 |" in text
    assert "2 of 3 networks, 2 methods: 1 right, 2 refused, 1 wrong, 0 crash." in text
    assert "1. x: expected a, got b\n" in text and "- b, record: wrong: off by 2" in text
    assert "c (30) (millions of parameters)" in text


def test_differences_that_rounding_swallows_are_no_evidence():
    class Faint(nn.Module):
        def forward(self, x):
            return 1 + 1e-15 * x  # the score does not change by any step

    case = prepared(
        nn.Sequential(nn.Conv2d(3, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), Faint()), ((8, 9),)
    )
    assert judged(METHODS["backprop"], case) == Cell("right", "central differences do not settle")
