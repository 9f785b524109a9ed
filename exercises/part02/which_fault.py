"""Part 2: six recorded runs, six faults: which run has which fault?"""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Six runs of 400 steps were recorded. **Each of these six faults was planted in exactly one of them:** `"wrong
normalization"`, `"no shuffling"`, `"dying ReLU"`, `"vanishing gradients"`, `"learning rate too low"`,
`"overfitting"`.

Write `which_run(runs)`: return a dict from each of the six names to the index (0 to 5) of its run. Your function is
asked about other runs as well, so find for each fault the *measurement* that shows it.

`runs` is a list of six dicts of NumPy arrays:

* `"loss"`, `"accuracy"` (40,): of the training batches, each value the mean over ten steps;
* `"validation_accuracy"` (21,): every 20 steps, the first before any training;
* and, recorded every ten steps, (41,): `"input_mean"` and `"input_std"` of the pixels of a batch, `"classes"` (how
  many different classes it holds), `"dead"` (share of dead units, mean over the layers; 0 where there is no ReLU),
  `"gradient_first"` and `"gradient_last"` (root mean square of the gradient in the first and in the last layer),
  `"update"` (length of a step by the size of the weights, median over the layers).

The lesson's rule helps: **first the data, then the network, then the learning rate and the fit**; an earlier cause
explains the symptoms of a later one.
"""

GIVEN = """
import numpy as np
"""

STARTER = """
def which_run(runs):
    ...
"""

SOLUTION = """
def which_run(runs):
    left, found = list(range(6)), {}

    def take(fault, measure):
        found[fault] = max(left, key=lambda k: measure(runs[k]))
        left.remove(found[fault])

    take("wrong normalization", lambda r: abs(r["input_mean"][0]) + abs(np.log(r["input_std"][0])))
    take("no shuffling", lambda r: -np.median(r["classes"]))
    take("dying ReLU", lambda r: r["dead"][0])
    take("vanishing gradients", lambda r: -r["gradient_first"][0])
    take("overfitting", lambda r: r["accuracy"][-4:].mean() - r["validation_accuracy"][-1])
    take("learning rate too low", lambda r: 0)
    return found
"""

SEEDS = {
    "wrong normalization": (201, 203, 204, 206),
    "no shuffling": tuple(range(200, 208)),
    "dying ReLU": tuple(range(200, 208)),
    "vanishing gradients": tuple(range(200, 208)),
    "learning rate too low": tuple(range(200, 208)),
    "overfitting": tuple(range(200, 208)),
}
SUGGESTS = {
    "wrong normalization": "Which measurement tells what enters the network? Both of its numbers can be wrong.",
    "no shuffling": "What is different in a batch if the examples are sorted by class?",
    "dying ReLU": "There is a measurement of just that; look at its first value, before anything else went wrong.",
    "vanishing gradients": "Small is not zero. Which of the runs have an earlier cause for a small gradient?",
    "learning rate too low": "Short steps can have another cause: is there a run whose network cannot move at all?",
    "overfitting": "Compare two accuracies at the end of the run, after the faults of the data are found.",
}


def cases(rng, variant):
    import numpy as np

    from lecturelib.training import shipped_runs

    def record(fault, seed):
        history = shipped_runs()[fault, seed]
        dead = [history[name] for name in history.names("dead/")]
        gradients = history.names("gradients/")
        updates = [history[name] for name in history.names("updates/")]
        found = {
            "loss": history["loss"].reshape(40, 10).mean(1),
            "accuracy": history["accuracy"].reshape(40, 10).mean(1),
            "validation_accuracy": history["validation_accuracy"],
            "input_mean": history["inputs/mean"],
            "input_std": history["inputs/std"],
            "classes": history["targets/classes"],
            "dead": np.mean(dead, axis=0) if dead else np.zeros(41),
            "gradient_first": history[gradients[0]],
            "gradient_last": history[gradients[-1]],
            "update": np.median(np.stack(updates), axis=0),
        }
        return {name: np.asarray(values, np.float32) for name, values in found.items()}

    for public in (True, False):
        faults = list(SEEDS)
        order = [int(k) for k in rng.permutation(6)]
        runs = [record(faults[k], int(rng.choice(SEEDS[faults[k]]))) for k in order]
        for fault in faults:
            yield Case(
                fault if public else f"{fault}, other runs",
                (runs,),
                public=public,
                at=fault,
                points=0.5,
                suggests=SUGGESTS[fault],
            )


def wrong(fault, choice):
    return SOLUTION.replace("    return found", f'    found["{fault}"] = {choice}\n    return found')


exercise = Exercise(
    name="which_fault",
    part="02",
    title="Six runs, six faults",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="which_run",
    given=GIVEN,
    cases=cases,
    mistakes=(
        Mistake(
            "smallest gradient of all",
            wrong("vanishing gradients", 'min(range(6), key=lambda k: runs[k]["gradient_first"][0])'),
            "You chose the run with the smallest gradient in the first layer. There it is exactly 0, since dead units "
            "pass no gradient back: this is the run with the dying ReLU. A vanishing gradient is small, but not 0.",
            fails=("vanishing gradients", "vanishing gradients, other runs"),
        ),
        Mistake(
            "shortest step of all",
            wrong("learning rate too low", 'min(range(6), key=lambda k: np.median(runs[k]["update"]))'),
            "You chose the run with the shortest steps. They are short because hardly any gradient arrives, which is "
            "another of the six faults, and no learning rate would mend it. Leave out the runs whose fault you know.",
            fails=("learning rate too low", "learning rate too low, other runs"),
        ),
        Mistake(
            "worst validation",
            wrong("overfitting", 'min(range(6), key=lambda k: runs[k]["validation_accuracy"][-1])'),
            "You chose the run with the lowest validation accuracy. Its training accuracy is low as well: it has not "
            "learned much. Overfitting is a *difference* between the two.",
            fails=("overfitting", "overfitting, other runs"),
        ),
        Mistake(
            "largest deviation only",
            wrong("wrong normalization", 'max(range(6), key=lambda k: runs[k]["input_std"][0])'),
            "You look for a large standard deviation only. That of wrongly normalized pixels can also be far too "
            "small, or their mean can be far from 0.",
            fails=("wrong normalization", "wrong normalization, other runs"),
        ),
    ),
    hints=(
        "For each fault, name the measurement that it changes *first*, before the loss shows anything.",
        "Once you know a run's fault, leave it out: what else is strange in it is a consequence.",
        "Four faults show in the first record already. For the last two look at the end of the run.",
    ),
    minutes=25,
    points=6,
    trains="diagnosis from measurements: data first, then the network, then rate and fit",
    forbidden=("diagnose", "shipped_runs", "run_statistics"),
)
