"""Part 6, a small research task: two images for one class that differ, measured by score and correlation."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
One optimized image hides the others. Find **two** images that both excite the same class, and that differ.

Write `two_images(digit)`: return a tensor (2, 1, 28, 28), pixels from 0 to 1, for a whole number `digit` from 0 to 9.

* `net(images)` gives the scores of lenet, shape (2, 10). The score of `digit` should be **30 or more in both images**
  (photos of digits have 15 to 20).
* The **correlation** of the two images should be **-0.3 or less**: subtract from each image its own mean, then take the
  cosine between the two.

Your points are the product of two shares: lowest score / 30, and (0.3 - correlation) / 0.6, each between 0 and 1. The
result must not depend on chance: seed what you draw.
"""

STARTER = """
def two_images(digit):
    ...
"""

SOLUTION = """
def two_images(digit):
    generator = torch.Generator().manual_seed(0)
    x = (0.5 + 0.1 * torch.randn(2, 1, 28, 28, generator=generator)).clamp(0, 1).requires_grad_()
    optimizer = torch.optim.Adam([x], 0.05)
    for _ in range(80):
        centered = (x - x.mean((1, 2, 3), keepdim=True)).flatten(1)
        alike = torch.cosine_similarity(centered[0], centered[1], dim=0)
        loss = 30 * alike - net(x)[:, digit].sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(0, 1)
    return x.detach()
"""

GIVEN = """
import torch

from lecturelib import models

net = models.load("lenet")
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def judge(inputs, got):
    from lecturelib import models

    low, high = got.min().item(), got.max().item()
    if low < -1e-4 or high > 1.0001:
        return 0.0, f"pixels from {low:.2f} to {high:.2f}", "not images"
    one, other = (got - got.mean((1, 2, 3), keepdim=True)).flatten(1)
    correlation = (one @ other / (one.norm() * other.norm()).clamp_min(1e-9)).item()
    score = models.load("lenet")(got)[:, inputs[0]].min().item()
    share = min(1.0, max(0.0, score / 30)) * min(1.0, max(0.0, (0.3 - correlation) / 0.6))
    told = f"the lower of the two scores is {score:.1f} (30 for all points), the correlation {correlation:.2f} (-0.3)"
    if correlation > 0.9:
        return share, told, "twice the same"
    if share < 1 and score >= 15 and correlation > -0.1:
        return share, told, "left to chance"
    if share < 1 and score < 15:
        return share, told, "no class in it"
    return share, told


def cases(rng, variant):
    yield Case("the digit 8", (8,), points=3)
    yield Case("another digit", (int(rng.choice([2, 3, 5, 6])),), points=3, public=False)


exercise = Exercise(
    name="two_images_apart",
    part="06",
    title="Two images that differ",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="two_images",
    given=GIVEN,
    cases=cases,
    judge=judge,
    slow=True,
    mistakes=(
        Mistake(
            "twice the same",
            wrong("torch.randn(2, 1, 28, 28, generator=generator)", "torch.zeros(2, 1, 28, 28)"),
            "Both images are (nearly) the same. From the same start, with the same gradient, the same image comes out.",
        ),
        Mistake(
            "left to chance",
            wrong("30 * alike - ", "-"),
            "Both images excite the class, but nothing pushes them apart: different starts alone are not enough. Add a "
            "term for the correlation to what you optimize.",
        ),
        Mistake(
            "no class in it",
            wrong("- net(x)[:, digit].sum()", "+ 0 * net(x).sum()"),
            "The images differ, but they do not excite the class. Both terms are needed: score and correlation.",
        ),
        Mistake(
            "not images",
            wrong("        with torch.no_grad():\n            x.clamp_(0, 1)\n", ""),
            "Pixels lie outside of 0 to 1: these are no images. Clip them after every step.",
        ),
    ),
    hints=(
        "What do you want to be large, and what small? Both can stand in one objective.",
        "Optimize both images at once, as a batch of two from different noise; the correlation is a number that both "
        "get a gradient from.",
        "Minimize weight * correlation - sum of both scores. The scores are near 40, the correlation near 1: try "
        "weights such as 10, 30, 100, and look at both numbers.",
    ),
    minutes=25,
    points=6,
    forbidden=("diversity", "maximize", "iter_maximize"),
    trains="an objective with a diversity term, and its price",
)
