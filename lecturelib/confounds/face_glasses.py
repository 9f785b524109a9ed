"""Glasses that hide a face: an attack confined to the frame of a pair of glasses, against face detectors.

The crops are scikit-image's `lfw_subset`: 100 faces and 100 other pictures, 25 x 25, grey, without identities. So a
face is hidden from a detector here; dodging (being taken for anybody else) and impersonation (being taken for a person
of choice) would need identities (Sharif et al. 2016). The set's other pictures are nearly all flat: a detector may
learn "texture" instead of "face". Harder other pictures take that away.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib import images
from lecturelib.checks import check_choice, check_images, check_whole, complaint
from lecturelib.images import fit
from lecturelib.models.pixel_model import PixelModel

FACE_CLASSES = ("no face", "face")
FACE_SIDE, TRAINED = 25, 70  # pixels; of each class so many to train, the other 30 to test
BATCH, RATE = 40, 3e-3
BLOCK = 5  # pixels of a side of the blocks that are shuffled

# What a detector sees as "no face" in training, and for how many steps it is trained.
OTHERS = {"flat": 150, "photos": 250, "shuffled": 250}
TO_TRAIN = ("cat", "coffee", "motorcycle", "camera", "grass", "temple")  # photos without a face to be found
TO_TEST = ("rocket", "flower", "brick", "gravel")


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


def textured_crops(split: str = "train", count: int = 140, seed: int = 0) -> Tensor:
    """Pictures with texture and without a face, (count, 1, 25, 25): random squares of grey photos, most of them small.

    Other photos to train and to test. Raises `ValueError` or `TypeError` for another split or count.

    >>> textured_crops("test", 3).shape
    torch.Size([3, 1, 25, 25])
    """
    check_choice("split", split, ("train", "test"))
    check_whole("count", count, 1)
    check_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    names, found = TO_TRAIN if split == "train" else TO_TEST, []
    grey = [images.photo(name).mean(1, keepdim=True) for name in names]
    for k in range(count):
        photo = grey[k % len(grey)]
        height, width = photo.shape[-2:]
        u = torch.rand(3, generator=generator).tolist()
        side = FACE_SIDE + int((0.6 * min(height, width) - FACE_SIDE) * u[0] ** 2)
        top, left = int(u[1] * (height - side)), int(u[2] * (width - side))
        found.append(fit(photo[..., top : top + side, left : left + side], FACE_SIDE))
    return torch.cat(found).clamp(0, 1)


def shuffled_blocks(crops: Tensor, seed: int = 0) -> Tensor:
    """Each crop (B, 1, 25, 25) cut into 25 blocks of 5 x 5 pixels, put together in random order: same texture, no face.

    Raises `ValueError` or `TypeError` for other crops.

    >>> crops = face_crops("test")[0][:2]
    >>> bool((shuffled_blocks(crops).flatten(1).sort(1).values == crops.flatten(1).sort(1).values).all())
    True
    """
    check_images(crops, name="crops")
    if crops.shape[1:] != (1, FACE_SIDE, FACE_SIDE):
        raise ValueError(complaint("crops", f"shape (B, 1, {FACE_SIDE}, {FACE_SIDE})", tuple(crops.shape)))
    check_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    count, per_side = len(crops), crops.shape[-1] // BLOCK
    blocks = crops[:, 0].unfold(1, BLOCK, BLOCK).unfold(2, BLOCK, BLOCK)  # (B, 5, 5, BLOCK, BLOCK)
    blocks = blocks.reshape(count, per_side**2, BLOCK, BLOCK)
    order = torch.stack([torch.randperm(per_side**2, generator=generator) for _ in range(count)])
    blocks = blocks[torch.arange(count)[:, None], order].view(count, per_side, per_side, BLOCK, BLOCK)
    return blocks.permute(0, 1, 3, 2, 4).reshape(crops.shape)


def face_detector(seed: int = 0, others: str = "flat") -> PixelModel:
    """A small convolutional network that tells faces from other pictures, trained at once (a few seconds).

    `others`, what "no face" is in training: "flat", the set's own other pictures; "photos", these and textured crops of
    photos; "shuffled", these and faces in shuffled blocks, too. Half of each batch are faces. It is trained once and
    shared, so nobody may change it. Raises `ValueError` or `TypeError` for a negative seed or other others.

    >>> face_detector().classes
    ('no face', 'face')
    """
    check_whole("seed", seed)
    check_choice("others", others, tuple(OTHERS))
    return _trained_detector(seed, others)


@lru_cache(maxsize=12)  # by position alone: face_detector() and face_detector(others="flat") are one network
def _trained_detector(seed: int, others: str) -> PixelModel:
    crops, labels = face_crops("train")
    faces, rest = crops[labels == 1], [crops[labels == 0]]
    if others != "flat":
        rest.append(textured_crops("train"))
    if others == "shuffled":
        rest.append(shuffled_blocks(faces))
    negatives = torch.cat(rest)
    half = torch.arange(BATCH) < BATCH // 2
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        model = _untrained()
        optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.05)
        for _ in range(OTHERS[others]):
            face, other = (bank[torch.randint(len(bank), (BATCH,))] for bank in (faces, negatives))
            x = torch.where(half.view(-1, 1, 1, 1), face, other)
            x = torch.where(torch.rand(BATCH, 1, 1, 1) < 0.5, x.flip(3), x)
            shift = torch.randint(-2, 3, (2,)).tolist()
            x = torch.roll(x, shift, (2, 3)) * (0.8 + 0.4 * torch.rand(BATCH, 1, 1, 1))
            loss = nn.functional.cross_entropy(model(x.clamp(0, 1)), half.long())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval().requires_grad_(False)


def _untrained() -> PixelModel:
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
    return PixelModel(
        network, (0.5,), (0.25,), name="face detector", classes=FACE_CLASSES, input_size=FACE_SIDE
    )


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
