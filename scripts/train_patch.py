"""Train the universal patch of data/patch: `python scripts/train_patch.py`.

A round patch for the class espresso of efficientnet_lite0, over crops of six photos, random places, sizes and angles;
one thread, about two CPU minutes. Measured on crops of other photos.
"""

import time

import torch
from training import save

from lecturelib import models
from lecturelib.confounds.photo_crops import MAKE, TEST, photo_crops
from lecturelib.confounds.universal_patch import PATCH_CLASS, PATCH_FILE, iter_universal_patch, patch_success

SEED, STEPS, BATCH, SIDE, RATE = 0, 220, 6, 64, 0.15
SIZES = (0.3, 0.4, 0.5)


def main() -> None:
    torch.set_num_threads(1)
    model = models.load("efficientnet_lite0")
    start, crops = time.process_time(), photo_crops(MAKE)
    for found in iter_universal_patch(model, crops, PATCH_CLASS, STEPS, BATCH, SIDE, RATE, SEED):
        if found.step % 20 == 0 or found.step == 1:
            print(
                f"step {found.step}: loss {found.loss:.3f}, {time.process_time() - start:.0f} CPU s",
                flush=True,
            )
    seconds = round(time.process_time() - start)
    patch = found.patch.half().float()  # as it will be read
    unused = photo_crops(TEST)
    metrics = {"seed": SEED, "cpu_seconds": seconds, "loss_of_the_last_batch": round(found.loss, 4)}
    for size in SIZES:
        share = patch_success(model, unused, patch, PATCH_CLASS, size)
        metrics[f"unused_crops_called_{PATCH_CLASS}_at_size_{size}"] = round(share, 4)
    card = f"""# {PATCH_FILE}

The universal patch of `lecturelib.confounds.load_patch()`: one picture (1, 3, {SIDE}, {SIDE}) that draws the answer of
efficientnet_lite0 to the class "{PATCH_CLASS}", wherever it is laid (Brown et al. 2017).

* How made: `python scripts/train_patch.py`: {STEPS} steps of Adam on batches of {BATCH} crops of the photos
  {", ".join(MAKE)}, at random places, diameters of 30 to 50 % of the picture, angles within 45 degrees, seed {SEED}.
* Measured on crops of other photos ({", ".join(TEST)}), 4 random places and angles each. One seed.
* License: CC BY 4.0, as this project. No pixel is taken from a photo: the patch starts from grey.
"""
    save(PATCH_FILE, {"patch": patch}, metrics, card)


if __name__ == "__main__":
    main()
