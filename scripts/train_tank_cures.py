"""Train the networks of data/tank_cures on rendered scenes: `python scripts/train_tank_cures.py`.

Three cures of the lab's confound (see `TANK_CURES`), and a network that names the weather; trained as by
train_tanks.py, the same number of scenes, seed 0, one thread; a CPU minute each.
"""

import torch
from train_tanks import BATCH, COUNT, DECAY, EPOCHS, RATE, SEED, TEST_SEED, TESTED
from training import normalized, rounded, save, shuffled, train

from lecturelib.confounds.tank_cures import (
    CURES_FILE,
    TANK_CURES,
    WEATHER_DETECTOR,
    jitter_colors,
    swap_skies,
)
from lecturelib.confounds.tank_networks import MEAN, STD, accuracy, tank_network
from lecturelib.confounds.tank_scenes import CLASSES, WEATHER, tank_scenes
from lecturelib.models.pixel_model import PixelModel
from lecturelib.models.small import fold_batch_norm

AGREEMENT = {"colors": 1.0, "skies": 1.0, "few": 0.95, WEATHER_DETECTOR: 0.5}


def trained(name: str) -> tuple[torch.nn.Module, dict]:
    scenes = tank_scenes(COUNT, AGREEMENT[name], SEED)
    named = scenes.weather if name == WEATHER_DETECTOR else scenes.labels
    both = torch.cat([scenes.images, scenes.sky[:, None].float()], 1)  # the sky travels with its picture
    torch.manual_seed(SEED)
    network = tank_network(batch_norm=True)

    def prepare(batch, generator):
        flipped = torch.rand(len(batch), 1, 1, 1, generator=generator) < 0.5
        batch = torch.where(flipped, batch.flip(3), batch)
        images, sky = batch[:, :3], batch[:, 3] > 0.5
        if name == "colors":
            images = jitter_colors(images, generator)
        elif name == "skies":
            images = swap_skies(images, sky, generator)
        return normalized(images, MEAN, STD)

    batches, steps = shuffled(both, named, BATCH, SEED, prepare)
    seconds = train(network, batches, EPOCHS, steps, RATE, DECAY)
    network = rounded(fold_batch_norm(network))
    detector = name == WEATHER_DETECTOR
    model = PixelModel(network, MEAN, STD, name=name, classes=WEATHER if detector else CLASSES).eval()
    found = {"cpu_seconds": round(seconds)}
    for words, agreement in (("lab", 1.0), ("wild", 0.5), ("swapped", 0.0)):
        tested = tank_scenes(TESTED, agreement, TEST_SEED)
        if detector:
            with torch.inference_mode():
                right = model(tested.images).argmax(1) == tested.weather
            found[words] = round(right.float().mean().item(), 4)
        else:
            found[words] = round(accuracy(model, tested), 4)
    print(name, found, flush=True)
    return network, found


def main() -> None:
    torch.set_num_threads(1)
    tensors, metrics = {}, {"seed": SEED}
    for name in AGREEMENT:
        network, metrics[name] = trained(name)
        tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
    trained_on = "\n".join(f"* `{name}`: {words}" for name, words in TANK_CURES.items())
    card = f"""# {CURES_FILE}

More weights of `lecturelib.confounds.load_tanks(NAME)`: networks that tell tanks from trucks, trained where the weather
tells the class, each with another cure; and `{WEATHER_DETECTOR}`, which names the weather, trained on balanced data.

{trained_on}
* `{WEATHER_DETECTOR}`: overcast or sunny, weather drawn independently of the vehicle
* How made: `python scripts/train_tank_cures.py`: as data/tanks, {COUNT} rendered scenes of `tank_scenes`, seed {SEED},
  {EPOCHS} epochs, mirrored by chance, batch normalization folded into the convolutions.
* Accuracies on {TESTED} scenes with other vehicles, grounds and clouds: lab, wild, swapped. One seed.
* License: CC BY 4.0, as this project; the grounds are cut from scikit-image's photos of grass and gravel (CC0).
"""
    save(CURES_FILE, tensors, metrics, card)


if __name__ == "__main__":
    main()
