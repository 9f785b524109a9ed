"""Train the networks of data/robust_lenet on the 10,000 shipped digits: `python scripts/train_robust_lenet.py`.

Twins of one architecture, data, number of steps and seed: "plain" in the usual way, "adversarial" on attacked digits;
one thread, about four CPU minutes together.
"""

import time

import torch
from training import rounded, save

from lecturelib import datasets
from lecturelib.confounds.adversarial_training import (
    ROBUST_FILE,
    TRAINED_AT,
    TRAINED_DIGITS,
    digits_network,
    iter_adversarial_training,
    robust_accuracy,
)

SEED, EPOCHS, STEPS, BATCH, RATE = 0, 8, 5, 100, 2e-3
EPSILON = {"plain": 0.0, "adversarial": TRAINED_AT}
TESTED, EPSILONS = 500, (0.0, 0.1, 0.2, 0.3)


def trained(name: str) -> tuple[torch.nn.Module, dict]:
    images, labels = datasets.digits("train")
    torch.manual_seed(SEED)
    model = digits_network(name)
    start = time.process_time()
    for found in iter_adversarial_training(
        model, images, labels, EPSILON[name], EPOCHS, STEPS, BATCH, RATE, SEED
    ):
        print(name, found, f"{time.process_time() - start:.0f} CPU s", flush=True)
    seconds = round(time.process_time() - start)
    rounded(model)
    images, labels = datasets.digits("test")
    clean = robust_accuracy(model, images, labels, (0.0,))[0]
    attacked = robust_accuracy(model, images[:TESTED], labels[:TESTED], EPSILONS)
    metrics = {"cpu_seconds": seconds, "accuracy_on_2000_test_digits": round(clean, 4)}
    metrics |= {f"attacked_{e}": round(share, 4) for e, share in zip(EPSILONS, attacked, strict=True)}
    print(name, metrics, flush=True)
    return model, metrics


def main() -> None:
    torch.set_num_threads(1)
    tensors, metrics = {}, {"seed": SEED, "epochs": EPOCHS}
    for name in TRAINED_DIGITS:
        model, metrics[name] = trained(name)
        tensors |= {f"{name}/{key}": value for key, value in model.state_dict().items()}
    trained_on = "\n".join(f"* `{name}`: {words}" for name, words in TRAINED_DIGITS.items())
    card = f"""# {ROBUST_FILE}

The weights of `lecturelib.confounds.load_robust(NAME)`: two LeNets for digits, the one robust to small changes.

{trained_on}
* How made: `python scripts/train_robust_lenet.py`: 10,000 digits of mnist.npz, {EPOCHS} epochs of Adam, batch {BATCH};
  attacks of {STEPS} steps of projected gradient descent (L-infinity) with a random start. Seed {SEED}, one seed.
* `attacked_E`: share of {TESTED} test digits that are named rightly after 20 steps of projected gradient descent, with
  a change of at most E in every pixel of [0, 1].
* License: CC BY 4.0, as this project; trained on MNIST (see mnist.md).
"""
    save(ROBUST_FILE, tensors, metrics, card)


if __name__ == "__main__":
    main()
