"""What a ReLU passes back: the gradient (backprop), positive signals only (deconvnet), or what survives both (guided).

Zeiler & Fergus 2014; Springenberg et al. 2015, "Striving for simplicity", figure 1.
"""

import threading
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

from lecturelib.checks import check_choice

Rule = Literal["backprop", "deconvnet", "guided"]
RULES: tuple[str, ...] = get_args(Rule)


def check_rule(rule: str) -> str:
    """The rule, if there is one of that name; `ValueError` otherwise.

    >>> check_rule("guided")
    'guided'
    """
    return check_choice("rule", rule, RULES)


def relu_back(rule: Rule, signal: Tensor, forward: Tensor, limit: float | None = None) -> Tensor:
    """The signal that a ReLU passes back, given the one that comes from above and what went forward, of the same shape.

    `forward` is what the ReLU was given or what it made of it: both are above 0 at the same places. backprop passes
    the signal where `forward` > 0 (and, for a ReLU6, < `limit`), deconvnet where the signal itself is > 0 whatever
    went forward, guided where both hold. At a forward value of exactly 0 nothing passes, as in PyTorch.

    >>> relu_back("guided", torch.tensor([-2.0, 3.0, 4.0]), torch.tensor([5.0, -1.0, 2.0]))
    tensor([0., 0., 4.])
    """
    if check_rule(rule) != "backprop":
        signal = signal.clamp_min(0)  # unlike a mask it keeps a NaN, which must not look like a zero
    if rule == "deconvnet":
        return signal
    if limit is None:
        return torch.ops.aten.threshold_backward(signal, forward, 0)
    return torch.ops.aten.hardtanh_backward(signal, forward, 0, limit)


class _Relu(Function):
    """A ReLU (or ReLU6) with a backward pass by rule; in place where the network asked for that."""

    @staticmethod
    def forward(ctx, inputs: Tensor, rule: Rule, limit: float | None, inplace: bool) -> Tensor:
        # clamp, not relu: an outer relu_rule must not count the same ReLU again
        outputs = inputs.clamp_(0, limit) if inplace else inputs.clamp(0, limit)
        if inplace:
            ctx.mark_dirty(inputs)
        if rule != "deconvnet":
            # What PyTorch keeps: a network may go on to write on the other one, as `x * relu6(x + 3).div_(6)` does.
            ctx.save_for_backward(outputs if inplace or limit is None else inputs)
        # Where nothing arrives from above nothing must leave: zeros would look like a gradient.
        ctx.set_materialize_grads(False)
        ctx.rule, ctx.limit = rule, limit
        return outputs

    @staticmethod
    def backward(ctx, signal: Tensor | None):
        if signal is None:
            return None, None, None, None
        (forward,) = ctx.saved_tensors or (signal,)
        return relu_back(ctx.rule, signal, forward, ctx.limit), None, None, None


# Each reads the arguments of one of PyTorch's functions: (inputs, upper limit, in place), None if it is no ReLU.
def _relu(input, inplace=False):
    return input, None, inplace


def _relu_inplace(input):
    return input, None, True


def _relu6(input, inplace=False):
    return input, 6.0, inplace


def _relu6_inplace(input):
    return input, 6.0, True


def _hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    return (input, float(max_val), inplace) if min_val == 0 and max_val > 0 else None


def _hardtanh_inplace(input, min_val=-1.0, max_val=1.0):
    return _hardtanh(input, min_val, max_val, True)


_FORMS = {
    F.relu: _relu,
    torch.relu: _relu,
    torch.Tensor.relu: _relu,
    torch.relu_: _relu_inplace,
    torch.Tensor.relu_: _relu_inplace,
    F.relu6: _relu6,
    torch._C._nn.relu6: _relu6,
    torch._C._nn.relu6_: _relu6_inplace,
    F.hardtanh: _hardtanh,
    torch._C._nn.hardtanh: _hardtanh,
    F.hardtanh_: _hardtanh_inplace,
}


_plain = threading.local()  # .on while a "backprop" rule lets a ReLU through: an outer rule must not take it


class relu_rule(TorchFunctionMode):  # named like a function, for it is used like one
    """Inside the `with`, every ReLU that runs in this thread passes its signal back by `rule`.

    >>> pixels = torch.tensor([1.0, 1.0, -1.0], requires_grad=True)
    >>> with relu_rule("guided") as rule:
    ...     score = (pixels.relu() * torch.tensor([2.0, -2.0, 2.0])).sum()
    >>> torch.autograd.grad(score, pixels), rule.count
    ((tensor([2., 0., 0.]),), 1)

    The rule belongs to the ReLUs that ran inside; the backward pass may follow outside. Forward values stay as they
    are; "backprop" only counts, and leaves the ReLUs to PyTorch. Caught are nn.ReLU, nn.ReLU6, F.relu, F.relu6,
    torch.relu, Tensor.relu, their in-place forms (which stay in place), and hardtanh from 0 on. Other activations
    (GELU, SiLU, leaky ReLU), clamp, and compiled or scripted code pass their plain gradient: `rule.count` says how many
    ReLUs were caught, 0 if the rule changed nothing. Of nested rules the inner one holds. `deconvnet` ignores the
    forward pass, hence also the upper limit of a ReLU6; the signal itself is not limited to 6, for its scale depends on
    where it was started.
    """

    def __init__(self, rule: Rule):
        super().__init__()
        self.rule, self.count = check_rule(rule), 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        form = None if getattr(_plain, "on", False) else _FORMS.get(func)
        relu = form(*args, **(kwargs or {})) if form else None
        if relu is None:
            return func(*args, **(kwargs or {}))
        self.count += 1
        if self.rule == "backprop":
            _plain.on = True
            try:
                return func(*args, **(kwargs or {}))
            finally:
                _plain.on = False
        inputs, limit, inplace = relu
        return _Relu.apply(inputs, self.rule, limit, inplace)
