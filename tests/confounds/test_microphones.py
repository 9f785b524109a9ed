"""Two microphones: what is added is taken away again, and the discriminant is scikit-learn's."""

import pytest
import torch

from lecturelib.confounds.microphones import corrected, diagnose_spectra, known_pairs, plane, recordings


def test_the_study_confounds_the_microphone_with_the_condition():
    study, exchanged, independent = (recordings(20, 2, share) for share in (1.0, 0.0, 0.5))
    assert torch.equal(study.ill, study.microphone) and torch.equal(exchanged.ill, 1 - exchanged.microphone)
    agreeing = (independent.ill == independent.microphone).float()
    assert agreeing.mean() == 0.5 and agreeing[independent.ill == 1].mean() == 0.5
    assert recordings(4, 6, both=True).microphone.tolist() == [0, 1] * 12


def test_two_rooms_differ_by_the_response_of_the_microphone_alone():
    here, there = recordings(6, 3, 1.0, seed=2), recordings(6, 3, 0.0, seed=2)
    change = there.spectra - here.spectra
    response = change[here.microphone == 0]
    torch.testing.assert_close(response, response[:1].expand_as(response), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        change[here.microphone == 1], -response[: (here.microphone == 1).sum()], atol=1e-5, rtol=0
    )


def test_the_correction_takes_the_response_away():
    here, there = recordings(6, 3, 1.0), recordings(6, 3, 0.0)
    pairs = known_pairs(200)
    fixed = [corrected(r.spectra, r.microphone, *pairs) for r in (here, there)]
    assert (here.spectra - there.spectra).abs().mean() > 1
    assert (fixed[0] - fixed[1]).abs().max() < 0.06  # 0.1 of noise in each of 200 pairs
    exact = corrected(
        torch.tensor([[1.0, 2.0], [4.0, 6.0]]),
        torch.tensor([0, 1]),
        torch.zeros(1, 2),
        torch.tensor([[3.0, 4.0]]),
    )
    assert exact.tolist() == [[1.0, 2.0], [1.0, 2.0]]


def test_the_map_is_that_of_scikit_learns_principal_components():
    from sklearn.decomposition import PCA

    spectra = recordings(6, 5).spectra
    theirs = torch.from_numpy(PCA(2).fit_transform(spectra.double().numpy())).float()
    ours = plane(spectra)
    torch.testing.assert_close(ours.abs(), theirs.abs(), atol=1e-3, rtol=1e-3)


def test_without_a_ridge_the_discriminant_is_scikit_learns():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    study, new = recordings(30, 10, 0.5), recordings(30, 10, 0.5, voices=3)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", priors=[0.5, 0.5]).fit(
        study.spectra.numpy(), study.ill.numpy()
    )
    ours = diagnose_spectra(study.spectra, study.ill, new.spectra, ridge=0.0)
    assert (ours.numpy() == theirs.predict(new.spectra.numpy())).mean() > 0.99


def test_the_same_seed_gives_the_same_and_other_voices_other_speakers():
    assert torch.equal(recordings(4, 2, seed=1).spectra, recordings(4, 2, seed=1).spectra)
    assert not torch.equal(recordings(4, 2, seed=1).spectra, recordings(4, 2, seed=1, voices=1).spectra)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: recordings(1), ValueError, "speakers: expected a whole number from 2"),
        (lambda: recordings(agreement=2), ValueError, "agreement"),
        (lambda: recordings(utterances="3"), TypeError, "utterances"),
        (lambda: known_pairs(0), ValueError, "count"),
        (
            lambda: corrected(torch.zeros(2, 3), torch.zeros(2), torch.zeros(2, 3), torch.zeros(1, 3)),
            ValueError,
            "first",
        ),
        (
            lambda: corrected(torch.zeros(2, 4), torch.zeros(2), torch.zeros(2, 3), torch.zeros(2, 3)),
            ValueError,
            "spectra",
        ),
        (
            lambda: diagnose_spectra(torch.zeros(2, 3), torch.zeros(2), torch.zeros(1, 3)),
            ValueError,
            "ill: expected both",
        ),
    ],
)
def test_bad_input_is_a_sentence(call, error, says):
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize("name", ["train", "test"])
def test_spectra_with_nan_are_refused(name):
    spectra = {"train": torch.rand(4, 3), "test": torch.rand(2, 3)}
    spectra[name][0, 0] = torch.nan
    with pytest.raises(ValueError, match=f"{name}: expected finite values"):
        diagnose_spectra(spectra["train"], torch.tensor([0, 1, 0, 1]), spectra["test"])
