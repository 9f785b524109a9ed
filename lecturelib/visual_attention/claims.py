"""The lecture's claims of part 9 as experiments: C24 (glimpses) and C29 (a differentiable window)."""

import torch

from lecturelib import datasets
from lecturelib.lesson.claims import result
from lecturelib.visual_attention.glimpse_training import iter_glimpses, predictions
from lecturelib.visual_attention.same_cost import conv_multiply_adds, dense_multiply_adds
from lecturelib.visual_attention.shipped_glimpses import SPECS, glimpse_errors, load_glimpses
from lecturelib.visual_attention.shipped_windows import load_window
from lecturelib.visual_attention.translated_digits import held_out_pictures
from lecturelib.visual_attention.window_network import WindowNetwork, center_distance

NEAR = 5.0  # pixels between the centers of window and digit: the bar set beforehand


def c24_glimpses(name: str = "cluttered_4", pictures: int = 2000) -> dict:
    """C24: fewer errors than plain networks of equal cost, and a cost that does not depend on the picture's size.

    The shipped glimpse network is asked again; the errors of all others are those of scripts/train_glimpses.py.

    >>> c24_glimpses(pictures=20)["claim"]
    'C24'
    """
    spec, errors = SPECS[name], glimpse_errors()
    task = spec.task
    placed, labels = held_out_pictures(task)
    again = (
        (predictions(load_glimpses(name), placed.images[:pictures]) != labels[:pictures])
        .float()
        .mean()
        .item()
    )
    means = {
        key: sum(each["errors"]) / len(each["errors"]) for key, each in errors.items() if key.startswith(task)
    }
    learned, control = means[name], means[f"{name}_random"]
    dense, conv = means[f"{task}_dense"], means[f"{task}_convolutional"]
    hidden = {kind: SPECS[f"{task}_{kind}"].hidden for kind in ("dense", "convolutional")}
    return result(
        "C24",
        "on cluttered translated digits the glimpses make fewer errors than fully connected and convolutional networks "
        "of equal multiply-adds, and their cost does not depend on the picture's size",
        learned < min(dense, conv),
        {
            "glimpses": spec.glimpses,
            "seeds_of_the_glimpses": len(errors[name]["seeds"]),
            "error_of_the_glimpses": learned,
            "error_of_the_shipped_network": again,
            "error_with_random_places": control,
            "error_of_the_convolutional_network": conv,
            "error_of_the_fully_connected_network": dense,
            "multiply_adds_of_the_glimpses": spec.multiply_adds,
            "convolutional_at_60_pixels": conv_multiply_adds(60, hidden["convolutional"]),
            "convolutional_at_120_pixels": conv_multiply_adds(120, hidden["convolutional"]),
            "fully_connected_at_60_pixels": dense_multiply_adds(60, hidden["dense"]),
            "fully_connected_at_120_pixels": dense_multiply_adds(120, hidden["dense"]),
        },
        f"errors on {pictures:,} test pictures; all trained on as many pictures, for minutes: see data/glimpses.md",
    )


def c29_window(steps: int = 600, seeds: tuple[int, ...] = (0, 1, 2)) -> dict:
    """C29: a soft window that is trained by backpropagation alone finds the digit on translated digits.

    For each seed a window is trained, and as a control the same network whose window stays over the whole picture.
    Without seeds the shipped window is asked, beside a window at the picture's center.

    >>> c29_window(seeds=())["numbers"]["windows"]
    1
    """
    placed, labels = held_out_pictures("translated")
    windows = [_trained(steps, seed, fixed=False) for seed in seeds] or [load_window("window_translated")]
    distances, errors = [], []
    for network in windows:
        with torch.no_grad():
            distances.append(center_distance(network.window(placed.images), placed.centers).mean().item())
        errors.append(_error(network, placed.images, labels))
    fixed = [_error(_trained(steps, seed, fixed=True), placed.images, labels) for seed in seeds]
    central = placed.centers.norm(dim=1).mean().item() * placed.images.shape[-1] / 2
    return result(
        "C29",
        f"a soft window, trained by backpropagation alone, finds the digit: its center is within {NEAR:g} pixels of "
        "the digit's on average, and it makes fewer errors than a window that stays over the whole picture",
        max(distances) < min(NEAR, central) and (not fixed or max(errors) < min(fixed)),
        {
            "windows": len(windows),
            "mean_distance_in_pixels": sum(distances) / len(distances),
            "worst_mean_distance": max(distances),
            "distance_of_the_picture_center": central,
            "error": sum(errors) / len(errors),
            "worst_error": max(errors),
        }
        | ({"error_of_a_fixed_window": sum(fixed) / len(fixed), "steps": steps} if fixed else {}),
        "2,000 test pictures of 60 x 60; where the digit is was never told",
    )


def _trained(steps: int, seed: int, fixed: bool) -> WindowNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = WindowNetwork(60)
    network.locator.requires_grad_(not fixed)  # at its start the window spans the whole picture
    digits, labels = datasets.digits("train")
    for _ in iter_glimpses(network, digits, labels, "translated", steps, seed=seed):
        pass
    return network.eval()


def _error(network: WindowNetwork, images: torch.Tensor, labels: torch.Tensor) -> float:
    return (predictions(network, images) != labels).float().mean().item()
