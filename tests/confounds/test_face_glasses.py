"""Face crops, the detector that is trained at once, and the region of the glasses."""

import pytest
import torch

from lecturelib.confounds.adversarial import pgd
from lecturelib.confounds.face_glasses import face_crops, face_detector, glasses_mask


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
