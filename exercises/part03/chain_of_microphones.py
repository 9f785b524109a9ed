"""Part 3: three microphones, of which only neighbors were ever compared: correct all to the first."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A study used **three** microphones. Sounds were recorded at once by the first and the second, and others at once by
the second and the third, but none by the first and the third. Correct all recordings to the *first* microphone.

Write `to_first(spectra, microphone, pairs_12, pairs_23)`; a spectrum is 32 **log** values, so a microphone adds to
it.

* `spectra` (N, 32), and `microphone` (N,) of whole numbers 0, 1, 2: which microphone recorded each.
* `pairs_12` (K, 2, 32): the same K sounds by the first, `pairs_12[:, 0]`, and by the second, `pairs_12[:, 1]`;
  `pairs_23` (M, 2, 32): M other sounds by the second and by the third. K and M can differ.
* Return a tensor (N, 32): the spectra as the first microphone would have recorded them. Each difference is the mean
  over its pairs. `spectra` must not be changed.
"""

STARTER = """
def to_first(spectra, microphone, pairs_12, pairs_23):
    ...
"""

SOLUTION = """
def to_first(spectra, microphone, pairs_12, pairs_23):
    second = (pairs_12[:, 1] - pairs_12[:, 0]).mean(dim=0)
    third = (pairs_23[:, 1] - pairs_23[:, 0]).mean(dim=0)
    added = torch.stack([torch.zeros_like(second), second, second + third])  # (3, 32), relative to the first
    return spectra - added[microphone]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import numpy as np
    import torch

    def study(n, k, m):
        bands = np.linspace(0, 1, 32)
        channel = np.array([np.sin((j + 1) * 3 * bands + rng.uniform(0, 6)) + rng.normal() for j in range(3)])

        def recorded(count, microphones):
            voices = 3 - 2 * bands + rng.normal(size=(count, 1)) + 0.3 * rng.normal(size=(count, 32))
            noise = 0.05 * rng.normal(size=(count, len(microphones), 32))
            return voices[:, None] + channel[None, microphones] + noise

        microphone = rng.permutation(np.arange(n) % 3)
        spectra = recorded(n, [0, 1, 2])[np.arange(n), microphone]
        arrays = (spectra, recorded(k, [0, 1]), recorded(m, [1, 2]))
        spectra, first, second = (torch.tensor(each, dtype=torch.float32) for each in arrays)
        return spectra, torch.tensor(microphone), first, second

    yield Case(
        "nine recordings",
        study(9, 4, 6),
        points=2,
        suggests="Take a recording of the third microphone: what would the second have recorded? And the first?",
    )
    sizes = (int(rng.integers(10, 20)), int(rng.integers(4, 8)), int(rng.integers(9, 13)))
    yield Case(
        "another study", study(*sizes), points=2, public=False, suggests="N, K and M can be any numbers."
    )


exercise = Exercise(
    name="chain_of_microphones",
    part="03",
    title="A chain of microphones",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="to_first",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "the chain broken",
            wrong("second + third]", "third]"),
            "Recordings of the third microphone are corrected to the second only. From there it is one more step to "
            "the first.",
        ),
        Mistake(
            "the wrong sign",
            wrong("spectra - added", "spectra + added"),
            "The correction goes the wrong way: the second microphone's surplus is added once more instead of being "
            "taken away.",
        ),
        Mistake(
            "changed in place",
            wrong("return spectra - added[microphone]", "spectra -= added[microphone]\n    return spectra"),
            "The values are right, but you changed the spectra that you were given (`-=` writes into them). Make a "
            "new tensor.",
        ),
        Mistake(
            "one number for all bands",
            wrong(".mean(dim=0)", ".mean().expand(32)"),
            "One number is taken away from all bands. A microphone has a response of its own in each band: average "
            "over the pairs only.",
        ),
        Mistake(
            "divided",
            wrong("spectra - added[microphone]", "spectra / (1 + added[microphone])"),
            "You divide. A filter multiplies a spectrum, and these are logarithms: there it adds.",
        ),
    ),
    hints=(
        "What does the first microphone add to a spectrum, relative to itself?",
        "Two mean differences are known: second minus first, third minus second. Which combination is third minus "
        "first?",
        "Make a table (3, 32) of what each microphone adds, and look it up with `microphone` as index.",
    ),
    minutes=10,
    points=4,
    trains="correcting a known confound, and log spectra",
    forbidden=("corrected",),
)
