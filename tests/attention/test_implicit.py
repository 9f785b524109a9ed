"""Implicit attention against finite differences, its shape and scale; the model stays as it was."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from lecturelib.attention.decoding import greedy
from lecturelib.attention.implicit import agreement, implicit_attention, shares
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import START
from lecturelib.attention.transformer import Transformer

SOURCE, TARGET = [5, 6, 7], [9, 10]


def tiny(kind):
    torch.manual_seed(0)
    if kind == "transformer":
        model = Transformer(12, d=8, heads=2, layers=1, hidden=16)
    else:
        score = None if kind == "fixed" else kind
        model = Seq2Seq(12, score, embedding=6, encoder=5, decoder=7)
    return model.eval().double().requires_grad_(False)


@pytest.mark.parametrize("of", ["score", "log_probability"])
@pytest.mark.parametrize("kind", ["transformer", "additive", "fixed"])
def test_it_is_the_length_of_the_gradient_by_finite_differences(kind, of):
    # source and target share no token: changing a row of the table changes one source embedding. What it changes in
    # the output's own scores is taken out by keeping the output's table.
    model, small = tiny(kind), 1e-6
    found = implicit_attention(model, SOURCE, TARGET, of)
    before, wanted = torch.tensor([[START, TARGET[0]]]), torch.tensor(TARGET)

    def outputs():
        scores, _ = model(torch.tensor([SOURCE]), before)
        if of == "log_probability":
            scores = scores.log_softmax(-1)
        return scores[0, torch.arange(2), wanted]

    if of == "log_probability":  # every score depends on the table there: perturb by a hook instead
        shift = {}

        def push(module, inputs, output):
            if not shift.get("done"):
                shift["done"] = True
                output = output.clone()
                output[0, shift["i"], shift["j"]] += shift["by"]
            return output

        handle = model.embedding.register_forward_hook(push)

        def moved(i, j, by):
            shift.update(i=i, j=j, by=by, done=False)
            return outputs()
    else:

        def moved(i, j, by):
            model.embedding.weight[SOURCE[i], j] += by
            found = outputs()
            model.embedding.weight[SOURCE[i], j] -= by
            return found

    width = model.embedding.embedding_dim
    slopes = torch.stack(
        [
            torch.stack([(moved(i, j, small) - moved(i, j, -small)) / (2 * small) for j in range(width)], -1)
            for i in range(3)
        ],
        1,
    )  # (T, S, e)
    if of == "log_probability":
        handle.remove()
    assert found.shape == (2, 3)
    assert torch.allclose(found, slopes.norm(dim=-1), atol=1e-6)


def test_the_model_is_left_as_it_was():
    model = tiny("additive")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    implicit_attention(model, SOURCE, TARGET)
    with pytest.raises(IndexError):
        implicit_attention(model, [99], TARGET)  # no such token: fails half-way
    assert not model.embedding._forward_hooks and not model.training
    assert not any(p.requires_grad or p.grad is not None for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_context_that_never_looks_has_no_gradient():
    model = tiny("fixed")
    for part in (model.begin, model.out):
        part.weight.zero_()
    model.decoder.weight_ih.zero_()
    assert implicit_attention(model, SOURCE, TARGET).eq(0).all()
    assert shares(torch.zeros(2, 3)).eq(0).all()


def test_shares_sum_to_one_and_bad_input_is_a_sentence():
    assert torch.equal(shares(torch.tensor([[1.0, 3.0]])), torch.tensor([[0.25, 0.75]]))
    with pytest.raises(ValueError, match="of: expected 'score' or 'log_probability', got 'probability'"):
        implicit_attention(tiny("additive"), SOURCE, TARGET, of="probability")
    with pytest.raises(ValueError, match="target: expected at least one token, got none"):
        implicit_attention(tiny("additive"), SOURCE, [])


def test_agreement_and_its_baseline_by_hand():
    one = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])  # largest at 0, 1, 0
    other = torch.tensor([[0.6, 0.4], [0.7, 0.3], [0.1, 0.9]])  # largest at 0, 0, 1
    same, chance = agreement(one, other)
    assert same == pytest.approx(1 / 3)
    assert chance == pytest.approx(5 / 9)  # 2 x 2 pairs at 0 and 1 x 1 at 1, of 9
    with pytest.raises(ValueError, match=r"got \(3, 2\) and \(2, 3\)"):
        agreement(one, other.T)


class Meeting(torch.nn.Module):
    """An embedding in which the threads of a test wait for one another, so that their passes always overlap."""

    def __init__(self, own: torch.nn.Embedding, count: int):
        super().__init__()
        self.own, self.barrier = own, threading.Barrier(count)
        self.weight, self.embedding_dim = own.weight, own.embedding_dim

    def forward(self, tokens):
        found = self.own(tokens)
        with contextlib.suppress(threading.BrokenBarrierError):  # nobody is left to wait for
            self.barrier.wait(timeout=0.2)
        return found


@pytest.mark.parametrize("kind", ["transformer", "additive", "fixed"])
def test_two_threads_share_a_translator_without_meeting(kind):
    model = tiny(kind)
    expected = implicit_attention(model, SOURCE, TARGET), implicit_attention(model, TARGET, SOURCE)
    written = greedy(model, torch.tensor([SOURCE]), longest=4)
    model.embedding = Meeting(model.embedding, 2)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            model.embedding.barrier.reset()
            jobs = (
                pool.submit(implicit_attention, model, SOURCE, TARGET),
                pool.submit(implicit_attention, model, TARGET, SOURCE),
            )
            for job, values in zip(jobs, expected, strict=True):
                torch.testing.assert_close(job.result(), values)
            model.embedding.barrier.reset()
            jobs = (
                pool.submit(implicit_attention, model, SOURCE, TARGET),
                pool.submit(greedy, model, torch.tensor([SOURCE]), 4),
            )
            torch.testing.assert_close(jobs[0].result(), expected[0])
            decoded = jobs[1].result()
            assert decoded.ids == written.ids and decoded.log_probability == written.log_probability
    assert not model.embedding._forward_hooks and not model._forward_pre_hooks


def test_it_works_inside_inference_mode_and_gives_doubles_for_doubles():
    model = tiny("transformer")
    expected = implicit_attention(model, SOURCE, TARGET)
    with torch.inference_mode():
        found = implicit_attention(model, SOURCE, TARGET)
    assert torch.equal(found, expected) and found.dtype == torch.float64
