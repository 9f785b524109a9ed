"""Part 4: hubs in a space of codes: how often each image is among the nearest neighbors of the others."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Every image has `k` nearest neighbors. But some images are neighbors of *very many* others: such **hubs** appear in
every second search, whatever is searched for. Count them.

Write `neighbor_counts(codes, k)`: `codes` is a tensor (N, d), one code a row. The neighbors of an image are the `k`
**other** images whose codes have the largest **cosine** with its own (the cosine does not depend on the lengths of
the codes). Return a tensor (N,) of whole numbers: for each image, how many of the *others* have it among their `k`
neighbors.
"""

STARTER = """
def neighbor_counts(codes, k):
    ...
"""

SOLUTION = """
def neighbor_counts(codes, k):
    directions = codes / codes.norm(dim=1, keepdim=True)
    alike = (directions @ directions.T).fill_diagonal_(-torch.inf)
    neighbors = alike.topk(k, dim=1).indices  # (N, k)
    return neighbors.flatten().bincount(minlength=len(codes))
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import numpy as np
    import torch

    def codes(n, d):
        made = rng.normal(size=(n, d)) + 0.7
        return torch.tensor(made * np.exp(rng.normal(size=(n, 1))))

    yield Case(
        "twelve codes, 3 neighbors",
        (codes(12, 4), 3),
        points=2,
        suggests="All counts together must be 12 × 3. Is an image its own neighbor in your answer?",
    )
    yield Case(
        "more codes",
        (codes(int(rng.integers(20, 30)), 6), int(rng.integers(4, 7))),
        points=2,
        public=False,
        suggests="Try codes of very different lengths, and a code that is nobody's neighbor.",
    )


exercise = Exercise(
    name="hubs",
    part="04",
    title="Whose neighbor is this image?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="neighbor_counts",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "its own neighbor",
            wrong(".fill_diagonal_(-torch.inf)", ""),
            "You count each image as its own neighbor: its cosine with itself is 1, the largest that there is. Only "
            "other images are neighbors.",
        ),
        Mistake(
            "distance instead of cosine",
            wrong("(directions @ directions.T)", "(-torch.cdist(codes, codes))"),
            "You take the codes at the smallest distance. A long and a short code can point in the same direction, "
            "which is a cosine of 1, and still be far apart.",
        ),
        Mistake(
            "not divided by the lengths",
            wrong("codes / codes.norm(dim=1, keepdim=True)", "codes"),
            "You compare by the dot products of the codes. These grow with the length of a code, so the longest codes "
            "become neighbors of nearly every image. A cosine does not depend on lengths.",
        ),
        Mistake(
            "the farthest",
            wrong("topk(k, dim=1)", "nan_to_num(neginf=9).topk(k, dim=1, largest=False)"),
            "You take the k smallest cosines. A distance is small for similar codes, but a cosine is large.",
        ),
        Mistake(
            "own neighbors counted",
            wrong(
                "neighbors.flatten().bincount(minlength=len(codes))",
                "torch.full((len(codes),), neighbors.shape[1])",
            ),
            "You count how many neighbors each image has, which is always k. Count the other way: how many other "
            "images have it among their k neighbors?",
        ),
    ),
    hints=(
        "Two steps: for each image the list of its neighbors; then count how often each number occurs in all lists.",
        "An N × N table of cosines gives all lists at once. What stands on its diagonal?",
        "Rows of length 1 make the products cosines. Counting numbers in a list: `torch.bincount`.",
    ),
    minutes=10,
    points=4,
    trains="nearest neighbors, cosines, and a property of codes that no map shows",
    forbidden=("sklearn", "nearest_neighbors"),
)
