"""Plain data: what is let through, what is refused, and that nothing of a refused value is ever called."""

import collections

import numpy as np
import pytest
import torch

from lecturelib.exercises.plain_data import NotPlain, plain, same


class EqualsEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


class SaysItIsATensor:
    @property
    def __class__(self):
        return torch.Tensor


class RaisesWhenTouched:
    def __getattribute__(self, name):
        raise RuntimeError(f"touched: {name}")

    def __len__(self):
        raise RuntimeError("touched")

    __iter__ = __repr__ = __str__ = __eq__ = __bool__ = __len__
    __hash__ = None


class HostileMeta(type):
    @property
    def __name__(cls):
        raise RuntimeError("touched")


class WithHostileMeta(metaclass=HostileMeta):
    pass


class OwnTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("touched")


class OwnArray(np.ndarray):
    pass


class OwnFloat(float):
    def __sub__(self, other):
        return 0.0


class OwnDict(dict):
    def items(self):
        raise RuntimeError("touched")


def nested(depth):
    made = 1
    for _ in range(depth):
        made = [made]
    return made


def self_containing():
    made: list = [1]
    made += [made] * 5
    return made


HOSTILE = {
    "equals everything": lambda: EqualsEverything(),
    "says it is a tensor": lambda: SaysItIsATensor(),
    "raises when touched": lambda: RaisesWhenTouched(),
    "hostile metaclass": lambda: WithHostileMeta(),
    "tensor subclass": lambda: torch.zeros(2).as_subclass(OwnTensor),
    "array subclass": lambda: np.zeros(2).view(OwnArray),
    "float subclass": lambda: OwnFloat(3.0),
    "dict subclass": lambda: OwnDict(a=1),
    "ordered dict": lambda: collections.OrderedDict(a=1),
    "generator": lambda: (k for k in range(3)),
    "range": lambda: range(3),
    "function": lambda: len,
    "set": lambda: {1, 2},
    "bytes": lambda: b"abc",
    "complex": lambda: 1 + 2j,
    "complex scalar": lambda: np.complex64(1 + 2j),
    "object array": lambda: np.array([EqualsEverything()], dtype=object),
    "array of texts": lambda: np.array(["a"]),
    "deep": lambda: nested(100_000),
    "holds itself": self_containing,
    "long": lambda: [0] * 1_000_000,
    "wide number": lambda: 1 << 100_000,
    "long text": lambda: "a" * (2**20 + 1),
    "huge tensor": lambda: torch.zeros(1).expand(10**10),
    "huge array": lambda: np.broadcast_to(np.zeros(1), (10**10,)),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "no data": lambda: torch.zeros(3, device="meta"),
    "quantized": lambda: torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8),
    "keys of another type": lambda: {(1, 2): 3},
    "inside": lambda: {"a": [1, (2, EqualsEverything())]},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", HOSTILE)
def test_other_values_are_refused_by_type_with_a_sentence(name):
    with pytest.raises(NotPlain) as refused:
        plain(HOSTILE[name]())
    assert 5 < len(str(refused.value)) < 300


def test_where_a_refused_value_stands_is_said():
    with pytest.raises(NotPlain, match=r"an EqualsEverything\['a'\]\[1\]\[1\]"):
        plain(HOSTILE["inside"]())


def test_plain_values_come_through_as_copies():
    tensor = torch.arange(3.0).requires_grad_()
    array = np.arange(3)
    value = {"t": tensor, 2: (array, [None, True, 1.5, "a"]), "s": np.float32(0.5)}
    copied = plain(value)
    assert type(copied["s"]) is float and copied["s"] == 0.5
    assert not copied["t"].requires_grad and copied["t"].tolist() == [0, 1, 2]
    copied["t"].add_(1)
    copied[2][0][0] = 9
    assert tensor.tolist() == [0, 1, 2] and array[0] == 0


def test_parameters_views_and_conjugates_come_through():
    assert type(plain(torch.nn.Parameter(torch.ones(2)))) is torch.Tensor
    turned = torch.arange(6.0).reshape(2, 3).T
    assert plain(turned).is_contiguous() and torch.equal(plain(turned), turned)
    conjugate = torch.tensor([1 + 2j]).conj()
    assert not plain(conjugate).is_conj() and plain(conjugate).item() == 1 - 2j
    assert plain(np.arange(6)[::-2]).tolist() == [5, 3, 1]
    assert plain(np.arange(3, dtype=">i4")).dtype.isnative


def test_same_is_exact():
    nan = float("nan")
    assert same({"a": [nan, torch.tensor([nan])]}, {"a": [nan, torch.tensor([nan])]})
    assert not same(1, 1.0) and not same(True, 1) and not same([1], (1,))
    assert not same(torch.zeros(2), torch.zeros(2, dtype=torch.double))
    assert not same(np.zeros(2), np.zeros((2, 1))) and not same({"a": 1, "b": 2}, {"b": 2, "a": 1})
