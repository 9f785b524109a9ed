"""Part 9: the REINFORCE estimate for a policy with two steps, where each step is credited with what comes after it."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A policy looks twice. Step 1 chooses one of A places, with the probabilities softmax(`first`); `first` has the shape
(A,). Step 2 chooses one of B places, with the probabilities softmax(`second[a]`), where `a` is what step 1 chose;
`second` has the shape (A, B). After step 1 comes a reward `r1`, after step 2 a reward `r2`.

Write `estimate(first, second, a, b, r1, r2, baselines)`: from **one** episode, in which `a` and `b` were chosen (whole
numbers), the REINFORCE estimate of the gradient of the expected sum of both rewards, in all parameters. Return a pair
of tensors of the shapes (A,) and (A, B).

* A step can only change rewards that come **after** it: credit each step with these rewards and no others.
* `baselines` is a pair of numbers (b1, b2): subtract b1 from what step 1 is credited with, b2 from what step 2 is.
* The direction of a step is the gradient of the logarithm of its probability. Take it by hand or by automatic
  differentiation.
"""

STARTER = """
def estimate(first, second, a, b, r1, r2, baselines):
    ...
"""

SOLUTION = """
def estimate(first, second, a, b, r1, r2, baselines):
    on_first = -first.softmax(0)
    on_first[a] += 1
    on_second = torch.zeros_like(second)
    on_second[a] = -second[a].softmax(0)
    on_second[a, b] += 1
    return (r1 + r2 - baselines[0]) * on_first, (r2 - baselines[1]) * on_second
"""

PROBABILITY = """
def estimate(first, second, a, b, r1, r2, baselines):
    first, second = first.clone().requires_grad_(), second.clone().requires_grad_()
    p1, p2 = first.softmax(0)[a], second[a].softmax(0)[b]
    (on_first,) = torch.autograd.grad(p1, first)
    (on_second,) = torch.autograd.grad(p2, second)
    return (r1 + r2 - baselines[0]) * on_first, (r2 - baselines[1]) * on_second
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(A, B):
        first = torch.from_numpy(rng.standard_normal(A).astype("float32"))
        second = torch.from_numpy(rng.standard_normal((A, B)).astype("float32"))
        # rewards and baselines of clearly different sizes
        r1, r2 = round(float(rng.uniform(1, 2)), 2), round(float(rng.uniform(3, 4)), 2)
        baselines = round(float(rng.uniform(-0.9, -0.3)), 2), round(float(rng.uniform(0.4, 0.8)), 2)
        return first, second, int(rng.integers(A)), int(rng.integers(B)), r1, r2, baselines

    tip = "Which rewards can step 1 still change, which step 2? And which rows of `second` took part?"
    yield Case("3 and 2 places", inputs(3, 2), suggests=tip)
    yield Case("4 and 5 places", inputs(4, 5), suggests=tip)
    yield Case(
        "more places",
        inputs(int(rng.integers(2, 6)), int(rng.integers(2, 6))),
        points=2,
        public=False,
        suggests="Average your estimate over all pairs (a, b), each weighted by its probability, and compare with the "
        "gradient of the expected reward.",
    )


exercise = Exercise(
    name="credit_for_two_steps",
    part="09",
    title="Credit for two steps",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="estimate",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "credit for the past",
            wrong("(r2 - baselines[1])", "(r1 + r2 - baselines[1])"),
            "Step 2 is credited with the first reward, too. It came before: step 2 cannot have changed it. (On average "
            "this is still right, but it adds noise.)",
        ),
        Mistake(
            "the next reward only",
            wrong("(r1 + r2 - baselines[0])", "(r1 - baselines[0])"),
            "Step 1 is credited with the first reward only. It also decides from where step 2 starts: the second "
            "reward comes after it, too.",
        ),
        Mistake(
            "probability",
            PROBABILITY,
            "These are gradients of the probabilities. REINFORCE takes the gradient of their logarithm: a likely "
            "choice is drawn more often already.",
        ),
        Mistake(
            "downhill",
            wrong(
                "return (r1 + r2 - baselines[0]) * on_first, (",
                "return -(r1 + r2 - baselines[0]) * on_first, -(",
            ),
            "All signs are the opposite: this is the gradient of a loss. The gradient of the expected reward is asked "
            "for.",
        ),
        Mistake(
            "no baselines",
            wrong(" - baselines[0]", "").replace(" - baselines[1]", ""),
            "The baselines are missing: they are subtracted from what each step is credited with.",
        ),
    ),
    hints=(
        "An estimate is a product: (credit - baseline) times a direction. Two steps, two products.",
        "The gradient of log softmax(s)[a] in s: one for the chosen place, minus the probabilities.",
        "Only row a of `second` took part in the episode: all other rows get a gradient of 0.",
    ),
    minutes=15,
    points=4,
    trains="REINFORCE with more than one decision",
)
