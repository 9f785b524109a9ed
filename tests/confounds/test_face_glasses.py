"""Face crops, the detector that is trained at once, and the region of the glasses."""

import pytest
import torch

from lecturelib.confounds.adversarial import pgd
from lecturelib.confounds.face_glasses import (
    OTHERS,
    TO_TEST,
    TO_TRAIN,
    face_crops,
    face_detector,
    glasses_mask,
    shuffled_blocks,
    textured_crops,
)


def test_the_two_splits_share_no_crop():
    train, test = (face_crops(split)[0].flatten(1) for split in ("train", "test"))
    assert len(train) == 140 and len(test) == 60
    assert torch.cdist(test, train).amin() > 0


def test_the_detector_finds_faces_it_has_not_seen():
    images, labels = face_crops("test")
    before = torch.random.get_rng_state()
    guesses = face_detector()(images).argmax(1)
    assert (guesses == labels).float().mean() > 0.85
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_detector_is_trained_once_however_it_is_asked_for():
    assert face_detector() is face_detector(0, "flat") is face_detector(others="flat", seed=0)


def test_only_crops_of_faces_are_cut_into_blocks():
    for shape in ((2, 1, 24, 24), (2, 3, 25, 25)):
        with pytest.raises(ValueError, match=r"crops: expected shape \(B, 1, 25, 25\)"):
            shuffled_blocks(torch.zeros(shape))


def test_the_glasses_are_a_part_of_the_picture_and_the_attack_stays_within():
    frame, filled = glasses_mask(), glasses_mask(filled=True)
    assert torch.equal(frame & filled, frame) and 0.05 < frame.float().mean() < filled.float().mean() < 0.3
    faces = face_crops("test")[0][:4]
    found = pgd(face_detector(), faces, 1.0, 3, mask=frame)
    assert torch.equal(found[..., ~frame], faces[..., ~frame])


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="split: expected 'train' or 'test'"):
        face_crops("all")
    with pytest.raises(ValueError, match="seed"):
        face_detector(-1)


def test_shuffling_keeps_the_pixels_and_moves_whole_blocks():
    crops = face_crops("test")[0][:3]
    mixed = shuffled_blocks(crops, seed=1)
    assert torch.equal(mixed.flatten(1).sort(1).values, crops.flatten(1).sort(1).values)
    assert not torch.equal(mixed, crops) and torch.equal(mixed, shuffled_blocks(crops, seed=1))
    rows = torch.arange(625.0).view(1, 1, 25, 25) / 624
    blocks = shuffled_blocks(rows).unfold(2, 5, 5).unfold(3, 5, 5).reshape(25, 5, 5)
    assert torch.allclose(blocks[:, 0, 1] - blocks[:, 0, 0], torch.tensor(1 / 624), atol=1e-6)
    assert torch.allclose(blocks[:, 1, 0] - blocks[:, 0, 0], torch.tensor(25 / 624), atol=1e-6)


def test_photos_to_train_and_to_test_differ():
    train, test = (textured_crops(split, 40) for split in ("train", "test"))
    assert train.shape == test.shape == (40, 1, 25, 25)
    assert torch.cdist(test.flatten(1), train.flatten(1)).amin() > 0
    assert train.min() >= 0 and train.max() <= 1
    assert not set(TO_TRAIN) & set(TO_TEST)


def test_the_detector_of_flat_pictures_reads_texture_and_the_other_does_not():
    faces = face_crops("test")[0][:30]
    called = {
        others: face_detector(1, others)(shuffled_blocks(faces)).argmax(1).float().mean() for others in OTHERS
    }
    assert called["flat"] > 0.9 > 0.5 > called["shuffled"]
