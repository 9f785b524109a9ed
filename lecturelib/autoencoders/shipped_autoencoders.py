"""The trained autoencoders of data/, by name."""

import json
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal, cast, overload

from torch import nn

from lecturelib import assets
from lecturelib.autoencoders.autoencoder_networks import Autoencoder, ConvAutoencoder, TiedAutoencoder
from lecturelib.autoencoders.joint_autoencoder import JointAutoencoder
from lecturelib.checks import check_choice, check_name

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
    f"digits_sparse_{weight:g}": partial(
        TiedAutoencoder, DICTIONARY, "relu", name=f"digits_sparse_{weight:g}"
    )
    for weight in SPARSITIES
}


@overload
def load_autoencoder(name: Literal["digits_switches", "digits_upsample"]) -> ConvAutoencoder: ...
@overload
def load_autoencoder(name: Literal["clothes_joint"]) -> JointAutoencoder: ...
@overload
def load_autoencoder(name: Literal["digits_tied", "digits_denoising"]) -> TiedAutoencoder: ...
@overload
def load_autoencoder(name: Literal["digits_2", "clothes_2", "digits_32", "clothes_32"]) -> Autoencoder: ...
@overload
def load_autoencoder(name: str) -> nn.Module: ...
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


@overload
def shared_autoencoder(name: Literal["digits_switches", "digits_upsample"]) -> ConvAutoencoder: ...
@overload
def shared_autoencoder(name: Literal["clothes_joint"]) -> JointAutoencoder: ...
@overload
def shared_autoencoder(name: Literal["digits_tied", "digits_denoising"]) -> TiedAutoencoder: ...
@overload
def shared_autoencoder(name: Literal["digits_2", "clothes_2", "digits_32", "clothes_32"]) -> Autoencoder: ...
@overload
def shared_autoencoder(name: str) -> nn.Module: ...
def shared_autoencoder(name: str) -> nn.Module:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_autoencoder("digits_2") is shared_autoencoder("digits_2")
    True
    """
    return _shared(name)


@lru_cache(maxsize=32)
def _shared(name: str) -> nn.Module:
    return load_autoencoder(name)


def deep_autoencoder(data: str, numbers: int) -> Autoencoder:
    """The trained deep autoencoder of "digits" or "clothes" with 2 or 32 numbers in its code; shared.

    >>> deep_autoencoder("clothes", 32).code_size
    32
    """
    check_choice("data", data, ("digits", "clothes"))
    check_choice("numbers", numbers, (2, 32))
    return cast(Autoencoder, _shared(f"{data}_{numbers}"))


def sparse_autoencoder(weight: float) -> TiedAutoencoder:
    """The trained sparse autoencoder of digits for a weight of its L1 penalty, one of `SPARSITIES`; shared.

    >>> sparse_autoencoder(0.03).code_size
    81
    """
    check_choice("weight", weight, SPARSITIES)
    return cast(TiedAutoencoder, _shared(f"digits_sparse_{weight:g}"))


def error_table() -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Test errors as measured: data set -> kind of autoencoder -> [(numbers in the code, mean squared error), ...].

    >>> sorted(error_table())
    ['clothes', 'digits']
    """
    record = json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
    return record["errors_by_code_size"]
