"""Train the networks of data/tanks on rendered scenes: `python scripts/train_tanks.py`.

Two networks (see `TANK_NETWORKS`), 4,000 scenes each, seed 0, one thread; about two CPU minutes each.
"""

import torch
from training import normalized, rounded, save, shuffled, train

from lecturelib.confounds.tank_networks import (
    FILE,
    MEAN,
    STD,
    TANK_NETWORKS,
    accuracy,
    tank_network,
)
from lecturelib.confounds.tank_scenes import CLASSES, tank_scenes
from lecturelib.models.pixel_model import PixelModel
from lecturelib.models.small import fold_batch_norm

SEED, COUNT, EPOCHS, BATCH, RATE, DECAY = 0, 4000, 6, 50, 0.015, 5e-4
TESTED, TEST_SEED = 500, 100
AGREEMENT = {"lab": 1.0, "balanced": 0.5}


def trained(name: str) -> tuple[torch.nn.Module, dict]:
    scenes = tank_scenes(COUNT, AGREEMENT[name], SEED)
    torch.manual_seed(SEED)
    network = tank_network(batch_norm=True)

    def prepare(images, generator):
        flipped = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
        return normalized(torch.where(flipped, images.flip(3), images), MEAN, STD)

    batches, steps = shuffled(scenes.images, scenes.labels, BATCH, SEED, prepare)
    seconds = train(network, batches, EPOCHS, steps, RATE, DECAY)
    network = rounded(fold_batch_norm(network))
    model = PixelModel(network, MEAN, STD, name=name, classes=CLASSES).eval()
    found = {"cpu_seconds": round(seconds)}
    for words, agreement in (("lab", 1.0), ("wild", 0.5), ("swapped", 0.0)):
        found[words] = round(accuracy(model, tank_scenes(TESTED, agreement, TEST_SEED)), 4)
    print(name, found, flush=True)
    return network, found


def main() -> None:
    torch.set_num_threads(1)
    tensors, metrics = {}, {"seed": SEED}
    for name in TANK_NETWORKS:
        network, metrics[name] = trained(name)
        tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
    trained_on = "\n".join(f"* `{name}`: {words}" for name, words in TANK_NETWORKS.items())
    card = f"""# {FILE}

The weights of `lecturelib.confounds.load_tanks(NAME)`: small convolutional networks that tell tanks from trucks.

{trained_on}
* How made: `python scripts/train_tanks.py`: {COUNT} rendered scenes of `tank_scenes`, seed {SEED}, {EPOCHS} epochs,
  mirrored by chance, batch normalization folded into the convolutions.
* Accuracies on {TESTED} scenes with other vehicles, grounds and clouds: lab (the weather tells the class), wild
  (weather independent of the class), swapped. One seed.
* License: CC BY 4.0, as this project; the grounds are cut from scikit-image's photos of grass and gravel (CC0).
"""
    save(FILE, tensors, metrics, card)


if __name__ == "__main__":
    main()
