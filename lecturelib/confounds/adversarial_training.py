"""Adversarial training: a network learns on attacked pictures, so that attacks of that size change fewer answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.checks import check_name, check_number, check_whole, complaint, described
from lecturelib.confounds.adversarial import Norm, pgd
from lecturelib.models import small
from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.class_names import class_index
from lecturelib.network.freezing import frozen
from lecturelib.network.inputs import as_the_model_takes

ROBUST_FILE = "robust_lenet"
TRAINED_AT = 0.2  # epsilon of the shipped adversarial training, in pixels of [0, 1]
TRAINED_DIGITS = {
    "plain": "the usual training",
    "adversarial": f"trained on digits attacked with epsilon {TRAINED_AT}",
}
DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class AdversarialEpoch:
    """After an epoch of adversarial training: the share of its attacked training pictures named rightly, and its loss.

    >>> AdversarialEpoch(1, 6, 0.5, 1.2).of
    6
    """

    epoch: int
    of: int
    accuracy: float
    loss: float


def iter_adversarial_training(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float = TRAINED_AT,
    epochs: int = 6,
    steps: int = 5,
    batch: int = 100,
    rate: float = 2e-3,
    seed: int = 0,
) -> Iterator[AdversarialEpoch]:
    """Adversarial training, in place, epoch by epoch: the network learns from the attacks on itself.

        min over the weights of the mean of  max over |d| <= epsilon  of  loss(model(x + d), label)

    The inner maximum is approached by `pgd` (L-infinity, a random start, `steps` steps), the outer minimum by Adam with
    a rate that falls to 0. epsilon rises over the first third of the steps, since a network that has learned nothing
    yet is stuck otherwise; 0 is the usual training. images (N, C, H, W) in [0, 1], labels (N,). The modes and flags of
    the model come back as they were. Raises `ValueError` or `TypeError` before any work. Madry, Makelov, Schmidt,
    Tsipras & Vladu 2018, equation 2.1; Goodfellow, Shlens & Szegedy 2015, section 6.

    >>> from lecturelib import models
    >>> net = models.load("lenet", "random")
    >>> x, y = torch.rand(8, 1, 28, 28), torch.arange(8)
    >>> [found.epoch for found in iter_adversarial_training(net, x, y, epochs=2, steps=1, batch=4)]
    [1, 2]
    """
    check_number("epsilon", epsilon, least=0)
    for name, value in (("epochs", epochs), ("steps", steps), ("batch", batch)):
        check_whole(name, value, 1)
    check_number("rate", rate, above=0)
    check_whole("seed", seed)
    x, y = _pairs(model, images, labels)
    return _epochs(model, x, y, epsilon, epochs, steps, batch, rate, seed)


def _epochs(model, images, labels, epsilon, epochs, steps, batch, rate, seed):
    generator = torch.Generator().manual_seed(seed)
    flags = {parameter: parameter.requires_grad for parameter in model.parameters()}
    modes = {module: module.training for module in model.modules()}
    optimizer = torch.optim.Adam(list(flags), rate)
    each = max(1, len(images) // batch)
    total, done = epochs * each, 0
    try:
        for epoch in range(1, epochs + 1):
            order, right, summed, seen = torch.randperm(len(images), generator=generator), 0, 0.0, 0
            for chosen in order.split(batch)[:each]:
                x, y = images[chosen], labels[chosen]
                strength = epsilon * min(1.0, 3 * done / total)
                if strength:
                    x = pgd(model, x, strength, steps, label=y, random_start=True, seed=seed + done)
                model.train().requires_grad_(True)
                for group in optimizer.param_groups:
                    group["lr"] = rate * (1 - done / total)
                with torch.inference_mode(False), torch.enable_grad():
                    logits = model(x)
                    loss = F.cross_entropy(logits, y)
                    optimizer.zero_grad()
                    loss.backward()
                optimizer.step()
                right += int((logits.argmax(1) == y).sum())
                summed, seen, done = summed + loss.item() * len(y), seen + len(y), done + 1
            yield AdversarialEpoch(epoch, epochs, right / seen, summed / seen)
    finally:
        optimizer.zero_grad(set_to_none=True)
        for parameter, flag in flags.items():
            parameter.requires_grad_(flag)
        for module, mode in modes.items():
            module.training = mode


def robust_accuracy(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilons: Sequence[float] = (0.0, 0.1, 0.2, 0.3),
    steps: int = 20,
    norm: Norm = "linf",
    through: nn.Module | None = None,
) -> list[float]:
    """Accuracy against epsilon: the share of pictures that are still named rightly after an attack of each size.

    The attack is `pgd`, untargeted, away from the label, without a random start; each epsilon is attacked anew. An
    upper bound of the accuracy against every attack of that size: a better attack may find more. `through`: the network
    whose gradients the attack follows, if not the model's own (a stand-in: see `Stepped`). Raises as `pgd` does.

    >>> from lecturelib import datasets, models
    >>> x, y = datasets.digits("test")
    >>> clean, attacked = robust_accuracy(models.load("lenet"), x[:20], y[:20], (0.0, 0.3), steps=5)
    >>> clean > attacked
    True
    """
    for epsilon in epsilons:
        check_number("epsilons", epsilon, least=0)
    check_whole("steps", steps, 1)
    x, y = _pairs(model, images, labels)
    found = []
    for epsilon in epsilons:
        right = 0
        for part, truth in zip(x.split(200), y.split(200), strict=True):
            attacked = (
                pgd(model if through is None else through, part, epsilon, steps, norm=norm, label=truth)
                if epsilon
                else part
            )
            with torch.no_grad(), frozen(model):
                right += int((model(attacked).argmax(1) == truth).sum())
        found.append(right / len(x))
    return found


def load_robust(name: str = "adversarial") -> PixelModel:
    """A LeNet of data/robust_lenet, trained on 10,000 digits: "plain" or "adversarial" (`TRAINED_DIGITS`); eval mode.

    Both have the same architecture, data, steps of training and seed. Raises `UnknownName` for another name,
    `assets.AssetMissing` or `assets.AssetAltered` where data/robust_lenet.safetensors is gone or damaged.

    >>> load_robust("plain").classes[3]
    '3'
    """
    check_name("name", name, TRAINED_DIGITS, "network")
    tensors = assets.shipped_tensors(ROBUST_FILE)
    own = {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }
    model = digits_network(name)
    model.load_state_dict(own, strict=True)
    return model.eval().requires_grad_(False)


def digits_network(name: str) -> PixelModel:
    """An untrained LeNet for digits that takes pixels in [0, 1].

    >>> digits_network("plain").name
    'lenet_plain'
    """
    return PixelModel(
        small.lenet(),
        small.MNIST_MEAN,
        small.MNIST_STD,
        name=f"lenet_{name}",
        classes=DIGITS,
        input_size=small.LENET_SIZE,
        aliases=small.LENET_ALIASES,
    )


def _pairs(model, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    x = as_the_model_takes(images, model)
    if not isinstance(labels, Tensor) or labels.shape != (len(x),) or labels.is_floating_point():
        raise ValueError(complaint("labels", f"whole numbers ({len(x)},)", described(labels)))
    for label in labels.unique().tolist():
        class_index(model, int(label))  # says which classes there are
    return x.detach(), labels.long()
