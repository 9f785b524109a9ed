"""Train the glimpse networks of data/ and what stands beside them: `python scripts/train_glimpses.py --state FOLDER`.

Each network of `lecturelib.visual_attention.shipped_glimpses.SPECS` on the 10,000 shipped training digits, placed anew
for every batch, with one thread; plain classifiers and the control with random locations get as many pictures as the
learned policy. `--only NAME ...` trains some, `--seeds 0 1 2` with several seeds, `--minutes 12` stops then; run it
again, and it goes on from the last thousand steps (`--state FOLDER`). `--write` writes data/glimpses.* from the runs
that are finished.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from training import rounded, save, save_state

from lecturelib import datasets
from lecturelib.visual_attention.glimpse_training import iter_glimpses, predictions
from lecturelib.visual_attention.shipped_glimpses import FILE, SHIPPED, SPECS
from lecturelib.visual_attention.translated_digits import held_out_pictures

RATE = 1e-3
BATCH = {"digits": 128, "translated": 64, "cluttered": 64}
STEPS = {"digits": 10_000, "translated": 16_000, "cluttered": 24_000}
WARM_UP = {"translated_4": 4000, "cluttered_4": 6000}  # steps with random places, before the policy learns
KEEP = 500  # steps between two states
CURVE = 500  # steps between two points of the curve


class OutOfTime(Exception):
    """The minutes given are over."""


def train(name: str, seed: int, folder: Path, until: float) -> dict:
    """One network, from where it was left; its record with metrics and curve, kept in the folder."""
    record_file, state_file = folder / f"{name}.{seed}.json", folder / f"{name}.{seed}.pt"
    if record_file.exists():
        return json.loads(record_file.read_text(encoding="utf-8"))
    spec = SPECS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = spec.build(name)
    digits, labels = datasets.digits("train")
    steps = STEPS[spec.task]
    warm_up = WARM_UP.get(name, 0)
    run = iter_glimpses(network, digits, labels, spec.task, steps, BATCH[spec.task], RATE, seed, warm_up)
    curve, spent, window = [], 0.0, []
    # up to the end of its warm-up a learned policy is its control
    shared = folder / f"{name}_random.{seed}.half.pt"
    found = next((file for file in (state_file, shared) if file.exists()), None)
    if found:
        kept = torch.load(found, weights_only=True)
        run.restore(kept["run"])
        curve, spent = kept["curve"], kept["seconds"]
    start = time.process_time()
    for step in run:
        window.append(step.accuracy)
        if step.step % CURVE == 0:
            curve.append([step.step, round(1 - sum(window) / len(window), 4)])
            window = []
        if step.step % KEEP == 0:
            seconds = spent + time.process_time() - start
            print(f"{name}, seed {seed}: step {step.step} of {step.of}, training error {curve[-1][1]:.2%}, "
                  f"{seconds:.0f} CPU s", flush=True)  # fmt: skip
            kept = {"run": run.state(), "curve": curve, "seconds": seconds}
            save_state(kept, state_file)
            if spec.policy == "random" and step.step == WARM_UP.get(name.removesuffix("_random")):
                save_state(kept, folder / f"{name}.{seed}.half.pt")
            if time.monotonic() > until and step.step < step.of:
                raise OutOfTime(f"{name}, seed {seed}: stopped at step {step.step}; run it again to go on")
    rounded(network.eval())
    placed, wanted = held_out_pictures(spec.task)
    wrong = (predictions(network, placed.images) != wanted).float().mean().item()
    record = {
        "task": spec.task, "kind": spec.kind, "size": spec.size, "scales": spec.scales, "glimpses": spec.glimpses,
        "policy": spec.policy, "multiply_adds": spec.multiply_adds, "steps": steps, "warm_up": warm_up,
        "pictures": steps * BATCH[spec.task], "seed": seed,
        "error": round(wrong, 4), "cpu_seconds": round(spent + time.process_time() - start), "curve": curve,
    }  # fmt: skip
    save_state({"run": run.state(), "curve": curve, "seconds": record["cpu_seconds"]}, state_file)
    record_file.write_text(json.dumps(record), encoding="utf-8")
    print(name, {key: value for key, value in record.items() if key != "curve"}, flush=True)
    return record


def write(folder: Path) -> None:
    """data/glimpses.safetensors, .json and .md from every finished run of the folder."""
    networks: dict[str, dict] = {}
    for name in SPECS:
        for file in sorted(folder.glob(f"{name}.?.json")):
            record = json.loads(file.read_text(encoding="utf-8"))
            seed, error = record.pop("seed"), record.pop("error")
            entry = networks.setdefault(name, record | {"seeds": [], "errors": []})
            entry["seeds"].append(seed)
            entry["errors"].append(error)
    tensors = {}
    for name in SHIPPED:
        state = torch.load(folder / f"{name}.0.pt", weights_only=True)["run"]["network"]
        tensors |= {f"{name}/{key}": value for key, value in state.items()}
    seconds = sum(entry["cpu_seconds"] * len(entry["seeds"]) for entry in networks.values())
    card = f"""# {FILE}

The weights of `lecturelib.visual_attention.load_glimpses(NAME)`: {", ".join(SHIPPED)}, each of seed 0.

* How made: `python scripts/train_glimpses.py --state FOLDER`, then `--write`: cross-entropy for the class, REINFORCE
  with a learned baseline for the locations (reward: the log-probability of the label; standard deviation .15; the
  policy's input detached), Adam, learning rate {RATE:g}, linear to 0 in the last third, one thread, on the
  10,000 shipped training digits, placed anew for every batch.
* In the first {" and ".join(f"{n:,} steps of {name}" for name, n in WARM_UP.items())} all places are random: up to
  there the run is that of the control, which goes on with random places.
* Steps: {", ".join(f"{task} {n:,} of {BATCH[task]} pictures" for task, n in STEPS.items())}.
* {FILE}.json holds the test error of every network that was trained (one for each seed), its multiply-adds for one
  picture and the training error every {CURVE} steps of the last seed: learned policies, the controls with random
  locations, and fully connected and convolutional networks of equal multiply-adds. {seconds / 60:.0f} CPU minutes.
* What was cut for the time: the paper trains on 60,000 digits until it no longer gets better, with up to 8 glimpses,
  and on pictures of 100 x 100 as well.
* Input: pixels in [0, 1], 1 x 28 x 28 ("digits") or 1 x 60 x 60. Errors: share of the 2,000 test pictures (placed once,
  seed 0), looking at the means of the policy.
* License: CC BY 4.0, as this project; trained on MNIST (see mnist.md).
"""
    save(FILE, tensors, {"seed": 0}, card, {"networks": networks})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", type=Path, required=True, help="folder in which runs are kept")
    parser.add_argument("--only", nargs="*", choices=sorted(SPECS), metavar="NAME")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many minutes")
    parser.add_argument("--write", action="store_true", help="write data/ from the runs that are finished")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.state.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * options.minutes
    try:
        for name in [] if options.write else options.only or list(SPECS):
            for seed in options.seeds:
                train(name, seed, options.state, until)
    except OutOfTime as left:
        raise SystemExit(str(left)) from left
    if options.write:
        write(options.state)


if __name__ == "__main__":
    main()
