"""Train the captioners of data/ on rendered scenes: `python scripts/train_captions.py`.

An encoder, pretrained to say which words are true of a scene (never where); on its frozen cells a network with soft
attention; from its weights, one with hard attention. One thread. Every stage can be interrupted and goes on where it
stopped; `--only encoder soft_0 ...` runs some stages, `ship` writes data/.
"""

import argparse
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import torch
from training import rounded, save, save_state

from lecturelib.visual_attention.caption_grammar import encode_captions
from lecturelib.visual_attention.caption_metrics import attention_on_objects, bleu, facts_right
from lecturelib.visual_attention.caption_rendering import render_scenes
from lecturelib.visual_attention.caption_scenes import caption_scenes
from lecturelib.visual_attention.caption_training import iter_captioner
from lecturelib.visual_attention.cell_encoder import (
    CellEncoder,
    WordDetector,
    folded,
    word_labels,
    word_loss,
)
from lecturelib.visual_attention.shipped_captioners import FILE
from lecturelib.visual_attention.show_attend_tell import ShowAttendTell, write

SEEDS, SCENES, CHECKED, CHECK_SEED = (0, 1), 10_000, 200, 1
ENCODER = {"epochs": 3, "batch": 64, "rate": 3e-3, "decay": 1e-3}
RECIPES = {
    "soft": {"steps": 4800, "batch_size": 48, "learning_rate": 4e-3, "penalty": 0.0},
    "hard": {"steps": 3900, "batch_size": 48, "learning_rate": 2e-3, "entropy_weight": 0.01, "expected_share": 0.0},
}  # fmt: skip
EVERY = 200  # steps between two points of a curve, and between two saves
STAGES = ("encoder", *(f"{kind}_{seed}" for seed in SEEDS for kind in RECIPES), "ship")


def rendered(folder: Path) -> torch.Tensor:
    """The training pictures as bytes, rendered once."""
    file = folder / "pictures.pt"
    if not file.is_file():
        scenes = caption_scenes(SCENES, "train", 0)
        parts = [(render_scenes(scenes[k : k + 500]) * 255).round().byte() for k in range(0, SCENES, 500)]
        save_state({"pictures": torch.cat(parts)}, file)
    return torch.load(file, weights_only=True)["pictures"]


def train_encoder(folder: Path) -> None:
    """Pretrains the encoder on image-level labels, and keeps it without batch normalization."""
    pictures, labels = rendered(folder), word_labels(caption_scenes(SCENES, "train", 0))
    checks = caption_scenes(2 * CHECKED, "test", CHECK_SEED)
    test, wanted = render_scenes(checks), word_labels(checks).bool()
    torch.manual_seed(0)
    detector = WordDetector(CellEncoder(batch_norm=True))
    steps = ENCODER["epochs"] * (SCENES // ENCODER["batch"])
    optimizer = torch.optim.AdamW(detector.parameters(), lr=ENCODER["rate"], weight_decay=ENCODER["decay"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, ENCODER["rate"], total_steps=steps + 1, pct_start=0.15
    )
    parts = {"detector": detector, "optimizer": optimizer, "schedule": schedule}
    file, curve, seconds = folder / "encoder.pt", [], 0.0
    if file.is_file():
        kept = torch.load(file, weights_only=True)
        curve, seconds = kept["curve"], kept["seconds"]
        for name, part in parts.items():
            part.load_state_dict(kept[name])
    for epoch in range(len(curve), ENCODER["epochs"]):
        start = time.process_time()
        order = torch.randperm(SCENES, generator=torch.Generator().manual_seed(epoch))
        detector.train()
        for rows in order[: SCENES // ENCODER["batch"] * ENCODER["batch"]].split(ENCODER["batch"]):
            loss = word_loss(detector, pictures[rows].float() / 255, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        detector.eval()
        with torch.no_grad():
            right = (detector(test) > 0) == wanted
        seconds += time.process_time() - start
        words, all_words = right.float().mean().item(), right.all(1).float().mean().item()
        curve.append({"epoch": epoch + 1, "words_right": round(words, 4), "all_right": round(all_words, 4)})
        print(curve[-1], f"{seconds:.0f} CPU s", flush=True)
        states = {name: part.state_dict() for name, part in parts.items()}
        save_state(
            states | {"curve": curve, "seconds": seconds, "encoder": folded(detector.encoder).state_dict()},
            file,
        )


@torch.no_grad()
def encoded(folder: Path, images: torch.Tensor) -> torch.Tensor:
    encoder = CellEncoder().eval()
    encoder.load_state_dict(torch.load(folder / "encoder.pt", weights_only=True)["encoder"])
    rounded(encoder)
    return torch.cat(
        [encoder(part.float() / 255 if part.dtype == torch.uint8 else part) for part in images.split(250)]
    )


def training_cells(folder: Path) -> torch.Tensor:
    """The cells of the training pictures, computed once."""
    file = folder / "cells.pt"
    if not file.is_file():
        save_state({"cells": encoded(folder, rendered(folder))}, file)
    return torch.load(file, weights_only=True)["cells"]


def start_of(folder: Path, kind: str, seed: int) -> ShowAttendTell:
    """A new network for soft attention; for hard attention the trained weights of the soft one."""
    torch.manual_seed(seed)
    model = ShowAttendTell(kind)
    if kind == "hard":
        model.load_state_dict(torch.load(folder / f"soft_{seed}.pt", weights_only=True)["run"]["model"])
    return model


def train_captioner(folder: Path, name: str) -> None:
    """Trains one captioner, saving and measuring it every `EVERY` steps."""
    kind, seed = name.split("_")
    scenes = caption_scenes(SCENES, "train", 0)
    checks = caption_scenes(CHECKED, "test", CHECK_SEED)
    cells, test = training_cells(folder), encoded(folder, render_scenes(checks))
    run = iter_captioner(start_of(folder, kind, int(seed)), cells, scenes, seed=int(seed), **RECIPES[kind])
    file, curve, seconds = folder / f"{name}.pt", [], 0.0
    if file.is_file():
        kept = torch.load(file, weights_only=True)
        run.restore(kept["run"])
        curve, seconds = kept["curve"], kept["seconds"]
    start = time.process_time()
    for step in run:
        if step.step % EVERY and step.step < step.of:
            continue
        seconds += time.process_time() - start
        lately = run.errors[-EVERY:]
        point = {
            "step": step.step,
            "cpu_seconds": round(seconds),
            "loss": round(sum(lately) / len(lately), 4),
        }
        curve.append(point | measured(run.model, test, checks))
        print(name, curve[-1], flush=True)
        save_state({"run": run.state(), "curve": curve, "seconds": seconds}, file)
        start = time.process_time()


def measured(model: ShowAttendTell, cells: torch.Tensor, scenes: list) -> dict:
    """Facts right and BLEU of greedy captions; attention at the words of true captions that are about objects."""
    texts = [one.text for one in write(model, cells)]
    found = {name: round(share, 4) for name, share in asdict(facts_right(texts, scenes)).items()}
    captions = [scene.captions()[0] for scene in scenes]
    with torch.no_grad():
        weights = model(cells, encode_captions(captions))[1].weights
    words = [
        one
        for text, own, scene in zip(captions, weights, scenes, strict=True)
        for one in attention_on_objects(text, own, scene)
        if one.part == "shape"
    ]
    found["bleu"] = round(bleu(texts, [scene.captions() for scene in scenes]), 2)
    for key in ("mass", "times", "hit", "entropy"):
        found[key] = round(sum(getattr(one, key) for one in words) / len(words), 4)
    return found


def ship(folder: Path) -> None:
    """Writes the encoder and the networks of the first seed into data/, with the measures of all seeds."""
    kept = torch.load(folder / "encoder.pt", weights_only=True)
    encoder = CellEncoder()
    encoder.load_state_dict(kept["encoder"])
    tensors = {f"encoder/{key}": value for key, value in rounded(encoder).state_dict().items()}
    curves: dict = {"encoder": {"cpu_seconds": round(kept["seconds"]), "curve": kept["curve"]}, "runs": {}}
    tests = {
        split: caption_scenes(1000 if split == "test" else 300, split, 0) for split in ("test", "held_out")
    }
    cells = {split: encoded(folder, render_scenes(scenes)) for split, scenes in tests.items()}
    trained = [name for name in STAGES[1:-1] if (folder / f"{name}.pt").is_file()]
    seeds = sorted({name.split("_")[1] for name in trained})
    steps = {}
    for name in trained:
        kind, seed = name.split("_")
        kept = torch.load(folder / f"{name}.pt", weights_only=True)
        model = start_of(folder, kind, int(seed))
        model.load_state_dict(kept["run"]["model"])
        rounded(model.eval())
        steps[kind] = kept["run"]["step"]
        own = {"steps": steps[kind], "cpu_seconds": round(kept["seconds"]), "curve": kept["curve"]}
        curves["runs"][name] = own | {split: measured(model, cells[split], tests[split]) for split in tests}
        print(name, {split: curves["runs"][name][split] for split in tests}, flush=True)
        if int(seed) == SEEDS[0]:
            tensors |= {f"{kind}/{key}": value for key, value in model.state_dict().items()}
    card = f"""# {FILE}

The weights of `lecturelib.visual_attention.load_captioner(KIND)`: an encoder, and on its cells a network with soft and
one with hard attention (Xu et al. 2015), which caption rendered scenes.

* How made: `python scripts/train_captions.py`: {SCENES:,} scenes of `caption_scenes(.., "train")`. The encoder learned
  which words are true of a scene, from image-level labels, {ENCODER["epochs"]} epochs of AdamW; then it is frozen, as
  in the paper. Soft attention: {steps["soft"]} steps of cross-entropy, Adam with a one-cycle learning rate
  up to {RECIPES["soft"]["learning_rate"]:g}, batch {RECIPES["soft"]["batch_size"]}. Hard attention starts from the soft
  weights: {steps["hard"]} of {RECIPES["hard"]["steps"]} steps of REINFORCE with a moving baseline, learning rate up
  to {RECIPES["hard"]["learning_rate"]:g}, entropy weight {RECIPES["hard"]["entropy_weight"]:g}; drawn cells only.
* Cut for time: longer training (the curves still rise), a hard network from untrained weights, and more seeds.
* Shipped is seed 0; curves and test measures of seed {" and ".join(seeds)} stand in {FILE}.json. Test
  scenes: 1,000 with grounds that training never showed, and 300 with a color and shape never seen together.
* License: CC BY 4.0, as this project; the grounds are cut from scikit-image's photos (CC0).
"""
    save(FILE, tensors, {"seed": SEEDS[0], "encoder_settings": ENCODER, "recipes": RECIPES}, card, curves)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=STAGES, metavar="STAGE", default=STAGES)
    parser.add_argument(
        "--state", type=Path, default=Path(tempfile.gettempdir()) / "captions", help="where stages are kept"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.state.mkdir(parents=True, exist_ok=True)
    for stage in options.only:
        if stage == "encoder":
            train_encoder(options.state)
        elif stage == "ship":
            ship(options.state)
        else:
            train_captioner(options.state, stage)


if __name__ == "__main__":
    main()
