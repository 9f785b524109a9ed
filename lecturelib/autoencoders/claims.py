"""The lecture's claims of part 8 as experiments: C20 and C21."""

import torch

from lecturelib import datasets
from lecturelib.autoencoders.autoencoder_networks import Autoencoder
from lecturelib.autoencoders.autoencoder_training import iter_autoencoder
from lecturelib.autoencoders.code_map import nearest_neighbor_accuracy
from lecturelib.autoencoders.linear_autoencoder import encoder_gap, linear_autoencoder, truncated_svd
from lecturelib.autoencoders.shipped_autoencoders import load_autoencoder
from lecturelib.lesson.claims import result

ANGLE, GAP = 0.1, 0.01  # radians, and a share: the bars set beforehand


def c20_linear(
    code_size: int = 16, steps: int = 600, n: int = 10_000, seeds: tuple[int, ...] = (0, 1, 2)
) -> dict:
    """C20: a linear autoencoder finds the subspace of the SVD, and its encoder the pseudo-inverse of its decoder.

    Trained on n digits less their mean; reported is the worst of the seeds.

    >>> c20_linear(code_size=2, steps=200, n=500, seeds=(0,))["claim"]
    'C20'
    """
    data = datasets.digits("train")[0][:n].flatten(1)
    data = data - data.mean(0)
    basis = truncated_svd(data, code_size)
    ends = [linear_autoencoder(data, code_size, steps, seed=seed) for seed in seeds]
    angle = max(end.angles(basis.basis).max().item() for end in ends)
    gap = max(encoder_gap(end.encoder, end.decoder, data) for end in ends)
    first = linear_autoencoder(data, code_size, 1, seed=seeds[0])
    return result(
        "C20",
        "a linear autoencoder spans the subspace of the SVD (angles < 0.1 rad), its encoder is the "
        "pseudo-inverse of its "
        "decoder on the span of the data (within 1 %)",
        angle < ANGLE and gap < GAP,
        {
            "pictures": len(data),
            "code_size": code_size,
            "steps": steps,
            "seeds": len(seeds),
            "largest_angle_rad": angle,
            "largest_angle_untrained_rad": first.angles(basis.basis).max().item(),
            "encoder_gap": gap,
            "error_of_the_autoencoder": max(end.loss for end in ends),
            "error_of_the_svd": basis.residual / data.square().sum().item(),
        },
        "errors as shares of the sum of squares of the data; the worst of the seeds",
    )


def c21_two_numbers(steps: int = 4000, seeds: tuple[int, ...] = (0, 1, 2)) -> dict:
    """C21: two numbers of a deep autoencoder keep the class better than two principal components.

    1-nearest-neighbor accuracy of 2,000 test digits among 10,000 training digits; a network is trained for each seed.
    Without seeds the shipped network is asked.

    >>> c21_two_numbers(seeds=())["numbers"]["networks"]
    1
    """
    (images, labels), (test, test_labels) = datasets.digits("train"), datasets.digits("test")
    networks = [_trained(images, steps, seed) for seed in seeds] or [load_autoencoder("digits_2")]
    found = []
    for network in networks:
        with torch.no_grad():
            found.append(
                nearest_neighbor_accuracy(network.encode(images), labels, network.encode(test), test_labels)
            )
    flat, mean = images.flatten(1), images.flatten(1).mean(0)
    basis = truncated_svd(flat - mean, 2).basis
    components = nearest_neighbor_accuracy(
        (flat - mean) @ basis, labels, (test.flatten(1) - mean) @ basis, test_labels
    )
    return result(
        "C21",
        "two numbers of a deep autoencoder keep the class of a digit better than two principal components",
        min(found) > components,
        {
            "networks": len(networks),
            "accuracy_of_two_code_numbers": sum(found) / len(found),
            "worst_network": min(found),
            "accuracy_of_two_principal_components": components,
            "accuracy_by_chance": 0.1,
        },
        "accuracy of the nearest of 10,000 training digits for 2,000 test digits",
    )


def _trained(images: torch.Tensor, steps: int, seed: int) -> Autoencoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Autoencoder(2)
    for _ in iter_autoencoder(network, images, steps, seed=seed):
        pass
    return network.eval()
