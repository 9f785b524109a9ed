"""Part 5: twelve maps before and after the weights were randomized: which one does not depend on the weights?"""

import functools

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Twelve methods drew a map of the same image, once with the trained network and once with a network whose weights
were **all randomized**. One of the twelve does not look at the weights at all. Find it from the numbers.

Write `without_weights(trained, random)`: both are tensors (12, 28, 28), the same method at the same index. Return
the index (0 to 11) of the map that does not depend on the weights.

The maps were saved as they were drawn: **each on its own scale, and brightened by its own increasing curve**, which
can differ between the two networks. So equal maps need not have equal values; but of two pixels the brighter one is
still the brighter one.
"""

STARTER = """
def without_weights(trained, random):
    ...
"""

SOLUTION = """
def without_weights(trained, random):
    def ranks(map):
        return map.flatten().argsort().argsort().double()

    alike = [
        torch.corrcoef(torch.stack([ranks(one), ranks(other)]))[0, 1].item()
        for one, other in zip(trained, random)
    ]
    return max(range(len(alike)), key=alike.__getitem__)
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


@functools.cache
def twelve(k):
    """Twelve maps of a test image, by the trained and by a randomized network; the last is an edge filter's."""
    import torch

    from lecturelib import datasets, models
    from lecturelib.filters import sobel_edges
    from lecturelib.gradients import grad_cam, saliency_map, smooth_grad, upsampled
    from lecturelib.network import Logit

    digits, labels = datasets.digits("test")
    image = digits[k][None]
    both = []
    for weights in ("trained", "random"):
        net = models.load("lenet", weights=weights)
        maps = []
        for digit in (int(labels[k]), (int(labels[k]) + 5) % 10):
            unit = Logit(digit)
            maps += [
                *(saliency_map(net, image, unit, rule)[0] for rule in ("backprop", "deconvnet", "guided")),
                smooth_grad(net, image, unit, samples=8)[0].abs().amax(0),
                upsampled(grad_cam(net, image, unit, "relu2"), (28, 28)),
            ]
        maps.append(smooth_grad(net, image, Logit(0), samples=8)[0].square().amax(0))
        maps.append(sobel_edges(image)[0])
        maps = torch.stack([each.detach().reshape(28, 28) for each in maps]).double()
        both.append(maps / maps.amax(dim=(1, 2), keepdim=True).clamp(min=1e-9))
    return both


def cases(rng, variant):
    import torch

    def some():
        trained, random = (maps.clone() for maps in twelve(int(rng.integers(40))))
        noise = torch.tensor(rng.uniform(0, 1e-3, (28, 28)))
        trained[11], random[11] = trained[11] + noise, (trained[11] + noise) ** 4
        trained[:10] *= torch.tensor(rng.uniform(0.5, 5, (10, 1, 1)))
        random[:10] *= torch.tensor(rng.uniform(0.5, 5, (10, 1, 1)))
        trained[0, 3, 3], random[0, 3, 3] = 200.0, 300.0  # one bright pixel, the same in both
        trained[5] *= 1e-3  # a map of small values in both
        random[5] *= 1e-3
        order = torch.tensor(rng.permutation(12))
        return trained[order].float(), random[order].float()

    suggests = "Which comparison stays the same if a map is brightened by an increasing curve?"
    yield Case("twelve maps", some(), points=2, suggests=suggests)
    yield Case("twelve other maps", some(), points=2, public=False, suggests=suggests)


exercise = Exercise(
    name="map_without_weights",
    part="05",
    title="The map that does not look at the network",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="without_weights",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "smallest difference",
            """
            def without_weights(trained, random):
                return (trained - random).abs().mean(dim=(1, 2)).argmin().item()
            """,
            "You chose the map whose values differ least between the two networks. They differ little because they are "
            "all small: each map was saved on a scale of its own, so differences of two maps cannot be compared.",
        ),
        Mistake(
            "correlation of the values",
            wrong("map.flatten().argsort().argsort().double()", "map.flatten().double()"),
            "You chose the map with the largest correlation of the values. One very bright pixel at the same place in "
            "both maps is enough for that. An increasing curve changes the values; which of two pixels is the "
            "brighter one, it does not change.",
        ),
        Mistake(
            "the one that changes most",
            wrong("return max", "return min"),
            "You chose the map that changes *most* when the weights are randomized. Asked for is the one that does not "
            "depend on them.",
        ),
    ),
    hints=(
        "The lesson's test compares two maps by one number that does not care about the scale. Which one?",
        "Replace each pixel by its place in the sorted list of all pixels, then compare the two maps.",
        "The correlation of ranks is 1 for the same order. Ranks: sort the positions, and sort what comes out once "
        "more.",
    ),
    minutes=15,
    points=4,
    trains="the randomization test, and comparing maps whatever their scale",
)
