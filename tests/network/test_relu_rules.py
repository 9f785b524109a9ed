"""The ReLU rules: the lecture's 3 x 3 table by hand, every way to write a ReLU, and what is left as it was."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib.network.relu_rules import RULES, relu_back, relu_rule

FORWARD = torch.tensor([[1.0, -1.0, 5.0], [2.0, -5.0, -7.0], [-3.0, 2.0, 4.0]])
SIGNAL = torch.tensor([[-2.0, 3.0, -1.0], [6.0, -3.0, 1.0], [2.0, -1.0, 3.0]])
BACK = {
    "backprop": [[-2.0, 0.0, -1.0], [6.0, 0.0, 0.0], [0.0, -1.0, 3.0]],
    "deconvnet": [[0.0, 3.0, 0.0], [6.0, 0.0, 1.0], [2.0, 0.0, 3.0]],
    "guided": [[0.0, 0.0, 0.0], [6.0, 0.0, 0.0], [0.0, 0.0, 3.0]],
}


class Inplace(nn.Module):
    """Overwrites its input and goes on with the overwritten tensor, not with what the function returns."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        x = x.clone()
        self.function(x)
        return x


FORMS = {
    "nn.ReLU": nn.ReLU(),
    "nn.ReLU(inplace)": nn.Sequential(Inplace(nn.ReLU(inplace=True))),
    "F.relu": F.relu,
    "F.relu(inplace)": Inplace(lambda x: F.relu(x, inplace=True)),
    "torch.relu": torch.relu,
    "torch.relu_": Inplace(torch.relu_),
    "Tensor.relu": lambda x: x.relu(),
    "Tensor.relu_": Inplace(lambda x: x.relu_()),
    "nn.ReLU6": nn.ReLU6(),
    "nn.ReLU6(inplace)": Inplace(nn.ReLU6(inplace=True)),
    "F.relu6": F.relu6,
    "F.relu6(inplace)": Inplace(lambda x: F.relu6(x, inplace=True)),
    "F.hardtanh": lambda x: F.hardtanh(x, 0.0, 6.0),
    "F.hardtanh_": Inplace(lambda x: F.hardtanh_(x, 0.0, 6.0)),
    # what torch.nn.functional calls, which a network may call as well
    "_nn.relu6": torch._C._nn.relu6,
    "_nn.relu6_": Inplace(torch._C._nn.relu6_),
    "_nn.hardtanh": lambda x: torch._C._nn.hardtanh(x, 0.0, 6.0),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_lectures_table_by_hand(rule):
    assert torch.equal(relu_back(rule, SIGNAL, FORWARD), torch.tensor(BACK[rule]))
    assert torch.equal(relu_back(rule, SIGNAL, FORWARD.relu()), torch.tensor(BACK[rule]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rule", RULES)
def test_every_form_is_caught_and_gives_the_table(rule, form):
    inputs = FORWARD.clone().requires_grad_()
    with relu_rule(rule) as caught:
        outputs = FORMS[form](inputs)
    assert caught.count == 1
    assert torch.equal(outputs, FORWARD.relu())
    (back,) = torch.autograd.grad(outputs, inputs, SIGNAL)
    assert torch.equal(back, torch.tensor(BACK[rule]))
    assert torch.equal(inputs, FORWARD)


@pytest.mark.parametrize("form", [form for form in FORMS if "relu6" in form.lower() or "hardtanh" in form])
def test_at_the_upper_limit_only_the_deconvnet_passes(form):
    forward = torch.tensor([-1.0, 0.25, 3.0, 6.0, 6.5, 9.0])  # 0.25: the lower limit is 0 and not 1
    signal = torch.tensor([1.0, 2.0, 20.0, 1.0, 1.0, -1.0])
    passing = [0.0, 2, 20, 0, 0, 0]
    back = {"backprop": passing, "deconvnet": [1.0, 2, 20, 1, 1, 0], "guided": passing}
    for rule, expected in back.items():
        inputs = forward.clone().requires_grad_()
        with relu_rule(rule):
            outputs = FORMS[form](inputs)
        assert outputs.tolist() == [0, 0.25, 3, 6, 6, 6]
        assert torch.autograd.grad(outputs, inputs, signal)[0].tolist() == expected


@pytest.mark.parametrize("form", FORMS)
def test_the_backprop_rule_is_what_pytorch_does(form):
    torch.manual_seed(0)
    values, signal = torch.randn(50) * 6, torch.randn(50)
    values[:2] = torch.tensor([0.0, 6.0])
    grads = []
    for context in (relu_rule("backprop"), torch.enable_grad()):
        inputs = values.clone().requires_grad_()
        with context:
            outputs = FORMS[form](inputs)
        grads.append(torch.autograd.grad(outputs, inputs, signal)[0])
    assert torch.equal(*grads)


def test_other_activations_pass_their_plain_gradient_and_are_not_counted():
    x = FORWARD.clone().requires_grad_()
    for function in (F.gelu, F.silu, F.leaky_relu, lambda x: F.hardtanh(x, -1, 1), lambda x: x.clamp(min=0)):
        with relu_rule("guided") as caught:
            ruled = function(x)
        assert caught.count == 0
        both = [torch.autograd.grad(y, x, SIGNAL)[0] for y in (ruled, function(x))]
        assert torch.equal(*both)


@pytest.mark.parametrize("function", [F.hardtanh, F.hardtanh_, torch._C._nn.hardtanh])
def test_the_upper_limit_of_hardtanh_is_1_where_none_is_given(function):
    inputs = torch.tensor([-1.0, 0.5, 1.5]).requires_grad_()
    with relu_rule("guided") as caught:
        outputs = function(inputs.clone(), min_val=0.0)
    assert caught.count == 1 and outputs.tolist() == [0, 0.5, 1]
    assert torch.autograd.grad(outputs.sum(), inputs)[0].tolist() == [0, 1, 0]


def test_of_nested_rules_the_inner_one_holds_and_the_outer_comes_back():
    x = FORWARD.clone().requires_grad_()
    with relu_rule("guided") as outer:
        with relu_rule("backprop") as inner:
            first = F.relu(x)
        second = F.relu(x)
    third = F.relu(x)
    backs = [torch.autograd.grad(y, x, SIGNAL)[0] for y in (first, second, third)]
    assert (outer.count, inner.count) == (1, 1)
    assert [b.tolist() for b in backs] == [BACK["backprop"], BACK["guided"], BACK["backprop"]]


def test_after_an_exception_and_in_other_threads_there_is_no_rule():
    x = FORWARD.clone().requires_grad_()
    with pytest.raises(ZeroDivisionError), relu_rule("deconvnet"):
        _ = 1 / 0
    assert torch.autograd.grad(F.relu(x), x, SIGNAL)[0].tolist() == BACK["backprop"]
    found = []

    def elsewhere():
        found.append(torch.autograd.grad(F.relu(x), x, SIGNAL)[0].tolist())

    with relu_rule("deconvnet") as caught:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert caught.count == 0
    assert found == [BACK["backprop"]]


def test_a_nan_on_the_way_back_stays_one():
    back = relu_back("guided", torch.tensor([float("nan"), 1.0]), torch.tensor([1.0, 1.0]))
    assert back.isnan().tolist() == [True, False]


@pytest.mark.parametrize("rule", ["Guided", "", None])
def test_an_unknown_rule_is_a_sentence(rule):
    with pytest.raises(ValueError, match="'backprop', 'deconvnet' or 'guided'"):
        relu_rule(rule)


OVERWRITTEN = {
    "hard swish by hand": lambda x: x * F.relu6(x + 3).div_(6),
    "hardtanh, then a sum in place": lambda x: F.hardtanh(x, 0.0, 2.0).add_(x),
    "ReLU6, then a product in place": lambda x: nn.ReLU6()(x).mul_(x),
}


@pytest.mark.parametrize("name", OVERWRITTEN)
def test_an_output_overwritten_later_is_no_crash_where_pytorch_has_none(name):
    values = torch.tensor([-4.0, -2.0, 0.5, 2.5, 7.0], dtype=torch.float64)
    function, step = OVERWRITTEN[name], 1e-6
    by_differences = (function(values + step) - function(values - step)) / (2 * step)
    inputs = values.clone().requires_grad_()
    with relu_rule("backprop"):
        outputs = function(inputs)
    torch.testing.assert_close(torch.autograd.grad(outputs.sum(), inputs)[0], by_differences)


def test_guided_backprop_through_a_hard_swish_by_hand():
    x = torch.tensor([-4.0, -2.0, 0.5, 2.5, 7.0], requires_grad=True)
    with relu_rule("guided") as caught:
        outputs = x * F.relu6(x + 3).div_(6)
    # d output / d x = relu6(x + 3) / 6, and x / 6 more where that signal is positive and -3 < x < 3
    expected = torch.tensor([0.0, 1 / 6, 4 / 6, 8 / 6, 1.0])
    torch.testing.assert_close(torch.autograd.grad(outputs.sum(), x)[0], expected)
    assert caught.count == 1


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("inplace", [False, True])
def test_no_signal_from_above_is_none_below(rule, inplace):
    class Lost(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, signal):
            return None

    x = FORWARD.clone().requires_grad_()
    with relu_rule(rule):
        score = Lost.apply(F.relu(x * 1, inplace=inplace)).sum()
    if rule == "backprop":  # PyTorch's own ReLU
        assert not any(g is not None and g.any() for g in torch.autograd.grad(score, x, allow_unused=True))
    else:
        assert torch.autograd.grad(score, x, allow_unused=True) == (None,)


def test_the_backprop_rule_leaves_the_relu_to_pytorch():
    x = FORWARD.clone().requires_grad_()
    with relu_rule("backprop") as caught:
        assert type(F.relu(x).grad_fn).__name__ == "ReluBackward0"
    assert caught.count == 1
