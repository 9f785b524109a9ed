"""Part 9: does a baseline that depends on the action bias the REINFORCE estimate? By enumeration."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A baseline does not bias REINFORCE. Is this still true if it **depends on the action that was drawn**? For a few actions
all can be enumerated, so there is no noise.

Action $a$ is drawn with the probability $\\pi_a$ = softmax(`logits`)$_a$ and brings the reward $r_a$. The estimate is
$(r_a - b_a)\\, \\nabla \\log \\pi_a$, its gradient taken in the logits. The true gradient is
$\\nabla \\sum_a \\pi_a r_a$.

Write `bias(logits, rewards, baseline)`: three tensors (A,), `baseline` has one number for each action. Return a tensor
(A,): the **expected** estimate minus the true gradient. (A check for you: with one number for all actions it is 0.)
"""

STARTER = """
def bias(logits, rewards, baseline):
    ...
"""

SOLUTION = """
def bias(logits, rewards, baseline):
    p = logits.softmax(0)
    directions = torch.eye(len(p)) - p  # row a: the gradient of log p_a
    expected = (p * (rewards - baseline)) @ directions
    true = (p * rewards) @ directions
    return expected - true
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(count):
        logits, rewards, baseline = (
            torch.from_numpy(rng.standard_normal(count).astype("float32")) for _ in range(3)
        )
        rewards[0] += 3  # so that nothing is near 0 by chance
        baseline[0] += 3
        return logits, rewards, baseline

    yield Case(
        "three actions",
        inputs(3),
        suggests="By hand: with two equally likely actions and the baseline (1, 0) the bias is (-0.25, 0.25).",
        tolerance=1e-3,
    )
    yield Case(
        "five actions",
        inputs(5),
        suggests="Try a constant baseline: its bias must be 0.",
        tolerance=1e-3,
    )
    yield Case(
        "more actions",
        inputs(int(rng.integers(4, 8))),
        points=2,
        public=False,
        suggests="How often is each action drawn?",
        tolerance=1e-3,
    )


exercise = Exercise(
    name="bias_of_a_baseline",
    part="09",
    title="The bias of a baseline",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="bias",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "the estimate itself",
            wrong("expected - true", "expected"),
            "This is the expected estimate. Its bias is what remains after the true gradient is subtracted.",
        ),
        Mistake(
            "true minus expected",
            wrong("expected - true", "true - expected"),
            "The sign is the opposite: the expected estimate minus the true gradient is asked for.",
        ),
        Mistake(
            "all actions alike",
            wrong("(p * (rewards - baseline)) @ directions", "(rewards - baseline) @ directions / len(p)"),
            "In your expected estimate all actions count alike. An action is drawn with its probability: weight by it.",
        ),
        Mistake(
            "weighted twice",
            wrong("directions\n    true", "(p[:, None] * directions)\n    true"),
            "In your expected estimate the probability counts twice: once as the weight, and once more because the "
            "gradient is that of the probability, not of its logarithm.",
        ),
    ),
    hints=(
        "An expected value over a few actions is a sum. What stands in front of each term?",
        "The gradient of log p_a in the logits: one at place a, minus all probabilities (`torch.eye(A) - p`).",
        "Both gradients are sums over actions of weight times direction; only the weights differ.",
    ),
    minutes=15,
    points=4,
    trains="what a baseline may depend on",
)
