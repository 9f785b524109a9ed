"""One code for two views: retrieval by hand, and the shipped network against chance."""

import pytest
import torch

from lecturelib import datasets
from lecturelib.autoencoders.joint_autoencoder import (
    JointAutoencoder,
    iter_joint_autoencoder,
    recall_at,
    retrieval_ranks,
    two_views,
)
from lecturelib.autoencoders.shipped_autoencoders import load_autoencoder


def pictures(n=6):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_two_views_are_the_halves():
    x = pictures()
    assert torch.equal(torch.cat(two_views(x), dim=2), x)


def test_the_code_of_both_views_is_the_mean_of_theirs():
    model = JointAutoencoder(4, 8)
    upper, lower = two_views(pictures())
    both = (model.encode(upper=upper) + model.encode(lower=lower)) / 2
    torch.testing.assert_close(model.encode(upper, lower), both)
    assert torch.equal(model(pictures()), torch.cat(model.decode(model.encode(upper, lower)), 2))


def test_ranks_count_the_better_ones():
    class Planted(JointAutoencoder):
        """Codes by hand: the lower half of picture 2 is nearer to the upper half of picture 0 than its own."""

        def encode(self, upper=None, lower=None):
            if upper is not None:
                return torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
            return torch.tensor([[0.8, -0.6], [0.0, 1.0], [1.0, 0.0]]) - torch.tensor([0.6, 0.4 / 3])

    assert retrieval_ranks(Planted(2, 4), pictures(3)).tolist() == [1, 0, 2]


def test_one_code_for_everything_finds_nothing():
    model = JointAutoencoder(4, 8)
    for parameter in model.parameters():
        parameter.data.zero_()
    ranks = retrieval_ranks(model, pictures(20))
    assert (ranks == 19).all() and recall_at(ranks, 1) == 0


def test_recall():
    ranks = torch.tensor([0, 0, 4, 5, 99])
    assert [round(recall_at(ranks, k), 6) for k in (1, 5, 6, 100)] == [0.4, 0.6, 0.8, 1.0]


def test_training_lowers_the_error_and_follows_its_seed():
    images = datasets.digits("test")[0][:20]

    def errors(seed):
        torch.manual_seed(0)
        run = iter_joint_autoencoder(JointAutoencoder(4, 16), images, steps=200, batch_size=10, seed=seed)
        return [step.error for step in run]

    one = errors(0)
    assert one == errors(0) and one != errors(1)
    assert one[-1] < 0.5 * one[0]


@pytest.mark.parametrize("query", ["upper", "lower"])
def test_the_shipped_network_finds_the_other_half_far_above_chance(query):
    images = datasets.clothes("test")[0][:1000]
    ranks = retrieval_ranks(load_autoencoder("clothes_joint"), images, query)
    assert recall_at(ranks, 1) > 20 * 1 / 1000 and recall_at(ranks, 5) > 20 * 5 / 1000


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: JointAutoencoder(0), ValueError, "code_size"),
        (lambda: JointAutoencoder(2, 4).encode(), ValueError, "upper, lower or both"),
        (lambda: two_views(torch.zeros(1, 1, 14, 28)), ValueError, "images"),
        (
            lambda: retrieval_ranks(JointAutoencoder(2, 4), pictures(), "left"),
            ValueError,
            "query: expected 'upper'",
        ),
        (lambda: recall_at(torch.tensor([0]), 0), ValueError, "k: expected a whole number from 1 up"),
        (lambda: iter_joint_autoencoder(JointAutoencoder(2, 4), pictures(), steps=0), ValueError, "steps"),
    ],
)
def test_bad_input_is_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_no_ranks_have_no_recall():
    with pytest.raises(ValueError, match="ranks: expected at least one"):
        recall_at(torch.zeros(0), 1)
