"""Part 4, a small research task: cover as few pixels as possible, so that the network says another digit."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Occlusion covers squares. But which single pixels does a decision rest on? Cover **as few pixels as possible**,
anywhere, so that the network says another digit. A covered pixel is set to 0 (black).

Write `cover(image)`: `image` is a tensor (1, 1, 28, 28); return a tensor (28, 28) of bools, True where a pixel is
covered. `net` is the network of digits; `net(image)` gives the ten scores, shape (1, 10). The image must not be
changed, and the function may run for 5 seconds.

**Measured:** the number of covered pixels, of those that are not black anyway. It is compared with a simple way:
take one gradient of the score, order the pixels by gradient × input, and cover in this order until the answer
changes. Who needs no more than 70 % of its pixels gets all points; who needs as many as it, half of them.
"""

STARTER = """
def cover(image):
    ...
"""

SOLUTION = """
def cover(image):
    digit = net(image).argmax().item()
    covered = torch.zeros(28, 28, dtype=torch.bool)
    while True:
        pixels = image.masked_fill(covered, 0).requires_grad_()
        scores = net(pixels)[0]
        others = torch.cat([scores[:digit], scores[digit + 1 :]])
        lead = scores[digit] - others.max()  # over the strongest rival, which may change
        if lead.item() < -0.01:
            return covered
        (gradient,) = torch.autograd.grad(lead, pixels)
        contribution = (gradient * pixels).detach()[0, 0]
        covered.view(-1)[contribution.argmax()] = True
"""


def judge(inputs, got):
    import torch

    from lecturelib import models

    net = models.load("lenet")
    (image,) = inputs
    with torch.no_grad():
        digit = net(image).argmax().item()
        answer = net(image.masked_fill(got, 0)).argmax().item()
    count = int((got & (image[0, 0] > 0)).sum())
    if answer == digit:
        return 0.0, f"with {count} pixels covered the network still says the same digit"
    pixels = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(net(pixels)[0, digit], pixels)
    order = (gradient * image)[0, 0].flatten().argsort(descending=True)
    simple, tried = 0, image.clone()
    with torch.no_grad():
        while simple < 784 and net(tried).argmax().item() == digit:
            tried.view(-1)[order[simple]] = 0
            simple += 1
    said = f"{count} pixels covered; the order of one gradient needs {simple}"
    return (1.0 if count <= 0.7 * simple else 0.5 if count <= 1.05 * simple else 0.2), said


# Images of the test set for which the order of one gradient needs 20 to 80 pixels.
POOL = (
    4, 7, 9, 20, 21, 35, 37, 43, 48, 56, 58, 61, 66, 67, 68, 75, 80, 87, 101, 103, 104, 106, 113,
    115, 118, 122, 129, 131, 132, 134, 136, 137, 140, 143, 148, 151, 152, 155, 156, 158, 161, 179,
    180, 194, 196, 202, 213, 228, 233, 240, 243, 247, 248, 251, 259, 267, 268, 271, 280, 288, 289,
    293, 295, 298, 314, 323, 324, 326, 330, 341, 347, 352, 359, 362, 363, 371, 375, 379, 382, 396,
    397, 398,
)  # fmt: skip


def cases(rng, variant):
    from lecturelib import datasets

    digits, _ = datasets.digits("test")
    for number, k in enumerate(rng.permutation(len(POOL))[:3]):
        suggests = "Look at the image with your cover: which digit does the network see now, and is every pixel needed?"
        yield Case(
            f"digit {number + 1}",
            (digits[POOL[int(k)]][None],),
            points=2,
            public=number == 0,
            suggests=suggests,
        )


IN_ORDER = """
def cover(image):
    digit = net(image).argmax().item()
    pixels = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(net(pixels)[0, digit], pixels)
    order = {order}[0, 0].flatten().argsort(descending=True)
    covered = torch.zeros(28, 28, dtype=torch.bool)
    for k in order:
        covered.view(-1)[k] = True
        with torch.no_grad():
            if net(image.masked_fill(covered, 0)).argmax().item() != digit:
                break
    return covered
"""

exercise = Exercise(
    name="smallest_cover",
    part="04",
    title="As few pixels as possible",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="cover",
    given="import torch\n\nfrom lecturelib import models\n\nnet = models.load('lenet')",
    cases=cases,
    judge=judge,
    slow=True,
    mistakes=(
        Mistake(
            "one gradient",
            IN_ORDER.replace("{order}", "(gradient * image)"),
            "You order all pixels by one gradient. But with each covered pixel the network is in another state, and "
            "the other pixels matter more or less than before.",
        ),
        Mistake(
            "size of the gradient",
            IN_ORDER.replace("{order}", "gradient.abs()"),
            "You order by the size of the gradient. Covering *lowers* a pixel to 0: it helps only where the pixel is "
            "bright and raises the score; elsewhere it does nothing or harms.",
        ),
        Mistake(
            "brightest first",
            IN_ORDER.replace("{order}", "image"),
            "You cover the brightest pixels first, and never ask the network which of them it needs.",
        ),
        Mistake(
            "the whole digit",
            """
            def cover(image):
                return image[0, 0] > 0
            """,
            "You cover the whole digit. The answer changes, but which pixels was it for?",
        ),
    ),
    hints=(
        "A pixel at a time: which one lowers the lead of the digit over its strongest rival most?",
        "Gradient × input estimates what covering a pixel costs, as long as little has changed. How do you keep it "
        "right?",
        "After each covered pixel take a new gradient, of the score minus the score of the strongest other digit.",
    ),
    minutes=30,
    points=6,
    trains="attribution put to the test: cover what it names and look",
    forbidden=("captum",),
)
