"""A dict of findings, with points for each of them."""

from lecturelib.exercises import Case, Exercise, Mistake


def cases(rng, variant):
    length = int(rng.integers(3, 9))
    values = [int(each) for each in rng.integers(0, 99, length)]
    for at, public in (("sum", True), ("largest", True), ("count", False)):
        yield Case(at, (values,), public=public, at=at, suggests=f"Look at {at} again.")


exercise = Exercise(
    name="table",
    part="05",
    title="A table",
    prompt="Write `table(values)`: a dict with sum, largest and count.",
    starter="def table(values):\n    ...",
    solution="def table(values):\n    return {'sum': sum(values), 'largest': max(values), 'count': len(values)}",
    answer="table",
    cases=cases,
    mistakes=(
        Mistake(
            "smallest",
            "def table(values):\n    return {'sum': sum(values), 'largest': min(values), 'count': len(values)}",
            "The smallest value stands where the largest belongs.",
            fails=("largest",),
        ),
    ),
    hints=("Three numbers.", "sum and len.", "max."),
    points=3,
)
