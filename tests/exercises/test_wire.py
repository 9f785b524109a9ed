"""The wire: what is encoded comes back, and bytes that are no message of ours are refused, whatever they are."""

import contextlib
import random

import numpy as np
import pytest
import torch

from lecturelib.exercises.plain_data import NotPlain, same
from lecturelib.exercises.wire import MAGIC, WireError, decode, encode

VALUES = [
    None, True, 3, -(2**80), 0.1, float("nan"), -float("inf"), "ä\n\0🙂", [], (), {}, {"a": 1, 2: [None]},
    torch.arange(6, dtype=torch.float32).reshape(2, 3).T, torch.tensor(True), torch.zeros(0, 4), torch.tensor(1.5),
    torch.tensor([1.5], dtype=torch.bfloat16), torch.tensor([1 + 2j]), np.arange(4, dtype=np.uint16),
    np.array([[True]]), np.zeros((0,)), np.array(2.5), {"deep": [({"x": torch.ones(2)},)]},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_come_back_and_the_bytes_are_the_same(value):
    data = encode(value)
    again = decode(data)
    assert same(again, value.contiguous() if isinstance(value, torch.Tensor) else value)
    assert encode(again) == data


def test_a_decoded_tensor_can_be_written():
    decode(encode(torch.zeros(3))).add_(1)
    decode(encode(np.zeros(3)))[0] = 1


def test_other_values_cannot_be_sent():
    with pytest.raises(NotPlain):
        encode({"a": object()})


def header(text, tail=b""):
    raw = text.encode()
    return MAGIC + len(raw).to_bytes(8, "big") + raw + tail


@pytest.mark.parametrize(
    "data",
    [
        b"", b"LLX1", MAGIC + b"\xff" * 8, header("{"), header("NaN"), header("[1]"), header('{"a":1}'),
        header('{"f":"zz"}'), header('{"z":[]}'), header('{"x":["float32",[2],8]}'), header('{"x":["float32",[-2],8]}'),
        header('{"x":["float32",[2],4]}', b"1234"), header('{"x":["object",[1],8]}', b"12345678"),
        header('{"a":["bool",[1],1]}', b"\x07"), header("1", b"left over"), header('{"d":[[1.5,2]]}'),
        header('{"d":[["a",1],["a",2]]}'), header('{"d":[[{"l":[]},1]]}'), header("[" * 100_000),
        header('{"l":' * 50 + "1" + "}" * 50), header('{"x":["float32",[4294967296,4294967296],0]}'),
        header('{"x":["float32",[0,4611686018427387904,4611686018427387904],0]}'), header('{"i":"%s"}' % ("f" * 2000)),
        header('{"i":"1"}')[:-1], header('{"a":["float32"]}'), header('{"l":5}'), header("1.5"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(data):
    with pytest.raises(WireError):
        decode(data)


def test_random_damage_never_gets_through_as_an_exception_of_another_kind():
    good = encode({"a": [torch.arange(4.0), "text", 1.5], "b": (np.arange(3), None)})
    chance = random.Random(0)
    for _ in range(2000):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        if chance.random() < 0.3:
            bad = bad[: chance.randrange(len(bad))]
        with contextlib.suppress(WireError):
            decode(bytes(bad))


def test_a_message_may_not_be_larger_than_asked_for():
    with pytest.raises(WireError, match="more than 10 bytes"):
        decode(encode("a long text"), most_bytes=10)
