"""Leave out residual connections and LayerNorm, and measure: data/residual_ablation.json.

    python scripts/train_residual_ablation.py --state FOLDER

Eight small encoder layers reverse random letters; five variants, three seeds each, the same letters, learning rate and
number of steps for all, in one thread. A run that is stopped goes on after its last finished network.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from training import DATA, save_state

from lecturelib.assets.shipped import write_checksums
from lecturelib.attention.residual_ablation import (
    BATCH,
    LAYERS,
    LENGTH,
    LETTERS,
    NAME,
    RATE,
    VARIANTS,
    AblatedEncoder,
    iter_reverse_training,
    layer_gradient_norms,
)
from lecturelib.files import write_whole

SEEDS, STEPS, EVERY = 3, 600, 20


def run(variant: str, seed: int) -> dict:
    """One network: gradient norms before training, mean loss of every EVERY steps, letters right afterwards."""
    torch.manual_seed(seed)
    model = AblatedEncoder(variant)
    letters = torch.randint(LETTERS, (512, LENGTH), generator=torch.Generator().manual_seed(1000))
    norms = layer_gradient_norms(model, letters)
    losses = torch.tensor(list(iter_reverse_training(model, STEPS, seed)))
    with torch.no_grad():
        right = (model(letters).argmax(2) == letters.flip(1)).float().mean().item()
    return {
        "gradient_norms": [float(f"{norm:.3e}") for norm in norms],
        "loss": [round(value, 3) for value in losses.view(-1, EVERY).mean(1).tolist()],
        "right": round(right, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", type=Path, help="the folder in which finished networks are kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    file = options.state / f"{NAME}.pt" if options.state else None
    kept = torch.load(file) if file and file.exists() else {"seconds": 0.0}
    for variant in VARIANTS:
        for seed in range(SEEDS):
            if (variant, seed) in kept:
                continue
            start = time.process_time()
            kept[variant, seed] = run(variant, seed)
            kept["seconds"] += time.process_time() - start
            print(variant, seed, kept[variant, seed]["right"], f"{kept['seconds']:.0f} CPU s", flush=True)
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                save_state(kept, file)
    variants = {
        variant: {key: [kept[variant, seed][key] for seed in range(SEEDS)] for key in kept[variant, 0]}
        for variant in VARIANTS
    }
    record = {"seeds": SEEDS, "steps": STEPS, "layers": LAYERS, "every": EVERY, "torch": torch.__version__}
    record |= {"cpu_seconds": round(kept["seconds"]), "variants": variants}
    write_whole(DATA / f"{NAME}.json", json.dumps(record) + "\n")
    rows = "\n".join(
        f"* {name}: letters right {found['right']}, gradient of the first layer "
        f"{[g[0] for g in found['gradient_norms']]}, of the last {[g[-1] for g in found['gradient_norms']]}"
        for name, found in variants.items()
    )
    card = f"""# residual_ablation

What `lecturelib.attention.residual_ablation()` returns: losses and gradient norms of {LAYERS} encoder layers that
reverse {LENGTH} random letters, with and without residual connections and LayerNorm. Numbers only, no weights.

* How made: `python scripts/train_residual_ablation.py --state FOLDER`, in one thread: Adam, learning rate {RATE}
  without warm-up, {STEPS} steps of {BATCH} sequences, seeds 0 to {SEEDS - 1}; one learning
  rate for all variants. Gradient norms are of the weight matrices of a layer, before the first step.
* License: that of this project.

{rows}
* CPU seconds: {record["cpu_seconds"]}
"""
    write_whole(DATA / f"{NAME}.md", card)
    write_checksums()


if __name__ == "__main__":
    main()
