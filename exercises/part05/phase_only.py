"""Part 5: a map without a network from the phase of the Fourier transform alone."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The spectral residual changes the amplitudes of an image's Fourier transform and keeps its phase. Go to the end of
this road: **throw the amplitudes away**. (It is known to find much the same places.)

Write `phase_map(grey)`. `grey` is a tensor (N, 1, h, w) of grey images. For each image take the two-dimensional
Fourier transform, give **every** coefficient the amplitude 1 and its own phase, and transform back. Return the
*squared absolute value* of what comes out, divided by its mean over the image: a tensor (N, h, w) of floats.
Nothing is smoothed.
"""

STARTER = """
def phase_map(grey):
    ...
"""

SOLUTION = """
def phase_map(grey):
    spectrum = torch.fft.fft2(grey[:, 0])
    back = torch.fft.ifft2(spectrum / spectrum.abs())
    energy = back.abs().square()
    return energy / energy.mean(dim=(1, 2), keepdim=True)
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def images(n, h, w):
        made = torch.tensor(rng.normal(size=(n, 1, h, w)), dtype=torch.float64)
        made[:, :, h // 3 : h // 2, w // 4 : w // 2] += 4
        return made

    yield Case(
        "two small images",
        (images(2, 9, 11),),
        points=2,
        suggests="Transform your result before the squaring once more: is every amplitude 1?",
    )
    yield Case(
        "other images",
        (images(3, int(rng.integers(8, 16)), int(rng.integers(8, 16))),),
        points=2,
        public=False,
        suggests="Several images of any height and width must work; none may influence another.",
    )


exercise = Exercise(
    name="phase_only",
    part="05",
    title="The phase alone",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="phase_map",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "amplitude instead of phase",
            wrong("spectrum / spectrum.abs()", "spectrum.abs()"),
            "You keep the amplitudes and throw the phase away, and with it all places: the map says nothing about "
            "where.",
        ),
        Mistake(
            "not squared",
            wrong(".abs().square()", ".abs()"),
            "The absolute value is right, but it is not squared.",
        ),
        Mistake(
            "one axis only",
            wrong("fft.fft2(", "fft.fft(").replace("fft.ifft2(", "fft.ifft("),
            "Only rows are transformed: the transform must run over both axes of the image.",
        ),
        Mistake(
            "not divided by the mean",
            wrong("energy / energy.mean(dim=(1, 2), keepdim=True)", "energy"),
            "All values are too small by one factor: the map is not divided by its mean.",
        ),
        Mistake(
            "the angle itself",
            wrong("spectrum / spectrum.abs()", "spectrum.angle()"),
            "You transform the angles back as if they were numbers of a spectrum. The coefficients are complex: of "
            "length 1, and with that angle.",
        ),
    ),
    hints=(
        "A complex number has a length and an angle. Which of the two do you keep?",
        "A number divided by its own length has the length 1 and the same angle.",
        "`torch.fft.fft2` and `ifft2` work on the last two axes; the result is complex, and `abs` gives its length.",
    ),
    minutes=10,
    points=4,
    trains="amplitude and phase: which of them carries the place",
    forbidden=("spectral_residual",),
)
