"""Two microphones: recordings of many speakers in which the microphone, and not the voice, gives the diagnosis away.

The spectra are synthetic: 32 bands of a log power spectrum, in which a microphone's frequency response is added to what
the speaker says.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.checks import check_number, check_whole, complaint, described
from lecturelib.filters import gaussian_blur

BANDS = 32
SPEAKER, UTTERANCE, DISEASE, MICROPHONE = (
    1.0,
    0.5,
    0.9,
    2.5,
)  # sizes (standard deviations of a band) of what is added


@dataclass(frozen=True)
class Recordings:
    """Log spectra (N, 32) with the speaker, the condition (0 healthy, 1 ill) and the microphone (0, 1) of each.

    >>> recordings(4, 3).spectra.shape
    torch.Size([12, 32])
    """

    spectra: Tensor
    speaker: Tensor
    ill: Tensor
    microphone: Tensor

    def __len__(self) -> int:
        return len(self.spectra)


def recordings(
    speakers: int = 40,
    utterances: int = 10,
    agreement: float = 1.0,
    seed: int = 0,
    voices: int = 0,
    both: bool = False,
) -> Recordings:
    """Recordings of healthy and ill speakers, alternately; each speaker has one microphone, or with `both` the two.

    agreement: share of speakers whose microphone tells their condition: 1 is a study in which the ill were recorded in
    the clinic and the healthy elsewhere, 0.5 is independent, 0 exchanges the rooms. `both` records every other
    utterance of each speaker by the other microphone instead. `seed` draws the two microphones and
    the mark of the disease, `voices` the speakers. Raises `ValueError` or `TypeError` for values outside.

    >>> study = recordings(6, 2)
    >>> bool((study.ill == study.microphone).all())
    True
    """
    check_whole("speakers", speakers, 2)
    check_whole("utterances", utterances, 1)
    check_number("agreement", agreement, least=0, most=1)
    check_whole("seed", seed)
    check_whole("voices", voices)
    responses, mark = _world(seed)
    generator = torch.Generator().manual_seed(1000 * seed + voices + 1)
    ill = torch.arange(speakers) % 2
    agrees = torch.arange(speakers) // 2 < round(agreement * ((speakers + 1) // 2))
    microphone = torch.where(agrees, ill, 1 - ill)
    voice = SPEAKER * _curves(speakers, generator) + DISEASE * ill[:, None] * mark
    speaker = torch.arange(speakers).repeat_interleave(utterances)
    said = voice[speaker] + UTTERANCE * torch.randn(len(speaker), BANDS, generator=generator)
    used = torch.arange(len(speaker)) % 2 if both else microphone[speaker]
    return Recordings(said + responses[used], speaker, ill[speaker], used)


def known_pairs(count: int = 20, seed: int = 0) -> tuple[Tensor, Tensor]:
    """The same utterances recorded by both microphones at once: two spectra (count, 32), row by row the same sound.

    Each microphone adds a little noise of its own. The speakers are healthy and none of the study's.

    >>> known_pairs(5)[1].shape
    torch.Size([5, 32])
    """
    check_whole("count", count, 1)
    check_whole("seed", seed)
    responses, _ = _world(seed)
    generator = torch.Generator().manual_seed(1000 * seed + 999)
    said = SPEAKER * _curves(count, generator) + UTTERANCE * torch.randn(count, BANDS, generator=generator)
    first, second = (
        said + response + 0.1 * torch.randn(count, BANDS, generator=generator) for response in responses
    )
    return first, second


def corrected(spectra: Tensor, microphone: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Spectra as the first microphone would have recorded them, by the mean difference of known pairs.

        s' = s - mean_k(second_k - first_k) for what the second microphone recorded

    Exact where a microphone is a filter, which adds to a log spectrum. After the idea of Maier et al. 2009: what two
    recordings of the same sound differ in is the channel. Raises `ValueError` for shapes that do not fit.

    >>> one, two = torch.zeros(2, 3), torch.ones(2, 3)
    >>> corrected(torch.full((2, 3), 5.0), torch.tensor([0, 1]), one, two)[:, 0]
    tensor([5., 4.])
    """
    if (
        not isinstance(first, Tensor)
        or first.ndim != 2
        or not isinstance(second, Tensor)
        or first.shape != second.shape
    ):
        raise ValueError(
            complaint("first and second", "equally many spectra (count, bands)", described(second))
        )
    if spectra.ndim != 2 or spectra.shape[1] != first.shape[1] or microphone.shape != (len(spectra),):
        raise ValueError(
            complaint("spectra", f"(N, {first.shape[1]}) with a microphone (N,)", described(spectra))
        )
    return spectra - microphone[:, None] * (second - first).mean(0)


def plane(spectra: Tensor) -> Tensor:
    """A two-dimensional map (N, 2): the first two principal components.

    >>> plane(torch.eye(4)).shape
    torch.Size([4, 2])
    """
    centered = spectra - spectra.mean(0)
    return centered @ torch.linalg.svd(centered, full_matrices=False).Vh[:2].T


def diagnose_spectra(train: Tensor, ill: Tensor, test: Tensor, ridge: float = 1.0) -> Tensor:
    """The conditions (M,), 0 or 1, of test spectra by Fisher's linear discriminant fitted to a study.

        w = (S + ridge I)^-1 (mean of the ill - mean of the healthy), with the scatter S within the two groups

    Raises `ValueError` where a group is missing, or for spectra with NaN.

    >>> diagnose_spectra(torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1]), torch.tensor([[0.2], [0.9]]))
    tensor([0, 1])
    """
    for name, spectra in (("train", train), ("test", test)):
        if not spectra.isfinite().all():
            raise ValueError(
                complaint(name, "finite values", "NaN or infinity", "leave out these recordings")
            )
    groups = [train[ill == k] for k in (0, 1)]
    if not all(len(group) for group in groups):
        raise ValueError(complaint("ill", "both healthy (0) and ill (1) recordings", described(ill)))
    means = [group.mean(0) for group in groups]
    within = sum((group - mean).T @ (group - mean) for group, mean in zip(groups, means, strict=True)) / len(
        train
    )
    weights = torch.linalg.solve(within + ridge * torch.eye(train.shape[1]), means[1] - means[0])
    return ((test - (means[0] + means[1]) / 2) @ weights > 0).long()


def _world(seed: int) -> tuple[Tensor, Tensor]:
    """The responses (2, 32) of the microphones and the mark (32,) that the disease leaves."""
    generator = torch.Generator().manual_seed(seed)
    curves = _curves(3, generator)
    return MICROPHONE * torch.stack([torch.zeros(BANDS), curves[0] - 0.3 * curves[1]]), curves[2]


def _curves(count: int, generator: torch.Generator) -> Tensor:
    """Smooth random curves (count, 32) of mean square 1."""
    rough = torch.randn(count, 1, 1, BANDS, generator=generator)
    smooth = gaussian_blur(rough, (0.01, 2.5))[:, 0, 0]
    return smooth / smooth.square().mean(1, keepdim=True).sqrt()
