"""The trained autoencoders of data/, by name."""

import json
from collections.abc import Callable
from functools import lru_cache

from torch import nn

from lecturelib import assets
from lecturelib.autoencoders.autoencoder_networks import Autoencoder, ConvAutoencoder, TiedAutoencoder
from lecturelib.autoencoders.joint_autoencoder import JointAutoencoder
from lecturelib.checks import check_name

FILE = "autoencoders"
SPARSITIES = (0.0, 0.003, 0.01, 0.03, 0.1)  # weights of the L1 penalty
DICTIONARY = 81  # units of the sparse autoencoders

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "digits_2": lambda: Autoencoder(2, (128, 64), name="digits_2"),
    "clothes_2": lambda: Autoencoder(2, (128, 64), name="clothes_2"),
    "digits_32": lambda: Autoencoder(32, (96, 48), name="digits_32"),
    "clothes_32": lambda: Autoencoder(32, (96, 48), name="clothes_32"),
    "digits_tied": lambda: TiedAutoencoder(32, "linear", name="digits_tied"),
    "digits_denoising": lambda: TiedAutoencoder(144, "relu", 0.5, name="digits_denoising"),
    "digits_switches": lambda: ConvAutoencoder(4, "switches", name="digits_switches"),
    "digits_upsample": lambda: ConvAutoencoder(4, "upsample", name="digits_upsample"),
    "clothes_joint": lambda: JointAutoencoder(32, 96, name="clothes_joint"),
}
NETWORKS |= {
    f"digits_sparse_{weight:g}": (
        lambda weight=weight: TiedAutoencoder(DICTIONARY, "relu", name=f"digits_sparse_{weight:g}")
    )
    for weight in SPARSITIES
}


def load_autoencoder(name: str) -> nn.Module:
    """A trained autoencoder by name, in eval mode, no parameter asking for gradients.

    Names: the keys of `NETWORKS`. Raises `UnknownName` with the nearest names, `assets.AssetMissing` or
    `assets.AssetAltered` where data/autoencoders.safetensors is gone or damaged.

    >>> load_autoencoder("digits_2").code_size
    2
    """
    check_name("name", name, NETWORKS, "autoencoder")
    model = NETWORKS[name]()
    tensors = assets.shipped_tensors(FILE)
    own = {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }
    model.load_state_dict({key: value.float() for key, value in own.items()}, strict=True)
    return model.eval().requires_grad_(False)


@lru_cache(maxsize=32)
def shared_autoencoder(name: str) -> nn.Module:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_autoencoder("digits_2") is shared_autoencoder("digits_2")
    True
    """
    return load_autoencoder(name)


def error_table() -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Test errors as measured: data set -> kind of autoencoder -> [(numbers in the code, mean squared error), ...].

    >>> sorted(error_table())
    ['clothes', 'digits']
    """
    record = json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
    return record["errors_by_code_size"]
