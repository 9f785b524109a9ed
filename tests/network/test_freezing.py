"""Whoever freezes a network first finds its flags, the last one gives them back: by threads and by wrappers."""

import threading

import pytest
import torch
from torch import nn

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.freezing import autograd_on, frozen, training


def network() -> nn.Module:
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Sequential(nn.Dropout(), nn.BatchNorm2d(2))).train()
    net[1][1].eval()
    net[0].bias.requires_grad_(False)
    return net


def flags(net) -> list[bool]:
    return [m.training for m in net.modules()] + [p.requires_grad for p in net.parameters()]


def wrapped(net):
    return PixelModel(net, (0.0,), (1.0,), name="net", input_size=4)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "kinds", [("plain", "plain"), ("wrapped", "plain"), ("wrapped", "wrapped"), ("part", "wrapped")]
)
def test_it_overlaps_through_any_wrapper_of_the_same_modules(kinds, first):
    net = network()
    before = flags(net)
    make = {"plain": lambda: net, "wrapped": lambda: wrapped(net), "part": lambda: net[1]}
    holders = [frozen(make[kind]()) for kind in kinds]
    for holder in holders:
        holder.__enter__()
    holders[first].__exit__(None, None, None)
    assert not net[1][0].training and not net[1][1].weight.requires_grad  # the other one still looks
    holders[1 - first].__exit__(None, None, None)
    assert flags(net) == before


def test_many_threads_through_wrappers_of_their_own():
    net = network()
    before, wrong = flags(net), []

    def loop():
        for _ in range(50):
            with frozen(wrapped(net)):
                if any(m.training for m in net.modules()) or any(p.requires_grad for p in net.parameters()):
                    wrong.append("not frozen")

    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and flags(net) == before


def test_nothing_is_kept_of_a_network_that_was_frozen():
    from lecturelib.network import freezing

    with frozen(network()):
        assert freezing._flags
    assert not freezing._flags


def test_who_trains_and_who_looks_wait_for_each_other():
    net, order, looking, trained = network(), [], threading.Event(), threading.Event()

    def look():
        with frozen(wrapped(net)):
            order.append(("looks", net.training))
            looking.set()

    with training(net):
        thread = threading.Thread(target=look)
        thread.start()
        assert not looking.wait(0.1) and net.training  # it waits
        with frozen(net):  # the thread that trains may look
            assert not net.training
        order.append(("trained", net.training))
    thread.join(5)
    assert order == [("trained", True), ("looks", False)] and net.training

    def train():
        with training(net):
            order.append(("trains", net.training))
            trained.set()

    with frozen(net):
        thread = threading.Thread(target=train)
        thread.start()
        assert not trained.wait(0.1)
    thread.join(5)
    assert order[-1] == ("trains", True)


def test_gradients_work_whatever_stands_around():
    @autograd_on()
    def gradient():
        x = torch.ones(2, requires_grad=True)
        return torch.autograd.grad((x * x).sum(), x)[0]

    for around in (torch.no_grad(), torch.inference_mode()):
        with around:
            assert gradient().tolist() == [2, 2]
            with autograd_on(record=False):
                made = torch.ones(1)
                assert not (made * 2).requires_grad
        assert not made.is_inference()


def test_a_network_made_in_inference_mode_is_frozen_and_given_back():
    with torch.inference_mode():
        net = nn.Linear(2, 1)
    net.lock = threading.Lock()  # cannot be copied
    with frozen(net):
        assert not any(parameter.requires_grad for parameter in net.parameters())
    assert all(parameter.requires_grad for parameter in net.parameters())
