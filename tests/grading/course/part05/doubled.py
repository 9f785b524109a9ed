"""A function of tensors, with public and hidden cases."""

from lecturelib.exercises import Case, Exercise, Mistake


def cases(rng, variant):
    import torch

    for name, public in (("small", True), ("large", False), ("many", False)):
        values = torch.from_numpy(rng.normal(size=4)).float()
        yield Case(name, (values,), public=public, points=1, suggests="Add the tensor to itself.")


exercise = Exercise(
    name="doubled",
    part="05",
    title="Twice as much",
    prompt="Write `doubled(x)`, twice the tensor.",
    starter="def doubled(x):\n    ...",
    solution="def doubled(x):\n    return 2 * x",
    answer="doubled",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "squared", "def doubled(x):\n    return x ** 2", "This is the square: every value times itself."
        ),
        Mistake("halved", "def doubled(x):\n    return x / 2", "This is half of it, not twice."),
    ),
    hints=("Add.", "To itself.", "A factor of two."),
    points=3,
    forbidden=("numpy",),
)
