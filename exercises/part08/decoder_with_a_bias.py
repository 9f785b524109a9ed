"""Part 8: the best linear decoder of given codes, with a bias."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
In the lesson the mean was subtracted from the data before a linear autoencoder was trained. Here nothing is subtracted,
and the decoder has a **bias** instead: the reconstruction of a code $z$ is $V z + b$.

Write `best_decoder(codes, data)`: `codes` is a tensor (n, k), `data` a tensor (n, d), n is much larger than k. Row i of
`codes` is the code of row i of `data`. Return the pair `(V, b)` with the smallest squared error
$\\sum_i \\lVert V z_i + b - x_i \\rVert^2$: V is a tensor (d, k), b a tensor (d,).

The mean of the codes is not 0. No training is needed: this is a least-squares problem.
"""

STARTER = """
def best_decoder(codes, data):
    ...
"""

SOLUTION = """
def best_decoder(codes, data):
    with_one = torch.cat([codes, torch.ones(len(codes), 1)], 1)
    both = torch.linalg.lstsq(with_one.double(), data.double()).solution.float()
    return both[:-1].T, both[-1]
"""

NO_BIAS = """
def best_decoder(codes, data):
    V = torch.linalg.lstsq(codes.double(), data.double()).solution.T.float()
    return V, torch.zeros(data.shape[1])
"""

MEAN_FIRST = """
def best_decoder(codes, data):
    mean = data.double().mean(0)
    V = torch.linalg.lstsq(codes.double(), data - mean).solution.T
    return V.float(), mean.float()
"""

ONE_BY_ONE = """
def best_decoder(codes, data):
    codes, data = codes.double(), data.double()
    V = torch.linalg.lstsq(codes, data).solution.T
    return V.float(), (data - codes @ V.T).mean(0).float()
"""

CENTERED = """
def best_decoder(codes, data):
    codes, data = codes.double(), data.double()
    V = torch.linalg.lstsq(codes - codes.mean(0), data - data.mean(0)).solution.T
    return V.float(), data.mean(0).float()
"""


def cases(rng, variant):
    import torch

    def inputs(n, k, d):
        codes = torch.from_numpy(rng.standard_normal((n, k)).astype("float32"))
        codes = codes + torch.from_numpy(rng.uniform(0.5, 1.5, k).astype("float32"))
        V = torch.from_numpy(rng.standard_normal((k, d)).astype("float32"))
        b = torch.from_numpy(rng.uniform(1, 2, d).astype("float32"))
        return codes, codes @ V + b + torch.from_numpy(rng.normal(0, 0.3, (n, d)).astype("float32"))

    tip = "Compute the squared error of your V and b, change one number of b by 0.1, and compute it again."
    yield Case("30 rows", inputs(30, 2, 4), suggests=tip, tolerance=1e-3)
    yield Case("50 rows", inputs(50, 3, 6), suggests=tip, tolerance=1e-3)
    n, k, d = (int(rng.integers(low, high)) for low, high in ((30, 60), (2, 5), (5, 9)))
    yield Case("more rows", inputs(n, k, d), points=2, public=False, suggests=tip, tolerance=1e-3)


exercise = Exercise(
    name="decoder_with_a_bias",
    part="08",
    title="A decoder with a bias",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="best_decoder",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "no bias",
            NO_BIAS,
            "Your bias is 0. Without it all reconstructions pass through the origin, and the mean of the data costs "
            "code units.",
        ),
        Mistake(
            "the mean as bias",
            MEAN_FIRST,
            "The mean of the data is the best bias only where the codes have the mean 0. Here V z already adds "
            "something on average.",
        ),
        Mistake(
            "the mean of the codes forgotten",
            CENTERED,
            "V is right. But it was fitted to codes without their mean, and b must make good for that: V z + b is "
            "computed with the codes as they are.",
        ),
        Mistake(
            "one after the other",
            ONE_BY_ONE,
            "You fit V without a bias, and then b to what remains. Both have to be found together: with a bias another "
            "V is the best.",
        ),
        Mistake(
            "transposed",
            SOLUTION.replace("both[:-1].T", "both[:-1]"),
            "Your V has the shape (k, d). V z + b takes a code of k numbers to d numbers, so V is (d, k).",
        ),
    ),
    hints=(
        "Could the bias be one more column of V? What would the codes have to look like?",
        "Give every code one more number that is always 1.",
        "`torch.linalg.lstsq(A, B).solution` is the matrix S for which A S is nearest to B.",
    ),
    minutes=10,
    points=4,
    trains="linear decoders as least squares; what a bias does",
)
