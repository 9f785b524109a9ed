"""Part 3, a finding: what in the sky does the network of the lab look at: its brightness, its color or its clouds?"""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The network of the lab answers by the sky. But by *what* in the sky? Do the experiment: change one property at a time.

Above stand 40 scenes under both skies: `overcast` and `sunny`, tensors (40, 3, 96, 96), with the same vehicles on
the same ground; `sky`, bools (40, 1, 96, 96), True in the sky; and the network `lab`, which gives two scores for
each scene.

For each scene take the three **mean colors** of the sky (one mean a color channel, over the sky's pixels of this
scene), once overcast and once sunny. Then change the *overcast* scenes, in the sky only, and clamp the pixels to 0
... 1:

* `"brightness"`: add to all three channels the same number, the difference of the means of the three mean colors
  (sunny − overcast);
* `"color"`: add to each channel its own difference of the mean colors;
* `"clouds"`: take the pixels of the *sunny* sky, shifted so that its three mean colors become those of the overcast
  one.

Give a dict `changed`: for each of the three names in **how many of the 40 scenes** the answer of `lab` differs from
its answer to the unchanged overcast scene.
"""

GIVEN = """
import torch

from lecturelib import confounds

lab = confounds.load_tanks("lab")
scenes = [
    confounds.tank_scenes(40, seed=<<seed>>, weather=torch.full((40,), weather)) for weather in (0, 1)
]
overcast, sunny, sky = scenes[0].images, scenes[1].images, scenes[0].sky[:, None]
"""

STARTER = """
changed = {"brightness": ..., "color": ..., "clouds": ...}
"""

SOLUTION = """
def mean_color(images):
    return (images * sky).sum(dim=(2, 3), keepdim=True) / sky.sum(dim=(2, 3), keepdim=True)


def answers(images):
    with torch.no_grad():
        return lab(images).argmax(1)


before, after, usual = mean_color(overcast), mean_color(sunny), answers(overcast)
skies = {
    "brightness": overcast + (after - before).mean(dim=1, keepdim=True),
    "color": overcast + (after - before),
    "clouds": sunny - after + before,
}
changed = {
    name: (answers(torch.where(sky, made.clamp(0, 1), overcast)) != usual).sum().item()
    for name, made in skies.items()
}
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


MEANS = "(images * sky).sum(dim=(2, 3), keepdim=True) / sky.sum(dim=(2, 3), keepdim=True)"


def cases(rng, variant):
    suggests = {
        "brightness": "Look at one changed scene: is its sky as bright as the sunny one, and still grey?",
        "color": "Look at one changed scene: has its sky the color of the sunny one, and still its own clouds?",
        "clouds": "Look at one changed scene: has its sky the color of the overcast one?",
    }
    for name, said in suggests.items():
        yield Case(name, points=2, at=name, suggests=said)


exercise = Exercise(
    name="what_in_the_sky",
    part="03",
    title="What in the sky?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="changed",
    kind="value",
    given=GIVEN,
    cases=cases,
    # the counts differ, and no two scores of a scene lie nearer than 0.2: another processor counts the same
    variants=({"seed": 704}, {"seed": 705}, {"seed": 523}),
    slow=True,
    mistakes=(
        Mistake(
            "the ground in the means",
            wrong(MEANS, "images.mean(dim=(2, 3), keepdim=True)"),
            "The ground enters your mean colors, and it hides what happens in the sky: average over the pixels of "
            "the sky.",
            fails=("color", "clouds"),
        ),
        Mistake(
            "one mean for all scenes",
            wrong(MEANS, "((images * sky).sum(dim=(0, 2, 3)) / sky.sum()).reshape(1, 3, 1, 1)"),
            "You take one mean color for all scenes. Each scene has its own light: average within each scene.",
            fails=("color", "clouds"),
        ),
        Mistake(
            "wrong answers counted",
            wrong("!= usual", "!= scenes[0].labels"),
            "You count wrong answers. Asked is how often the answer *changes*: many answers were wrong before.",
        ),
        Mistake(
            "unchanged answers counted",
            wrong("!= usual", "== usual"),
            "You count the scenes in which the answer stays the same.",
        ),
    ),
    hints=(
        "Write a function for the mean color of the sky of each scene, shape (40, 3, 1, 1): the ground must not "
        "enter.",
        "Make the three changed skies first and look at one of each; only then ask the network.",
        "`torch.where(sky, changed.clamp(0, 1), overcast)` puts a changed sky over the old scene; then compare two "
        "argmax.",
    ),
    minutes=25,
    points=6,
    trains="interventions that change one property at a time",
)
