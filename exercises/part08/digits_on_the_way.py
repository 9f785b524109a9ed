"""Part 8: which digits lie on the straight line between two codes?"""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
On the map of digits, what does one pass on the way from one digit to another?

Write `on_the_way(first, second, steps)`: `first` and `second` are images (1, 1, 28, 28). Take `steps` points at equal
distances on the straight line **from the code of the first to the code of the second**, both ends included. Decode
each of them, and let lenet name the picture. Return a list of `steps` whole numbers, the class with the largest score
for each picture.

* `coder.encode(images)` gives codes of two numbers, (B, 2); `coder.decode(codes)` gives images (B, 1, 28, 28);
* `lenet(images)` gives scores (B, 10).
"""

STARTER = """
def on_the_way(first, second, steps):
    ...
"""

SOLUTION = """
def on_the_way(first, second, steps):
    start, end = coder.encode(first), coder.encode(second)
    share = torch.linspace(0, 1, steps)[:, None]
    codes = start + share * (end - start)
    return lenet(coder.decode(codes)).argmax(1).tolist()
"""

GIVEN = """
import torch

from lecturelib import autoencoders, models

coder = autoencoders.load_autoencoder("digits_2")
lenet = models.load("lenet")
"""

PIXELS = """
def on_the_way(first, second, steps):
    share = torch.linspace(0, 1, steps).view(-1, 1, 1, 1)
    return lenet(first + share * (second - first)).argmax(1).tolist()
"""

MIXED_FIRST = """
def on_the_way(first, second, steps):
    share = torch.linspace(0, 1, steps).view(-1, 1, 1, 1)
    codes = coder.encode(first + share * (second - first))
    return lenet(coder.decode(codes)).argmax(1).tolist()
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


ENDS = "start, end = coder.encode(first), coder.encode(second)"
NAMES = "lenet(coder.decode(codes)).argmax(1).tolist()"
WRONG = {
    "pixels mixed": PIXELS,
    "pixels mixed, then coded": MIXED_FIRST,
    "backward": wrong(ENDS, "end, start = coder.encode(first), coder.encode(second)"),
    "without the ends": wrong("torch.linspace(0, 1, steps)", "torch.linspace(0, 1, steps + 2)[1:-1]"),
    "each digit once": wrong(NAMES, f"list(dict.fromkeys({NAMES}))"),
}


def cases(rng, variant):
    import torch

    from lecturelib import datasets

    digits, labels = datasets.digits("test")
    space: dict = {}
    exec(GIVEN, space)
    answers = []
    for source in (SOLUTION, *WRONG.values()):
        exec(source, space)
        answers.append(space["on_the_way"])
    coder, lenet = space["coder"], space["lenet"]

    def sure(pictures):
        """Whether lenet's first and second class lie well apart for all pictures."""
        best = lenet(pictures).topk(2).values
        return bool((best[:, 0] - best[:, 1]).min() > 0.5)

    def draw(steps):
        """A pair for which all wrong answers differ, and every class that is asked for is a clear one."""
        with torch.no_grad():
            while True:
                one, other = (int(each) for each in rng.integers(0, len(digits), 2))
                if labels[one] == labels[other]:
                    continue
                first, second = digits[one][None], digits[other][None]
                start, end = coder.encode(first), coder.encode(second)
                share = torch.linspace(0, 1, steps)[:, None]
                if not sure(coder.decode(start + share * (end - start))):
                    continue
                given = [str(answer(first, second, steps)) for answer in answers]
                if len(set(given)) == len(given) and len(set(answers[0](first, second, steps))) >= 3:
                    return first, second, steps

    for steps, public in ((5, True), (8, True), (7, False), (9, False)):
        yield Case(
            f"{steps} steps",
            draw(steps),
            public=public,
            suggests="Show the decoded pictures: are the first and the last one the reconstructions of the two images?",
        )


exercise = Exercise(
    name="digits_on_the_way",
    part="08",
    title="Digits on the way",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="on_the_way",
    given=GIVEN,
    cases=cases,
    mistakes=(
        Mistake(
            "pixels mixed",
            WRONG["pixels mixed"],
            "You mix the pixels of the two images: between them lie double exposures. Mix the codes, then decode.",
        ),
        Mistake(
            "pixels mixed, then coded",
            WRONG["pixels mixed, then coded"],
            "You mix the pixels first and encode the mixtures. Their codes do not lie on a straight line: encode the "
            "two images only.",
        ),
        Mistake("backward", WRONG["backward"], "The way runs from the second image to the first."),
        Mistake(
            "without the ends",
            WRONG["without the ends"],
            "The two ends are missing: the first and the last point are the codes of the images themselves.",
        ),
        Mistake(
            "each digit once",
            WRONG["each digit once"],
            "You list each digit once. One number for each of the steps is asked for, also where nothing changes.",
        ),
    ),
    hints=(
        "What lives on the map: images or codes? There you draw the line.",
        "A point of the line is start + share * (end - start) with shares from 0 to 1.",
        "`torch.linspace(0, 1, steps)` gives the shares; as a column (steps, 1) it makes all codes at once.",
    ),
    minutes=10,
    points=4,
    forbidden=("lecturelib.autoencoders.interpolate",),
    trains="interpolation in the code, and what lies between",
)
