"""Part 5: integrated gradients in a hidden layer, between two images, complete to one percent."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Why does the network give one image a higher score than another? Ask it in terms of its **channels** instead of
pixels.

The network is cut in two: `maps_of(image)` gives the maps of its last pooling layer, shape (1, 32, 5, 5), and
`scores_of(maps)` the ten scores that follow from such maps, (1, 10).

Write `channel_shares(image, other, digit)`; both images are tensors (1, 1, 28, 28). Walk on the straight path from
the *maps* of `other` to the *maps* of `image`, average the gradient of the score of `digit` in the maps along it,
and multiply it with the difference of the maps, as integrated gradients do. Return a tensor (32,): for each channel
the sum over its 25 places.

**Measured:** completeness. The 32 shares must add up to the difference of the two scores with an error **below 1
%**. An error below 5 % gets 60 % of the points, below 20 % still 30 %.
"""

GIVEN = """
import torch

from lecturelib import models

net = models.load("lenet")


def maps_of(image):
    with torch.no_grad():
        return net.features(net.normalize(image))


def scores_of(maps):
    return net.classifier(maps.flatten(1))
"""

STARTER = """
def channel_shares(image, other, digit):
    ...
"""

SOLUTION = """
def channel_shares(image, other, digit):
    start, end = maps_of(other), maps_of(image)
    steps = 400
    t = ((torch.arange(steps) + 0.5) / steps).reshape(-1, 1, 1, 1)
    path = (start + t * (end - start)).requires_grad_()
    (gradient,) = torch.autograd.grad(scores_of(path)[:, digit].sum(), path)
    return ((end - start) * gradient.mean(dim=0, keepdim=True)).sum(dim=(2, 3))[0]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def judge(inputs, got):
    import torch

    from lecturelib import models

    image, other, digit = inputs
    with torch.no_grad():
        scores = models.load("lenet")(torch.cat([image, other]))[:, digit].double()
    difference = (scores[0] - scores[1]).item()
    error = abs(got.double().sum().item() - difference) / abs(difference)
    if error < 0.01:
        return None
    share = 0.6 if error < 0.05 else 0.3 if error < 0.2 else 0.0
    ratio = got.double().sum().item() / difference
    said = (
        f"the shares add up to {ratio:.1%} of the difference of the two scores (99 to 101 % for all points)"
    )
    return share, said


def cases(rng, variant):
    import torch

    from lecturelib import datasets, models

    digits, labels = datasets.digits("test")
    net = models.load("lenet")

    def some():
        """Two digits for which short cuts miss the difference of the scores by more than 3 %."""
        while True:
            one, two = (int(k) for k in rng.integers(len(digits), size=2))
            image, other, digit = digits[one][None], digits[two][None], int(labels[one])
            if labels[one] == labels[two]:
                continue
            with torch.no_grad():
                start, end = (net.features(net.normalize(each)) for each in (other, image))
            errors = []
            for points in ([1.0], [0.0, 0.25, 0.5, 0.75]):
                path = torch.cat([start + t * (end - start) for t in points]).requires_grad_()
                scores = net.classifier(path.flatten(1))[:, digit]
                (gradient,) = torch.autograd.grad(scores.sum(), path)
                with torch.no_grad():
                    ends = net.classifier(torch.cat([start, end]).flatten(1))[:, digit]
                total = ((end - start) * gradient.mean(0)).sum()
                errors.append(((total - (ends[1] - ends[0])) / (ends[1] - ends[0])).abs().item())
            if min(errors) > 0.03 and abs(ends[1] - ends[0]) > 3:
                return image, other, digit

    for number in range(3):
        yield Case(
            f"two digits {number + 1}",
            some(),
            points=2,
            public=number == 0,
            tolerance=0.03,
            suggests="The sum is right, but the channels are not: are the shares those of the average gradient?",
        )


exercise = Exercise(
    name="channel_shares",
    part="05",
    title="Which channels make the difference?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="channel_shares",
    given=GIVEN,
    cases=cases,
    judge=judge,
    mistakes=(
        Mistake(
            "gradient at the end only",
            wrong("(torch.arange(steps) + 0.5) / steps", "torch.ones(1)"),
            "You take the gradient at the image alone. On the way from the other image hidden units switch on and "
            "off, and the gradient with them.",
        ),
        Mistake(
            "few points, at the left ends",
            wrong("(torch.arange(steps) + 0.5) / steps", "torch.arange(4) / 4"),
            "Your points lie at the left end of each of a few steps: the first half of the path counts too much. "
            "Take the middle of each step, and more of them.",
        ),
        Mistake(
            "multiplied by the maps",
            wrong("((end - start) * gradient", "(end * gradient"),
            "You multiply by the maps of the image. On a path from another image the way is the difference of the "
            "two maps.",
        ),
        Mistake(
            "rescaled to fit",
            wrong("(torch.arange(steps) + 0.5) / steps", "torch.ones(1)").replace(
                "    return (", "    shares = ("
            )
            + "    total = (scores_of(end) - scores_of(start))[0, digit].detach()\n"
            + "    return shares * total / shares.sum()\n",
            "The sum fits because all shares were multiplied by one number. Completeness must come from the path; "
            "the single channels are still those of one gradient.",
        ),
        Mistake(
            "only the gradient",
            wrong(
                "((end - start) * gradient.mean(dim=0, keepdim=True))", "gradient.mean(dim=0, keepdim=True)"
            ),
            "This is the average gradient. A share is the gradient times the way along the path.",
        ),
    ),
    hints=(
        "It is the loop of the lesson with maps in the place of pixels: what is the start, and what the end of the "
        "path?",
        "All points of the path can go through `scores_of` as one batch; they do not influence one another.",
        "Middle of each step, some hundred steps; average the gradients, multiply by the difference of the maps, add "
        "up the places.",
    ),
    minutes=20,
    points=6,
    trains="integrated gradients in any layer, and completeness as a test",
    forbidden=("integrated_gradients", "captum"),
)
