"""Glasses that hide a face: an attack confined to the frame of a pair of glasses, against a face detector.

The crops are scikit-image's `lfw_subset`: 100 faces and 100 other pictures, 25 x 25, grey, without identities. So this
is dodging (not being found), and not impersonation (being taken for somebody), which would need identities.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_whole
from lecturelib.models.pixel_model import PixelModel

FACE_CLASSES = ("no face", "face")
FACE_SIDE, TRAINED = 25, 70  # pixels; of each class so many to train, the other 30 to test
STEPS, BATCH, RATE = 150, 40, 3e-3


def face_crops(split: str = "train") -> tuple[Tensor, Tensor]:
    """Crops (N, 1, 25, 25) and labels (N,), 1 for a face: 140 to train, 60 to test.

    Huang et al. 2007, "Labeled faces in the wild", as scikit-image ships them. Raises `ValueError` for another split.

    >>> face_crops("test")[0].shape
    torch.Size([60, 1, 25, 25])
    """
    check_choice("split", split, ("train", "test"))
    from skimage.data import lfw_subset

    crops = torch.from_numpy(lfw_subset()).float()[:, None]
    faces, others = crops[:100], crops[100:]
    part = slice(0, TRAINED) if split == "train" else slice(TRAINED, 100)
    faces, others = faces[part], others[part]
    labels = torch.cat([torch.ones(len(faces)), torch.zeros(len(others))]).long()
    return torch.cat([faces, others]).clamp(0, 1), labels


@lru_cache(maxsize=4)
def face_detector(seed: int = 0) -> PixelModel:
    """A small convolutional network that tells faces from other pictures, trained at once (a second or two).

    It is shared, so nobody may change it. Raises `ValueError` or `TypeError` for a negative seed.

    >>> face_detector().classes
    ('no face', 'face')
    """
    check_whole("seed", seed)
    images, labels = face_crops("train")
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * 6 * 6, 2),
        )
        model = PixelModel(
            network, (0.5,), (0.25,), name="face detector", classes=FACE_CLASSES, input_size=FACE_SIDE
        )
        optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.05)
        for _ in range(STEPS):
            chosen = torch.randint(len(images), (BATCH,))
            x = images[chosen]
            x = torch.where(torch.rand(BATCH, 1, 1, 1) < 0.5, x.flip(3), x)
            shift = torch.randint(-2, 3, (2,)).tolist()
            x = torch.roll(x, shift, (2, 3)) * (0.8 + 0.4 * torch.rand(BATCH, 1, 1, 1))
            loss = nn.functional.cross_entropy(model(x.clamp(0, 1)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval().requires_grad_(False)


def glasses_mask(filled: bool = False) -> Tensor:
    """The frame of a pair of glasses for the face crops, (25, 25) of True and False: two rims, a bridge, two temples.

    With `filled` the lenses as well, as of sunglasses.

    >>> mask = glasses_mask()
    >>> mask.shape, bool((mask == mask.flip(1)).all())
    (torch.Size([25, 25]), True)
    """
    rows = torch.arange(FACE_SIDE).view(-1, 1) - 8.0
    columns = torch.arange(FACE_SIDE).view(1, -1) - 12.0
    away = ((columns.abs() - 5.5) / 4.5).square() + (rows / 3.2).square()
    rims = (away <= 1.25) & (filled | (away >= 0.45))
    bar = (rows.abs() < 1) & ((columns.abs() < 2) | (columns.abs() > 9))
    return rims | bar
