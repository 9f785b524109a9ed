"""Planted faults are found in real data, and by hand in tiny sets; what is named is counted honestly."""

import pytest
import torch

from lecturelib import datasets
from lecturelib.training import faulty_data as fd


@pytest.fixture(scope="module")
def digits():
    images, labels = datasets.digits()
    return images[:800], labels[:800]


@pytest.fixture(scope="module")
def faulty(digits):
    return fd.plant_faulty_data(*digits, mislabeled=30, copies=10, seed=1)


def test_what_is_planted_is_what_differs(digits, faulty):
    images, labels = digits
    wrong = set(faulty.mislabeled.tolist())
    originals, replaced = faulty.copies.T
    assert len(wrong) == 30 and not wrong & set(originals.tolist()) and not wrong & set(replaced.tolist())
    assert set((faulty.labels != faulty.true_labels).nonzero()[:, 0].tolist()) == wrong
    changed = (faulty.images != images).flatten(1).any(1).nonzero()[:, 0].tolist()
    assert set(changed) == set(replaced.tolist())
    assert torch.equal(faulty.true_labels[replaced], labels[originals])
    assert faulty.images.min() >= 0 and faulty.images.max() <= 1
    again = fd.plant_faulty_data(*digits, mislabeled=30, copies=10, seed=1)
    assert torch.equal(again.images, faulty.images) and torch.equal(again.labels, faulty.labels)
    assert torch.equal(datasets.digits()[0][:800], images)  # nothing is changed in place


@pytest.mark.parametrize(("by", "precision"), [("loss", 0.8), ("neighbors", 0.5)])
def test_most_of_the_first_suspects_are_mislabeled(faulty, by, precision):
    found = fd.suspect_labels(faulty.images, faulty.labels, by, epochs=4, folds=3)
    assert sorted(found.order.tolist()) == list(range(800))
    assert (found.scores[found.order].diff() <= 0).all()
    named = fd.count_found(found.order[:30], faulty.mislabeled)
    assert named.recall > 0.5  # a guess at random finds 4 %
    assert fd.count_found(found.order[:10], faulty.mislabeled).precision >= precision


def test_every_planted_copy_is_found(faulty):
    pairs = fd.find_duplicates(faulty.images)
    found = fd.count_found(pairs, faulty.copies)
    assert found.recall == 1 and found.precision >= 0.5
    assert (pairs[:, 0] < pairs[:, 1]).all() and len(pairs) == len(pairs.unique(dim=0))


def test_the_same_seed_gives_the_same_order(faulty):
    part = faulty.images[:100], faulty.labels[:100]
    torch.manual_seed(5)
    one, state = fd.suspect_labels(*part, epochs=1, folds=2), torch.get_rng_state()
    torch.manual_seed(5)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(one.order, fd.suspect_labels(*part, epochs=1, folds=2).order)


def test_neighbors_by_hand():
    places = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.8, 0.9, 1.0]).view(7, 1, 1, 1)
    found = fd.suspect_labels(places, torch.tensor([0, 0, 1, 0, 1, 1, 1]), "neighbors", k=2)
    assert found.order[0] == 2  # both its neighbors are of class 0, and its own class is far away
    # all neighbors of 3 are 2 and 1: one of them of another class
    assert found.scores[3] == pytest.approx(0.5 + 0.25 * 0.2 / 0.6, abs=1e-5)


def test_a_class_of_one_example_has_no_neighbor_of_its_own():
    places = torch.tensor([0.0, 0.1, 0.2, 0.3]).view(4, 1, 1, 1)
    found = fd.suspect_labels(places, torch.tensor([0, 0, 0, 1]), "neighbors", k=1)
    assert found.order[0] == 3 and found.scores.isfinite().all()


def test_duplicates_by_hand():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(30, 1, 6, 6, generator=generator)
    images[7] = images[3]
    images[20] = images[11] * 0.5 + 0.1  # darker and with less contrast: the same picture
    assert sorted(fd.find_duplicates(images).tolist()) == [[3, 7], [11, 20]]


def test_precision_and_recall_by_hand():
    found = fd.count_found(torch.tensor([4, 8, 2]), torch.tensor([2, 9]))
    assert (found.precision, found.recall, found.hits) == (1 / 3, 1 / 2, 1)
    assert str(found) == "1 of the 3 named were planted (precision 33%), of 2 planted (recall 50%)"
    pairs = fd.count_found(torch.tensor([[5, 1]]), torch.tensor([[1, 5], [2, 3]]))
    assert (pairs.precision, pairs.recall) == (1, 0.5)
    empty = fd.count_found(torch.zeros(0, dtype=torch.long), torch.tensor([2]))
    assert (empty.precision, empty.recall) == (1, 0)


def test_pictures_say_what_they_show(faulty):
    shown = fd.suspects_picture(
        faulty.images, faulty.labels, faulty.mislabeled[:4], datasets.DIGITS, faulty.true_labels
    )
    assert shown.alt.startswith("4 suspects") and shown.alt.endswith("4 of them are mislabeled.")
    pairs = fd.duplicates_picture(faulty.images, faulty.copies)
    a, b = faulty.copies[0].tolist()
    assert f"{a}, {b}" in pairs.alt and "10 of 10 pairs" in pairs.alt
    assert pairs.pixels.shape[1] > 4 * 2 * 28 * 3


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda x, y: fd.plant_faulty_data(x, y, mislabeled=700, copies=200), "1100 examples for .*got 800"),
        (lambda x, y: fd.plant_faulty_data(x, y, mislabeled=-1), "mislabeled"),
        (lambda x, y: fd.plant_faulty_data(x, torch.zeros(800, dtype=torch.long)), "two classes"),
        (lambda x, y: fd.suspect_labels(x, y, "color"), "by: expected 'loss' or 'neighbors'"),
        (lambda x, y: fd.suspect_labels(x, y, folds=1), "folds: expected a whole number from 2 up"),
        (lambda x, y: fd.suspect_labels(x, y, folds=801), "folds: expected at most 800"),
        (lambda x, y: fd.suspect_labels(x, y, epochs=0), "epochs"),
        (lambda x, y: fd.suspect_labels(x, y, "neighbors", k=800), "1 to 799"),
        (lambda x, y: fd.suspect_labels(x, y[:5]), "labels: expected whole numbers \\(800,\\)"),
        (lambda x, y: fd.suspect_labels(x, y - 1), "from 0 up"),
        (lambda x, y: fd.suspect_labels(x[:, 0], y), "floats \\(N, C, H, W\\)"),
        (lambda x, y: fd.suspect_labels(x * float("nan"), y), "without NaN"),
        (lambda x, y: fd.find_duplicates(x[:1]), "two or more"),
        (lambda x, y: fd.find_duplicates(x, 1.5), "share: .*got 1.5"),
        (lambda x, y: fd.count_found(y, torch.zeros(3, 2)), "both the same"),
        (
            lambda x, y: fd.suspects_picture(x, y, [], datasets.DIGITS),
            "places: expected at least one example",
        ),
        (lambda x, y: fd.duplicates_picture(x, torch.zeros(0, 2)), "at least one"),
    ],
)
def test_bad_input_is_a_sentence(digits, act, words):
    with pytest.raises(ValueError, match=words):
        act(*digits)


def test_a_wrong_type_is_a_type_error(digits):
    with pytest.raises(TypeError, match="copies: expected a whole number"):
        fd.plant_faulty_data(*digits, copies=1.5)
    with pytest.raises(TypeError, match="labels: expected a tensor .*got list"):
        fd.suspect_labels(digits[0], digits[1].tolist())


def test_the_name_of_a_wrong_label_is_not_cut(digits):
    from lecturelib.show.raster_text import pixel_width

    longest = max((f"\N{BALLOT X} {name}" for name in datasets.CLOTHES), key=len)
    assert pixel_width(longest, 15) <= 4 * 28  # px that a suspect of 28 x 28 has
