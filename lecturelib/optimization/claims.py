"""Claims C11, C14 and C27 of the course, and whose feature a learned prior shows (row 6.8), measured.

Each returns a plain dict with its numbers and its baselines; what "holds" means was fixed before measuring. Every
difference that a claim needs is a mean over paired runs that exceeds twice its standard error.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib import datasets, images, models
from lecturelib.checks import check_whole
from lecturelib.lesson.claims import margin, result
from lecturelib.network.units import Channel, Logit
from lecturelib.optimization.ascent import maximize
from lecturelib.optimization.deep_prior import iter_denoise, psnr, with_noise
from lecturelib.optimization.objectives import activations_of
from lecturelib.optimization.priors import GANPrior, VAEPrior
from lecturelib.optimization.regularizer_comparison import (
    REGULARIZATIONS,
    high_frequency_share,
    maximize_with,
    under_jitter,
)
from lecturelib.optimization.regularizers import total_variation
from lecturelib.optimization.transforms import ROBUST, jitter

TOP, FAR = 5, 10  # C11: the judged class is among so many; "far above chance" is so many times chance
PHOTOS = ("cat", "astronaut", "flower")
TV_WEIGHTS, TV_STEPS, TV_RATE = (0.03, 0.06, 0.09, 0.12, 0.16, 0.2), 200, 0.01
# whose feature: nearest real pictures asked, among so many digits and as many clothes
NEIGHBORS, KNOWN = 9, 2000


def c11_class_images(count: int = 16, steps: int = 64, size: int = 160, seed: int = 0) -> dict:
    """C11: does another network recognize the class images that one network makes?

    `count` ImageNet classes drawn by `seed`; `efficientnet_lite0` makes an image of each class score at `size` px, with
    robust transforms and without; `efficientnet_lite2`, another network trained on the same pictures, judges. Baseline:
    chance, 5 / 1000, and lite0's own verdict. Holds if the class is among lite2's top five in more than ten times
    chance of the robust images, and more often than without transforms. Simonyan et al. 2014 make class images.
    """
    check_whole("count", count, 1)
    maker, judge = models.load("efficientnet_lite0"), models.load("efficientnet_lite2")
    classes = len(judge.classes)
    chosen = torch.randperm(classes, generator=torch.Generator().manual_seed(seed))[:count].tolist()
    numbers: dict[str, float | int] = {"classes": count, "steps": steps, "px": size, "chance": TOP / classes}
    found: dict[str, list[float]] = {}
    for name, transforms in {"robust": ROBUST, "plain": ()}.items():
        rows = []
        for k in chosen:
            image = maximize(maker, Logit(k), size=size, transforms=transforms, steps=steps, seed=seed).image
            own, judged = _chances(maker, image), _chances(judge, images.fit(image, judge.input_size))
            ranked = judged.topk(TOP).indices.tolist()
            rows.append([float(k in ranked), float(k == ranked[0]), judged[k].item(), own[k].item()])
        top5, top1, confidence, own = torch.tensor(rows).mean(0).tolist()
        found[name] = [row[0] for row in rows]
        numbers |= {f"{name}_judged_top5": top5, f"{name}_judged_top1": top1}
        numbers |= {f"{name}_judge_confidence": confidence, f"{name}_maker_confidence": own}
    differences = [a - b for a, b in zip(found["robust"], found["plain"], strict=True)]
    numbers["margin_robust_over_plain"] = margin(differences)
    holds = numbers["robust_judged_top5"] > FAR * numbers["chance"] and margin(differences) > 0
    says = "another network sees the class in a class image far above chance, and more often with robust transforms"
    return result("C11", says, holds, numbers, "shares of classes; made by lite0, judged by lite2")


@torch.no_grad()
def _chances(model, image: Tensor) -> Tensor:
    return model(image).softmax(1)[0]  # (1, classes) -> (classes,)


def c14_deep_prior(
    photos: Sequence[str] = PHOTOS, size: int = 128, steps: int = 1500, noise: float = 25 / 255, seed: int = 0
) -> dict:
    """C14: does an untrained network clean a noisy photo better than no prior, and than total variation at its best?

    Photos of `size` px with normal noise. All methods minimize the mean square error to the noisy photo: over the
    pixels from grey (no prior), over the pixels from the noisy photo with total variation (every weight of a list), and
    over the weights of an untrained network (its output, and its running mean). Each is read at its own best step,
    total variation at its best weight too, chosen with the clean photo, which nobody has in earnest; the deep prior's
    last step is reported as well: there it has begun to fit the noise. Decibels, mean over the photos. Holds if the
    running mean at its best is above both others at theirs. Ulyanov et al. 2018.
    """
    check_whole("steps", steps, 1)
    rows: dict[str, list[float]] = {}
    for name in photos:
        clean = images.photo(name, size)
        noisy = with_noise(clean, noise, seed)
        found = {"noisy": psnr(noisy, clean), "no_prior_best": _without_prior(noisy, clean)}
        found["total_variation_best"] = max(_total_variation(noisy, clean, weight) for weight in TV_WEIGHTS)
        curves: dict[str, list[float]] = {"deep_prior": [], "deep_prior_mean": []}
        for step in iter_denoise(noisy, steps, seed=seed):
            curves["deep_prior"].append(psnr(step.image, clean))
            curves["deep_prior_mean"].append(psnr(step.mean, clean))
        for key, values in curves.items():
            best = max(range(len(values)), key=values.__getitem__)
            found |= {
                f"{key}_best": values[best],
                f"{key}_best_step": float(best + 1),
                f"{key}_last": values[-1],
            }
        for key, value in found.items():
            rows.setdefault(key, []).append(value)
    numbers: dict[str, float | int] = {"photos": len(photos), "px": size, "steps": steps}
    numbers |= {key: sum(values) / len(values) for key, values in rows.items()}
    deep = rows["deep_prior_mean_best"]
    margins = {}
    for other in ("no_prior_best", "total_variation_best"):
        margins[other] = margin([a - b for a, b in zip(deep, rows[other], strict=True)])
        numbers[f"margin_over_{other}"] = margins[other]
    numbers["lost_by_overfitting"] = numbers["deep_prior_best"] - numbers["deep_prior_last"]
    says = "an untrained network cleans a noisy photo better than no prior and than total variation, if stopped in time"
    note = (
        "peak signal-to-noise in decibels, means over the photos; best: at the best step by the clean photo"
    )
    return result("C14", says, min(margins.values()) > 0, numbers, note)


def _without_prior(noisy: Tensor, clean: Tensor) -> float:
    """The best decibels on the way of the pixels from grey to the noisy photo."""
    return max(psnr(x, clean) for x in _descent(torch.full_like(noisy, 0.5), noisy, 0.0))


def _total_variation(noisy: Tensor, clean: Tensor, weight: float) -> float:
    return max(psnr(x, clean) for x in _descent(noisy, noisy, weight))


def _descent(start: Tensor, noisy: Tensor, weight: float):
    """Adam on the mean square error to the noisy photo plus total variation; every picture on the way."""
    x, penalty = start.clone().requires_grad_(), total_variation(weight)
    optimizer = torch.optim.Adam([x], lr=TV_RATE)
    for _ in range(TV_STEPS):
        optimizer.zero_grad()
        ((x - noisy).square().mean() + penalty(x).sum()).backward()
        optimizer.step()
        yield x.detach().clamp(0, 1)


def c27_regularizer_comparison(
    layers: Sequence[str] = ("conv3", "conv4", "conv5"), units: int = 3, steps: int = 64, seed: int = 0
) -> dict:
    """C27: does each step of the regularizer comparison help, on channels of AlexNet?

    Per layer `units` channels drawn by `seed`, each from the same noise every time, 128 px; the weights were chosen on
    three other channels. Each step changes one thing of the one before it (`REGULARIZATIONS`). It helps if, over the
    channels, the share of energy above a quarter cycle per pixel falls, or the unit's value under small movements
    that the ascent has not seen rises (as a share of the channel's best). Baseline of each: the one before it.
    Mahendran & Vedaldi 2015; Yosinski et al. 2015; Olah et al. 2017.
    """
    check_whole("units", units, 1)
    model = models.load("alexnet")
    generator = torch.Generator().manual_seed(seed)
    shares, values = [], []
    for layer in layers:
        width = activations_of(model, torch.full((1, 3, 128, 128), 0.5), layer).shape[1]
        for channel in torch.randperm(width, generator=generator)[:units].tolist():
            unit = Channel(layer, channel)
            generated = [
                maximize_with(model, unit, name, steps=steps, seed=seed).image for name in REGULARIZATIONS
            ]
            shares.append([high_frequency_share(image).item() for image in generated])
            value = torch.tensor([under_jitter(model, image, unit) for image in generated])
            values.append((value / value.abs().amax()).tolist())
    share, value = torch.tensor(shares).double(), torch.tensor(values).double()  # (units, regularizations)
    numbers: dict[str, float | int] = {"channels": len(shares), "steps": steps}
    for k, name in enumerate(REGULARIZATIONS):
        numbers[f"{name}_high_frequency"] = share[:, k].mean().item()
        numbers[f"{name}_under_jitter"] = value[:, k].mean().item()
    failed = []
    for k, name in enumerate(REGULARIZATIONS):
        if k == 0:
            continue
        lower, higher = share[:, k - 1] - share[:, k], value[:, k] - value[:, k - 1]
        margins = margin(lower.tolist()), margin(higher.tolist())
        numbers |= {f"{name}_margin_lower": margins[0], f"{name}_margin_higher": margins[1]}
        if max(margins) <= 0:
            failed.append(name)
    numbers["steps_that_help"] = len(REGULARIZATIONS) - 1 - len(failed)
    says = "each step of the regularizer comparison lowers the high frequencies or raises the unit's value under jitter"
    note = f"no help from: {', '.join(failed)}" if failed else "every one helps"
    return result("C27", says, not failed, numbers, note)


def whose_feature(
    classes: Sequence[int] = range(10),
    steps: int = 100,
    seed: int = 0,
    generators: Sequence[str] | None = None,
) -> dict:
    """Row 6.8: does a learned prior show what the network never saw?

    Each class of `fashion_lenet`, which knows clothes alone, is maximized without a prior (Fourier) and in the latent
    space of models of clothes and of digits. Two judges: the network itself (its probability of the class), and the
    nearest real pictures: among as many digits as clothes, which share of the nine most similar ones (correlation of
    pixels) are digits? And `lenet` names a digit: the share above 0.9. No bound is set, so `holds` is None: read how
    far the share of digits follows the prior, while the network stays sure.
    """
    model, reader = models.load("fashion_lenet"), models.load("lenet")
    priors = {
        "clothes_vae": VAEPrior,
        "digits_vae": VAEPrior,
        "clothes_gan": GANPrior,
        "digits_gan": GANPrior,
    }
    generators = list(priors) if generators is None else generators
    numbers: dict[str, float | int] = {"classes": len(classes), "steps": steps}
    for name in (None, *generators):
        form = "fourier" if name is None else priors[name](name, for_model=model, seed=seed)
        how: dict[str, Any] = {
            "parametrization": form,
            "transforms": (jitter(2),),
            "steps": steps,
            "seed": seed,
        }
        generated = torch.cat(
            [maximize(model, Logit(k), **how).image for k in classes]
        )  # (classes, 1, 28, 28)
        with torch.no_grad():
            chances = model(generated).softmax(1)  # (classes, 10)
            sure = reader(generated).softmax(1).amax(1) > 0.9
        own = chances[torch.arange(len(generated)), torch.tensor(list(classes))].mean().item()
        digits = digit_neighbors(generated).mean().item()
        key = name or "no_prior"
        numbers |= {f"{key}_network_sure": own, f"{key}_neighbors_digits": digits}
        numbers[f"{key}_named_as_a_digit"] = sure.float().mean().item()
    says = "with a prior of digits, a network that knows clothes alone is shown digits and names them clothes"
    note = "mean probability of the class; share of the nearest real pictures that are digits"
    return result("6.8", says, None, numbers, note)


def digit_neighbors(generated: Tensor) -> Tensor:
    """The share of digits (B,) among the nine real pictures most like each (B, 1, 28, 28), of 2000 digits and clothes.

    Likeness is the correlation of the pixels; no network is asked.
    """
    known = torch.cat([datasets.digits("test")[0][:KNOWN], datasets.clothes("test")[0][:KNOWN]])

    def direction(pictures: Tensor) -> Tensor:
        flat = pictures.flatten(1)
        return F.normalize(flat - flat.mean(1, keepdim=True), dim=1)

    nearest = (direction(generated) @ direction(known).T).topk(NEIGHBORS).indices  # (B, 9)
    return (nearest < KNOWN).float().mean(1)
