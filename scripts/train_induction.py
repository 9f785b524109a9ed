"""Train the small models of repeated letters of part 7: data/induction.safetensors.

    python scripts/train_induction.py --state FOLDER

Networks of one and of two layers, over the seeds. A run that is stopped goes on from its last network.
"""

import argparse
import time
from pathlib import Path

import torch
from training import save, save_state

from lecturelib.attention.induction import NAME, SEEDS
from lecturelib.attention.induction_run import BATCH, RATE, by_name, train_induction

STEPS, EVERY = 800, 50


def trained(layers: int, seed: int) -> dict:
    """The weights of one network, its curve, and how long it took."""
    start, run, curve = time.process_time(), train_induction(layers, STEPS, seed), []
    for step in run:
        if step.step % EVERY == 0:
            scores = {name: round(value, 3) for name, value in by_name(step.scores).items()}
            curve.append(
                {"step": step.step, "loss": round(step.loss, 3), "right": round(step.accuracy, 3)} | scores
            )
    seconds = time.process_time() - start
    print(f"{layers} layer(s), seed {seed}:", curve[-1], f"{seconds:.0f} CPU s", flush=True)
    return {"weights": run.model.state_dict(), "curve": curve, "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", type=Path, help="the folder in which finished networks are kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    state = options.state / f"{NAME}.pt" if options.state else None
    found: dict = torch.load(state) if state and state.exists() else {}
    for layers in (2, 1):
        for seed in range(SEEDS):
            name = f"layers{layers}_seed{seed}"
            if name not in found:
                found[name] = trained(layers, seed)
            if state:
                state.parent.mkdir(parents=True, exist_ok=True)
                save_state(found, state)
    tensors = {f"{name}.{key}": value for name, one in found.items() for key, value in one["weights"].items()}
    metrics = {
        "steps": STEPS,
        "seeds": SEEDS,
        "right_at_the_end_in_training": {name: one["curve"][-1]["right"] for name, one in found.items()},
        "training_cpu_seconds": round(sum(one["seconds"] for one in found.values())),
    }
    card = f"""# {NAME}

The weights of `lecturelib.attention.load_induction(layers, seed)`: causal models of 26 letters, of one and of two
layers with two heads each, 64 features, {SEEDS} seeds of either depth. They learned to go on with pieces that occurred
before.

* How made: `python scripts/train_induction.py --state FOLDER`, in one thread: AdamW, batches of {BATCH} sequences of 24
  letters (`lecturelib.attention.pieces`), learning rate {RATE} after 100 steps; loss on the letters that can be known.
* Data: random letters, drawn as they are needed.
* License: that of this project.
"""
    save(NAME, tensors, metrics, card, {"curves": {name: one["curve"] for name, one in found.items()}})


if __name__ == "__main__":
    main()
