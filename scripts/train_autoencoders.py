"""Train the autoencoders of data/ on the shipped digits and clothes: `python scripts/train_autoencoders.py`.

10,000 pictures each, seed 0, one thread; the table of errors by code size comes with it. About 15 CPU minutes. With
`--only NAME ...` the networks named are trained again, and the others are kept.
"""

import argparse
import time

import torch
from training import rounded, save

from lecturelib import assets, datasets
from lecturelib.autoencoders.autoencoder_networks import Autoencoder, ConvAutoencoder, TiedAutoencoder
from lecturelib.autoencoders.autoencoder_training import iter_autoencoder, reconstruction_error
from lecturelib.autoencoders.joint_autoencoder import iter_joint_autoencoder, recall_at, retrieval_ranks
from lecturelib.autoencoders.linear_autoencoder import truncated_svd
from lecturelib.autoencoders.shipped_autoencoders import FILE, NETWORKS, SPARSITIES

SEED, BATCH = 0, 128
STEPS = {
    "digits_2": 15000,
    "clothes_2": 15000,
    "digits_32": 8000,
    "clothes_32": 8000,
    "clothes_joint": 5000,
    "digits_switches": 1500,
    "digits_upsample": 1500,
}
OTHER_STEPS = 4000
CODE_SIZES = (2, 4, 8, 16, 32, 64)
CURVE_STEPS, CONV_STEPS = 4000, 1000
DATA = {"digits": datasets.digits, "clothes": datasets.clothes}


def seeded(build, *arguments):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return build(*arguments)


def trained(name: str) -> tuple[torch.nn.Module, dict]:
    """One network of the list, rounded as it is shipped, with its metrics."""
    images, test = (DATA[name.partition("_")[0]](split)[0] for split in ("train", "test"))
    model, steps = seeded(NETWORKS[name]), STEPS.get(name, OTHER_STEPS)
    start = time.process_time()
    if name == "clothes_joint":
        for _ in iter_joint_autoencoder(model, images, steps, BATCH, SEED):
            pass
    else:
        weight = next((w for w in SPARSITIES if name == f"digits_sparse_{w:g}"), 0.0)
        for _ in iter_autoencoder(model, images, steps, BATCH, sparsity=weight, seed=SEED):
            pass
    seconds = time.process_time() - start
    rounded(model.eval())
    found = {"steps": steps, "cpu_seconds": round(seconds)}
    found["test_error"] = round(reconstruction_error(model, test), 5)
    if name == "digits_denoising":  # its task: half of the pixels masked, the whole picture wanted
        kept = torch.rand(test.shape, generator=torch.Generator().manual_seed(SEED)) >= 0.5
        found["test_error_of_masked_pictures"] = round(reconstruction_error(model, test * kept, test), 5)
    if name == "clothes_joint":
        ranks = retrieval_ranks(model, test[:1000])
        found |= {f"recall_at_{k}_of_1000": round(recall_at(ranks, k), 3) for k in (1, 5)}
    print(name, found, flush=True)
    return model, found


def curve(name: str) -> dict[str, list[tuple[int, float]]]:
    """Test errors by code size: the SVD (principal components), and each kind trained equally long."""
    images, test = (DATA[name](split)[0] for split in ("train", "test"))
    flat, mean = images.flatten(1), images.flatten(1).mean(0)
    found: dict[str, list] = {"principal components": []}
    for size in CODE_SIZES:
        basis = truncated_svd(flat - mean, size).basis
        left = test.flatten(1) - mean
        error = (left @ basis @ basis.T - left).square().mean().item()
        found["principal components"].append((size, round(error, 5)))
    kinds = {
        "tied, linear code": lambda size: TiedAutoencoder(size, "linear"),
        "deep": lambda size: Autoencoder(size, (128, 64)),
    }
    for kind, build in kinds.items():
        for size in CODE_SIZES:
            found.setdefault(kind, []).append((size, error_of(seeded(build, size), images, test)))
            print(name, kind, found[kind][-1], flush=True)
    for kind, unpooling in (
        ("convolutional, up-sampling", "upsample"),
        ("convolutional, switches", "switches"),
    ):
        for channels in (1, 2):
            model = seeded(ConvAutoencoder, channels, unpooling)
            found.setdefault(kind, []).append((model.code_size, error_of(model, images, test, CONV_STEPS)))
            print(name, kind, found[kind][-1], flush=True)
    return found


def error_of(model, images, test, steps: int = CURVE_STEPS) -> float:
    for _ in iter_autoencoder(model, images, steps, BATCH, seed=SEED):
        pass
    return round(reconstruction_error(model.eval(), test), 5)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=sorted(NETWORKS), metavar="NAME")
    options = parser.parse_args()
    torch.set_num_threads(1)
    import json

    record, tensors = {}, {}
    if options.only:
        record = json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
        tensors = assets.shipped_tensors(FILE)
    networks = dict(record.get("networks", {}))
    for name in options.only or NETWORKS:
        model, networks[name] = trained(name)
        tensors |= {f"{name}/{key}": value for key, value in model.state_dict().items()}
    errors = record.get("errors_by_code_size") or {name: curve(name) for name in DATA}
    card = f"""# {FILE}

The weights of `lecturelib.autoencoders.load_autoencoder(NAME)`: {", ".join(NETWORKS)}.

* How made: `python scripts/train_autoencoders.py`: mean squared error of the pixels (for `digits_sparse_*` plus the
weight in
  the name times the mean absolute code, for `digits_denoising` with half of the input's pixels masked), Adam, one-cycle
  learning rate up to 3e-3, batch {BATCH}, on the 10,000 shipped training pictures of each data set.
* Input and output: pixels in [0, 1], 1 x 28 x 28. Errors: mean squared error of a pixel on the 2,000 test pictures; the
  table by code size is in {FILE}.json, each kind trained {CURVE_STEPS} steps ({CONV_STEPS} for convolutions), one seed.
* License: CC BY 4.0, as this project; trained on MNIST (see mnist.md) and Fashion-MNIST (see fashion_mnist.md).
"""
    save(FILE, tensors, {"seed": SEED}, card, {"networks": networks, "errors_by_code_size": errors})


if __name__ == "__main__":
    main()
