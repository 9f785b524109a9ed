"""Train the soft windows of data/: `python scripts/train_soft_windows.py --state FOLDER`, then with `--write`.

Each network of `lecturelib.visual_attention.shipped_windows.SPECS` on the 10,000 shipped training digits, placed anew
for every batch, with one thread, about 15 CPU seconds for each. `--state FOLDER`: where a finished
network is kept, so that a stopped script goes on with the next one.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from training import rounded, save, save_state

from lecturelib import datasets
from lecturelib.visual_attention.cell_attention import CellAttentionNetwork
from lecturelib.visual_attention.glimpse_training import iter_glimpses, predictions
from lecturelib.visual_attention.shipped_windows import CELLS, FILE, SPECS
from lecturelib.visual_attention.translated_digits import held_out_pictures
from lecturelib.visual_attention.window_network import WindowNetwork, center_distance

BATCH, RATE, STEPS = 128, 1e-3, 600
SNAPSHOTS = (0, 25, 50, 75, 100, 125, 150, 200, 250, 300, 400, 600)
SHOWN = 12  # test pictures whose windows are kept


@torch.no_grad()
def snapshot(network: WindowNetwork, step: int, task: str) -> dict:
    """Test error, mean distance of window and digit, and the windows of the first test pictures."""
    placed, labels = held_out_pictures(task)
    window = network.window(placed.images)
    wrong = (predictions(network, placed.images) != labels).float().mean().item()
    rows = torch.cat([window.centers, window.strides[:, None], window.sigmas[:, None]], 1)[:SHOWN]
    return {
        "step": step,
        "error": round(wrong, 4),
        "distance": round(center_distance(window, placed.centers).mean().item(), 3),
        "windows": [[round(value, 4) for value in row] for row in rows.tolist()],
    }


def train(name: str, seed: int, folder: Path) -> dict:
    """One network; its record, with snapshots for seed 0, kept in the folder with its weights."""
    record_file = folder / f"{name}.{seed}.json"
    if record_file.exists():
        return json.loads(record_file.read_text(encoding="utf-8"))
    spec = SPECS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = spec.build(name)
    digits, labels = datasets.digits("train")
    run = iter_glimpses(network, digits, labels, spec.task, STEPS, BATCH, RATE, seed)
    start, snapshots = time.process_time(), [snapshot(network, 0, spec.task)]
    for step in run:
        if seed == 0 and step.step in SNAPSHOTS:
            snapshots.append(snapshot(network, step.step, spec.task))
    seconds = round(time.process_time() - start)
    last = snapshot(rounded(network.eval()), STEPS, spec.task)
    save_state(network.state_dict(), folder / f"{name}.{seed}.pt")
    record = {
        "task": spec.task,
        "sampler": spec.sampler,
        "seed": seed,
        "error": last["error"],
        "distance": last["distance"],
        "cpu_seconds": seconds,
        "snapshots": snapshots,
    }
    record_file.write_text(json.dumps(record), encoding="utf-8")
    print({key: value for key, value in record.items() if key != "snapshots"}, flush=True)
    return record


def train_cells(folder: Path) -> dict:
    """Soft attention over cells on the cluttered digits, trained as the windows are."""
    record_file = folder / f"{CELLS}.0.json"
    if record_file.exists():
        return json.loads(record_file.read_text(encoding="utf-8"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = CellAttentionNetwork(60, name=CELLS)
    digits, labels = datasets.digits("train")
    start = time.process_time()
    for _ in iter_glimpses(network, digits, labels, "cluttered", STEPS, BATCH, RATE, 0):
        pass
    seconds = round(time.process_time() - start)
    placed, wanted = held_out_pictures("cluttered")
    wrong = (predictions(rounded(network.eval()), placed.images) != wanted).float().mean().item()
    save_state(network.state_dict(), folder / f"{CELLS}.0.pt")
    record = {
        "task": "cluttered",
        "steps": STEPS,
        "pictures": STEPS * BATCH,
        "seeds": [0],
        "errors": [round(wrong, 4)],
        "cpu_seconds": [seconds],
    }
    record_file.write_text(json.dumps(record), encoding="utf-8")
    print(CELLS, record, flush=True)
    return record


def write(folder: Path) -> None:
    """data/soft_windows.safetensors, .json and .md from every finished run of the folder."""
    networks, tensors = {}, {}
    for name in SPECS:
        records = [
            json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob(f"{name}.?.json"))
        ]
        networks[name] = {
            "task": SPECS[name].task,
            "sampler": SPECS[name].sampler,
            "steps": STEPS,
            "pictures": STEPS * BATCH,
            "seeds": [record["seed"] for record in records],
            "errors": [record["error"] for record in records],
            "distances": [record["distance"] for record in records],
            "cpu_seconds": [record["cpu_seconds"] for record in records],
            "snapshots": records[0]["snapshots"],
        }
        state = torch.load(folder / f"{name}.0.pt", weights_only=True)
        tensors |= {f"{name}/{key}": value for key, value in state.items()}
    networks[CELLS] = train_cells(folder)
    state = torch.load(folder / f"{CELLS}.0.pt", weights_only=True)
    tensors |= {f"{CELLS}/{key}": value for key, value in state.items()}
    card = f"""# {FILE}

The weights of `lecturelib.visual_attention.load_window(NAME)`: {", ".join(SPECS)},
and of {CELLS} (soft attention over the cells of a convolutional map), each of seed 0.

* How made: `python scripts/train_soft_windows.py --state FOLDER`, then `--write`: cross-entropy alone, Adam, learning
  rate {RATE:g}, linear to 0 in the last third, {STEPS:,} steps of {BATCH} pictures, one thread, on the 10,000 shipped
  training digits, placed anew for every batch. Where the digit lies is never used in training.
* {FILE}.json holds for each seed the test error and the mean distance in pixels between the centers of window and
  digit, and for seed 0 snapshots while it was trained: both numbers, and the windows at the first {SHOWN} test pictures
  as (center x, center y, stride, sigma), centers in [-1, 1], the others in pixels.
* Input: pixels in [0, 1], 1 x 60 x 60. Errors: share of the 2,000 test pictures, placed once (seed 0).
* License: CC BY 4.0, as this project; trained on MNIST (see mnist.md).
"""
    save(FILE, tensors, {"seed": 0}, card, {"networks": networks})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--state", type=Path, required=True, help="folder in which finished networks are kept"
    )
    parser.add_argument(
        "--write", action="store_true", help="write data/ from the networks that are finished"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.state.mkdir(parents=True, exist_ok=True)
    if options.write:
        write(options.state)
        return
    for name in ("window_translated", "window_cluttered"):
        train(name, 0, options.state)
    train_cells(options.state)
    train("window_translated_affine", 0, options.state)


if __name__ == "__main__":
    main()
