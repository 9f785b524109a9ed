"""Part 9, a small research task: the baseline with the least noise, measured by the variance of the estimate."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The usual baseline is the expected reward. Is it the one with the least noise?

Action $a$ is drawn with the probability $\\pi_a$ = softmax(`logits`)$_a$ and brings the reward $r_a$. The REINFORCE
estimate with the baseline $b$ is the vector $(r_a - b)\\, \\nabla \\log \\pi_a$ (gradient in the logits). Its variance
is the expected squared length of its deviation from its mean.

Write `best_baseline(logits, rewards)`: two tensors (A,); return one number (a float), the baseline with which this
variance is as small as possible.

The measure is the smallest possible variance divided by yours. 0.98 or more earns all points, less earns them in
proportion to it. Search, enumerate or derive a formula, as you like.
"""

STARTER = """
def best_baseline(logits, rewards):
    ...
"""

SOLUTION = """
def best_baseline(logits, rewards):
    p = logits.softmax(0)
    square = (torch.eye(len(p)) - p).square().sum(1)  # of the length of grad log p_a
    return ((p * square * rewards).sum() / (p * square).sum()).item()
"""


def judge(inputs, got):
    import torch

    logits, rewards = (each.double() for each in inputs)
    p = logits.softmax(0)
    directions = torch.eye(len(p), dtype=torch.double) - p
    square = directions.square().sum(1)

    def variance(b):
        mean = (p * (rewards - b)) @ directions
        return ((p * (rewards - b).square() * square).sum() - mean.square().sum()).item()

    best = ((p * square * rewards).sum() / (p * square).sum()).item()
    share = min(1.0, variance(best) / max(variance(got), 1e-12))
    told = f"the variance with your baseline is {1 / max(share, 1e-9):.2f} times the smallest one (1.02 for all points)"
    if share >= 0.98:
        return 1.0, told
    known = {
        "the expected reward": (p * rewards).sum().item(),
        "the mean of the rewards": rewards.mean().item(),
        "no baseline": 0.0,
        "squares without probabilities": ((square * rewards).sum() / square.sum()).item(),
    }
    near = [name for name, b in known.items() if abs(got - b) < 0.01]
    return share, told, near[0] if near else ""


def cases(rng, variant):
    import torch

    def draw(count):
        """A policy that is fairly sure, for which the usual baselines are clearly worse than the best one."""
        while True:
            logits = torch.from_numpy(rng.normal(0, 1.5, count)).round(decimals=2)
            rewards = torch.from_numpy(rng.uniform(-4, 4, count)).round(decimals=2)
            p = logits.softmax(0)
            directions = torch.eye(count, dtype=torch.double) - p
            square = directions.square().sum(1)
            best = (p * square * rewards).sum() / (p * square).sum()
            candidates = [
                best, (p * rewards).sum(), rewards.mean(), torch.zeros(()), (square * rewards).sum() / square.sum(),
            ]  # fmt: skip
            variances = [
                (p * (rewards - b).square() * square).sum()
                - ((p * (rewards - b)) @ directions).square().sum()
                for b in candidates
            ]
            apart = min(abs(a - b) for k, a in enumerate(candidates) for b in candidates[:k])
            if min(variances[1:]) > 1.15 * variances[0] and apart > 0.1 and variances[0] > 0.05:
                return logits.float(), rewards.float()

    yield Case("three actions", draw(3))
    yield Case("five actions", draw(5), points=2)
    yield Case("more actions", draw(int(rng.integers(4, 8))), points=3, public=False)


exercise = Exercise(
    name="quietest_baseline",
    part="09",
    title="The quietest baseline",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="best_baseline",
    given="import torch",
    cases=cases,
    judge=judge,
    mistakes=(
        Mistake(
            "the expected reward",
            """
            def best_baseline(logits, rewards):
                return (logits.softmax(0) * rewards).sum().item()
            """,
            "This is the expected reward: a good baseline, but not the quietest. How much noise an action adds also "
            "depends on the length of its direction, and rare actions have long ones.",
        ),
        Mistake(
            "the mean of the rewards",
            """
            def best_baseline(logits, rewards):
                return rewards.mean().item()
            """,
            "This is the plain mean of the rewards. Actions that are hardly ever drawn hardly add to the noise: they "
            "may not count like the others.",
        ),
        Mistake(
            "no baseline",
            """
            def best_baseline(logits, rewards):
                return 0.0
            """,
            "Your baseline is (nearly) 0: that is REINFORCE without a baseline.",
        ),
        Mistake(
            "squares without probabilities",
            SOLUTION.replace("p * square", "square"),
            "You weight by the squared length of the directions, but not by how often an action is drawn. Both count.",
        ),
    ),
    hints=(
        "For one b the variance is a sum over the actions. Write a function that computes it, and try some values.",
        "The mean of the estimate does not depend on b. So only the expected squared length of the estimate has to be "
        "small: a quadratic function of b.",
        "Set the derivative in b to 0: the best b is a weighted mean of the rewards. The weight of an action has two "
        "factors: its probability, and something about its direction.",
    ),
    minutes=25,
    points=6,
    trains="variance as the price of sampling, and how to lower it",
)
